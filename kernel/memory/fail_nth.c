// The chosen allocation that fails (fail_nth.h). All state belongs to the thread that asked last; a
// second one that asks meanwhile takes it over, and the first one's call fails no more.
#include "memory/fail_nth.h"

#if ASTRA_DEBUG

#    include "arch/cpu_block.h"
#    include "lib/compiler.h"
#    include "sync/atomic.h"

enum fail_nth_phase { PHASE_IDLE, PHASE_ASKED, PHASE_COUNTING };

static const void *owner;             // [a] the thread that asked last, never followed
static uint32_t phase;                // [o] enum fail_nth_phase
static uint32_t chosen;               // [o] the allocation that fails, 0 for none
static struct fail_nth_result result; // [o]

static bool is_own(enum fail_nth_phase wanted)
{
    return unlikely(READ_ONCE(owner) == (const void *)cpu_block_get(current)) && phase == wanted;
}

void fail_nth_ask(uint32_t nth)
{
    phase = PHASE_IDLE;
    chosen = nth;
    result = (struct fail_nth_result){0};
    WRITE_ONCE(owner, (const void *)cpu_block_get(current));
    phase = PHASE_ASKED;
}

struct fail_nth_result fail_nth_get_result(void)
{
    return result;
}

void fail_nth_call_begin(void)
{
    if (is_own(PHASE_ASKED)) {
        phase = PHASE_COUNTING;
    }
}

void fail_nth_call_end(void)
{
    if (is_own(PHASE_COUNTING)) {
        phase = PHASE_IDLE;
    }
}

bool fail_nth_is_due(void)
{
    // What an interrupt handler asks for meanwhile is not the call's.
    if (!is_own(PHASE_COUNTING) || cpu_block_get(interrupt_depth) != 0) {
        return false;
    }
    bool is_due = ++result.allocations == chosen;
    result.has_failed |= is_due;
    return is_due;
}

#endif
