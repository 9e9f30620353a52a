// The chosen allocation that fails (fail_nth.h).
//
// An attempt belongs to the thread that makes it, so nothing here is locked but the tallies, whose
// words are changed atomically. An attempt of an inner unit (the page fault of a call's copy) stands
// in front of the outer one until it ends.
#include "memory/fail_nth.h"

#if ASTRA_DEBUG

#    include "lib/compiler.h"
#    include "lib/errno.h"
#    include "sync/atomic.h"

enum { EVERY_ONE_UP_TO = 16, THEN_STEPS_OF = 8 };

struct unit_tally {
    struct atomic32 allocating, failed, survived; // [a]
    struct atomic32 start;                        // [a] where the next sweep begins, less 1
    struct atomic64 refused;                      // [a] bit n - 1: allocation n was refused
};

static struct unit_tally tallies[FAIL_NTH_UNITS];
static struct fail_nth *(*state_of_current)(void); // [I] set once at boot

void fail_nth_set_current(struct fail_nth *(*current)(void))
{
    state_of_current = current;
}

static struct fail_nth *own_state(void)
{
    return likely(state_of_current != NULL) ? state_of_current() : NULL;
}

void fail_nth_ask(uint32_t nth)
{
    struct fail_nth *state = own_state();
    state->is_asked = true;
    state->asked = nth;
    state->result = (struct fail_nth_result){0};
}

void fail_nth_sweep(bool is_on)
{
    own_state()->is_sweeping = is_on;
}

struct fail_nth_result fail_nth_get_result(void)
{
    return own_state()->result;
}

struct fail_nth_tally fail_nth_get_tally(unsigned unit)
{
    const struct unit_tally *tally = &tallies[unit];
    uint32_t pairs = 0;
    for (uint64_t refused = atomic64_load(&tally->refused); refused != 0; refused &= refused - 1) {
        pairs++;
    }
    return (struct fail_nth_tally){
        .allocating = atomic32_load(&tally->allocating),
        .pairs = pairs,
        .failed = atomic32_load(&tally->failed),
        .survived = atomic32_load(&tally->survived),
    };
}

void fail_nth_begin(unsigned unit, struct fail_nth_attempt *outer)
{
    struct fail_nth *state = own_state();
    *outer = state != NULL ? state->now : (struct fail_nth_attempt){0};
    if (state == NULL || unit >= FAIL_NTH_UNITS) {
        return;
    }
    if (state->is_asked && unit != FAIL_NTH_PAGE_FAULT) {
        state->is_asked = false;
        state->now = (struct fail_nth_attempt){.is_counting = true, .chosen = state->asked};
    } else if (state->is_sweeping) {
        uint32_t chosen = atomic32_load(&tallies[unit].start) + 1;
        state->now = (struct fail_nth_attempt){
            .is_counting = true, .is_swept = true, .unit = (uint16_t)unit, .chosen = chosen};
    }
}

// Errors that may say that there was no memory: fork's and lockf's documented ones stand beside ENOMEM.
static bool says_no_memory(long result)
{
    return result == -ENOMEM || result == -EAGAIN || result == -ENFILE || result == -ENOLCK ||
           result == -ENOSPC;
}

// An attempt of a sweep is over. Returns whether the next one follows.
static bool attempt_judge(struct fail_nth_attempt *attempt, long result)
{
    struct unit_tally *tally = &tallies[attempt->unit];
    if (!attempt->result.has_failed) {
        if (attempt->result.allocations != 0) {
            atomic32_add(&tally->allocating, 1);
        }
        atomic32_store(&tally->start, 0);
        return false;
    }
    if (!says_no_memory(result) && !attempt->result.is_silent) {
        atomic32_add(&tally->allocating, 1);
        atomic32_add(&tally->survived, 1);
        return false;
    }
    atomic32_add(&tally->failed, 1);
    return true;
}

bool fail_nth_again(long result)
{
    struct fail_nth *state = own_state();
    if (state == NULL || !state->now.is_swept || !state->now.is_counting) {
        return false;
    }
    struct fail_nth_attempt *now = &state->now;
    if (!attempt_judge(now, result)) {
        now->is_counting = false;
        return false;
    }
    // Thousands of allocations of one call differ little.
    now->chosen += now->chosen < EVERY_ONE_UP_TO ? 1 : now->chosen / THEN_STEPS_OF;
    now->result = (struct fail_nth_result){0};
    return true;
}

void fail_nth_end(const struct fail_nth_attempt *outer)
{
    struct fail_nth *state = own_state();
    if (state == NULL) {
        return;
    }
    if (state->now.is_swept) {
        state->now = *outer;
    } else if (state->now.is_counting && !outer->is_counting) {
        state->now.is_counting = false;
        state->result = state->now.result;
    }
}

void fail_nth_commit(void)
{
    struct fail_nth *state = own_state();
    if (state != NULL && state->now.is_swept && state->now.is_counting) {
        (void)attempt_judge(&state->now, 0);
        state->now.is_counting = false;
    }
}

void fail_nth_fail_silently(void)
{
    struct fail_nth *state = own_state();
    if (state != NULL) {
        state->now.result.is_silent = true;
    }
}

bool fail_nth_is_due(void)
{
    struct fail_nth *state = own_state();
    if (state == NULL || likely(!state->now.is_counting)) {
        return false;
    }
    struct fail_nth_attempt *now = &state->now;
    bool is_due = ++now->result.allocations == now->chosen;
    now->result.has_failed |= is_due;
    if (is_due && now->is_swept) {
        // Here already, for calls that do not return.
        struct unit_tally *tally = &tallies[now->unit];
        atomic32_store(&tally->start, now->chosen);
        if (now->chosen <= 64) {
            atomic64_set_bits(&tally->refused, 1ULL << (now->chosen - 1));
        }
    }
    return is_due;
}

#endif
