// TLB batches (see tlb_batch.h; Intel SDM 3A, 4.10.4).
//
// A CPU may hold entries of a table from the moment its bit in active_cpus is set until it loads
// another root. The bit is set before the root is loaded, and entries are changed before the mask is
// read here, so a CPU that is not in the mask cannot have seen the old entry.
//
// Most of them run kernel code at that time, and cannot use an old entry before they open their window on user memory
// (arch/user_access.h): they flush then, and nobody waits for them. Only where frames of tables are to be freed are all asked.
//
// A CPU may have the table loaded only because nothing else came since (it idles, or runs a kernel
// thread). If it is asked at all, it is once: it then loads the kernel's and is out of the mask.
#include "memory/tlb_batch.h"

#include "arch/upcalls.h"
#include "arch/user_access.h"
#include "interrupt/ipi.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "memory/page_table.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

void tlb_batch_begin(struct tlb_batch *batch, struct page_table *table)
{
    batch->table = table;
    batch->start = ~0UL;
    batch->end = 0;
    batch->frame_count = 0;
    batch->has_tables = false;
}

// One range for all: what lies between two far pages is flushed with them, or, beyond TLB_BATCH_PAGES_MAX, everything. A list of
// pages would be exact, and slower: refilling an entry costs a walk, an INVLPG more than that.
void tlb_batch_add_page(struct tlb_batch *batch, vaddr_t address)
{
    assert(batch->table == NULL || batch->table == &kernel_page_table || address < USER_TOP);
    batch->start = MIN(batch->start, address);
    batch->end = MAX(batch->end, address + PAGE_SIZE);
}

bool tlb_batch_add_frame(struct tlb_batch *batch, struct frame *frame)
{
    assert(batch->frame_count < TLB_BATCH_FRAMES);
    batch->frames[batch->frame_count++] = frame;
    return batch->frame_count == TLB_BATCH_FRAMES;
}

bool tlb_batch_add_table(struct tlb_batch *batch, struct frame *frame)
{
    batch->has_tables = true;
    return tlb_batch_add_frame(batch, frame);
}

// INVLPG also empties the caches of the upper levels, whatever address it is given (SDM 3A, 4.10.4.1): pages are enough where a
// table was taken out. A new load of CR3 leaves global entries alone, which the kernel's are.
static void flush_this_cpu(const struct tlb_batch *batch)
{
    bool is_long =
        batch->start < batch->end && batch->end - batch->start > TLB_BATCH_PAGES_MAX * PAGE_SIZE;
    if (batch->table == &kernel_page_table && is_long) {
        tlb_flush_all_local();
        return;
    }
    if (is_long) {
        tlb_flush_user_local();
        return;
    }
    for (vaddr_t address = batch->start; address < batch->end; address += PAGE_SIZE) {
        tlb_flush_page_local(address);
    }
}

static bool (*borrow_test)(void); // [I]

void tlb_batch_set_borrow_test(bool (*is_borrowed)(void))
{
    borrow_test = is_borrowed;
}

// On another CPU, in its interrupt.
static void flush_when_asked(void *argument)
{
    const struct tlb_batch *batch = argument;
    assert(cpu_block_get(interrupt_depth) != 0);
    if (batch->table == &kernel_page_table) {
        flush_this_cpu(batch);
    } else if (page_table_is_loaded(batch->table)) {
        if (borrow_test()) {
            page_table_activate(&kernel_page_table);
        } else if (page_table_note_flush(batch->table, cpu_number())) {
            upcall_flush_user();
        } else {
            flush_this_cpu(batch);
        }
    } // else it has loaded another one since it was asked
}

// Our own entries go with interrupts off. The user half is flushed by reading CR3 and writing it back; in between another CPU may
// ask us to drop a table that we only borrow, and the write would load it again, when it belongs to us no more and may be freed.
static void flush_own(const struct tlb_batch *batch)
{
    interrupts_block();
    flush_this_cpu(batch);
    interrupts_unblock();
}

// Those of the CPUs that have to be asked by an interrupt.
static uint64_t cpus_to_ask(const struct tlb_batch *batch, uint64_t cpus)
{
    uint64_t ask = cpus;
    if (batch->table == &kernel_page_table || batch->has_tables) {
        return ask;
    }
    for (uint64_t rest = cpus; rest != 0; rest &= rest - 1) {
        unsigned cpu = (unsigned)__builtin_ctzll(rest);
        bool is_all = page_table_note_flush(batch->table, cpu);
        if (arch_user_window_defer(cpu, is_all ? 0 : batch->start,
                                   is_all ? USER_TOP : batch->end)) {
            ask &= ~(rest & -rest);
        }
    }
    return ask;
}

static void flush_others(struct tlb_batch *batch, uint64_t cpus)
{
    if (cpus == 0) {
        return;
    }
    if (!READ_ONCE(batch->table->is_flushed_elsewhere)) {
        WRITE_ONCE(batch->table->is_flushed_elsewhere, true);
    }
    uint64_t ask = cpus_to_ask(batch, cpus);
    if (ask != 0) {
        ipi_call(ask, flush_when_asked, batch);
    }
}

static void flush(struct tlb_batch *batch)
{
    assert(cpu_block_get(interrupt_off_depth) ==
           0);        // a CPU that spins for our lock would never answer
    memory_barrier(); // entries first, then the mask
    preempt_disable();
    uint64_t cpus = atomic64_load(&batch->table->active_cpus) & percpu_cpu_mask();
    uint64_t this_cpu = BIT(cpu_number());
    if (batch->table != &kernel_page_table) {
        cpus = page_table_viewers(batch->table, batch->start, batch->end, cpus);
    }
    if (cpus & this_cpu) {
        flush_own(batch);
    }
    flush_others(batch, cpus & ~this_cpu);
    preempt_enable();
}

void tlb_batch_flush(struct tlb_batch *batch)
{
    if (batch->table != NULL && batch->start < batch->end) {
        flush(batch);
    }
    if (batch->frame_count > 0) {
        frame_put_many(batch->frames, batch->frame_count);
    }
    tlb_batch_begin(batch, batch->table);
}
