// Waiting: wait queues with deadlines and signals, mutexes, shared mutexes, work threads.
#include "kernel_test.h"

#include "interrupt/clock.h"
#include "scheduler/mutex.h"
#include "scheduler/shared_mutex.h"
#include "scheduler/wait_queue.h"
#include "scheduler/work.h"

enum { WAITERS = 3, LOCKERS = 4, LOCK_ROUNDS = 500 };

static struct atomic32 finished_count;
static struct wait_queue finished = WAIT_QUEUE_INIT(finished);

static void finish(void)
{
    atomic32_add(&finished_count, 1);
    wait_queue_wake_all(&finished);
}

static bool wait_for_finish(uint32_t count)
{
    uint64_t deadline = clock_monotonic_ns() + 10 * NS_PER_SECOND;
    return WAIT_UNTIL(&finished, atomic32_load(&finished_count) == count, deadline) == 0;
}

KERNEL_TEST(a_wait_ends_at_its_deadline)
{
    struct wait_queue queue;
    wait_queue_init(&queue);
    uint64_t start = clock_monotonic_ns();
    int result = WAIT_UNTIL(&queue, false, start + 20 * NS_PER_MS);
    uint64_t waited = clock_monotonic_ns() - start;
    KT_ASSERT(result == -ETIMEDOUT);
    KT_ASSERT(waited >= 20 * NS_PER_MS);
    KT_ASSERT(waited < 200 * NS_PER_MS);
    KT_ASSERT(WAIT_UNTIL(&queue, false, 0) == -ETIMEDOUT); // a past deadline
    KT_ASSERT(WAIT_UNTIL(&queue, true, 0) == 0);           // the condition counts first
}

static struct wait_queue gate = WAIT_QUEUE_INIT(gate);
static uint32_t order[WAITERS];
static uint32_t order_length;
static struct atomic32 tickets;

// Sleeps until there is a ticket for it, exclusively.
static void wait_for_ticket(void *argument)
{
    struct thread_waiter waiter;
    wait_begin(&gate, &waiter, true);
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED);
        if (atomic32_load(&tickets) != 0) {
            break;
        }
        (void)wait_sleep(THREAD_BLOCKED, UINT64_MAX);
    }
    atomic32_subtract(&tickets, 1);
    wait_end(&gate, &waiter);
    order[order_length++] = (uint32_t)(uintptr_t)argument;
    finish();
}

KERNEL_TEST(exclusive_waiters_are_woken_one_by_one_in_order)
{
    atomic32_store(&finished_count, 0);
    atomic32_store(&tickets, 0);
    order_length = 0;
    for (uintptr_t i = 0; i < WAITERS; i++) {
        KT_ASSERT(kernel_test_thread_on(0, wait_for_ticket, (void *)i) != NULL);
    }
    thread_sleep_until(clock_monotonic_ns() + 5 * NS_PER_MS, false);
    for (uint32_t i = 0; i < WAITERS; i++) {
        atomic32_add(&tickets, 1);
        wait_queue_wake_one(&gate);
        KT_ASSERT(wait_for_finish(i + 1));
        KT_ASSERT(order[i] == i);
    }
}

static int interrupted_result;

static void wait_interruptibly(void *argument)
{
    struct thread **self = argument;
    *self = thread_current();
    interrupted_result = WAIT_INTERRUPTIBLE(&gate, false);
    thread_current()->arch.work = 0;
    finish();
}

KERNEL_TEST(a_signal_ends_an_interruptible_wait)
{
    struct thread *thread = NULL;
    atomic32_store(&finished_count, 0);
    KT_ASSERT(thread_create_kernel("test", wait_interruptibly, &thread) != NULL);
    thread_sleep_until(clock_monotonic_ns() + 5 * NS_PER_MS, false);
    KT_ASSERT(thread != NULL);
    thread_notify(thread, THREAD_WORK_SIGNAL);
    KT_ASSERT(wait_for_finish(1));
    KT_ASSERT(interrupted_result == -ERESTARTSYS);
}

static struct mutex mutex = MUTEX_INIT(mutex, LOCK_RANK_DEVICE);
static uint32_t guarded;

static void lock_and_count(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < LOCK_ROUNDS; i++) {
        mutex_lock(&mutex);
        uint32_t seen = guarded;
        if (i % 8 == 0) {
            scheduler_yield(); // somebody else tries to get in
        }
        guarded = seen + 1;
        mutex_unlock(&mutex);
    }
    finish();
}

KERNEL_TEST(a_contended_mutex_lets_one_in_and_forgets_nobody)
{
    atomic32_store(&finished_count, 0);
    guarded = 0;
    for (unsigned i = 0; i < LOCKERS; i++) {
        KT_ASSERT(thread_create_kernel("test", lock_and_count, NULL) != NULL);
    }
    KT_ASSERT(wait_for_finish(LOCKERS));
    KT_ASSERT(guarded == LOCKERS * LOCK_ROUNDS);
    KT_ASSERT(mutex_try_lock(&mutex));
    KT_ASSERT(mutex_is_held(&mutex));
    KT_ASSERT(!mutex_try_lock(&mutex));
    mutex_unlock(&mutex);
}

static struct shared_mutex shared;
static struct atomic32 places; // in the order in which threads came in
static uint32_t changer_place, looker_place;

static void look_once(void *argument)
{
    (void)argument;
    shared_mutex_look(&shared);
    looker_place = atomic32_add(&places, 1);
    shared_mutex_leave(&shared);
    finish();
}

static void change_once(void *argument)
{
    (void)argument;
    shared_mutex_lock(&shared);
    changer_place = atomic32_add(&places, 1);
    shared_mutex_unlock(&shared);
    finish();
}

KERNEL_TEST(lookers_share_a_lock_and_let_a_changer_go_first)
{
    shared_mutex_init(&shared, LOCK_RANK_DEVICE);
    atomic32_store(&finished_count, 0);
    atomic32_store(&places, 0);
    shared_mutex_look(&shared);
    KT_ASSERT(shared_mutex_is_steady(&shared) && !shared_mutex_is_held(&shared));
    KT_ASSERT(thread_create_kernel("looker", look_once, NULL) != NULL);
    KT_ASSERT(wait_for_finish(1) && looker_place == 1); // beside this one
    KT_ASSERT(thread_create_kernel("changer", change_once, NULL) != NULL);
    while (!mutex_is_taken(&shared.mutex)) {
        scheduler_yield();
    }
    KT_ASSERT(thread_create_kernel("looker", look_once, NULL) != NULL);
    (void)thread_sleep_until(clock_monotonic_ns() + 5 * NS_PER_MS, false);
    KT_ASSERT(atomic32_load(&places) == 1); // this one has not left
    shared_mutex_leave(&shared);
    KT_ASSERT(wait_for_finish(3));
    KT_ASSERT(changer_place == 2 && looker_place == 3);
    KT_ASSERT(!shared_mutex_is_steady(&shared));
}

static volatile uint32_t halves[2]; // the same but while they are changed
static struct atomic32 unequal_count;

static void look_and_change(void *argument)
{
    bool changes = (uintptr_t)argument % 2 == 0;
    for (unsigned round = 0; round < LOCK_ROUNDS; round++) {
        if (changes && round % 4 == 0) {
            shared_mutex_lock(&shared);
            halves[0]++;
            scheduler_yield();
            halves[1]++;
            shared_mutex_unlock(&shared);
            continue;
        }
        shared_mutex_look(&shared);
        uint32_t first = halves[0];
        if (round % 8 == 0) {
            scheduler_yield();
        }
        atomic32_add(&unequal_count, halves[1] != first ? 1 : 0);
        shared_mutex_leave(&shared);
    }
    finish();
}

KERNEL_TEST(lookers_never_see_half_a_change)
{
    shared_mutex_init(&shared, LOCK_RANK_DEVICE);
    atomic32_store(&finished_count, 0);
    atomic32_store(&unequal_count, 0);
    halves[0] = halves[1] = 0;
    for (uintptr_t i = 0; i < LOCKERS; i++) {
        KT_ASSERT(thread_create_kernel("looker", look_and_change, (void *)i) != NULL);
    }
    KT_ASSERT(wait_for_finish(LOCKERS));
    KT_ASSERT(atomic32_load(&unequal_count) == 0);
    KT_ASSERT(halves[0] == LOCKERS / 2 * LOCK_ROUNDS / 4);
}

static struct atomic32 work_runs;

static void work_count(struct work *work)
{
    (void)work;
    thread_sleep_until(clock_monotonic_ns() + NS_PER_MS, false);
    atomic32_add(&work_runs, 1);
}

static struct atomic32 second_has_run;

static void work_waits_for_second(struct work *work)
{
    (void)work;
    uint64_t deadline = clock_monotonic_ns() + 5 * NS_PER_SECOND;
    while (atomic32_load(&second_has_run) == 0 && clock_monotonic_ns() < deadline) {
        scheduler_yield();
    }
    atomic32_add(&work_runs, atomic32_load(&second_has_run));
}

static void work_is_second(struct work *work)
{
    (void)work;
    atomic32_store(&second_has_run, 1);
}

KERNEL_TEST(work_may_wait_for_work_that_is_queued_after_it)
{
    enum { ROUNDS = 300 };
    static struct work first, second;
    work_init(&first, work_waits_for_second);
    work_init(&second, work_is_second);
    atomic32_store(&work_runs, 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        atomic32_store(&second_has_run, 0);
        KT_ASSERT(work_queue(&first));
        for (unsigned pause = 0; pause < i;
             pause++) { // meets the taker at another place each round
            cpu_pause();
        }
        KT_ASSERT(work_queue(&second));
        work_flush();
        KT_ASSERT(atomic32_load(&work_runs) == i + 1);
    }
}

KERNEL_TEST(queued_work_runs_once_and_flush_waits_for_it)
{
    static struct work works[6];
    atomic32_store(&work_runs, 0);
    for (unsigned i = 0; i < 6; i++) {
        work_init(&works[i], work_count);
    }
    for (unsigned i = 0; i < 6; i++) {
        KT_ASSERT(work_queue(&works[i]));
    }
    KT_ASSERT(!work_queue(&works[5])); // pending already
    work_flush();
    KT_ASSERT(atomic32_load(&work_runs) == 6);
}
