/*
 * Small pieces: macros, checked arithmetic, hashes, CRC-32, sorting, device numbers.
 *
 * host-sources: lib/crc32.c lib/sort.c
 */
#include <sys/sysmacros.h>

#include "support.h"

#include <zlib.h>

#include "lib/checked.h"
#include "lib/crc32.h"
#include "lib/hash.h"
#include "lib/macros.h"
#include "lib/sort.h"
#include "uapi/device_number.h"
#include "uapi/signal.h"
#include "uapi/wait.h"

static void macros_round_and_evaluate_once(void **state)
{
    int calls = 0;
    assert_int_equal(MAX(++calls, 0), 1);
    assert_int_equal(calls, 1);
    assert_int_equal(MIN(3, 2), 2);
    assert_int_equal(CLAMP(15, 0, 10), 10);
    assert_int_equal(CLAMP(-5, 0, 10), 0);
    assert_int_equal(ALIGN_UP(4097, 4096), 8192);
    assert_int_equal(ALIGN_UP(4096, 4096), 4096);
    assert_int_equal(ALIGN_DOWN(4095, 4096), 0);
    assert_true(IS_ALIGNED(8192, 4096));
    assert_true(ALIGN_DOWN(UINT64_MAX, 4096) == 0xFFFFFFFFFFFFF000);
    assert_int_equal(DIV_ROUND_UP(9, 8), 2);
    assert_true(BIT(63) == 0x8000000000000000);
    assert_true(MiB(2) == 0x200000);
    assert_int_equal(ARRAY_SIZE(((int[]){1, 2, 3})), 3);
}

static void checked_operations_refuse_what_does_not_fit(void **state)
{
    uint64_t u = 0;
    int64_t i = 0;
    size_t s = 0;
    assert_true(checked_add_u64(UINT64_MAX - 1, 1, &u));
    assert_true(u == UINT64_MAX);
    assert_false(checked_add_u64(UINT64_MAX, 1, &u));
    assert_false(checked_sub_u64(1, 2, &u));
    assert_false(checked_mul_u64(1ull << 32, 1ull << 32, &u));
    assert_true(checked_mul_size(1ull << 31, 1ull << 32, &s));
    assert_false(checked_add_size(SIZE_MAX, 1, &s));
    assert_false(checked_sub_size(0, 1, &s));
    assert_false(checked_add_i64(INT64_MAX, 1, &i));
    assert_true(checked_sub_i64(-1, INT64_MAX, &i));
    assert_false(checked_sub_i64(-2, INT64_MAX, &i));
    assert_false(checked_mul_i64(INT64_MIN, -1, &i));
    assert_true(checked_align_up_u64(4097, 4096, &u));
    assert_int_equal(u, 8192);
    assert_false(checked_align_up_u64(UINT64_MAX, 4096, &u));
}

static void hashes_spread_neighbours_over_all_buckets(void **state)
{
    unsigned int numbers[64] = {0}, strings[64] = {0};
    for (unsigned int i = 0; i < 6400; i++) {
        char text[16];
        int length = snprintf(text, sizeof(text), "file%u", i);
        numbers[hash_u64(i) % 64]++;
        strings[hash_string(text, (size_t)length) % 64]++;
    }
    for (unsigned int i = 0; i < 64; i++) {
        assert_in_range(numbers[i], 50, 160);
        assert_in_range(strings[i], 50, 160);
    }
    assert_true(hash_combine(1, 2) != hash_combine(2, 1));
}

static void crc_equals_zlibs_in_any_pieces(void **state)
{
    uint8_t data[1000];
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)test_random(&seed);
    }
    assert_int_equal(crc32_update(0, "123456789", 9), 0xCBF43926);
    for (size_t size = 0; size < 1000; size += 7) {
        uint32_t whole = (uint32_t)crc32(0, data, (unsigned int)size);
        assert_int_equal(crc32_update(0, data, size), whole);
        assert_int_equal(
            crc32_update(crc32_update(0, data, size / 3), data + size / 3, size - size / 3), whole);
    }
}

static int compare_values(const void *left, const void *right, void *context)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    ++*(size_t *)context;
    return (a > b) - (a < b);
}

static void sorting_orders_everything_without_quadratic_cost(void **state)
{
    uint32_t values[2000];
    uint64_t seed = 9;
    for (size_t count = 0; count <= 2000; count += count < 20 ? 1 : 660) {
        uint64_t sum = 0, sum_after = 0;
        size_t compared = 0;
        for (size_t i = 0; i < count; i++) {
            values[i] = (uint32_t)(test_random(&seed) % 500);
            sum += values[i] * (uint64_t)values[i];
        }
        sort_array(values, count, sizeof(values[0]), compare_values, &compared);
        for (size_t i = 0; i < count; i++) {
            sum_after += values[i] * (uint64_t)values[i];
            assert_true(i == 0 || values[i - 1] <= values[i]);
        }
        assert_true(sum == sum_after);
        assert_true(compared <= count * 30);
    }
}

static void device_numbers_are_libcs_and_wait_words_posix(void **state)
{
    static const uint32_t numbers[] = {0, 1, 4, 255, 256, 4095, 4096, 1048575};
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < 8; j++) {
            uint64_t device = device_number_make(numbers[i], numbers[j]);
            assert_true(device == makedev(numbers[i], numbers[j]));
            assert_int_equal(device_number_major(device), numbers[i]);
            assert_int_equal(device_number_minor(device), numbers[j]);
        }
    }
    assert_int_equal(wait_status_exited(259), 0x300);
    assert_int_equal(wait_status_signaled(SIGKILL), 9);
    assert_int_equal(wait_status_stopped(SIGTSTP), 0x147F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macros_round_and_evaluate_once),
        cmocka_unit_test(checked_operations_refuse_what_does_not_fit),
        cmocka_unit_test(hashes_spread_neighbours_over_all_buckets),
        cmocka_unit_test(crc_equals_zlibs_in_any_pieces),
        cmocka_unit_test(sorting_orders_everything_without_quadratic_cost),
        cmocka_unit_test(device_numbers_are_libcs_and_wait_words_posix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
