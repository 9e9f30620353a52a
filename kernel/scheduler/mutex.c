// Sleeping locks. The owner word is the owning thread's address, with bit 0 set when somebody may
// wait: taking a free one and giving back one that nobody waits for are one atomic instruction
// each.
//
// A waiter enters the queue once and stays in it until it has the lock. It takes a free lock or
// sets bit 0, after it has set its state to Blocked; who gives the lock back and finds the bit
// wakes the first sleeper. A lock may be snatched between the wake-up and the sleeper's try: the
// sleeper then sets the bit again, so no wake-up is lost. Who takes the lock from the queue keeps
// the bit, at worst for one wake-up that finds nobody.
#include "scheduler/mutex.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "scheduler/mutex_debug.h"
#include "sync/percpu.h"

enum { MUTEX_HAS_WAITERS = 1 };

// How often a taken lock is looked at before its waiter sleeps, where another CPU may be about to give it back: less than a sleep and
// a wake-up on another CPU cost.
enum { MUTEX_LOOKS = 200 };

void mutex_init_class(struct mutex *mutex, struct lock_class *class, struct lock_class *queue_class)
{
    atomic64_store(&mutex->owner, 0);
    wait_queue_init_class(&mutex->waiters, queue_class);
    LOCK_CLASS_SET(mutex, class);
}

static struct thread *mutex_owner(const struct mutex *mutex)
{
    static_assert(_Alignof(struct thread) > MUTEX_HAS_WAITERS, "bit 0 of an address is free");
    uint64_t word = atomic64_load(&mutex->owner) & ~(uint64_t)MUTEX_HAS_WAITERS;
    return (struct thread *)(uintptr_t)word;
}

bool mutex_is_taken(const struct mutex *mutex)
{
    return mutex_owner(mutex) != NULL;
}

bool mutex_is_held(const struct mutex *mutex)
{
    return mutex_owner(mutex) == thread_current();
}

static bool mutex_take_free(struct mutex *mutex)
{
    uint64_t expected = 0;
    return atomic64_compare_exchange(&mutex->owner, &expected,
                                     (uint64_t)(uintptr_t)thread_current());
}

// Takes it if it is free; else leaves the mark that somebody waits. The mark and the give-back are read-modify-writes of one word,
// so one comes first: either the owner sees the mark and wakes us, or we see the lock free.
static bool mutex_take_or_mark(struct mutex *mutex)
{
    assert(!mutex_is_held(mutex));
    uint64_t own = (uint64_t)(uintptr_t)thread_current() | MUTEX_HAS_WAITERS;
    uint64_t seen = atomic64_load(&mutex->owner);
    for (;;) {
        bool is_free = (seen & ~(uint64_t)MUTEX_HAS_WAITERS) == 0;
        if (!is_free && (seen & MUTEX_HAS_WAITERS) != 0) {
            return false;
        }
        uint64_t wanted = is_free ? own : seen | MUTEX_HAS_WAITERS;
        if (atomic64_compare_exchange(&mutex->owner, &seen, wanted)) {
            return is_free;
        }
    }
}

static bool mutex_take_soon(struct mutex *mutex)
{
    for (unsigned looks = percpu_cpu_count() > 1 ? MUTEX_LOOKS : 0; looks > 0; looks--) {
        if (!mutex_is_taken(mutex) && mutex_take_free(mutex)) {
            return true;
        }
        cpu_pause();
    }
    return false;
}

static int mutex_wait(struct mutex *mutex, enum thread_state state)
{
    struct thread_waiter waiter;
    int result = 0;
    wait_begin(&mutex->waiters, &waiter, true);
    for (;;) {
        thread_prepare_to_block(state);
        if (mutex_take_or_mark(mutex)) {
            result = 0;
            break;
        }
        if (result != 0) {
            break;
        }
        result = wait_sleep(state, UINT64_MAX);
    }
    wait_end(&mutex->waiters, &waiter);
    if (result != 0) {
        wait_queue_wake_one(&mutex->waiters); // a wake-up that was ours goes to the next
    }
    return result;
}

static int mutex_lock_common(struct mutex *mutex, enum thread_state state, unsigned level,
                             uint64_t frame)
{
    lock_debug_check_sleep(LOCK_CLASS_OF(mutex));
    mutex_debug_check_order(mutex, level, frame);
    if (!mutex_take_free(mutex)) {
        uint64_t start = mutex_debug_wait_begin();
        int result = mutex_take_soon(mutex) ? 0 : mutex_wait(mutex, state);
        mutex_debug_waited(mutex, start);
        if (result != 0) {
            return -EINTR;
        }
    }
    mutex_debug_taken(mutex, level, frame);
    return 0;
}

void mutex_lock(struct mutex *mutex) no_lock_analysis
{
    (void)mutex_lock_common(mutex, THREAD_BLOCKED, 0, CALLER_FRAME());
}

int mutex_lock_interruptible(struct mutex *mutex) no_lock_analysis
{
    return mutex_lock_common(mutex, THREAD_BLOCKED_INTERRUPTIBLE, 0, CALLER_FRAME());
}

void mutex_lock_nested(struct mutex *mutex, unsigned level) no_lock_analysis
{
    (void)mutex_lock_common(mutex, THREAD_BLOCKED, level, CALLER_FRAME());
}

bool mutex_try_lock(struct mutex *mutex) no_lock_analysis
{
    if (!mutex_take_free(mutex)) {
        return false;
    }
    mutex_debug_taken(mutex, 0, CALLER_FRAME());
    return true;
}

void mutex_unlock(struct mutex *mutex) no_lock_analysis
{
    assert(mutex_is_held(mutex));
    mutex_debug_released(mutex);
    // From the exchange on another thread may own the lock. The object must still stand for the wake-up: who unlocks keeps a
    // reference to it until after.
    uint64_t old = atomic64_exchange(&mutex->owner, 0);
    if ((old & MUTEX_HAS_WAITERS) != 0) {
        wait_queue_wake_one(&mutex->waiters);
    }
}
