// Wait queues: lists of waiters that a wake-up calls in order. What a waiter does is its own affair
// (a thread becomes runnable, a poll entry notes its events), so threads, poll and epoll share this
// one mechanism.
//
// Lock: the queue's, held while wake functions run; they may take locks above LOCK_RANK_WAIT_QUEUE,
// and another wait queue's where a wake-up is passed on.
#include "scheduler/wait_queue.h"

#include "lib/assert.h"
#include "scheduler/timer.h"
#include "sync/lock_debug.h"

void wait_queue_init_class(struct wait_queue *queue, struct lock_class *class)
{
    spin_init_class(&queue->lock, LOCK_RANK_WAIT_QUEUE, class);
    list_init(&queue->waiters);
}

// At the tail, so that exclusive waiters are served in the order in which they came.
void wait_queue_add(struct wait_queue *queue, struct waiter *waiter)
{
    assert(waiter->wake != NULL);
    spin_lock(&queue->lock);
    list_add_tail(&queue->waiters, &waiter->link);
    spin_unlock(&queue->lock);
}

// After this nobody calls the waiter any more: wake functions run under the lock. That is why a waiter may stand on its sleeper's
// stack.
void wait_queue_remove(struct wait_queue *queue, struct waiter *waiter)
{
    spin_lock(&queue->lock);
    assert(list_is_linked(&waiter->link));
    list_remove(&waiter->link);
    spin_unlock(&queue->lock);
}

void wait_queue_wake(struct wait_queue *queue, unsigned events, unsigned exclusive)
{
    spin_lock(&queue->lock);
    struct waiter *waiter;
    struct waiter *following;
    list_for_each_entry_safe(waiter, following, &queue->waiters, link) {
        if (waiter->is_exclusive && exclusive == 0) {
            continue;
        }
        bool has_woken = waiter->wake(waiter, events);
        assert(spin_is_held(&queue->lock));
        // One who was awake already does not count: the wake-up would be lost on him.
        if (has_woken && waiter->is_exclusive) {
            exclusive--;
        }
    }
    spin_unlock(&queue->lock);
}

static bool thread_waiter_wake(struct waiter *waiter, unsigned events)
{
    (void)events;
    return thread_wake(container_of(waiter, struct thread_waiter, waiter)->thread);
}

void wait_begin(struct wait_queue *queue, struct thread_waiter *waiter, bool is_exclusive)
{
    lock_debug_check_sleep(NULL);
    waiter->thread = thread_current();
    waiter->waiter.wake = thread_waiter_wake;
    waiter->waiter.is_exclusive = is_exclusive;
    wait_queue_add(queue, &waiter->waiter);
}

void wait_end(struct wait_queue *queue, struct thread_waiter *waiter)
{
    thread_cancel_block();
    wait_queue_remove(queue, &waiter->waiter);
}
