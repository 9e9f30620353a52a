/*
 * Canonical Huffman codes (RFC 1951, section 3.2.2): the lengths alone fix the code. Words are
 * numbered by length, then by symbol; they arrive with their first bit lowest, so the look-up table
 * is filled at the reversed word.
 */
#include "lib/inflate_internal.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"

/* Words that are left over, in units of the longest length; negative where more are used than there
 * are. */
static int words_left(const uint16_t *count)
{
    int left = 1;
    for (int length = 1; length <= INFLATE_MAX_CODE_LENGTH; length++) {
        left = 2 * left - count[length];
        if (left < 0) {
            return left;
        }
    }
    return left;
}

static bool is_at_most_one_bit(const uint16_t *count, size_t symbols)
{
    return (size_t)count[0] == symbols || ((size_t)count[0] + 1 == symbols && count[1] == 1);
}

static unsigned int reverse_bits(unsigned int word, unsigned int length)
{
    unsigned int result = 0;
    for (; length > 0; length--, word >>= 1) {
        result = result << 1 | (word & 1);
    }
    return result;
}

/* Enters a word at every place of the table that ends in it. */
static void fill_fast(struct inflate_code *code, unsigned int word, unsigned int length,
                      unsigned int symbol)
{
    unsigned int size = 1u << code->fast_bits;
    for (unsigned int at = reverse_bits(word, length); at < size; at += 1u << length) {
        code->fast[at] = (uint16_t)(symbol << 4 | length);
    }
}

/* Gives each symbol its place among the sorted ones, and the short ones their places in the table.
 */
static void assign_words(struct inflate_code *code, const uint8_t *lengths, size_t symbols)
{
    uint16_t place[INFLATE_MAX_CODE_LENGTH + 2] = {0};
    unsigned int next_word[INFLATE_MAX_CODE_LENGTH + 2] = {0};
    for (int length = 1; length <= INFLATE_MAX_CODE_LENGTH; length++) {
        place[length + 1] = (uint16_t)(place[length] + code->count[length]);
        next_word[length + 1] = (next_word[length] + code->count[length]) << 1;
    }
    for (unsigned int symbol = 0; symbol < symbols; symbol++) {
        unsigned int length = lengths[symbol];
        if (length == 0) {
            continue;
        }
        assert(place[length] < symbols);
        code->sorted[place[length]++] = (uint16_t)symbol;
        unsigned int word = next_word[length]++;
        if (length <= code->fast_bits) {
            fill_fast(code, word, length, symbol);
        }
    }
}

int inflate_code_build(struct inflate_code *code, const uint8_t *lengths, size_t symbols,
                       bool is_complete)
{
    memset(code->count, 0, sizeof(code->count));
    memset(code->fast, 0, sizeof(code->fast[0]) << code->fast_bits);
    for (size_t symbol = 0; symbol < symbols; symbol++) {
        assert(lengths[symbol] <= INFLATE_MAX_CODE_LENGTH);
        code->count[lengths[symbol]]++;
    }
    int left = words_left(code->count);
    if (left < 0 || (left > 0 && (is_complete || !is_at_most_one_bit(code->count, symbols)))) {
        return -EINVAL;
    }
    assign_words(code, lengths, symbols);
    return 0;
}

/* Goes through the lengths: at each one, `first` is its first word and `index` the place of that
 * word's symbol. */
int inflate_code_read_long(struct inflate *state, const struct inflate_code *code)
{
    unsigned int word = 0, first = 0, index = 0;
    uint64_t bits = state->bits;
    for (unsigned int length = 1; length <= INFLATE_MAX_CODE_LENGTH; length++, bits >>= 1) {
        if (length > state->bit_count) {
            return -EINVAL;
        }
        word |= (unsigned int)(bits & 1);
        unsigned int count = code->count[length];
        if (word - first < count) {
            inflate_drop_bits(state, length);
            return code->sorted[index + word - first];
        }
        index += count;
        first = (first + count) << 1;
        word <<= 1;
    }
    return -EINVAL;
}
