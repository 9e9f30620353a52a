/*
 * Scan codes of set 1 and what a US keyboard sends for them.
 *
 * host-sources: device/drivers/keyboard_map.c
 */
#include "support.h"

#include "device/drivers/keyboard_map.h"

static struct keyboard_state keyboard;
static char sent[64];
static size_t sent_length;

static int prepare(void **state)
{
    memset(&keyboard, 0, sizeof(keyboard));
    return 0;
}

static void take(uint8_t code, bool is_application_cursor)
{
    char bytes[KEYBOARD_BYTES_MAX];
    size_t count = keyboard_take_code(&keyboard, code, is_application_cursor, bytes);
    assert_true(count <= KEYBOARD_BYTES_MAX);
    assert_true(sent_length + count <= sizeof(sent));
    memcpy(sent + sent_length, bytes, count);
    sent_length += count;
}

static void expect_bytes(const uint8_t *codes, size_t count, const char *wanted, size_t length)
{
    sent_length = 0;
    for (size_t i = 0; i < count; i++) {
        take(codes[i], false);
    }
    assert_int_equal(sent_length, length);
    assert_memory_equal(sent, wanted, length);
}

#define EXPECT(wanted, ...)                                                                        \
    expect_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), wanted,   \
                 sizeof(wanted) - 1)

static void letters_and_signs(void **state)
{
    EXPECT("a1;'\\ ", 0x1e, 0x9e, 0x02, 0x82, 0x27, 0x28, 0x2b, 0x39);
    EXPECT("\r\x7f\t\033", 0x1c, 0x9c, 0x0e, 0x0f, 0x01);
    EXPECT("hello", 0x23, 0x12, 0x26, 0x26, 0x18);
}

static void shift_and_caps_lock(void **state)
{
    EXPECT("A!\"|a", 0x2a, 0x1e, 0x02, 0x28, 0x2b, 0xaa, 0x1e);
    EXPECT("_b", 0x36, 0x0c, 0xb6, 0x30);
    EXPECT("A1a", 0x3a, 0xba, 0x1e, 0x02, 0x2a, 0x1e, 0xaa);
    EXPECT("a", 0x3a, 0xba, 0x1e);
}

static void both_shifts_are_held_one_by_one(void **state)
{
    EXPECT("AAa", 0x2a, 0x36, 0x1e, 0xaa, 0x1e, 0xb6, 0x1e);
}

static void control_and_alt(void **state)
{
    EXPECT("\x03\x1b\x1c\x1f\x00z", 0x1d, 0x2e, 0x1a, 0x2b, 0x0c, 0x39, 0x9d, 0x2c);
    EXPECT("\033x\033\033\033[A", 0x38, 0x2d, 0x01, 0xb8, 0xe0, 0x48);
    EXPECT("\x03", 0xe0, 0x1d, 0x2e, 0xe0, 0x9d);
    EXPECT("\b", 0x1d, 0x0e, 0x9d);
}

static void arrows_and_function_keys(void **state)
{
    EXPECT("\033[A\033[B\033[C\033[D", 0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0x50, 0xe0, 0x4d, 0xe0, 0x4b);
    EXPECT("\033[1~\033[4~\033[5~\033[6~\033[2~\033[3~", 0xe0, 0x47, 0xe0, 0x4f, 0xe0, 0x49, 0xe0,
           0x51, 0xe0, 0x52, 0xe0, 0x53);
    EXPECT("\033[[A\033[[E\033[17~\033[24~", 0x3b, 0x3f, 0x40, 0x58);
    EXPECT("\033[Z", 0x2a, 0x0f, 0xaa);
}

static void arrows_in_application_mode(void **state)
{
    sent_length = 0;
    take(0xe0, true);
    take(0x48, true);
    take(0xe0, true);
    take(0x47, true);
    assert_int_equal(sent_length, 7);
    assert_memory_equal(sent, "\033OA\033[1~", 7);
}

static void the_shift_that_the_keyboard_makes_up_is_none(void **state)
{
    EXPECT("\033[Aa", 0xe0, 0x2a, 0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0xaa, 0x1e);
}

static void the_number_pad(void **state)
{
    EXPECT("\033[A\033[G-+*/\r", 0x48, 0x4c, 0x4a, 0x4e, 0x37, 0xe0, 0x35, 0xe0, 0x1c);
    EXPECT("85.", 0x45, 0xc5, 0x48, 0x4c, 0x53);
}

static void pause_sends_nothing(void **state)
{
    EXPECT("a", 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0x1e);
    EXPECT("", 0xfa, 0xfe, 0xff, 0x00, 0x54, 0xe0, 0x5b);
}

static void noise_is_survived(void **state)
{
    uint64_t seed = 3;
    for (int i = 0; i < 100000; i++) {
        sent_length = 0;
        take((uint8_t)test_random(&seed), i % 2 == 0);
    }
}

#define KEYBOARD_TEST(test) cmocka_unit_test_setup(test, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEYBOARD_TEST(letters_and_signs),
        KEYBOARD_TEST(shift_and_caps_lock),
        KEYBOARD_TEST(both_shifts_are_held_one_by_one),
        KEYBOARD_TEST(control_and_alt),
        KEYBOARD_TEST(arrows_and_function_keys),
        KEYBOARD_TEST(arrows_in_application_mode),
        KEYBOARD_TEST(the_shift_that_the_keyboard_makes_up_is_none),
        KEYBOARD_TEST(the_number_pad),
        KEYBOARD_TEST(pause_sends_nothing),
        KEYBOARD_TEST(noise_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
