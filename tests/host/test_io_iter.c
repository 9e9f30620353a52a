/*
 * Iterators against a flat array: random segments, moves, rewinds and bad user pages.
 *
 * host-sources: memory/io_iter.c
 */
#include "support.h"

#include "lib/macros.h"
#include "memory/frame.h"
#include "memory/io_iter.h"
#include "memory/user_copy.h"

enum { SEGMENTS_MAX = 6, BYTES_MAX = 4000, FRAMES = 8 };

static struct frame frames[FRAMES];
struct frame *frame_records = frames;
static uint64_t seed = 3;
static size_t bad_from = SIZE_MAX; // user bytes at this address and above are bad
static unsigned char memory[BYTES_MAX + 64];

static size_t usable(uintptr_t address, size_t bytes)
{
    size_t good = address >= bad_from ? 0 : bad_from - address;
    return MIN(good, bytes);
}

size_t user_copy_in_partial(void *destination, const void *source, size_t bytes)
{
    size_t good = usable((uintptr_t)source, bytes);
    memcpy(destination, source, good);
    return bytes - good;
}

size_t user_copy_out_partial(void *destination, const void *source, size_t bytes)
{
    size_t good = usable((uintptr_t)destination, bytes);
    memcpy(destination, source, good);
    return bytes - good;
}

size_t user_zero_partial(void *destination, size_t bytes)
{
    size_t good = usable((uintptr_t)destination, bytes);
    memset(destination, 0, good);
    return bytes - good;
}

/* Segments over `memory`, some of them empty; returns the number of bytes. */
static size_t segments_make(struct io_segment *segments, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        size_t bytes = test_random(&seed) % 4 == 0 ? 0 : test_random(&seed) % 600;
        segments[i] = (struct io_segment){.kernel = memory + total, .bytes = bytes};
        total += bytes;
    }
    return total;
}

static void moves_match_a_flat_array(void **state)
{
    for (unsigned round = 0; round < 3000; round++) {
        struct io_segment segments[SEGMENTS_MAX];
        size_t count = 1 + test_random(&seed) % SEGMENTS_MAX;
        size_t total = segments_make(segments, count);
        struct io_iter iter;
        enum io_kind kind = test_random(&seed) % 2 ? IO_USER : IO_KERNEL;
        io_iter_init_segments(&iter, kind, segments, count);
        assert_int_equal(io_iter_remaining(&iter), total);
        unsigned char model[BYTES_MAX];
        memset(memory, 0xee, sizeof(memory));
        memset(model, 0xee, sizeof(model));
        size_t place = 0;
        for (unsigned step = 0; step < 20; step++) {
            unsigned char data[700];
            size_t bytes = test_random(&seed) % sizeof(data);
            size_t expected = MIN(bytes, total - place);
            memset(data, (int)test_random(&seed), sizeof(data));
            switch (test_random(&seed) % 4) {
            case 0:
                assert_int_equal(io_iter_write(&iter, data, bytes), expected);
                memcpy(model + place, data, expected);
                break;
            case 1:
                assert_int_equal(io_iter_read(&iter, data, bytes), expected);
                assert_memory_equal(data, model + place, expected);
                break;
            case 2:
                assert_int_equal(io_iter_write_zeros(&iter, bytes), expected);
                memset(model + place, 0, expected);
                break;
            default:
                expected = place == 0 ? 0 : test_random(&seed) % (place + 1);
                io_iter_rewind(&iter, expected);
                place -= expected;
                expected = 0;
            }
            place += expected;
            assert_int_equal(io_iter_remaining(&iter), total - place);
        }
        assert_memory_equal(memory, model, total);
    }
}

static void a_bad_user_page_ends_the_move(void **state)
{
    struct io_iter iter;
    unsigned char data[300];
    memset(data, 7, sizeof(data));
    io_iter_init_user(&iter, memory, 300);
    bad_from = (uintptr_t)memory + 100;
    assert_int_equal(io_iter_write(&iter, data, 300), 100);
    assert_int_equal(io_iter_remaining(&iter), 200);
    assert_int_equal(io_iter_write(&iter, data, 200), 0);
    bad_from = SIZE_MAX;
    assert_int_equal(io_iter_write(&iter, data, 300), 200);
}

static void frames_are_reached_through_the_physical_map(void **state)
{
    host_physical_memory_add(0, FRAMES * PAGE_SIZE);
    struct io_segment segments[] = {
        {.frame = &frames[3], .bytes = 100, .offset = 4000 - 4},
        {.frame = &frames[5], .bytes = 50, .offset = 10},
    };
    struct io_iter iter;
    unsigned char data[150];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (unsigned char)i;
    }
    io_iter_init_segments(&iter, IO_FRAMES, segments, 2);
    assert_int_equal(io_iter_write(&iter, data, 150), 150);
    assert_memory_equal((char *)frame_to_virtual(&frames[3]) + 3996, data, 100);
    assert_memory_equal((char *)frame_to_virtual(&frames[5]) + 10, data + 100, 50);
    host_physical_memory_remove(0, FRAMES * PAGE_SIZE);
}

static void a_copy_has_its_own_place(void **state)
{
    struct io_iter first, second;
    unsigned char byte = 1;
    io_iter_init_kernel(&first, memory, 10);
    io_iter_advance(&first, 4);
    io_iter_copy(&second, &first);
    memset(&first, 0, sizeof(first));
    memset(memory, 0, 10);
    assert_int_equal(io_iter_write(&second, &byte, 1), 1);
    assert_int_equal(memory[4], 1);
    assert_int_equal(io_iter_remaining(&second), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_match_a_flat_array),
        cmocka_unit_test(a_bad_user_page_ends_the_move),
        cmocka_unit_test(frames_are_reached_through_the_physical_map),
        cmocka_unit_test(a_copy_has_its_own_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
