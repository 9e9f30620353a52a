/*
 * Inflate against zlib: on what zlib packs in all its manners, and on the same with damage.
 *
 * host-sources: lib/inflate.c lib/inflate_code.c lib/inflate_gzip.c lib/crc32.c
 */
#include "support.h"

#include "inflate_model.h"
#include "lib/errno.h"

#define INPUT_MAX 200000

/* Data of one of four kinds: random, few symbols, repeating text, long runs. */
static void make_data(uint8_t *data, size_t size, unsigned int kind, uint64_t *seed)
{
    for (size_t i = 0; i < size; i++) {
        uint64_t random = test_random(seed);
        switch (kind % 4) {
        case 0: data[i] = (uint8_t)random; break;
        case 1: data[i] = "etaoin shrdlu"[random % 13]; break;
        case 2:
            data[i] = i > 1000 && random % 50 ? data[i - 1 - random % 3] : (uint8_t)random;
            break;
        default: data[i] = (uint8_t)(i / 3000); break;
        }
    }
}

static size_t pack(const uint8_t *data, size_t size, uint8_t *packed_data, size_t room, int level,
                   int strategy, bool is_gzip)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, level, Z_DEFLATED, is_gzip ? 15 + 16 : -15, 9, strategy),
                     Z_OK);
    stream.next_in = (uint8_t *)(uintptr_t)data;
    stream.avail_in = (unsigned int)size;
    stream.next_out = packed_data;
    stream.avail_out = (unsigned int)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t used = room - stream.avail_out;
    deflateEnd(&stream);
    return used;
}

static uint8_t data[INPUT_MAX];
static uint8_t packed_data[2 * INPUT_MAX];

static void everything_that_zlib_packs_comes_out_again(void **state)
{
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE,
                                     Z_FIXED};
    uint64_t seed = 1;
    for (unsigned int round = 0; round < 200; round++) {
        size_t size = test_random(&seed) % (round % 8 == 0 ? INPUT_MAX : 3000);
        make_data(data, size, round, &seed);
        bool is_gzip = round % 3 == 0;
        size_t used = pack(data, size, packed_data, sizeof(packed_data), (int)(round % 10),
                           strategies[round % 5], is_gzip);
        struct model_output output = model_ours(packed_data, used, is_gzip);
        assert_int_equal(output.result, 0);
        assert_int_equal(output.consumed, used);
        assert_int_equal(output.size, size);
        assert_memory_equal(output.bytes, data, size);
    }
}

static void damage_gets_zlibs_verdict(void **state)
{
    uint64_t seed = 2;
    for (unsigned int round = 0; round < 1500; round++) {
        size_t size = test_random(&seed) % 2000;
        make_data(data, size, round, &seed);
        bool is_gzip = round % 4 == 0;
        size_t used = pack(data, size, packed_data, sizeof(packed_data), (int)(round % 10),
                           Z_DEFAULT_STRATEGY, is_gzip);
        for (uint64_t i = 0; i <= test_random(&seed) % 3; i++) {
            packed_data[test_random(&seed) % used] ^= (uint8_t)(1u << test_random(&seed) % 8);
        }
        assert_true(model_agrees(packed_data, used, is_gzip));
    }
}

static void every_truncation_is_an_error(void **state)
{
    uint64_t seed = 3;
    make_data(data, 500, 1, &seed);
    size_t used = pack(data, 500, packed_data, sizeof(packed_data), 9, Z_DEFAULT_STRATEGY, true);
    for (size_t size = 0; size < used; size++) {
        uint8_t *exact = malloc(size + 1); /* so that one byte too far is seen */
        memcpy(exact, packed_data, size);
        struct model_output output = model_ours(exact, size, true);
        assert_int_equal(output.result, -EINVAL);
        free(exact);
    }
}

static void members_in_a_row_are_read_one_by_one(void **state)
{
    size_t first = pack((const uint8_t *)"first", 5, packed_data, 1000, 9, 0, true);
    size_t second = pack((const uint8_t *)"second", 6, packed_data + first, 1000, 9, 0, true);
    struct model_output output = model_ours(packed_data, first + second, true);
    assert_int_equal(output.result, 0);
    assert_int_equal(output.consumed, first);
    assert_memory_equal(output.bytes, "first", 5);
    output = model_ours(packed_data + first, second, true);
    assert_int_equal(output.result, 0);
    assert_memory_equal(output.bytes, "second", 6);
}

static void optional_header_fields_are_skipped_and_checked(void **state)
{
    uint8_t member[200] = {0x1F, 0x8B, 8, 0x1E, 0, 0, 0, 0, 0, 3, 2, 0, 'e', 'x', 'n', 0, 'c', 0};
    uint32_t crc = (uint32_t)crc32(0, member, 18);
    member[18] = (uint8_t)crc;
    member[19] = (uint8_t)(crc >> 8);
    uint8_t plain[100];
    size_t used = pack((const uint8_t *)"body", 4, plain, sizeof(plain), 9, 0, true);
    memcpy(member + 20, plain + 10, used - 10);
    assert_true(model_agrees(member, 20 + used - 10, true));
    assert_true(model_ours(member, 20 + used - 10, true).result == 0);
    member[18] ^= 1;
    assert_true(model_ours(member, 20 + used - 10, true).result == -EINVAL);
    member[18] ^= 1;
    member[3] |= 0x20;
    assert_true(model_agrees(member, 20 + used - 10, true));
}

static int refuse(void *context, const uint8_t *bytes, size_t size)
{
    return -ENOSPC;
}

static void what_the_callback_returns_ends_it(void **state)
{
    static struct inflate inflate_state;
    static uint8_t window[INFLATE_WINDOW_SIZE];
    size_t consumed;
    size_t used = pack((const uint8_t *)"text", 4, packed_data, sizeof(packed_data), 9, 0, false);
    inflate_init(&inflate_state, window, refuse, NULL);
    assert_int_equal(inflate_raw(&inflate_state, packed_data, used, &consumed), -ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_zlib_packs_comes_out_again),
        cmocka_unit_test(damage_gets_zlibs_verdict),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(members_in_a_row_are_read_one_by_one),
        cmocka_unit_test(optional_header_fields_are_skipped_and_checked),
        cmocka_unit_test(what_the_callback_returns_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
