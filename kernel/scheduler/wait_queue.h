// The one way to sleep. A waiter is an entry with a wake function: a thread, or a poll or epoll
// entry.
#pragma once

#include "interrupt/clock.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "scheduler/thread.h"
#include "sync/spinlock.h"

struct wait_queue {
    struct spinlock lock;
    struct list_head waiters;   // [l] whom every wake-up reaches
    struct list_head exclusive; // [l] whom one reaches in turn, in the order of arrival
};

#define WAIT_QUEUE_INIT(name)                                                                      \
    {                                                                                              \
        SPINLOCK_INIT(LOCK_RANK_WAIT_QUEUE), LIST_INIT((name).waiters),                            \
            LIST_INIT((name).exclusive)                                                            \
    }

struct waiter {
    struct list_head link; // [l]
    // Called with the queue's lock held, any context. `events` is what wake passed (poll bits, or
    // 0). Returns true when it woke somebody who counts against wake_one.
    bool (*wake)(struct waiter *waiter, unsigned events);
    bool is_exclusive; // wake_one stops after one of these
};

void wait_queue_init_class(struct wait_queue *queue, struct lock_class *class);
#define wait_queue_init(queue) wait_queue_init_class(queue, LOCK_CLASS_HERE(LOCK_RANK_WAIT_QUEUE))
void wait_queue_add(struct wait_queue *queue, struct waiter *waiter);
void wait_queue_remove(struct wait_queue *queue, struct waiter *waiter);
// Wakes all non-exclusive waiters, then up to `exclusive` exclusive ones, of those who wait when it begins. Any context. There may be
// as many as users like (a file may be polled by thousands, and a thousand times by each), so the lock is let go every so often: the
// queue must outlive the call, even though those who were woken go on before it ends.
void wait_queue_wake(struct wait_queue *queue, unsigned events, unsigned exclusive);
static inline void wait_queue_wake_all(struct wait_queue *queue)
{
    wait_queue_wake(queue, 0, ~0u);
}
static inline void wait_queue_wake_one(struct wait_queue *queue)
{
    wait_queue_wake(queue, 0, 1);
}
static inline bool wait_queue_has_waiters(const struct wait_queue *queue)
{
    return !list_is_empty(&queue->waiters) || !list_is_empty(&queue->exclusive);
}

// A waiting thread. wait_begin enqueues; then, in a loop: wait_prepare (sets the state), check the
// condition, wait_sleep.
struct thread_waiter {
    struct waiter waiter;
    struct thread *thread;
};
void wait_begin(struct wait_queue *queue, struct thread_waiter *waiter, bool is_exclusive);
void wait_end(struct wait_queue *queue, struct thread_waiter *waiter); // dequeues, state RUNNABLE
// Sleeps until woken or `deadline_ns` (UINT64_MAX: none). 0, -ETIMEDOUT, or -ERESTARTSYS when state
// is interruptible and a signal is pending.
int wait_sleep(enum thread_state state, uint64_t deadline_ns);

// The state of one WAIT below. It enqueues only when the condition was false at first.
struct wait_loop {
    struct wait_queue *queue;
    enum thread_state state;
    uint64_t deadline_ns;
    bool is_queued;
    int sleep_result; // of the last sleep
    int result;       // of the whole
    struct thread_waiter entry;
};
// The condition was false: enqueues (first call) or sleeps, then sets the state so that the
// condition can be looked at again. False: the last sleep had ended for another reason than a
// wake-up, so the wait is over.
must_check bool wait_loop_goes_on(struct wait_loop *loop);
// Leaves the queue, if it was entered. The result of the wait.
int wait_loop_end(struct wait_loop *loop);

// Waits until `condition` (evaluated outside of any lock, possibly often) is true. 0, -ETIMEDOUT,
// -ERESTARTSYS.
#define WAIT_COMMON(wait_on, condition, thread_state, until_ns)                                    \
    ({                                                                                             \
        struct wait_loop wait_loop_;                                                               \
        wait_loop_.queue = (wait_on);                                                              \
        wait_loop_.state = (thread_state);                                                         \
        wait_loop_.deadline_ns = (until_ns);                                                       \
        wait_loop_.is_queued = false;                                                              \
        wait_loop_.result = 0;                                                                     \
        while (!(condition) && wait_loop_goes_on(&wait_loop_)) {}                                  \
        wait_loop_end(&wait_loop_);                                                                \
    })

#define WAIT(queue, condition) ((void)WAIT_COMMON(queue, condition, THREAD_BLOCKED, UINT64_MAX))
#define WAIT_UNTIL(queue, condition, deadline_ns)                                                  \
    WAIT_COMMON(queue, condition, THREAD_BLOCKED, deadline_ns)
#define WAIT_INTERRUPTIBLE(queue, condition)                                                       \
    WAIT_COMMON(queue, condition, THREAD_BLOCKED_INTERRUPTIBLE, UINT64_MAX)
#define WAIT_INTERRUPTIBLE_UNTIL(queue, condition, deadline_ns)                                    \
    WAIT_COMMON(queue, condition, THREAD_BLOCKED_INTERRUPTIBLE, deadline_ns)
