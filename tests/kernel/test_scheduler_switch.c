// Threads, switches and preemption on the real CPU.
#include "kernel_test.h"

#include "interrupt/clock.h"
#include "scheduler/thread.h"
#include "scheduler/wait_queue.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

enum { ROUNDS = 10000, SLEEPS_PROMPT = 3, SLEEPS_MAX = 300 };

static struct wait_queue finished = WAIT_QUEUE_INIT(finished);
static struct atomic32 finished_count;

static void finish(void)
{
    atomic32_add(&finished_count, 1);
    wait_queue_wake_all(&finished);
}

// True when `count` threads have called finish within ten seconds.
static bool wait_for_finish(uint32_t count)
{
    uint64_t deadline = clock_monotonic_ns() + 10 * NS_PER_SECOND;
    return WAIT_UNTIL(&finished, atomic32_load(&finished_count) == count, deadline) == 0;
}

static uint32_t argument_seen;

static void note_argument(void *argument)
{
    argument_seen = (uint32_t)(uintptr_t)argument;
    finish();
}

KERNEL_TEST(a_thread_runs_with_its_argument)
{
    atomic32_store(&finished_count, 0);
    KT_ASSERT(thread_create_kernel("test", note_argument, (void *)1234) != NULL);
    KT_ASSERT(wait_for_finish(1));
    KT_ASSERT(argument_seen == 1234);
}

static uint32_t order[8];
static uint32_t order_length;

static void append_number(void *argument)
{
    for (unsigned i = 0; i < 2; i++) {
        order[order_length++] = (uint32_t)(uintptr_t)argument;
        scheduler_yield();
    }
    finish();
}

KERNEL_TEST(yielding_threads_take_turns)
{
    atomic32_store(&finished_count, 0);
    order_length = 0;
    kernel_test_stay_on(0);
    preempt_disable();
    for (uintptr_t i = 1; i <= 3; i++) {
        KT_ASSERT(kernel_test_thread_on(0, append_number, (void *)i) != NULL);
    }
    preempt_enable();
    KT_ASSERT(wait_for_finish(3));
    KT_ASSERT(order_length == 6);
    for (uint32_t i = 0; i < 6; i++) {
        KT_ASSERT(order[i] == i % 3 + 1);
    }
}

static struct atomic32 must_stop;

static void compute_until_stopped(void *argument)
{
    struct atomic64 *count = argument;
    while (atomic32_load(&must_stop) == 0) {
        atomic64_add(count, 1);
    }
    finish();
}

KERNEL_TEST(the_timer_preempts_threads_that_never_block)
{
    struct atomic64 counts[2] = {ATOMIC_INIT(0), ATOMIC_INIT(0)};
    atomic32_store(&must_stop, 0);
    atomic32_store(&finished_count, 0);
    KT_ASSERT(kernel_test_thread_on(0, compute_until_stopped, &counts[0]) != NULL);
    KT_ASSERT(kernel_test_thread_on(0, compute_until_stopped, &counts[1]) != NULL);
    // A busy host may not run us for long: ask again, within a bound.
    for (unsigned i = 0;
         i < 100 && (atomic64_load(&counts[0]) == 0 || atomic64_load(&counts[1]) == 0); i++) {
        thread_sleep_until(clock_monotonic_ns() + 100 * NS_PER_MS, false);
    }
    atomic32_store(&must_stop, 1);
    KT_ASSERT(wait_for_finish(2));
    KT_ASSERT(atomic64_load(&counts[0]) != 0);
    KT_ASSERT(atomic64_load(&counts[1]) != 0);
}

KERNEL_TEST(a_sleeper_gets_the_cpu_from_a_computing_thread_at_once)
{
    struct atomic64 count = ATOMIC_INIT(0);
    atomic32_store(&must_stop, 0);
    atomic32_store(&finished_count, 0);
    kernel_test_stay_on(0);
    KT_ASSERT(kernel_test_thread_on(0, compute_until_stopped, &count) != NULL);
    unsigned prompt = 0;
    for (unsigned i = 0; i < SLEEPS_MAX && prompt < SLEEPS_PROMPT; i++) {
        uint64_t deadline = clock_monotonic_ns() + 5 * NS_PER_MS;
        thread_sleep_until(deadline, false);
        prompt += clock_monotonic_ns() - deadline < 3 * NS_PER_MS ? 1 : 0;
    }
    atomic32_store(&must_stop, 1);
    KT_ASSERT(wait_for_finish(1));
    // Waiting for the end of the turn would take 5 ms each time. A busy host may hold us up often, but not always.
    KT_ASSERT(prompt >= SLEEPS_PROMPT);
}

static volatile uint32_t turn;
static struct wait_queue turn_changed = WAIT_QUEUE_INIT(turn_changed);

static void play(uint32_t side)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        WAIT(&turn_changed, turn == side);
        turn = !side;
        wait_queue_wake_all(&turn_changed);
    }
}

static void play_other_side(void *argument)
{
    (void)argument;
    play(1);
    finish();
}

KERNEL_TEST(no_wake_up_is_lost_in_ten_thousand_rounds)
{
    turn = 0;
    atomic32_store(&finished_count, 0);
    uint64_t switches = scheduler_switch_count();
    KT_ASSERT(thread_create_kernel("test", play_other_side, NULL) != NULL);
    play(0);
    KT_ASSERT(wait_for_finish(1));
    // On one CPU each turn is a switch; on several a side may find its turn come before it sleeps.
    KT_ASSERT(percpu_cpu_count() > 1 || scheduler_switch_count() - switches >= 2 * ROUNDS - 1);
}

static bool count_threads(struct thread *thread, void *context)
{
    (void)thread;
    ++*(unsigned *)context;
    return true;
}

static unsigned thread_count(void)
{
    unsigned count = 0;
    thread_visit_all(count_threads, &count);
    return count;
}

KERNEL_TEST(dead_threads_are_reaped)
{
    atomic32_store(&finished_count, 0);
    unsigned before = thread_count();
    for (uint32_t i = 0; i < 100; i++) {
        KT_ASSERT(thread_create_kernel("test", note_argument, NULL) != NULL);
    }
    KT_ASSERT(wait_for_finish(100));
    for (unsigned i = 0; i < 100 && thread_count() > before; i++) {
        thread_sleep_until(clock_monotonic_ns() + 5 * NS_PER_MS, false);
    }
    KT_ASSERT(thread_count() <= before);
}

KERNEL_TEST(an_idle_cpu_counts_as_idle)
{
    struct cpu_times before;
    struct cpu_times after;
    scheduler_cpu_times(0, &before);
    thread_sleep_until(clock_monotonic_ns() + 50 * NS_PER_MS, false);
    scheduler_cpu_times(0, &after);
    KT_ASSERT(after.idle_ns - before.idle_ns > 25 * NS_PER_MS);
}
