/*
 * The kernel's own memory and string functions, under other names so that libc's stand beside them
 * as the model.
 *
 * host-sources: lib/string_text.c lib/errno.c
 */
#include "support.h"

#define memcpy  kernel_memcpy
#define memmove kernel_memmove
#define memset  kernel_memset
#define memcmp  kernel_memcmp
#define memchr  kernel_memchr
#define strlen  kernel_strlen
#define strnlen kernel_strnlen
#define strcmp  kernel_strcmp
#define strncmp kernel_strncmp
#define strchr  kernel_strchr
#define strrchr kernel_strrchr
#include "../../kernel/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr

#include "lib/errno.h"
#include "lib/string.h"

#define AREA 700

static void fill(uint8_t *bytes, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)test_random(&seed);
    }
}

static void copying_equals_libc_at_every_length_and_alignment(void **state)
{
    uint8_t source[AREA], ours[AREA], model[AREA];
    fill(source, AREA, 1);
    for (size_t size = 0; size < 300; size++) {
        for (size_t shift = 0; shift < 9; shift++) {
            fill(ours, AREA, 2);
            memcpy(model, ours, AREA);
            assert_ptr_equal(kernel_memcpy(ours + shift, source + 8 - shift, size), ours + shift);
            memcpy(model + shift, source + 8 - shift, size);
            assert_memory_equal(ours, model, AREA);
        }
    }
}

static void moving_survives_every_overlap(void **state)
{
    uint8_t ours[AREA], model[AREA];
    for (size_t size = 0; size < 200; size += 1 + size / 40) {
        for (size_t to = 200; to < 460; to += 1 + (to % 3)) {
            fill(ours, AREA, size);
            memcpy(model, ours, AREA);
            kernel_memmove(ours + to, ours + 300, size);
            memmove(model + to, model + 300, size);
            assert_memory_equal(ours, model, AREA);
        }
    }
}

static void setting_touches_exactly_its_bytes(void **state)
{
    uint8_t ours[AREA], model[AREA];
    for (size_t size = 0; size < 200; size++) {
        for (size_t shift = 0; shift < 9; shift++) {
            fill(ours, AREA, 3);
            memcpy(model, ours, AREA);
            kernel_memset(ours + shift, 0x1A5, size);
            memset(model + shift, 0xA5, size);
            assert_memory_equal(ours, model, AREA);
        }
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void comparing_has_libcs_sign_wherever_the_difference_is(void **state)
{
    uint8_t left[64], right[64];
    for (size_t size = 0; size < 40; size++) {
        for (size_t place = 0; place < 40; place++) {
            fill(left, 64, size);
            memcpy(right, left, 64);
            right[place] ^= 0x80;
            assert_int_equal(sign(kernel_memcmp(left, right, size)),
                             sign(memcmp(left, right, size)));
        }
    }
}

static void strings_are_measured_and_searched_as_libc_does(void **state)
{
    const char *text = "over the hills and far away";
    assert_int_equal(kernel_strlen(text), strlen(text));
    assert_int_equal(kernel_strlen(""), 0);
    assert_int_equal(kernel_strnlen(text, 5), 5);
    assert_int_equal(kernel_strnlen("ab", 5), 2);
    for (int c = 0; c < 128; c++) {
        assert_ptr_equal(kernel_strchr(text, c), strchr(text, c));
        assert_ptr_equal(kernel_strrchr(text, c), strrchr(text, c));
        assert_ptr_equal(kernel_memchr(text, c, 10), memchr(text, c, 10));
    }
    assert_int_equal(kernel_strcmp("abc", "abc"), 0);
    assert_true(kernel_strcmp("abc", "abd") < 0);
    assert_true(kernel_strcmp("\xFF", "a") > 0);
    assert_true(kernel_strcmp("ab", "abc") < 0);
    assert_int_equal(kernel_strncmp("abX", "abY", 2), 0);
    assert_true(kernel_strncmp("abX", "abY", 3) < 0);
}

static void bounded_copy_always_ends_and_says_when_it_cut(void **state)
{
    char buffer[6] = "?????";
    assert_int_equal(strscpy(buffer, "12345", sizeof(buffer)), 5);
    assert_string_equal(buffer, "12345");
    assert_int_equal(strscpy(buffer, "123456", sizeof(buffer)), -E2BIG);
    assert_string_equal(buffer, "12345");
    assert_int_equal(strscpy(buffer, "", sizeof(buffer)), 0);
    assert_int_equal(strscpy(buffer, "x", 0), -E2BIG);
}

static void numbers_are_read_in_their_base_up_to_64_bits(void **state)
{
    uint64_t value = 7;
    const char *end;
    assert_int_equal(string_to_u64("0x1fZ", 0, &value, &end), 0);
    assert_int_equal(value, 0x1F);
    assert_string_equal(end, "Z");
    assert_int_equal(string_to_u64("0755", 0, &value, NULL), 0);
    assert_int_equal(value, 0755);
    assert_int_equal(string_to_u64("18446744073709551615", 10, &value, NULL), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(string_to_u64("18446744073709551616", 10, &value, NULL), -ERANGE);
    assert_int_equal(string_to_u64("-1", 10, &value, NULL), -EINVAL);
    assert_int_equal(string_to_u64("", 0, &value, NULL), -EINVAL);
    assert_int_equal(string_to_u64("0x", 0, &value, &end), 0);
    assert_string_equal(end, "x");
    assert_int_equal(string_to_u64("zZ", 36, &value, NULL), 0);
    assert_int_equal(value, 35 * 36 + 35);
}

static void prefixes_and_error_names(void **state)
{
    assert_true(string_has_prefix("console=ttyS0", "console="));
    assert_true(string_has_prefix("x", ""));
    assert_false(string_has_prefix("con", "console"));
    assert_string_equal(errno_name(-ENOENT), "ENOENT");
    assert_string_equal(errno_name(EHWPOISON), "EHWPOISON");
    assert_string_equal(errno_name(-ERESTARTSYS), "ERESTARTSYS");
    assert_string_equal(errno_name(41), "EUNKNOWN");
    assert_string_equal(errno_name(INT32_MIN), "EUNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copying_equals_libc_at_every_length_and_alignment),
        cmocka_unit_test(moving_survives_every_overlap),
        cmocka_unit_test(setting_touches_exactly_its_bytes),
        cmocka_unit_test(comparing_has_libcs_sign_wherever_the_difference_is),
        cmocka_unit_test(strings_are_measured_and_searched_as_libc_does),
        cmocka_unit_test(bounded_copy_always_ends_and_says_when_it_cut),
        cmocka_unit_test(numbers_are_read_in_their_base_up_to_64_bits),
        cmocka_unit_test(prefixes_and_error_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
