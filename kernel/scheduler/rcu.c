// RCU's write side: frees that wait until no reader can still hold what they free.
//
// A reader has preemption off, so a CPU that makes a scheduling choice has none. Deferred heads go
// on a list of their CPU's, without a lock (any context may add); the reaper thread takes all lists,
// waits until each CPU has chosen since, and runs the heads, those of one CPU in order. It is woken
// some milliseconds after the first head, so that a batch costs one wake-up, or at once when many
// wait on one CPU. A CPU that idles makes no choices by itself: the reaper asks it to, so an idle
// system delays nothing.
//
// Who waits for readers (rcu_synchronize) waits for all that was deferred before, too: such heads
// have a list of their own, taken before the others and run after them.
#include "scheduler/rcu.h"

#include "arch/page.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "scheduler/run_queue_internal.h"
#include "scheduler/thread_internal.h"
#include "scheduler/timer.h"

enum { RCU_BATCH_MAX = 32 };
#define RCU_DELAY_NS (5 * NS_PER_MS)

struct rcu_stock {
    struct rcu_head *list; // [a] last added first
    struct atomic32 count; // [a] heads added since the reaper took the list
};
static PERCPU_DEFINE(struct rcu_stock, rcu_stock);
static struct rcu_head *rcu_waiters;   // [a] the heads of who waits
static struct atomic32 rcu_is_due;     // [a] the reaper should take the lists now
static struct atomic32 rcu_is_delayed; // [a] the timer is set
static struct timer rcu_timer;
static struct thread *rcu_reaper; // [I]

static void rcu_wake_reaper(void)
{
    atomic32_store(&rcu_is_due, 1);
    thread_wake(rcu_reaper);
}

static void rcu_timer_expire(struct timer *timer)
{
    (void)timer;
    atomic32_store(&rcu_is_delayed, 0);
    rcu_wake_reaper();
}

// A list only grows at its head and is only taken whole, so a compare and exchange cannot be fooled by a head that went and came
// back. The exchange is a full barrier: what made the object unreachable comes before it, and so before the reaper counts choices.
static void rcu_add(struct rcu_head **list, struct rcu_head *head,
                    void (*run)(struct rcu_head *head))
{
    assert(run != NULL);
    head->run = run;
    head->next = __atomic_load_n(list, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(list, &head->next, head, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
        cpu_pause();
    }
}

// Only the head that makes the batch full wakes the reaper: what comes after it finds it on its way.
void rcu_defer(struct rcu_head *head, void (*run)(struct rcu_head *head))
{
    preempt_disable();
    struct rcu_stock *stock = percpu_this(rcu_stock);
    rcu_add(&stock->list, head, run);
    uint32_t count = atomic32_add(&stock->count, 1);
    preempt_enable();
    if (count == RCU_BATCH_MAX) {
        rcu_wake_reaper();
    } else if (atomic32_load(&rcu_is_delayed) == 0 && atomic32_exchange(&rcu_is_delayed, 1) == 0) {
        timer_start(&rcu_timer, clock_monotonic_ns() + RCU_DELAY_NS);
    }
}

// Takes all lists, each in the order in which its heads were added.
static struct rcu_head *rcu_take_lists(void)
{
    struct rcu_head *ordered = NULL;
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        struct rcu_stock *stock = percpu_of(rcu_stock, cpu);
        atomic32_store(&stock->count, 0);
        struct rcu_head *head = __atomic_exchange_n(&stock->list, NULL, __ATOMIC_SEQ_CST);
        while (head != NULL) {
            struct rcu_head *next = head->next;
            head->next = ordered;
            ordered = head;
            head = next;
        }
    }
    return ordered;
}

static void rcu_run(struct rcu_head *head)
{
    while (head != NULL) {
        struct rcu_head *next = head->next; // run may free the head
        head->run(head);
        head = next;
    }
}

static bool rcu_cpu_has_passed(unsigned cpu, uint64_t passes_before)
{
    // Where the reaper itself runs, no reader is left: it was switched to after it had taken the
    // list, or no reader preempts it.
    return cpu == cpu_number() ||
           __atomic_load_n(&run_queue_of(cpu)->passes, __ATOMIC_ACQUIRE) != passes_before;
}

static void rcu_ask_cpu_to_choose(unsigned cpu)
{
    struct run_queue *queue = run_queue_of(cpu);
    spin_lock(&queue->lock);
    run_queue_reschedule_locked(queue);
    spin_unlock(&queue->lock);
}

// A CPU that starts meanwhile is not counted and need not be: its first reader comes after the heads were taken off the list, and
// so after their objects had become unreachable.
static void rcu_wait_for_readers(void)
{
    uint64_t before[CPU_MAX];
    unsigned cpus = percpu_cpu_count();
    assert(cpus <= CPU_MAX);
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        before[cpu] = __atomic_load_n(&run_queue_of(cpu)->passes, __ATOMIC_ACQUIRE);
    }
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        while (!rcu_cpu_has_passed(cpu, before[cpu])) {
            rcu_ask_cpu_to_choose(cpu);
            thread_sleep_until(clock_monotonic_ns() + NS_PER_MS, false);
        }
    }
}

static void rcu_wait_until_due(void)
{
    thread_prepare_to_block(THREAD_BLOCKED);
    while (atomic32_exchange(&rcu_is_due, 0) == 0) {
        scheduler_block();
        thread_prepare_to_block(THREAD_BLOCKED);
    }
    thread_cancel_block();
}

static void rcu_reaper_main(void *argument)
{
    (void)argument;
    for (;;) {
        rcu_wait_until_due();
        struct rcu_head *waiters = __atomic_exchange_n(&rcu_waiters, NULL, __ATOMIC_SEQ_CST);
        struct rcu_head *head = rcu_take_lists();
        rcu_wait_for_readers();
        rcu_run(head);
        rcu_run(waiters);
    }
}

struct rcu_barrier {
    struct rcu_head head;
    struct thread *thread;
    struct atomic32 is_passed; // [a]
};

static void rcu_barrier_pass(struct rcu_head *head)
{
    struct rcu_barrier *rcu_barrier = container_of(head, struct rcu_barrier, head);
    struct thread *thread =
        rcu_barrier->thread; // lives on: only the reaper, which we are, frees threads
    atomic32_store(&rcu_barrier->is_passed, 1); // from here on the barrier may be gone
    thread_wake(thread);
}

void rcu_synchronize(void)
{
    struct rcu_barrier rcu_barrier = {.thread = thread_current()};
    lock_debug_check_sleep(NULL);
    assert(thread_current() != rcu_reaper); // it would wait for itself
    rcu_add(&rcu_waiters, &rcu_barrier.head, rcu_barrier_pass);
    rcu_wake_reaper();
    thread_prepare_to_block(THREAD_BLOCKED);
    while (atomic32_load_acquire(&rcu_barrier.is_passed) == 0) {
        scheduler_block();
        thread_prepare_to_block(THREAD_BLOCKED);
    }
    thread_cancel_block();
}

void rcu_setup(void)
{
    timer_init(&rcu_timer, rcu_timer_expire);
    rcu_reaper = thread_create_kernel("reaper", rcu_reaper_main, NULL);
    assert_always(rcu_reaper != NULL);
}
