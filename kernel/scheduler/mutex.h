// Sleeping locks. Ranked like spin locks (all sleeping ranks come before the spinning ones); debug
// kernels check order and owner.
#pragma once

#include "lib/compiler.h"
#include "scheduler/wait_queue.h"
#include "sync/lock_class.h"
#include "sync/lock_ranks.h"

struct lock_capability("mutex") mutex
{
    struct atomic64 owner; // [a] struct thread *, bit 0: somebody waits
    struct wait_queue waiters;
    LOCK_CLASS_MEMBER // [I] debug
};

// For mutexes at file scope; elsewhere mutex_init.
#define MUTEX_INIT(name, lock_rank)                                                                \
    {                                                                                              \
        .owner = ATOMIC_INIT(0),                                                                   \
        .waiters = WAIT_QUEUE_INIT((name).waiters) LOCK_CLASS_FIRST_USE(lock_rank)                 \
    }

void mutex_init_class(struct mutex *mutex, struct lock_class *class,
                      struct lock_class *queue_class);
#define mutex_init(mutex, lock_rank)                                                               \
    mutex_init_class(mutex, LOCK_CLASS_HERE(lock_rank), LOCK_CLASS_HERE(LOCK_RANK_WAIT_QUEUE))
void mutex_lock(struct mutex *mutex) acquires(mutex);
// 0 or -EINTR if a signal arrives while waiting.
must_check int mutex_lock_interruptible(struct mutex *mutex) acquires_if(0, mutex);
must_check bool mutex_try_lock(struct mutex *mutex) acquires_if(true, mutex);
// For a second lock of one class, where the caller has an order for them: a level above the first's, which is 0.
void mutex_lock_nested(struct mutex *mutex, unsigned level) acquires(mutex);
void mutex_unlock(struct mutex *mutex) releases(mutex);
bool mutex_is_held(const struct mutex *mutex);  // by the current thread
bool mutex_is_taken(const struct mutex *mutex); // by anybody: old as soon as it is known
