// Page tables: a refcounted object (a kernel thread can borrow one) and one walker whose levels are
// data.
#pragma once

#include "arch/mmu.h"
#include "lib/compiler.h"
#include "lib/types.h"
#include "memory/frame.h"
#include "memory/tlb_batch.h"
#include "sync/atomic.h"
#include "sync/percpu.h"
#include "sync/refcount.h"
#include "sync/spinlock.h"

struct page_table {
    struct refcount references;  // [a] holders, and each CPU that has it loaded
    paddr_t root;                // [I]
    struct spinlock lock;        // all entries below USER_TOP; of the kernel's table: all entries
    uint64_t table_frames;       // [l] frames used by tables, for accounting
    struct atomic64 active_cpus; // [a] CPUs that may have entries of it in their TLB
    bool is_flushed_elsewhere;   // [a] set once: a flush had to go to another CPU
    struct page_table_views *views; // [l], set once; NULL: all CPUs load `root` (page_table_view.c)
};

// The kernel's own: every other table shares its upper half.
extern struct page_table kernel_page_table;

// A table with an empty user half, one reference. NULL: out of memory.
must_check struct page_table *page_table_create(void);
void page_table_get(struct page_table *table);
// The last put frees the tables; the user half must be unmapped by then (leaves are not followed).
// A CPU that still has it loaded holds a reference of its own.
void page_table_put(struct page_table *table);
// Makes it current on this CPU, if it is not yet. Interrupts are off.
void page_table_activate(struct page_table *table);
// Is it current on this CPU? Preemption is off.
PERCPU_DECLARE(struct page_table *, page_table_loaded); // [o] a reference; NULL: the kernel's
static inline bool page_table_is_loaded(const struct page_table *table)
{
    return *percpu_this(page_table_loaded) == table;
}

// Have CPUs roots of their own, because threads of one program run side by side? From the first flush that went to another CPU.
static inline bool page_table_has_views(const struct page_table *table)
{
    return READ_ONCE(table->views) != NULL;
}
// On a fault: shows this CPU the part of the table where `address` lies, if it has a root of its own; `may_begin`: it gets one. False:
// it was shown, or nothing is there, or there is no memory for a root, which does no harm; true: the access can be tried again.
bool page_table_widen_view(struct page_table *table, vaddr_t address, bool may_begin);
// Those of `cpus` that may have entries of [start, end) in their TLB. As with active_cpus, entries are changed before, and a full
// barrier stands between.
uint64_t page_table_viewers(struct page_table *table, vaddr_t start, vaddr_t end, uint64_t cpus);
// A flush goes to another CPU. True: it should be of all user memory (upcall_flush_user), since it has been asked often for what it
// may long have left.
bool page_table_note_flush(const struct page_table *table, unsigned cpu);

// The entry for `address` at leaf level 0, or NULL if no table is there (also under a large leaf). Its place stays valid until
// page_table_prune_locked covers it, which the caller keeps from happening; what it says, only while the lock is held.
struct page_entry *page_table_find(struct page_table *table, vaddr_t address);
// The same, making missing tables from frame_alloc. NULL: out of memory.
must_check struct page_entry *page_table_make_locked(struct page_table *table, vaddr_t address);

// Calls `visit` for each present or non-empty leaf entry of [start, end), in order, with the lock
// held. Stops at non-zero and returns it.
typedef int page_visit_function(struct page_entry *entry, vaddr_t address, unsigned level,
                                void *context);
int page_table_visit_locked(struct page_table *table, vaddr_t start, vaddr_t end,
                            page_visit_function *visit, void *context);

// Frees the tables that reach into [start, end) and whose whole reach lies in the gap around it, where nothing is mapped any more.
// The lock is held. Their frames go into the batch; true: the batch is full, so flush it and call again.
bool page_table_prune_locked(struct page_table *table, vaddr_t start, vaddr_t end,
                             vaddr_t gap_start, vaddr_t gap_end, struct tlb_batch *batch);

// What stands at `address` (any half): leaf entry and level. False: not mapped. Takes no lock: for
// diagnosis.
bool page_table_translate(struct page_table *table, vaddr_t address, struct page_entry *entry,
                          unsigned *level);

void page_table_init(void); // adopts the tables that boot made as kernel_page_table
