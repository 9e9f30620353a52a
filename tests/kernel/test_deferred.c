// Deferred work on the real interrupt path.
#include "kernel_test.h"

#include "arch/cpu.h"
#include "interrupt/clock.h"
#include "interrupt/deferred.h"
#include "sync/preempt.h"

static unsigned runs, order[3];
static bool had_interrupts_on, could_sleep;

static void note_run(struct deferred *deferred)
{
    (void)deferred;
    had_interrupts_on = interrupts_are_enabled();
    could_sleep = context_may_sleep();
    runs++;
}

static bool wait_for_runs(unsigned wanted)
{
    uint64_t deadline = clock_monotonic_ns() + NS_PER_SECOND;
    while (READ_ONCE(runs) < wanted && clock_monotonic_ns() < deadline) {
        cpu_pause();
    }
    return READ_ONCE(runs) == wanted;
}

KERNEL_TEST(deferred_work_runs_once_with_interrupts_on_and_may_not_sleep)
{
    struct deferred work;
    deferred_init(&work, note_run);
    runs = 0;
    interrupts_block();
    deferred_queue(&work);
    deferred_queue(&work);
    KT_ASSERT(runs == 0);
    interrupts_unblock();
    KT_ASSERT(wait_for_runs(1));
    KT_ASSERT(had_interrupts_on && !could_sleep);
}

// Nothing but an interrupt can run it here: the queue kicks its own CPU.
KERNEL_TEST(deferred_work_queued_without_preemption_runs_soon)
{
    struct deferred work;
    deferred_init(&work, note_run);
    runs = 0;
    preempt_disable();
    deferred_queue(&work);
    bool has_run = wait_for_runs(1);
    preempt_enable();
    KT_ASSERT(has_run);
}

static void note_order_0(struct deferred *deferred)
{
    (void)deferred;
    order[runs++] = 0;
}

static void note_order_1(struct deferred *deferred)
{
    (void)deferred;
    order[runs++] = 1;
}

KERNEL_TEST(deferred_work_runs_in_the_order_of_queueing)
{
    struct deferred first, second;
    deferred_init(&first, note_order_0);
    deferred_init(&second, note_order_1);
    runs = 0;
    interrupts_block();
    deferred_queue(&first);
    deferred_queue(&second);
    interrupts_unblock();
    KT_ASSERT(wait_for_runs(2));
    KT_ASSERT(order[0] == 0 && order[1] == 1);
}
