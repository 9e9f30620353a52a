/*
 * Bitmaps against an array of booleans.
 *
 * host-sources: lib/bitmap.c
 */
#include "support.h"

#include "lib/bitmap.h"

#define BITS 200

static size_t model_next(const bool *model, size_t from, bool wanted)
{
    while (from < BITS && model[from] != wanted) {
        from++;
    }
    return from < BITS ? from : BITS;
}

static void searches_equal_an_array_of_booleans(void **state)
{
    BITMAP_DECLARE(map, BITS) = {0};
    bool model[BITS] = {false};
    uint64_t seed = 1;
    for (int i = 0; i < 2000; i++) {
        size_t bit = test_random(&seed) % BITS;
        size_t count = 0;
        model[bit] = test_random(&seed) % 2;
        (model[bit] ? bitmap_set : bitmap_clear)(map, bit);
        for (size_t from = 0; from <= BITS; from++) {
            count += from < BITS && model[from];
            assert_int_equal(bitmap_find_next_set(map, BITS, from), model_next(model, from, true));
            assert_int_equal(bitmap_find_next_zero(map, BITS, from),
                             model_next(model, from, false));
        }
        assert_int_equal(bitmap_count(map, BITS), count);
        assert_int_equal(bitmap_test(map, bit), model[bit]);
    }
}

static void bits_behind_the_end_are_never_found(void **state)
{
    uint64_t map[2] = {UINT64_MAX, UINT64_MAX};
    assert_int_equal(bitmap_find_first_zero(map, 70), 70);
    map[1] &= ~(1ull << 10);
    assert_int_equal(bitmap_find_first_zero(map, 70), 70);
    assert_int_equal(bitmap_find_first_zero(map, 75), 74);
    assert_int_equal(bitmap_find_first_set(map, 0), 0);
    assert_int_equal(bitmap_count(map, 70), 70);
}

static void ranges_are_set_cleared_and_found(void **state)
{
    BITMAP_DECLARE(map, BITS) = {0};
    bitmap_set_range(map, 0, BITS);
    bitmap_clear_range(map, 10, 3);
    bitmap_clear_range(map, 60, 20);
    assert_int_equal(bitmap_find_zero_range(map, BITS, 0, 3), 10);
    assert_int_equal(bitmap_find_zero_range(map, BITS, 0, 4), 60);
    assert_int_equal(bitmap_find_zero_range(map, BITS, 65, 15), 65);
    assert_int_equal(bitmap_find_zero_range(map, BITS, 65, 16), BITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_equal_an_array_of_booleans),
        cmocka_unit_test(bits_behind_the_end_are_never_found),
        cmocka_unit_test(ranges_are_set_cleared_and_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
