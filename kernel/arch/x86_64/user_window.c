// Windows on user memory: how most TLB shoot-downs go without an interrupt.
//
// A CPU that runs kernel code uses no user address, but in the few instructions of user_copy.S and vector.S. So stale entries in
// its TLB do no harm until it comes there, or back to user mode. Two words of its block say where it is: user_window_is_open is set
// before user memory may be touched, and cleared when that is over; user_flush_owed is set by who has changed entries. Who opens
// the window looks for a debt and settles it.
//
// It is Dekker's protocol. The changer writes entries and the debt, then looks whether the window is open; the opener opens it, then
// looks for a debt; a full barrier stands between on both sides. So either the changer sees an open window, and asks the CPU by an
// interrupt, or the opener sees the debt and flushes. A debt is taken and settled with interrupts off and the window open: a thread
// that is preempted before leaves it to whoever opens the window next, and one that comes after is asked for by an interrupt too.
//
// A debt is one range of pages, the union of all that is owed; beyond DEBT_PAGES_MAX it is everything.
//
// Tables that were taken out are another matter: a walker may follow what it remembers of upper levels at any time, whatever the
// CPU runs, so frames of tables may only be freed after every CPU has answered (memory/tlb_batch.c).
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "arch/upcalls.h"
#include "arch/user_access.h"
#include "arch/x86_64/arch_internal.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/macros.h"

// A debt in one word: the first page's number above the count of pages. 0: none, for no range is empty.
enum { DEBT_COUNT_BITS = 16, DEBT_PAGES_MAX = 64, DEBT_ALL = 0xffff };

static uint64_t debt_count(uint64_t debt)
{
    return debt & DEBT_ALL;
}

static uint64_t debt_first(uint64_t debt)
{
    return debt >> DEBT_COUNT_BITS;
}

static uint64_t debt_union(uint64_t debt, uint64_t first, uint64_t end)
{
    if (debt_count(debt) == DEBT_ALL) {
        return debt;
    }
    if (debt != 0) {
        first = MIN(first, debt_first(debt));
        end = MAX(end, debt_first(debt) + debt_count(debt));
    }
    return end - first > DEBT_PAGES_MAX ? DEBT_ALL : first << DEBT_COUNT_BITS | (end - first);
}

void user_window_settle(void)
{
    bool were_on = interrupts_are_enabled();
    interrupts_disable();
    assert(user_window_is_open());
    uint64_t debt = __atomic_exchange_n(&cpu_block()->user_flush_owed, 0, __ATOMIC_SEQ_CST);
    if (debt_count(debt) == DEBT_ALL) {
        upcall_flush_user();
    } else {
        for (uint64_t page = 0; page < debt_count(debt); page++) {
            tlb_flush_page_local((debt_first(debt) + page) << PAGE_SHIFT);
        }
    }
    if (were_on) {
        interrupts_enable();
    }
}

void user_window_open(void)
{
    cpu_block_set(user_window_is_open, 1);
    __asm__ volatile("mfence" ::: "memory");
    if (unlikely(cpu_block_get(user_flush_owed) != 0)) {
        user_window_settle();
    }
}

bool arch_user_window_defer(unsigned number, vaddr_t start, vaddr_t end)
{
    struct cpu_block *block = cpu_block_of(number);
    assert(number != cpu_block_get(number) && start < end && end <= USER_TOP);
    // Asked first without a debt: one that is left beside an interrupt costs a flush for nothing.
    if (__atomic_load_n(&block->user_window_is_open, __ATOMIC_SEQ_CST)) {
        return false;
    }
    uint64_t debt = __atomic_load_n(&block->user_flush_owed, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&block->user_flush_owed, &debt,
                                        debt_union(debt, start >> PAGE_SHIFT, end >> PAGE_SHIFT),
                                        false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {}
    return !__atomic_load_n(&block->user_window_is_open, __ATOMIC_SEQ_CST);
}
