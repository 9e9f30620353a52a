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

enum { LOOKS_PER_HOLD = 128 };

void wait_queue_init_class(struct wait_queue *queue, struct lock_class *class)
{
    spin_init_class(&queue->lock, LOCK_RANK_WAIT_QUEUE, class);
    list_init(&queue->waiters);
    list_init(&queue->exclusive);
}

// At the tail, so that waiters are served in the order in which they came.
void wait_queue_add(struct wait_queue *queue, struct waiter *waiter)
{
    assert(waiter->wake != NULL);
    spin_lock(&queue->lock);
    list_add_tail(waiter->is_exclusive ? &queue->exclusive : &queue->waiters, &waiter->link);
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

// Lets others in, and interrupts where the caller has them on. The place is kept by an entry that nobody calls. Where to go on.
static no_lock_analysis struct list_head *wake_pause_locked(struct wait_queue *queue,
                                                            struct list_head *next)
{
    struct waiter place = {.wake = NULL};
    assert(spin_is_held(&queue->lock));
    list_add_tail(next, &place.link);
    spin_unlock(&queue->lock);
    spin_lock(&queue->lock);
    next = place.link.next;
    list_remove(&place.link);
    return next;
}

// Calls those on a list until `count` of them were woken. Who comes during a pause stands behind `end`, so that it comes to one.
static void wake_list_locked(struct wait_queue *queue, struct list_head *list, unsigned events,
                             unsigned count)
{
    struct waiter end; // made when it is needed: nearly every wake-up finds fewer
    const struct list_head *stop = list;
    struct list_head *link = list->next;
    for (unsigned looked = 1; link != stop && count != 0; looked++) {
        if (looked % LOOKS_PER_HOLD == 0) {
            if (stop == list) {
                end.wake = NULL;
                list_add_tail(list, &end.link);
                stop = &end.link;
            }
            link = wake_pause_locked(queue, link);
            continue;
        }
        struct waiter *waiter = list_entry(link, struct waiter, link);
        link = link->next;
        // One who was awake already does not count: the wake-up would be lost on him.
        if (waiter->wake != NULL && waiter->wake(waiter, events)) {
            count--;
        }
        assert(spin_is_held(&queue->lock));
    }
    if (stop != list) {
        list_remove(&end.link);
    }
}

void wait_queue_wake(struct wait_queue *queue, unsigned events, unsigned exclusive)
{
    spin_lock(&queue->lock);
    if (!list_is_empty(&queue->waiters)) {
        wake_list_locked(queue, &queue->waiters, events, ~0u);
    }
    if (!list_is_empty(&queue->exclusive)) {
        wake_list_locked(queue, &queue->exclusive, events, exclusive);
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
