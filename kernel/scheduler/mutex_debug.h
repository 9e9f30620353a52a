// What the sleeping locks tell a debug kernel about themselves (sync/lock_debug.h); nothing in a release kernel.
// Private to scheduler/.
#pragma once

#include "arch/cpu.h"
#include "scheduler/mutex.h"
#include "sync/lock_debug.h"

#define CALLER_FRAME() ((uint64_t)(uintptr_t)__builtin_frame_address(0))

#if ASTRA_DEBUG
static inline void mutex_debug_check_order(struct mutex *mutex, unsigned level, uint64_t frame)
{
    struct lock_request request = {mutex, mutex->class, level, frame};
    lock_debug_check(&thread_current()->sleeping_locks, &request);
}

static inline void mutex_debug_taken(struct mutex *mutex, unsigned level, uint64_t frame)
{
    struct lock_request request = {mutex, mutex->class, level, frame};
    lock_debug_taken(&thread_current()->sleeping_locks, &request);
}

static inline void mutex_debug_released(const struct mutex *mutex)
{
    lock_debug_released(&thread_current()->sleeping_locks, mutex);
}

static inline uint64_t mutex_debug_wait_begin(void)
{
    return cpu_timestamp();
}

static inline void mutex_debug_waited(struct mutex *mutex, uint64_t start)
{
    lock_debug_waited(mutex->class, cpu_timestamp() - start);
}
#else
static inline void mutex_debug_check_order(struct mutex *mutex, unsigned level, uint64_t frame)
{
    (void)mutex, (void)level, (void)frame;
}

static inline void mutex_debug_taken(struct mutex *mutex, unsigned level, uint64_t frame)
{
    (void)mutex, (void)level, (void)frame;
}

static inline void mutex_debug_released(const struct mutex *mutex)
{
    (void)mutex;
}

static inline uint64_t mutex_debug_wait_begin(void)
{
    return 0;
}

static inline void mutex_debug_waited(struct mutex *mutex, uint64_t start)
{
    (void)mutex, (void)start;
}
#endif
