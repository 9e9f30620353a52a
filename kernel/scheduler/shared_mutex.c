// Locks for looking together and changing alone.
//
// A looker counts itself in and then looks at the mutex; who wants the lock alone takes the mutex and then looks at the count.
// Both put a full barrier between the two, so at least one sees the other: the looker then counts itself out again and comes
// through the mutex, one after another, just long enough to be counted. So nobody is passed over for ever: lookers wait for one
// change, and a change waits for those lookers that were there before it.
#include "scheduler/shared_mutex.h"

#include "lib/assert.h"
#include "scheduler/mutex_debug.h"
#include "sync/percpu.h"

void shared_mutex_init_class(struct shared_mutex *lock, struct lock_class *class,
                             struct lock_class *queue_class)
{
    mutex_init_class(&lock->mutex, class, queue_class);
    atomic32_store(&lock->lookers, 0);
    wait_queue_init_class(&lock->drained, queue_class);
}

enum { LOOKS = 200 }; // as in mutex.c

static noinline void wait_for_last_looker(struct shared_mutex *lock)
{
    for (unsigned looks = percpu_cpu_count() > 1 ? LOOKS : 0;
         looks > 0 && atomic32_load(&lock->lookers) != 0; looks--) {
        cpu_pause();
    }
    if (atomic32_load(&lock->lookers) != 0) {
        WAIT(&lock->drained, atomic32_load(&lock->lookers) == 0);
    }
}

static inline void wait_for_lookers(struct shared_mutex *lock)
{
    if (unlikely(atomic32_load(&lock->lookers) != 0)) {
        wait_for_last_looker(lock);
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE); // what they did is seen
}

void shared_mutex_lock(struct shared_mutex *lock) no_lock_analysis
{
    mutex_lock(&lock->mutex);
    wait_for_lookers(lock);
}

void shared_mutex_lock_nested(struct shared_mutex *lock, unsigned level) no_lock_analysis
{
    mutex_lock_nested(&lock->mutex, level);
    wait_for_lookers(lock);
}

void shared_mutex_unlock(struct shared_mutex *lock) no_lock_analysis
{
    mutex_unlock(&lock->mutex);
}

void shared_mutex_share(struct shared_mutex *lock) no_lock_analysis
{
    uint64_t frame = CALLER_FRAME();
    assert(shared_mutex_is_held(lock));
    atomic32_add(&lock->lookers, 1);
    mutex_unlock(&lock->mutex);
    mutex_debug_taken(&lock->mutex, 0, frame);
}

bool shared_mutex_is_held(const struct shared_mutex *lock)
{
    return mutex_is_held(&lock->mutex);
}

bool shared_mutex_is_steady(const struct shared_mutex *lock)
{
    return mutex_is_held(&lock->mutex) || atomic32_load(&lock->lookers) != 0;
}

static void count_out(struct shared_mutex *lock)
{
    uint32_t left = atomic32_subtract(&lock->lookers, 1);
    assert(left != UINT32_MAX);
    if (left == 0 && unlikely(mutex_is_taken(&lock->mutex))) {
        wait_queue_wake_all(&lock->drained);
    }
}

static void look_after_change(struct shared_mutex *lock) no_lock_analysis
{
    count_out(lock);
    mutex_lock(&lock->mutex);
    atomic32_add(&lock->lookers, 1);
    mutex_unlock(&lock->mutex);
}

void shared_mutex_look(struct shared_mutex *lock) no_lock_analysis
{
    uint64_t frame = CALLER_FRAME();
    lock_debug_check_sleep(LOCK_CLASS_OF(&lock->mutex));
    mutex_debug_check_order(&lock->mutex, 0, frame);
    atomic32_add(&lock->lookers, 1);
    if (unlikely(mutex_is_taken(&lock->mutex))) {
        look_after_change(lock);
    }
    mutex_debug_taken(&lock->mutex, 0, frame);
}

void shared_mutex_leave(struct shared_mutex *lock) no_lock_analysis
{
    mutex_debug_released(&lock->mutex);
    count_out(lock);
}
