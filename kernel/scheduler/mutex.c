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

enum { MUTEX_HAS_WAITERS = 1 };

void mutex_init(struct mutex *mutex, enum lock_rank rank)
{
    atomic64_store(&mutex->owner, 0);
    wait_queue_init(&mutex->waiters);
    mutex->rank = (uint16_t)rank;
}

static struct thread *mutex_owner(const struct mutex *mutex)
{
    uint64_t word = atomic64_load(&mutex->owner) & ~(uint64_t)MUTEX_HAS_WAITERS;
    return (struct thread *)(uintptr_t)word;
}

bool mutex_is_held(const struct mutex *mutex)
{
    return mutex_owner(mutex) == thread_current();
}

// Ranks above this one must not be held; nor this one, unless the caller orders them by itself.
static void mutex_check_order(const struct mutex *mutex, bool is_nested)
{
    assert(mutex->rank < LOCK_RANK_SPIN_FIRST);
    unsigned forbidden_from = is_nested ? mutex->rank + 1u : mutex->rank;
    assert((uint64_t)thread_current()->sleeping_locks_held >> forbidden_from == 0);
    (void)forbidden_from;
}

static void mutex_note_taken(struct mutex *mutex)
{
    if (ASTRA_DEBUG) {
        thread_current()->sleeping_locks_held |= 1u << mutex->rank;
    }
}

// With two of one rank held, the first release clears the bit of both: the check grows weaker then,
// never wrong.
static void mutex_note_released(unsigned rank)
{
    if (ASTRA_DEBUG) {
        thread_current()->sleeping_locks_held &= ~(1u << rank);
    }
}

static bool mutex_take_free(struct mutex *mutex)
{
    uint64_t expected = 0;
    return atomic64_compare_exchange(&mutex->owner, &expected,
                                     (uint64_t)(uintptr_t)thread_current());
}

// Takes it if it is free; else leaves the mark that somebody waits.
static bool mutex_take_or_mark(struct mutex *mutex)
{
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

static int mutex_lock_common(struct mutex *mutex, enum thread_state state, bool is_nested)
{
    assert(context_may_sleep() && !mutex_is_held(mutex));
    mutex_check_order(mutex, is_nested);
    if (!mutex_take_free(mutex)) {
        int result = mutex_wait(mutex, state);
        if (result != 0) {
            return -EINTR;
        }
    }
    mutex_note_taken(mutex);
    return 0;
}

void mutex_lock(struct mutex *mutex) no_lock_analysis
{
    (void)mutex_lock_common(mutex, THREAD_BLOCKED, false);
}

int mutex_lock_interruptible(struct mutex *mutex) no_lock_analysis
{
    return mutex_lock_common(mutex, THREAD_BLOCKED_INTERRUPTIBLE, false);
}

void mutex_lock_nested(struct mutex *mutex) no_lock_analysis
{
    (void)mutex_lock_common(mutex, THREAD_BLOCKED, true);
}

bool mutex_try_lock(struct mutex *mutex) no_lock_analysis
{
    if (!mutex_take_free(mutex)) {
        return false;
    }
    mutex_note_taken(mutex);
    return true;
}

void mutex_unlock(struct mutex *mutex) no_lock_analysis
{
    assert(mutex_is_held(mutex));
    unsigned rank = mutex->rank;
    uint64_t old = atomic64_exchange(&mutex->owner, 0);
    mutex_note_released(rank);
    if ((old & MUTEX_HAS_WAITERS) != 0) {
        wait_queue_wake_one(&mutex->waiters);
    }
}
