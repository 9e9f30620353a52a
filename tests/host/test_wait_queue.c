/*
 * Wait queues: whom a wake-up reaches.
 *
 * host-sources: scheduler/wait_queue.c sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include "lib/macros.h"
#include "scheduler/wait_queue.h"

enum { WAITERS = 4 };

struct recorder {
    struct waiter waiter;
    unsigned calls;
    unsigned events;
    bool is_asleep;
    bool leaves;
};

static struct wait_queue queue;
static struct recorder recorders[WAITERS];
static unsigned order[3 * WAITERS];
static unsigned order_length;

/* The threads' side of the file is not used here. */
bool thread_wake_states(struct thread *thread, unsigned states)
{
    return false;
}

static bool recorder_wake(struct waiter *waiter, unsigned events)
{
    struct recorder *recorder = container_of(waiter, struct recorder, waiter);
    assert_true(spin_is_held(&queue.lock));
    recorder->calls++;
    recorder->events = events;
    order[order_length++] = (unsigned)(recorder - recorders);
    if (recorder->leaves) {
        list_remove(&waiter->link);
    }
    bool was_asleep = recorder->is_asleep;
    recorder->is_asleep = false;
    return was_asleep;
}

static int prepare(void **state)
{
    wait_queue_init(&queue);
    order_length = 0;
    for (unsigned i = 0; i < WAITERS; i++) {
        recorders[i] = (struct recorder){.waiter.wake = recorder_wake, .is_asleep = true};
        wait_queue_add(&queue, &recorders[i].waiter);
    }
    return 0;
}

static void make_exclusive(struct waiter *waiter)
{
    wait_queue_remove(&queue, waiter);
    waiter->is_exclusive = true;
    wait_queue_add(&queue, waiter);
}

static void all_are_woken_in_order_of_arrival(void **state)
{
    wait_queue_wake(&queue, 5, 1);
    assert_int_equal(order_length, WAITERS);
    for (unsigned i = 0; i < WAITERS; i++) {
        assert_int_equal(order[i], i);
        assert_int_equal(recorders[i].events, 5);
    }
}

static void exclusive_waiters_are_woken_one_at_a_time(void **state)
{
    for (unsigned i = 0; i < WAITERS; i++) {
        make_exclusive(&recorders[i].waiter);
    }
    wait_queue_wake_one(&queue);
    assert_int_equal(order_length, 1);
    wait_queue_wake_one(&queue);
    assert_int_equal(recorders[1].calls, 1);
    assert_false(recorders[1].is_asleep);
    assert_true(recorders[2].is_asleep);
}

static void an_exclusive_waiter_that_was_awake_does_not_count(void **state)
{
    make_exclusive(&recorders[0].waiter);
    recorders[0].is_asleep = false;
    make_exclusive(&recorders[1].waiter);
    make_exclusive(&recorders[3].waiter);
    wait_queue_wake_one(&queue);
    assert_int_equal(recorders[1].calls, 1);
    assert_int_equal(recorders[2].calls, 1); /* not exclusive */
    assert_int_equal(recorders[3].calls, 0);
}

static void a_waiter_may_leave_while_it_is_woken(void **state)
{
    recorders[1].leaves = true;
    recorders[2].leaves = true;
    wait_queue_wake_all(&queue);
    assert_int_equal(order_length, WAITERS);
    wait_queue_wake_all(&queue);
    assert_int_equal(recorders[1].calls, 1);
    assert_int_equal(recorders[3].calls, 2);
}

enum { CROWD = 1000 };

static unsigned crowd_calls;

static bool crowd_wake(struct waiter *waiter, unsigned events)
{
    crowd_calls++;
    return true;
}

/* More than are gone through in one hold: all are reached once, and the exclusive ones as many as were asked for. */
static void a_crowd_is_woken_whole(void **state)
{
    static struct waiter crowd[CROWD];
    for (unsigned i = 0; i < CROWD; i++) {
        crowd[i] = (struct waiter){.wake = crowd_wake, .is_exclusive = i % 2 == 0};
        wait_queue_add(&queue, &crowd[i]);
    }
    crowd_calls = 0;
    wait_queue_wake(&queue, 0, 300);
    assert_int_equal(crowd_calls, CROWD / 2 + 300);
    for (unsigned i = 0; i < CROWD; i++) {
        wait_queue_remove(&queue, &crowd[i]);
    }
    for (unsigned i = 0; i < WAITERS; i++) {
        assert_true(wait_queue_has_waiters(&queue));
        wait_queue_remove(&queue, &recorders[i].waiter);
    }
    assert_false(wait_queue_has_waiters(&queue));
}

static void a_removed_waiter_is_not_woken(void **state)
{
    for (unsigned i = 0; i < WAITERS; i++) {
        assert_true(wait_queue_has_waiters(&queue));
        wait_queue_remove(&queue, &recorders[i].waiter);
    }
    assert_false(wait_queue_has_waiters(&queue));
    wait_queue_wake_all(&queue);
    assert_int_equal(order_length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_are_woken_in_order_of_arrival, prepare),
        cmocka_unit_test_setup(exclusive_waiters_are_woken_one_at_a_time, prepare),
        cmocka_unit_test_setup(an_exclusive_waiter_that_was_awake_does_not_count, prepare),
        cmocka_unit_test_setup(a_waiter_may_leave_while_it_is_woken, prepare),
        cmocka_unit_test_setup(a_crowd_is_woken_whole, prepare),
        cmocka_unit_test_setup(a_removed_waiter_is_not_woken, prepare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
