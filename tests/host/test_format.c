/*
 * Formatted text against libc's snprintf, and the bounded text builder.
 *
 * host-sources: lib/format.c lib/text.c
 */
#include "support.h"

#include "lib/format.h"
#include "lib/text.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static const char *const flags[] = {"",   "-",  "0",  "+",  " ",  "#",
                                    "-0", "+0", "#0", "-#", "+ ", "#-0"};
static const char *const widths[] = {"", "1", "5", "20"};
static const char *const precisions[] = {"", ".", ".0", ".1", ".5", ".12"};

/* Calls use(format, kind) for every combination of flags, width and precision with this conversion.
 */
static void for_each_format(const char *conversion, void (*use)(const char *format))
{
    char format[32];
    for (size_t f = 0; f < 12; f++) {
        for (size_t w = 0; w < 4; w++) {
            for (size_t p = 0; p < 6; p++) {
                snprintf(format, sizeof(format), "<%%%s%s%s%s>", flags[f], widths[w], precisions[p],
                         conversion);
                use(format);
            }
        }
    }
}

#define EXPECT_AS_LIBC(format, ...)                                                                \
    do {                                                                                           \
        char ours[128], model[128];                                                                \
        int length = format_string(ours, sizeof(ours), format, __VA_ARGS__);                       \
        assert_int_equal(length, snprintf(model, sizeof(model), format, __VA_ARGS__));             \
        assert_string_equal(ours, model);                                                          \
    } while (0)

static void try_int(const char *format)
{
    static const int values[] = {0, 1, -1, 42, -12345, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        EXPECT_AS_LIBC(format, values[i]);
    }
}

static void try_long(const char *format)
{
    static const long values[] = {0, 1, -1, 1234567890123, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        EXPECT_AS_LIBC(format, values[i]);
    }
}

static void try_text(const char *format)
{
    EXPECT_AS_LIBC(format, "");
    EXPECT_AS_LIBC(format, "some text");
}

static void try_character(const char *format)
{
    EXPECT_AS_LIBC(format, 'x');
}

static void every_flag_width_and_precision_equals_libc(void **state)
{
    static const char *const ints[] = {"d", "i", "u", "x", "X", "o", "hhd", "hd", "hhx", "hu"};
    static const char *const longs[] = {"ld",  "lu",  "lx", "lX", "lo", "lld",
                                        "llu", "llx", "zu", "zx", "td", "jd"};
    for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
        for_each_format(ints[i], try_int);
    }
    for (size_t i = 0; i < sizeof(longs) / sizeof(longs[0]); i++) {
        for_each_format(longs[i], try_long);
    }
    for_each_format("s", try_text);
    for_each_format("c", try_character);
}

static void stars_take_their_numbers_from_the_arguments(void **state)
{
    EXPECT_AS_LIBC("%*d|%-*d|%.*s|%*.*x", 6, 42, 6, 42, 3, "abcdef", -8, 4, 0xAB);
    EXPECT_AS_LIBC("%.*d|%%|%5c", -3, 7, 'c');
    EXPECT_AS_LIBC("%s and %p", "text", (void *)0x1234);
}

static void output_is_cut_at_the_buffer_but_counted_in_full(void **state)
{
    char buffer[8] = "#######";
    assert_int_equal(format_string(buffer, 5, "%d and more", 12345), 14);
    assert_string_equal(buffer, "1234");
    assert_int_equal(buffer[5], '#');
    assert_int_equal(format_string(NULL, 0, "%s", "hello"), 5);
    assert_int_equal(format_string(buffer, 1, "x"), 1);
    assert_string_equal(buffer, "");
}

static void a_null_string_and_an_unknown_conversion_do_no_harm(void **state)
{
    char buffer[32];
    const char *volatile format = "%s|%y|%";
    assert_int_equal(format_string(buffer, sizeof(buffer), format, NULL), 11);
    assert_string_equal(buffer, "(null)|%y|%");
}

static void a_text_buffer_keeps_the_window_that_was_asked_for(void **state)
{
    char data[8];
    struct text_buffer text;
    text_init(&text, data, sizeof(data), 6);
    text_add_string(&text, "abcd");
    text_format(&text, "%d", 12345);
    assert_int_equal(text.used, 3);
    assert_false(text_is_full(&text));
    text_add_char(&text, '.');
    text_add_string(&text, "the rest is dropped");
    assert_true(text_is_full(&text));
    assert_memory_equal(data, "345.the ", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flag_width_and_precision_equals_libc),
        cmocka_unit_test(stars_take_their_numbers_from_the_arguments),
        cmocka_unit_test(output_is_cut_at_the_buffer_but_counted_in_full),
        cmocka_unit_test(a_null_string_and_an_unknown_conversion_do_no_harm),
        cmocka_unit_test(a_text_buffer_keeps_the_window_that_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
