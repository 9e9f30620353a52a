// Work that must sleep: a list in order of queueing, and two threads that take from it, so that one
// piece of work may wait for another. A piece that is queued again while it runs waits until that
// run is over.
//
// A waiting thread that finds a piece by itself, before it has slept, still stands in the queue as
// one who sleeps: the wake-up for the next piece may be spent on it. So it passes one on when it has
// left the queue; else the second thread would sleep on beside a piece that the first one waits for.
//
// Lock: work_lock, over the list and what each thread runs.
#include "scheduler/work.h"

#include "lib/assert.h"
#include "lib/macros.h"
#include "scheduler/thread_internal.h"
#include "scheduler/wait_queue.h"

enum { WORK_THREADS = 2 };

struct work_thread {
    const struct work *running; // [l] compared, never followed: it may free itself
    uint64_t sequence;          // [l] of what it runs, UINT64_MAX when it runs nothing
};

static struct spinlock work_lock = SPINLOCK_INIT(LOCK_RANK_WORK);
static struct list_head work_list = LIST_INIT(work_list);                  // [l]
static uint64_t work_next_sequence;                                        // [l]
static struct work_thread work_threads[WORK_THREADS];                      // [l]
static struct wait_queue work_available = WAIT_QUEUE_INIT(work_available); // threads wait
static struct wait_queue work_completed = WAIT_QUEUE_INIT(work_completed); // work_flush waits

void work_init(struct work *work, void (*run)(struct work *work))
{
    assert(run != NULL);
    *work = (struct work){.run = run};
    list_init(&work->link);
}

bool work_queue(struct work *work)
{
    if (atomic32_exchange(&work->is_pending, 1) != 0) {
        return false;
    }
    spin_lock(&work_lock);
    work->sequence = work_next_sequence++;
    list_add_tail(&work_list, &work->link);
    spin_unlock(&work_lock);
    wait_queue_wake_one(&work_available);
    return true;
}

static bool work_is_running_locked(const struct work *work)
{
    assert(spin_is_held(&work_lock));
    for (unsigned i = 0; i < WORK_THREADS; i++) {
        if (work_threads[i].running == work) {
            return true;
        }
    }
    return false;
}

// The first piece that no other thread runs at this moment, or NULL.
static struct work *work_take(struct work_thread *thread)
{
    struct work *taken = NULL;
    struct work *work;
    spin_lock(&work_lock);
    assert(thread->running == NULL);
    // Steps over what runs: WORK_THREADS pieces at most, however long the list is.
    list_for_each_entry(work, &work_list, link) {
        if (!work_is_running_locked(work)) {
            taken = work;
            break;
        }
    }
    if (taken != NULL) {
        list_remove(&taken->link);
        thread->running = taken;
        thread->sequence = taken->sequence;
        assert(atomic32_load(&taken->is_pending) != 0);
        atomic32_store(&taken->is_pending,
                       0); // before it runs: who queues it from now on means one more run
    }
    spin_unlock(&work_lock);
    return taken;
}

static void work_finish(struct work_thread *thread)
{
    spin_lock(&work_lock);
    assert(thread->running != NULL);
    thread->running = NULL;
    thread->sequence = UINT64_MAX;
    spin_unlock(&work_lock);
    wait_queue_wake_all(&work_completed);
}

static bool work_is_left(void)
{
    spin_lock(&work_lock);
    bool is_left = !list_is_empty(&work_list);
    spin_unlock(&work_lock);
    return is_left;
}

// Sleeps until there is a piece to run.
static struct work *work_wait(struct work_thread *thread)
{
    struct thread_waiter waiter;
    struct work *work;
    wait_begin(&work_available, &waiter, true);
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED);
        work = work_take(thread);
        if (work != NULL) {
            break;
        }
        scheduler_block();
    }
    wait_end(&work_available, &waiter);
    if (work_is_left()) {
        wait_queue_wake_one(&work_available);
    }
    return work;
}

static void work_thread_main(void *argument)
{
    struct work_thread *thread = argument;
    for (;;) {
        struct work *work = work_take(thread);
        if (work == NULL) {
            work = work_wait(thread);
        }
        work->run(work); // may free it or queue it again
        work_finish(thread);
    }
}

// The list is in order of queueing, so its first piece is the oldest that waits; what runs is asked one by one.
static bool work_is_done_before(uint64_t sequence)
{
    bool is_done = true;
    spin_lock(&work_lock);
    if (!list_is_empty(&work_list)) {
        is_done = list_first_entry(&work_list, struct work, link)->sequence >= sequence;
    }
    for (unsigned i = 0; i < WORK_THREADS; i++) {
        is_done = is_done && work_threads[i].sequence >= sequence;
    }
    spin_unlock(&work_lock);
    return is_done;
}

void work_flush(void)
{
    spin_lock(&work_lock);
    uint64_t sequence = work_next_sequence;
    spin_unlock(&work_lock);
    WAIT(&work_completed, work_is_done_before(sequence));
}

void work_setup(void)
{
    for (unsigned i = 0; i < WORK_THREADS; i++) {
        work_threads[i].sequence = UINT64_MAX;
        bool has_thread = thread_create_kernel("work", work_thread_main, &work_threads[i]) != NULL;
        assert_always(has_thread);
    }
}
