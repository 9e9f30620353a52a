/*
 * The run queue's rules: who runs next, for how long, and who overtakes whom.
 *
 * host-sources: scheduler/run_queue.c scheduler/balance.c scheduler/placement.c scheduler/policy.c sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include "interrupt/clock.h"
#include "lib/macros.h"
#include "scheduler/run_queue_internal.h"
#include "scheduler/timer_internal.h"

PERCPU_DEFINE(struct timer_base, timer_base);

static uint64_t now_ns;
static bool wants_choice;
static struct run_queue *queue;
static struct thread idle;

uint64_t clock_monotonic_ns(void)
{
    return now_ns;
}

void run_queue_reschedule_locked(struct run_queue *asked)
{
    wants_choice = true;
}

void cpu_kick(unsigned cpu)
{
    wants_choice = true;
}

void cpu_choose_again(unsigned cpu)
{
    wants_choice = true;
}

void run_queue_tick_arm_locked(struct run_queue *armed, const struct thread *thread, uint64_t now)
{
}

static void thread_make(struct thread *thread, int policy, int priority)
{
    *thread = (struct thread){.policy = policy,
                              .real_time_priority = priority,
                              .affinity = 1,
                              .off_cpu_since_ns = now_ns};
    list_init(&thread->run_link);
}

static void thread_ready(struct thread *thread, bool has_slept)
{
    spin_lock(&queue->lock);
    run_queue_place(queue, thread, has_slept);
}

/* What the switch does: books `ran_ns` for the running thread and goes to the next. */
static struct thread *next_after(uint64_t ran_ns, bool stays)
{
    struct thread *previous = queue->current;
    now_ns += ran_ns;
    spin_lock(&queue->lock);
    run_queue_charge_locked(previous, now_ns);
    struct thread *next = run_queue_choose_locked(queue, previous, stays && previous != &idle);
    queue->overtaker = NULL;
    if (next != previous) {
        previous->is_on_cpu = 0;
        previous->off_cpu_since_ns = now_ns;
        run_queue_credit_locked(next, now_ns);
        next->is_on_cpu = 1;
        next->switched_in_ns = now_ns;
        queue->current = next;
    }
    spin_unlock(&queue->lock);
    wants_choice = false;
    return next;
}

static int prepare(void **state)
{
    queue = percpu_this(run_queue);
    *queue = (struct run_queue){0};
    thread_make(&idle, THREAD_NORMAL, 0);
    idle.is_on_cpu = 1;
    run_queue_init(queue, 0, &idle);
    percpu_this(timer_base)->tick_deadline_ns = 0;
    now_ns = NS_PER_SECOND;
    wants_choice = false;
    return 0;
}

static void threads_of_a_level_take_turns(void **state)
{
    struct thread threads[3];
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        thread_make(&threads[i], THREAD_NORMAL, 0);
        thread_ready(&threads[i], false);
    }
    assert_true(wants_choice); /* the idle thread gives way */
    for (size_t turn = 0; turn < 9; turn++) {
        assert_ptr_equal(next_after(20 * NS_PER_MS, true), &threads[turn % 3]);
    }
}

static void a_turn_lasts_until_its_slice_is_used_up(void **state)
{
    struct thread first;
    struct thread second;
    thread_make(&first, THREAD_NORMAL, 0);
    thread_make(&second, THREAD_NORMAL, 0);
    thread_ready(&first, false);
    thread_ready(&second, false);
    assert_ptr_equal(next_after(0, true), &first);
    assert_ptr_equal(next_after(9 * NS_PER_MS, true), &first);
    assert_ptr_equal(next_after(1 * NS_PER_MS, true), &second);
    assert_ptr_equal(next_after(0, false), &first); /* the second blocks */
    assert_ptr_equal(next_after(0, false), &idle);
}

static void real_time_goes_first_by_priority(void **state)
{
    struct thread normal;
    struct thread low;
    struct thread high;
    thread_make(&normal, THREAD_NORMAL, 0);
    thread_make(&low, THREAD_FIFO, 1);
    thread_make(&high, THREAD_ROUND_ROBIN, 99);
    thread_ready(&normal, false);
    assert_ptr_equal(next_after(0, true), &normal);
    thread_ready(&low, false);
    assert_true(wants_choice);
    thread_ready(&high, false);
    assert_ptr_equal(next_after(1, true), &high);
    assert_ptr_equal(next_after(NS_PER_SECOND, true), &high); /* nobody of its level waits */
    assert_ptr_equal(next_after(1, false), &low);
    assert_ptr_equal(next_after(NS_PER_SECOND, true), &low);
    assert_ptr_equal(next_after(1, false), &normal);
}

static void a_first_in_first_out_thread_keeps_the_cpu_from_its_level(void **state)
{
    struct thread first;
    struct thread second;
    thread_make(&first, THREAD_FIFO, 10);
    thread_make(&second, THREAD_FIFO, 10);
    thread_ready(&first, false);
    thread_ready(&second, false);
    assert_ptr_equal(next_after(0, true), &first);
    assert_ptr_equal(next_after(100 * NS_PER_SECOND, true), &first);
    first.slice_left_ns = 0; /* as a yield does */
    assert_ptr_equal(next_after(1, true), &second);
}

static void a_sleeper_overtakes_a_computing_thread(void **state)
{
    struct thread computing;
    struct thread sleeper;
    struct thread waiting;
    thread_make(&computing, THREAD_NORMAL, 0);
    thread_make(&sleeper, THREAD_NORMAL, 0);
    thread_make(&waiting, THREAD_NORMAL, 0);
    thread_ready(&computing, false);
    assert_ptr_equal(next_after(0, true), &computing);
    thread_ready(&waiting, false);
    now_ns += 5 * NS_PER_MS;
    thread_ready(&sleeper, true);
    assert_true(wants_choice);
    assert_ptr_equal(next_after(0, true), &sleeper);
    assert_ptr_equal(next_after(0, false), &computing); /* its turn was not over */
}

static void sleepers_that_overtake_run_in_the_order_of_waking(void **state)
{
    struct thread computing;
    struct thread sleepers[3];
    thread_make(&computing, THREAD_NORMAL, 0);
    for (size_t i = 0; i < ARRAY_SIZE(sleepers); i++) {
        thread_make(&sleepers[i], THREAD_NORMAL, 0);
    }
    thread_ready(&computing, false);
    assert_ptr_equal(next_after(0, true), &computing);
    now_ns += 5 * NS_PER_MS;
    for (size_t i = 0; i < ARRAY_SIZE(sleepers); i++) {
        thread_ready(&sleepers[i], true);
    }
    assert_ptr_equal(next_after(0, true), &sleepers[0]);
    assert_ptr_equal(next_after(0, false), &sleepers[1]);
    assert_ptr_equal(next_after(0, false), &sleepers[2]);
    assert_ptr_equal(next_after(0, false), &computing);
}

static void an_instant_of_sleep_gains_nothing(void **state)
{
    struct thread steady;
    struct thread trickster;
    thread_make(&steady, THREAD_NORMAL, 0);
    thread_make(&trickster, THREAD_NORMAL, 0);
    thread_ready(&trickster, false);
    assert_ptr_equal(next_after(0, true), &trickster);
    thread_ready(&steady, false);
    assert_ptr_equal(next_after(9 * NS_PER_MS, false), &steady);
    now_ns += NS_PER_US;
    thread_ready(&trickster, true);
    assert_false(wants_choice);
    assert_ptr_equal(next_after(NS_PER_MS, true), &steady);
}

static void threads_that_answer_each_other_do_not_overtake(void **state)
{
    struct thread ping;
    struct thread pong;
    thread_make(&ping, THREAD_NORMAL, 0);
    thread_make(&pong, THREAD_NORMAL, 0);
    thread_ready(&ping, false);
    struct thread *runs = next_after(0, true);
    struct thread *sleeps = &pong;
    for (unsigned round = 0; round < 1000; round++) {
        now_ns += 10 * NS_PER_US;
        thread_ready(sleeps, true);
        assert_false(wants_choice);
        sleeps = runs;
        runs = next_after(0, false);
        assert_ptr_not_equal(runs, sleeps);
    }
}

static void background_policies_overtake_nobody(void **state)
{
    struct thread computing;
    struct thread batch;
    struct thread normal;
    thread_make(&computing, THREAD_IDLE, 0);
    thread_make(&batch, THREAD_BATCH, 0);
    thread_make(&normal, THREAD_NORMAL, 0);
    thread_ready(&computing, false);
    assert_ptr_equal(next_after(0, true), &computing);
    now_ns += NS_PER_SECOND;
    thread_ready(&batch, true);
    assert_false(wants_choice);
    thread_ready(&normal, true);
    assert_true(wants_choice);
}

static void slices_follow_nice_values(void **state)
{
    struct thread thread;
    thread_make(&thread, THREAD_NORMAL, 0);
    thread.nice = 0;
    int64_t ordinary = policy_slice_ns(&thread);
    assert_int_equal(ordinary, 10 * NS_PER_MS);
    thread.nice = 5;
    assert_true(policy_slice_ns(&thread) * 3 < ordinary + (int64_t)NS_PER_MS);
    int64_t last = INT64_MAX;
    for (thread.nice = -20; thread.nice <= 19; thread.nice++) {
        assert_true(policy_slice_ns(&thread) <= last);
        last = policy_slice_ns(&thread);
    }
    assert_true(last > 0);
}

static void turns_count_what_was_used_of_slices(void **state)
{
    struct thread steady;
    struct thread nice;
    thread_make(&steady, THREAD_NORMAL, 0);
    thread_make(&nice, THREAD_IDLE, 0);
    thread_ready(&steady, false);
    assert_ptr_equal(next_after(0, true), &steady);
    uint64_t start = steady.turn;
    next_after(9 * NS_PER_MS, true);
    assert_int_equal(steady.turn - start, 0);
    next_after(3 * NS_PER_MS, true); /* 2 ms too late: the next slice is shorter */
    assert_int_equal(steady.turn - start, 1);
    assert_int_equal(steady.slice_left_ns, 8 * NS_PER_MS);
    steady.slice_left_ns = 0; /* a turn that was given up is none */
    next_after(0, true);
    assert_int_equal(steady.turn - start, 1);
    next_after(101 * NS_PER_MS, true);
    assert_int_equal(steady.turn - start, 11);
    thread_ready(&nice, false); /* who comes starts level with the foremost */
    assert_true(nice.turn == steady.turn);
    nice.turn = 0;
    assert_ptr_equal(next_after(10 * NS_PER_MS, true), &nice);
    next_after(NS_PER_MS, true);
    assert_true(nice.turn > 0 && nice.turn < steady.turn); /* a delay is not remembered for ever */
}

static void a_queued_thread_changes_its_level(void **state)
{
    struct thread threads[2];
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        thread_make(&threads[i], THREAD_NORMAL, 0);
        thread_ready(&threads[i], false);
    }
    assert_int_equal(thread_set_policy(&threads[1], THREAD_FIFO, 5), 0);
    assert_ptr_equal(next_after(0, true), &threads[1]);
    assert_int_equal(thread_set_policy(&threads[1], THREAD_NORMAL, 1), -22);
    assert_int_equal(thread_set_policy(&threads[1], THREAD_FIFO, 0), -22);
    assert_int_equal(thread_set_policy(&threads[1], THREAD_FIFO, 100), -22);
    assert_int_equal(thread_set_policy(&threads[1], 6, 0), -22);
    assert_int_equal(thread_set_affinity(&threads[1], 2), -22); /* no such CPU */
    assert_int_equal(thread_set_affinity(&threads[1], 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(threads_of_a_level_take_turns, prepare),
        cmocka_unit_test_setup(a_turn_lasts_until_its_slice_is_used_up, prepare),
        cmocka_unit_test_setup(real_time_goes_first_by_priority, prepare),
        cmocka_unit_test_setup(a_first_in_first_out_thread_keeps_the_cpu_from_its_level, prepare),
        cmocka_unit_test_setup(a_sleeper_overtakes_a_computing_thread, prepare),
        cmocka_unit_test_setup(sleepers_that_overtake_run_in_the_order_of_waking, prepare),
        cmocka_unit_test_setup(an_instant_of_sleep_gains_nothing, prepare),
        cmocka_unit_test_setup(threads_that_answer_each_other_do_not_overtake, prepare),
        cmocka_unit_test_setup(background_policies_overtake_nobody, prepare),
        cmocka_unit_test_setup(slices_follow_nice_values, prepare),
        cmocka_unit_test_setup(turns_count_what_was_used_of_slices, prepare),
        cmocka_unit_test_setup(a_queued_thread_changes_its_level, prepare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
