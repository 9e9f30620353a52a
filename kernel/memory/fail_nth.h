// Fault injection of debug kernels: a chosen allocation of a system call finds no memory. Two ways,
// both set by a thread for itself (/proc/self/fail-nth):
//
// - Asked: of its next call allocation n fails, once; the thread reads what became of it.
// - Sweeping, inherited by the children: of every call allocation 1 fails, then, as long as the call
//   ends with an error that says so, the same call is made again with allocation 2 refused, and so
//   on until it asks for fewer. A call that fails for want of memory must have had no effect, so
//   the program sees each call as if nothing had been wrong. A page fault is swept by itself, also
//   one that a call's copy takes. What went on although it was refused something ends the sweep of
//   this call; the next call of its number starts with the allocation after that one.
//
// In release kernels all of it is nothing.
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

// What is swept: system calls by their number, and page faults.
enum { FAIL_NTH_UNITS = 512, FAIL_NTH_PAGE_FAULT = FAIL_NTH_UNITS - 1 };

struct fail_nth_result {
    uint32_t allocations; // asked for by the call
    bool has_failed;      // one of them was refused
    bool is_silent;       // the call failed for that, and its result does not say so
};

// What all sweeps of one unit found.
struct fail_nth_tally {
    uint32_t allocating; // runs that asked for memory
    uint32_t pairs;      // different allocations that were refused, the first 64 counted
    uint32_t failed;     // attempts that ended for want of memory
    uint32_t survived;   // attempts that were refused an allocation and did not fail
};

#if ASTRA_DEBUG

struct fail_nth_attempt {
    bool is_counting; // allocations are counted and refused
    bool is_swept;
    uint16_t unit;
    uint32_t chosen; // the allocation that fails, 0 for none
    struct fail_nth_result result;
};

// Of a thread; embedded in scheduler/'s. Only the thread itself looks at it.
struct fail_nth {
    bool is_sweeping;
    bool is_asked;
    uint32_t asked;
    struct fail_nth_result result; // of the last asked call
    struct fail_nth_attempt now;
};

// Names the function that gives the state of the running thread; NULL where code runs that does not
// belong to it. Set once by scheduler/.
void fail_nth_set_current(struct fail_nth *(*current)(void));
// Of the next system call of the current thread, allocation `nth` fails, counted from 1; 0: none.
void fail_nth_ask(uint32_t nth);
void fail_nth_sweep(bool is_on);
// What became of the last call that was asked for.
struct fail_nth_result fail_nth_get_result(void);
struct fail_nth_tally fail_nth_get_tally(unsigned unit);

// Around each system call and page fault. `outer` keeps what was going on.
void fail_nth_begin(unsigned unit, struct fail_nth_attempt *outer);
// After an attempt: must it be made again?
bool fail_nth_again(long result);
void fail_nth_end(const struct fail_nth_attempt *outer);
// A swept call cannot be made again from here on, since a part of it is done or its failure would be
// the program's end: nothing of it is refused any more.
void fail_nth_commit(void);
// The current call fails for want of memory, and by its contract its result does not say so (brk).
void fail_nth_fail_silently(void);
// Must this allocation fail? Counts it if it belongs to the call. Any context.
bool fail_nth_is_due(void);

static inline void fail_nth_inherit(struct fail_nth *child, const struct fail_nth *parent)
{
    child->is_sweeping = parent->is_sweeping;
}

#else

struct fail_nth_attempt {
};
struct fail_nth {
};

static inline void fail_nth_set_current(struct fail_nth *(*current)(void))
{
    (void)current;
}
static inline void fail_nth_begin(unsigned unit, struct fail_nth_attempt *outer)
{
    (void)unit;
    (void)outer;
}
static inline bool fail_nth_again(long result)
{
    (void)result;
    return false;
}
static inline void fail_nth_end(const struct fail_nth_attempt *outer)
{
    (void)outer;
}
static inline void fail_nth_commit(void)
{
}
static inline void fail_nth_fail_silently(void)
{
}
static inline bool fail_nth_is_due(void)
{
    return false;
}
static inline void fail_nth_inherit(struct fail_nth *child, const struct fail_nth *parent)
{
    (void)child;
    (void)parent;
}

#endif
