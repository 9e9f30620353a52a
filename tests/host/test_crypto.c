/*
 * ChaCha20 against RFC 8439, and what the random generator promises.
 *
 * host-sources: crypto/chacha20.c crypto/random_generator.c
 */
#include "support.h"

#include "crypto/chacha20.h"
#include "crypto/random_generator.h"

static void block_equals_rfc_8439_section_2_3_2(void **state)
{
    static const uint8_t nonce[12] = {0, 0, 0, 9, 0, 0, 0, 0x4A};
    static const uint8_t expected[64] = {
        0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
        0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
        0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
        0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
        0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
    uint8_t key[32], block[64];
    for (int i = 0; i < 32; i++) {
        key[i] = (uint8_t)i;
    }
    chacha20_block(key, 1, nonce, block);
    assert_memory_equal(block, expected, 64);
}

static void block_equals_rfc_8439_appendix_a_1(void **state)
{
    static const uint8_t zero[32] = {0};
    static const uint8_t expected[64] = {
        0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53,
        0x86, 0xbd, 0x28, 0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a, 0xa8, 0x36,
        0xef, 0xcc, 0x8b, 0x77, 0x0d, 0xc7, 0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48,
        0x8d, 0x77, 0x24, 0xe0, 0x3f, 0xb8, 0xd8, 0x4a, 0x37, 0x6a, 0x43, 0xb8, 0xf4,
        0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69, 0xb2, 0xee, 0x65, 0x86};
    uint8_t block[64];
    chacha20_block(zero, 0, zero, block);
    assert_memory_equal(block, expected, 64);
}

static void equal_seeds_give_equal_streams_and_others_do_not(void **state)
{
    struct random_generator a, b, c;
    uint8_t x[200], y[200], z[200];
    random_generator_init(&a);
    random_generator_init(&b);
    random_generator_init(&c);
    random_generator_mix(&a, "the same entropy of forty and more bytes...", 43);
    random_generator_mix(&b, "the same entropy of forty and more bytes...", 43);
    random_generator_mix(&c, "the same entropy of forty and more bytes..!", 43);
    random_generator_generate(&a, x, sizeof(x));
    random_generator_generate(&b, y, sizeof(y));
    random_generator_generate(&c, z, sizeof(z));
    assert_memory_equal(x, y, sizeof(x));
    assert_memory_not_equal(x, z, sizeof(x));
    assert_int_equal(a.reseed_count, 1);
    assert_int_equal(a.output_bytes, 200);
}

static void the_key_is_gone_after_each_request(void **state)
{
    struct random_generator generator;
    uint8_t before[32], first[64], second[64];
    random_generator_init(&generator);
    random_generator_mix(&generator, "seed", 4);
    memcpy(before, generator.key, 32);
    random_generator_generate(&generator, first, sizeof(first));
    assert_memory_not_equal(before, generator.key, 32);
    assert_memory_not_equal(first, generator.key, 32);
    random_generator_generate(&generator, second, sizeof(second));
    assert_memory_not_equal(first, second, sizeof(first));
}

static void a_request_of_any_length_fills_exactly_its_buffer(void **state)
{
    for (size_t size = 0; size < 300; size++) {
        struct random_generator generator;
        uint8_t buffer[310];
        random_generator_init(&generator);
        memset(buffer, 0xEE, sizeof(buffer));
        random_generator_generate(&generator, buffer, size);
        for (size_t i = size; i < sizeof(buffer); i++) {
            assert_int_equal(buffer[i], 0xEE);
        }
    }
}

static void later_entropy_changes_the_stream(void **state)
{
    struct random_generator a, b;
    uint8_t x[32], y[32];
    random_generator_init(&a);
    random_generator_mix(&a, "seed", 4);
    b = a;
    random_generator_mix(&b, "\0", 1);
    random_generator_generate(&a, x, sizeof(x));
    random_generator_generate(&b, y, sizeof(y));
    assert_memory_not_equal(x, y, sizeof(x));
}

static void bits_are_even(void **state)
{
    struct random_generator generator;
    static uint8_t buffer[65536];
    unsigned int ones = 0, pairs[256] = {0};
    random_generator_init(&generator);
    random_generator_generate(&generator, buffer, sizeof(buffer));
    for (size_t i = 0; i < sizeof(buffer); i++) {
        ones += (unsigned int)__builtin_popcount(buffer[i]);
        pairs[buffer[i]]++;
    }
    assert_in_range(ones, 260000, 264300);
    for (int i = 0; i < 256; i++) {
        assert_in_range(pairs[i], 160, 360);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_equals_rfc_8439_section_2_3_2),
        cmocka_unit_test(block_equals_rfc_8439_appendix_a_1),
        cmocka_unit_test(equal_seeds_give_equal_streams_and_others_do_not),
        cmocka_unit_test(the_key_is_gone_after_each_request),
        cmocka_unit_test(a_request_of_any_length_fills_exactly_its_buffer),
        cmocka_unit_test(later_entropy_changes_the_stream),
        cmocka_unit_test(bits_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
