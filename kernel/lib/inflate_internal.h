/*
 * Between the two halves of inflate: the bits of the input, and the Huffman codes that are read
 * from them.
 */
#pragma once

#include "lib/inflate.h"

#define INFLATE_MAX_CODE_LENGTH 15

/*
 * Fills `bits` up to at least 56 bits, or with all that the input still has. Above bit_count stand
 * either zeros or the true bits of the following bytes, so that they may be put in again.
 */
static inline void inflate_refill(struct inflate *state)
{
    if (state->input_size - state->position >= sizeof(uint64_t)) {
        uint64_t word;
        __builtin_memcpy(&word, state->input + state->position, sizeof(word));
        state->bits |= word << state->bit_count;
        unsigned int bytes = (63 - state->bit_count) / 8;
        state->position += bytes;
        state->bit_count += 8 * bytes;
        return;
    }
    while (state->bit_count <= 56 && state->position < state->input_size) {
        state->bits |= (uint64_t)state->input[state->position++] << state->bit_count;
        state->bit_count += 8;
    }
}

static inline void inflate_drop_bits(struct inflate *state, unsigned int count)
{
    state->bits >>= count;
    state->bit_count -= count;
}

/* The next bits of the input (count <= 32), lowest first; false where it ends before. */
static inline must_check bool inflate_take_bits(struct inflate *state, unsigned int count,
                                                unsigned int *value)
{
    if (state->bit_count < count) {
        inflate_refill(state);
        if (state->bit_count < count) {
            return false;
        }
    }
    *value = (unsigned int)(state->bits & ((UINT64_C(1) << count) - 1));
    inflate_drop_bits(state, count);
    return true;
}

/*
 * Builds the code in which symbol i has lengths[i] bits (0: does not occur). `is_complete` asks for
 * a code that uses all its words; otherwise a single word of one bit, or none at all, is allowed
 * too, as RFC 1951 does for distances. Returns 0, or -EINVAL where the lengths make no such code.
 */
must_check int inflate_code_build(struct inflate_code *code, const uint8_t *lengths, size_t symbols,
                                  bool is_complete);

/* Reads a symbol by code words longer than the look-up table's, or finds that there is none: then
 * -EINVAL. */
must_check int inflate_code_read_long(struct inflate *state, const struct inflate_code *code);

/* Reads one symbol; -EINVAL where the bits are no code word, or the input ends. */
static inline must_check int inflate_code_read(struct inflate *state,
                                               const struct inflate_code *code)
{
    if (state->bit_count < INFLATE_MAX_CODE_LENGTH) {
        inflate_refill(state);
    }
    unsigned int entry = code->fast[state->bits & ((1u << code->fast_bits) - 1)];
    unsigned int length = entry & 15;
    if (length == 0 || length > state->bit_count) {
        return inflate_code_read_long(state, code);
    }
    inflate_drop_bits(state, length);
    return (int)(entry >> 4);
}
