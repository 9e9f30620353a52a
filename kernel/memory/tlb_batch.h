// TLB invalidation in batches: collected while the page-table lock is held, flushed after it is
// dropped and before the frames are freed. Nobody waits for an IPI under a spin lock (asserted).
#pragma once

#include "lib/types.h"

struct frame;
struct page_table;

enum { TLB_BATCH_FRAMES = 64, TLB_BATCH_PAGES_MAX = 64 };

struct tlb_batch {
    struct page_table *table; // NULL: nobody uses the entries any more, only the frames count
    vaddr_t start, end;       // range to flush, empty when start >= end
    unsigned frame_count;
    bool has_tables;                        // frames of page tables are among the frames
    struct frame *frames[TLB_BATCH_FRAMES]; // a reference each, put after the flush
};

void tlb_batch_begin(struct tlb_batch *batch, struct page_table *table);
// The entry for `address` changed so that a stale copy would be wrong.
void tlb_batch_add_page(struct tlb_batch *batch, vaddr_t address);
// Hands over one reference. True: the batch is full; the caller drops its lock, calls
// tlb_batch_flush and goes on.
bool tlb_batch_add_frame(struct tlb_batch *batch, struct frame *frame);
static inline bool tlb_batch_is_full(const struct tlb_batch *batch)
{
    return batch->frame_count == TLB_BATCH_FRAMES;
}
// The same for the frame of a page table that was taken out of the upper level.
bool tlb_batch_add_table(struct tlb_batch *batch, struct frame *frame);
static inline bool tlb_batch_is_empty(const struct tlb_batch *batch)
{
    return batch->frame_count == 0 && batch->start >= batch->end;
}
// Flushes on every CPU that may hold entries, then puts the frames. No spin lock is held, interrupts
// are on. The batch can be used on.
void tlb_batch_flush(struct tlb_batch *batch);
// scheduler/ tells whether the calling CPU has a table loaded that what runs there does not use.
// Called in interrupts. Set once.
void tlb_batch_set_borrow_test(bool (*is_borrowed)(void));
