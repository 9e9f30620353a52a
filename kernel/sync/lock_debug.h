// What debug kernels check of locks, spinning and sleeping ones alike: the order of ranks, the order of classes (lock_graph.h),
// owner, that none is taken twice, and that nobody sleeps while spinning; of RCU: balance, no quiescent state inside a reader's
// section, no look without one. And what they count for each class. Release kernels compile the calls away.
//
// A broken rule is a complaint: log/ shows it with the traces and panics. Tests put a function of their own in its place.
#pragma once

#include "lib/assert.h"
#include "lib/types.h"
#include "sync/lock_graph.h"

enum { LOCKS_HELD_MAX = 16 };

struct lock_hold {
    const void *lock;
    struct lock_class *class;
    uint64_t since;  // timestamp
    uint64_t caller; // return address: who took it
    unsigned level;
};

// What one CPU (spin locks) or one thread (sleeping locks) holds, in the order taken. Only its owner touches it.
struct lock_holds {
#if ASTRA_DEBUG
    unsigned count;
    struct lock_hold locks[LOCKS_HELD_MAX];
#endif
};

// A lock that is about to be taken.
struct lock_request {
    const void *lock;
    struct lock_class *class;
    unsigned level; // of locks of one class: a higher one may follow a lower one
    uint64_t frame; // the taker's frame pointer
};

enum lock_fault {
    LOCK_FAULT_RANK, // of a lower rank than one that is held, or of the same where that is not allowed
    LOCK_FAULT_ORDER,   // the other way round was seen before: `path` says where
    LOCK_FAULT_NESTING, // two of one class, not in the order of their levels or addresses
    LOCK_FAULT_TWICE,   // held already
    LOCK_FAULT_SLEEP,   // sleeping, or taking a sleeping lock, while spinning: `wanted` may be NULL
    LOCK_FAULT_EXIT,    // back to user mode with a lock
    RCU_FAULT_QUIET,    // a context switch inside a reader's section
    RCU_FAULT_BALANCE,  // a section ended that was never begun
    RCU_FAULT_READ,     // a look at what RCU guards without a section
};

struct lock_complaint {
    enum lock_fault fault;
    const struct lock_class *wanted; // NULL: no lock was about to be taken
    const struct lock_hold *held;    // the lock in the way, or NULL
    struct lock_path path;           // from `wanted` to `held`, if that order was seen
};

typedef void lock_complain_function(const struct lock_complaint *complaint);
typedef void lock_long_hold_function(const struct lock_class *class, uint64_t timestamps,
                                     uint64_t caller);

#if ASTRA_DEBUG
// Who is told. Until it is set a complaint is a failed assertion. Returns the former function.
lock_complain_function *lock_debug_set_complain(lock_complain_function *complain);
// Holds of a spin lock over `timestamps` are told to `tell`, when this CPU holds no lock any more.
void lock_debug_set_long_hold(uint64_t timestamps, lock_long_hold_function *tell);

void lock_debug_check(const struct lock_holds *holds, const struct lock_request *request);
void lock_debug_taken(struct lock_holds *holds, const struct lock_request *request);
void lock_debug_released(struct lock_holds *holds, const void *lock);
// How long somebody waited for a lock of this class.
void lock_debug_waited(struct lock_class *class, uint64_t timestamps);
// This CPU's spin locks. Preemption is off.
struct lock_holds *lock_debug_spinning(void);
// Complains if the current code may not sleep. `wanted`: the sleeping lock that it is about to take, or NULL.
void lock_debug_check_sleep(const struct lock_class *wanted);
// Complains about locks that are held on the way to user mode. `sleeping` are the thread's.
void lock_debug_check_exit(const struct lock_holds *sleeping);

void rcu_debug_enter(void);
void rcu_debug_leave(void);
void rcu_debug_check_read(void);
void rcu_debug_check_switch(void);
#else
static inline void lock_debug_check_sleep(const struct lock_class *wanted)
{
    (void)wanted;
}
static inline void lock_debug_check_exit(const struct lock_holds *sleeping)
{
    (void)sleeping;
}
static inline void rcu_debug_enter(void)
{
}
static inline void rcu_debug_leave(void)
{
}
static inline void rcu_debug_check_read(void)
{
}
static inline void rcu_debug_check_switch(void)
{
}
#endif
