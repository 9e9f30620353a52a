/*
 * Byte rings.
 *
 * host-sources: lib/ring.c
 */
#include <pthread.h>

#include "support.h"

#include "lib/macros.h"
#include "lib/ring.h"

static void bytes_come_out_in_order_across_the_wrap(void **state)
{
    uint8_t data[8], out[8];
    struct ring ring;
    ring_init(&ring, data, sizeof(data));
    ring.written = ring.read = SIZE_MAX - 2; /* the counters wrap too */
    assert_int_equal(ring_write(&ring, "abcdef", 6), 6);
    assert_int_equal(ring_read(&ring, out, 4), 4);
    assert_int_equal(ring_write(&ring, "ghijklm", 7), 6);
    assert_true(ring_is_full(&ring));
    assert_int_equal(ring_peek(&ring, 1, out, 3), 3);
    assert_memory_equal(out, "fgh", 3);
    assert_int_equal(ring_peek(&ring, 8, out, 3), 0);
    assert_int_equal(ring_read(&ring, out, 8), 8);
    assert_memory_equal(out, "efghijkl", 8);
    assert_true(ring_is_empty(&ring));
}

static void single_bytes_stop_at_full_and_empty(void **state)
{
    uint8_t data[4], byte = 0;
    struct ring ring;
    ring_init(&ring, data, sizeof(data));
    for (int i = 0; i < 4; i++) {
        assert_true(ring_put(&ring, (uint8_t)i));
    }
    assert_false(ring_put(&ring, 9));
    assert_int_equal(ring_discard(&ring, 1), 1);
    assert_true(ring_get(&ring, &byte));
    assert_int_equal(byte, 1);
    ring_clear(&ring);
    assert_false(ring_get(&ring, &byte));
    assert_int_equal(ring_free(&ring), 4);
}

static void a_size_that_is_no_power_of_two_asserts(void **state)
{
    uint8_t data[6];
    struct ring ring;
    expect_assert_failure(ring_init(&ring, data, 6));
}

#define STREAM_BYTES 300000

static void *produce(void *argument)
{
    struct ring *ring = argument;
    uint8_t piece[13];
    uint32_t sent = 0;
    while (sent < STREAM_BYTES) {
        size_t count = MIN((size_t)(STREAM_BYTES - sent), sizeof(piece));
        for (size_t i = 0; i < count; i++) {
            piece[i] = (uint8_t)((sent + i) * 7);
        }
        sent += (uint32_t)ring_write(ring, piece, count);
    }
    return NULL;
}

static void producer_and_consumer_need_no_lock(void **state)
{
    uint8_t data[64], byte;
    struct ring ring;
    pthread_t producer;
    ring_init(&ring, data, sizeof(data));
    pthread_create(&producer, NULL, produce, &ring);
    for (uint32_t i = 0; i < STREAM_BYTES;) {
        if (ring_get(&ring, &byte)) {
            assert_int_equal(byte, (uint8_t)(i * 7));
            i++;
        }
    }
    pthread_join(producer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_out_in_order_across_the_wrap),
        cmocka_unit_test(single_bytes_stop_at_full_and_empty),
        cmocka_unit_test(a_size_that_is_no_power_of_two_asserts),
        cmocka_unit_test(producer_and_consumer_need_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
