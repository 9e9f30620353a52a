// Timers and RCU: what happens later happens in order, and not before its time.
#include "kernel_test.h"

#include "interrupt/clock.h"
#include "lib/macros.h"
#include "scheduler/rcu.h"
#include "scheduler/thread.h"
#include "scheduler/timer.h"

enum { TIMERS = 8 };

static struct timer timers[TIMERS];
static unsigned fired[TIMERS];
static uint64_t fired_ns[TIMERS];
static struct atomic32 fired_count;

static void timer_note(struct timer *timer)
{
    uint32_t place = atomic32_add(&fired_count, 1) - 1;
    fired[place] = (unsigned)(timer - timers);
    fired_ns[place] = clock_monotonic_ns();
}

static void timers_prepare(void)
{
    atomic32_store(&fired_count, 0);
    for (unsigned i = 0; i < TIMERS; i++) {
        timer_init(&timers[i], timer_note);
    }
}

KERNEL_TEST(timers_fire_in_order_and_not_early)
{
    static const unsigned order[TIMERS] = {5, 2, 7, 0, 3, 6, 1, 4};
    timers_prepare();
    uint64_t start = clock_monotonic_ns() + 2 * NS_PER_MS;
    for (unsigned i = 0; i < TIMERS; i++) {
        timer_start(&timers[order[i]], start + order[i] * 2 * NS_PER_MS);
    }
    thread_sleep_until(start + TIMERS * 2 * NS_PER_MS + 20 * NS_PER_MS, false);
    KT_ASSERT(atomic32_load(&fired_count) == TIMERS);
    for (unsigned i = 0; i < TIMERS; i++) {
        KT_ASSERT(fired[i] == i);
        KT_ASSERT(fired_ns[i] >= start + i * 2 * NS_PER_MS);
    }
}

KERNEL_TEST(a_cancelled_timer_does_not_fire)
{
    timers_prepare();
    uint64_t deadline = clock_monotonic_ns() + 5 * NS_PER_MS;
    timer_start(&timers[0], deadline);
    timer_start(&timers[1], deadline);
    KT_ASSERT(timer_cancel(&timers[0]));
    KT_ASSERT(!timer_cancel(&timers[0]));
    thread_sleep_until(deadline + 10 * NS_PER_MS, false);
    KT_ASSERT(atomic32_load(&fired_count) == 1);
    KT_ASSERT(fired[0] == 1);
    KT_ASSERT(!timer_cancel(&timers[1]));
}

KERNEL_TEST(a_timer_in_the_past_fires_at_once_and_a_restart_moves_it)
{
    timers_prepare();
    uint64_t now = clock_monotonic_ns();
    timer_start(&timers[0], now + NS_PER_SECOND);
    timer_start(&timers[0], now + NS_PER_MS); // restarted, not queued twice
    timer_start(&timers[1], 1);
    thread_sleep_until(now + 20 * NS_PER_MS, false);
    KT_ASSERT(atomic32_load(&fired_count) == 2);
    KT_ASSERT(fired[0] == 1);
}

static struct atomic32 deferred_runs;

static void deferred_note(struct rcu_head *head)
{
    (void)head;
    atomic32_add(&deferred_runs, 1);
}

KERNEL_TEST(a_deferred_free_waits_for_the_reader)
{
    static struct rcu_head head;
    atomic32_store(&deferred_runs, 0);
    rcu_read_lock();
    rcu_defer(&head, deferred_note);
    uint64_t end = clock_monotonic_ns() + 30 * NS_PER_MS;
    while (clock_monotonic_ns() < end) {
        cpu_pause();
    }
    KT_ASSERT(atomic32_load(&deferred_runs) == 0);
    rcu_read_unlock();
    thread_sleep_until(clock_monotonic_ns() + 50 * NS_PER_MS, false);
    KT_ASSERT(atomic32_load(&deferred_runs) == 1);
}

KERNEL_TEST(synchronize_waits_for_all_that_was_deferred)
{
    static struct rcu_head heads[100];
    atomic32_store(&deferred_runs, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(heads); i++) {
        rcu_defer(&heads[i], deferred_note);
    }
    rcu_synchronize();
    KT_ASSERT(atomic32_load(&deferred_runs) == ARRAY_SIZE(heads));
}
