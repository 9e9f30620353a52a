/*
 * Pending signals: order, merging, what is known without memory.
 *
 * host-sources: process/signal_queue.c
 */
#include "support.h"

#include "memory/heap.h"
#include "process/signal.h"

static int live_entries;

void slab_cache_init(struct slab_cache *cache, const char *name, size_t bytes, size_t alignment)
{
    cache->object_bytes = (uint32_t)bytes;
}

void *slab_alloc(struct slab_cache *cache)
{
    live_entries++;
    return malloc(cache->object_bytes);
}

void slab_free(struct slab_cache *cache, void *object)
{
    live_entries--;
    free(object);
}

static struct pending_signals pending;

static int start(void **state)
{
    signal_queue_init();
    pending_signals_init(&pending);
    live_entries = 0;
    return 0;
}

static int stop(void **state)
{
    pending_signals_discard(&pending, ~0ULL);
    return live_entries;
}

static void send(int number, int pid)
{
    struct queued_signal *entry = queued_signal_alloc();
    entry->info = (struct uapi_siginfo){.si_signo = number, .si_code = SI_QUEUE};
    entry->info.fields.rt.pid = pid;
    pending_signals_add(&pending, number, entry);
}

static int take(uint64_t set, int *pid)
{
    struct uapi_siginfo info;
    int number = pending_signals_take(&pending, set, &info);
    if (number != 0) {
        assert_int_equal(info.si_signo, number);
        *pid = info.fields.rt.pid;
    }
    return number;
}

static void standard_signals_are_there_once_with_the_first_sender(void **state)
{
    int pid;
    send(SIGUSR1, 1);
    send(SIGUSR1, 2);
    assert_int_equal(pending.count, 1);
    assert_int_equal(take(~0ULL, &pid), SIGUSR1);
    assert_int_equal(pid, 1);
    assert_int_equal(take(~0ULL, &pid), 0);
}

static void real_time_signals_come_as_often_as_sent(void **state)
{
    int pid;
    for (int i = 1; i <= 3; i++) {
        send(SIGRTMIN + 2, i);
    }
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(take(~0ULL, &pid), SIGRTMIN + 2);
        assert_int_equal(pid, i);
    }
    assert_int_equal(pending.set, 0);
}

static void faults_come_first_then_the_lowest_number(void **state)
{
    int pid;
    send(SIGRTMIN, 0);
    send(SIGTERM, 0);
    send(SIGHUP, 0);
    send(SIGSEGV, 0);
    assert_int_equal(take(~0ULL, &pid), SIGSEGV);
    assert_int_equal(take(~0ULL, &pid), SIGHUP);
    assert_int_equal(take(~0ULL, &pid), SIGTERM);
    assert_int_equal(take(~0ULL, &pid), SIGRTMIN);
}

static void only_signals_of_the_set_are_taken(void **state)
{
    int pid;
    send(SIGINT, 0);
    send(SIGTERM, 0);
    assert_int_equal(take(signal_bit(SIGTERM), &pid), SIGTERM);
    assert_int_equal(take(signal_bit(SIGTERM), &pid), 0);
    assert_int_equal(pending.set, signal_bit(SIGINT));
}

static void a_signal_without_entry_is_from_nobody(void **state)
{
    struct uapi_siginfo info;
    pending_signals_add(&pending, SIGTERM, NULL);
    assert_int_equal(pending_signals_take(&pending, ~0ULL, &info), SIGTERM);
    assert_int_equal(info.si_code, SI_USER);
    assert_int_equal(info.fields.kill.pid, 0);
    assert_int_equal(pending.set, 0);
}

/* Any order of sending, taking and discarding agrees with a plain array. */
static void random_use_agrees_with_a_model(void **state)
{
    uint64_t seed = 7;
    int queue[512], length = 0;
    for (int round = 0; round < 20000; round++) {
        int number = (int)(test_random(&seed) % SIGNAL_COUNT) + 1;
        bool is_there = false;
        int pid, first = 0;
        for (int i = 0; i < length; i++) {
            is_there = is_there || queue[i] == number;
        }
        if (test_random(&seed) % 2 == 0 && length < 500) {
            send(number, round);
            if (!is_there || number >= SIGRTMIN) {
                queue[length++] = number;
            }
            continue;
        }
        assert_int_equal(take(signal_bit(number), &pid), is_there ? number : 0);
        while (first < length && queue[first] != number) {
            first++;
        }
        if (first < length) {
            memmove(&queue[first], &queue[first + 1],
                    (size_t)(length - first - 1) * sizeof(queue[0]));
            length--;
        }
        assert_int_equal(pending.count, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(standard_signals_are_there_once_with_the_first_sender,
                                        start, stop),
        cmocka_unit_test_setup_teardown(real_time_signals_come_as_often_as_sent, start, stop),
        cmocka_unit_test_setup_teardown(faults_come_first_then_the_lowest_number, start, stop),
        cmocka_unit_test_setup_teardown(only_signals_of_the_set_are_taken, start, stop),
        cmocka_unit_test_setup_teardown(a_signal_without_entry_is_from_nobody, start, stop),
        cmocka_unit_test_setup_teardown(random_use_agrees_with_a_model, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
