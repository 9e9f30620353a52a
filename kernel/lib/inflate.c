/*
 * Inflate (RFC 1951): blocks that are stored, or coded with the fixed Huffman codes or with their
 * own. Output goes into the window, which is also the dictionary of the last 32 KiB, and from there
 * to the caller each time it is full.
 */
#include "lib/inflate_internal.h"

#include "lib/assert.h"
#include "lib/crc32.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"

#define WINDOW_MASK         (INFLATE_WINDOW_SIZE - 1)
#define END_OF_BLOCK        256
#define LENGTH_BASE_SYMBOL  257
#define LENGTH_SYMBOLS      29
#define DISTANCE_SYMBOLS    30
#define CODE_LENGTH_SYMBOLS 19

/* Section 3.2.5: the least value of a symbol, and how many bits follow it. */
struct inflate_range {
    uint16_t base;
    uint8_t extra_bits;
};

static const struct inflate_range length_ranges[LENGTH_SYMBOLS] = {
    {3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1},  {13, 1},
    {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3},  {59, 3},
    {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0},
};

static const struct inflate_range distance_ranges[DISTANCE_SYMBOLS] = {
    {1, 0},     {2, 0},     {3, 0},     {4, 0},      {5, 1},      {7, 1},
    {9, 2},     {13, 2},    {17, 3},    {25, 3},     {33, 4},     {49, 4},
    {65, 5},    {97, 5},    {129, 6},   {193, 6},    {257, 7},    {385, 7},
    {513, 8},   {769, 8},   {1025, 9},  {1537, 9},   {2049, 10},  {3073, 10},
    {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13},
};

void inflate_init(struct inflate *state, uint8_t *window, inflate_emit emit, void *context)
{
    *state = (struct inflate){.window = window, .emit = emit, .context = context};
    state->literals = (struct inflate_code){
        .fast = state->literal_fast,
        .sorted = state->literal_sorted,
        .fast_bits = INFLATE_LITERAL_FAST_BITS,
    };
    state->distances = (struct inflate_code){
        .fast = state->distance_fast,
        .sorted = state->distance_sorted,
        .fast_bits = INFLATE_DISTANCE_FAST_BITS,
    };
}

/* --- output --- */

static int flush_window(struct inflate *state)
{
    size_t size = state->window_used;
    state->window_used = 0;
    state->crc = crc32_update(state->crc, state->window, size);
    return size > 0 ? state->emit(state->context, state->window, size) : 0;
}

/* `count` bytes were written at the window's end. */
static int advance_window(struct inflate *state, size_t count)
{
    assert(count <= INFLATE_WINDOW_SIZE - state->window_used);
    state->window_used += count;
    state->total += count;
    return state->window_used == INFLATE_WINDOW_SIZE ? flush_window(state) : 0;
}

/* Copies bytes that lie `distance` back; they may overlap what is being written, and so repeat. */
static void copy_within(uint8_t *window, size_t to, size_t from, size_t count, bool is_apart)
{
    if (is_apart) {
        memcpy(window + to, window + from, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        window[to + i] = window[from + i];
    }
}

/* The window is a ring: in pieces that cross its end neither where they are read nor where they are written. */
static int copy_match(struct inflate *state, size_t length, size_t distance)
{
    if (distance > state->total) {
        return -EINVAL;
    }
    while (length > 0) {
        size_t to = state->window_used;
        size_t from = (to - distance) & WINDOW_MASK;
        size_t count = MIN(length, INFLATE_WINDOW_SIZE - MAX(to, from));
        assert(to < INFLATE_WINDOW_SIZE && count > 0);
        copy_within(state->window, to, from, count, from + count <= to || to + count <= from);
        int result = advance_window(state, count);
        if (result < 0) {
            return result;
        }
        length -= count;
    }
    return 0;
}

/* --- blocks --- */

/* Gives whole unread bytes back to the input and drops the rest of a byte. */
static void align_to_byte(struct inflate *state)
{
    assert(state->bit_count / 8 <= state->position);
    state->position -= state->bit_count / 8;
    state->bits = 0;
    state->bit_count = 0;
}

static int stored_block(struct inflate *state)
{
    align_to_byte(state);
    if (state->input_size - state->position < 4) {
        return -EINVAL;
    }
    const uint8_t *header = state->input + state->position;
    size_t length = header[0] | (size_t)header[1] << 8;
    size_t check = header[2] | (size_t)header[3] << 8;
    state->position += 4;
    if (length != (check ^ 0xFFFF) || state->input_size - state->position < length) {
        return -EINVAL;
    }
    while (length > 0) {
        size_t count = MIN(length, INFLATE_WINDOW_SIZE - state->window_used);
        memcpy(state->window + state->window_used, state->input + state->position, count);
        state->position += count;
        length -= count;
        int result = advance_window(state, count);
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

/* The value of a symbol with its extra bits; false where there is no such symbol, or the input
 * ends. */
static bool read_range(struct inflate *state, const struct inflate_range *ranges, size_t count,
                       size_t symbol, size_t *value)
{
    unsigned int extra;
    if (symbol >= count || !inflate_take_bits(state, ranges[symbol].extra_bits, &extra)) {
        return false;
    }
    *value = ranges[symbol].base + extra;
    return true;
}

static int read_match(struct inflate *state, int length_symbol)
{
    size_t length, distance;
    if (!read_range(state, length_ranges, LENGTH_SYMBOLS,
                    (size_t)(length_symbol - LENGTH_BASE_SYMBOL), &length)) {
        return -EINVAL;
    }
    int symbol = inflate_code_read(state, &state->distances);
    if (symbol < 0 ||
        !read_range(state, distance_ranges, DISTANCE_SYMBOLS, (size_t)symbol, &distance)) {
        return -EINVAL;
    }
    return copy_match(state, length, distance);
}

static int coded_block(struct inflate *state)
{
    for (;;) {
        int symbol = inflate_code_read(state, &state->literals);
        if (symbol < 0 || symbol == END_OF_BLOCK) {
            return symbol < 0 ? symbol : 0;
        }
        int result;
        if (symbol < END_OF_BLOCK) {
            state->window[state->window_used] = (uint8_t)symbol;
            result = advance_window(state, 1);
        } else {
            result = read_match(state, symbol);
        }
        if (result < 0) {
            return result;
        }
    }
}

/* Section 3.2.6. */
static int fixed_block(struct inflate *state)
{
    uint8_t *lengths = state->lengths;
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    memset(lengths + INFLATE_LITERAL_SYMBOLS, 5, INFLATE_DISTANCE_SYMBOLS);
    int result = inflate_code_build(&state->literals, lengths, INFLATE_LITERAL_SYMBOLS, true);
    if (result == 0) {
        result = inflate_code_build(&state->distances, lengths + INFLATE_LITERAL_SYMBOLS,
                                    INFLATE_DISTANCE_SYMBOLS, true);
    }
    return result < 0 ? result : coded_block(state);
}

/*
 * Section 3.2.7: the code in which the lengths of the other two codes are written. It stands where the code of the literals will, which
 * is built only when all lengths have been read.
 */
static int read_length_code(struct inflate *state, unsigned int count)
{
    static const uint8_t order[CODE_LENGTH_SYMBOLS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                       11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[CODE_LENGTH_SYMBOLS] = {0};
    for (unsigned int i = 0; i < count; i++) {
        unsigned int length;
        if (!inflate_take_bits(state, 3, &length)) {
            return -EINVAL;
        }
        lengths[order[i]] = (uint8_t)length;
    }
    return inflate_code_build(&state->literals, lengths, CODE_LENGTH_SYMBOLS, true);
}

/* Symbols 16 to 18: the length before, or 0, several times. *at is moved; -EINVAL where there is no
 * room or no length before. */
static int read_repeat(struct inflate *state, unsigned int symbol, unsigned int total,
                       unsigned int *at)
{
    static const struct inflate_range repeats[] = {{3, 2}, {3, 3}, {11, 7}};
    size_t count;
    if (!read_range(state, repeats, ARRAY_SIZE(repeats), symbol - 16, &count) ||
        count > total - *at || (symbol == 16 && *at == 0)) {
        return -EINVAL;
    }
    memset(state->lengths + *at, symbol == 16 ? state->lengths[*at - 1] : 0, count);
    *at += (unsigned int)count;
    return 0;
}

static int read_lengths(struct inflate *state, unsigned int total)
{
    unsigned int at = 0;
    while (at < total) {
        int symbol = inflate_code_read(state, &state->literals);
        if (symbol < 0) {
            return symbol;
        }
        if (symbol < 16) {
            state->lengths[at++] = (uint8_t)symbol;
        } else if (read_repeat(state, (unsigned int)symbol, total, &at) < 0) {
            return -EINVAL;
        }
    }
    return 0;
}

/* A block that cannot end is refused: the caller would get whatever its input's end makes of it. */
static int dynamic_block(struct inflate *state)
{
    unsigned int literals, distances, code_lengths;
    if (!inflate_take_bits(state, 5, &literals) || !inflate_take_bits(state, 5, &distances) ||
        !inflate_take_bits(state, 4, &code_lengths)) {
        return -EINVAL;
    }
    literals += 257;
    distances += 1;
    if (literals > LENGTH_BASE_SYMBOL + LENGTH_SYMBOLS || distances > DISTANCE_SYMBOLS) {
        return -EINVAL;
    }
    int result = read_length_code(state, code_lengths + 4);
    if (result == 0) {
        result = read_lengths(state, literals + distances);
    }
    if (result < 0 || state->lengths[END_OF_BLOCK] == 0) {
        return -EINVAL;
    }
    result = inflate_code_build(&state->literals, state->lengths, literals, false);
    if (result == 0) {
        result = inflate_code_build(&state->distances, state->lengths + literals, distances, false);
    }
    return result < 0 ? result : coded_block(state);
}

static int read_block(struct inflate *state, bool *is_last)
{
    static int (*const kinds[])(struct inflate *) = {stored_block, fixed_block, dynamic_block};
    unsigned int last, kind;
    if (!inflate_take_bits(state, 1, &last) || !inflate_take_bits(state, 2, &kind)) {
        return -EINVAL;
    }
    *is_last = last;
    return kind < ARRAY_SIZE(kinds) ? kinds[kind](state) : -EINVAL;
}

int inflate_raw(struct inflate *state, const uint8_t *data, size_t size, size_t *consumed)
{
    bool is_last = false;
    int result = 0;
    state->input = data;
    state->input_size = size;
    state->position = 0;
    state->bits = 0;
    state->bit_count = 0;
    state->window_used = 0;
    state->total = 0;
    state->crc = 0;
    while (result == 0 && !is_last) {
        result = read_block(state, &is_last);
    }
    align_to_byte(state);
    *consumed = state->position;
    int flushed = flush_window(state);
    return result < 0 ? result : flushed;
}
