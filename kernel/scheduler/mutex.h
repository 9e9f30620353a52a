// Sleeping locks. Ranked like spin locks (all sleeping ranks come before the spinning ones); debug
// kernels check order and owner.
#pragma once

#include "lib/compiler.h"
#include "scheduler/wait_queue.h"
#include "sync/lock_ranks.h"

struct lock_capability("mutex") mutex
{
    struct atomic64 owner; // [a] struct thread *, bit 0: somebody waits
    struct wait_queue waiters;
    uint16_t rank; // [I]
};

#define MUTEX_INIT(name, lock_rank)                                                                \
    {                                                                                              \
        ATOMIC_INIT(0), WAIT_QUEUE_INIT((name).waiters), (lock_rank)                               \
    }

void mutex_init(struct mutex *mutex, enum lock_rank rank);
void mutex_lock(struct mutex *mutex) acquires(mutex);
// 0 or -EINTR if a signal arrives while waiting.
must_check int mutex_lock_interruptible(struct mutex *mutex) acquires_if(0, mutex);
must_check bool mutex_try_lock(struct mutex *mutex) acquires_if(true, mutex);
// For a second lock of the same rank, where the order is by ancestry or address.
void mutex_lock_nested(struct mutex *mutex) acquires(mutex);
void mutex_unlock(struct mutex *mutex) releases(mutex);
bool mutex_is_held(const struct mutex *mutex); // by the current thread
