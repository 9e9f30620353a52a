/*
 * Decompression of DEFLATE (RFC 1951), bare or in a gzip member (RFC 1952). The whole input stands
 * in memory; the output goes out in pieces of up to 32 KiB through a callback, so nothing of the
 * output's size is ever held.
 *
 *     struct inflate *state = ...;               (about 8 KiB: not for the kernel's stack)
 *     inflate_init(state, window, emit, context);
 *     result = inflate_gzip(state, data, size, &consumed);
 *
 * A second member that follows starts at data + consumed: call again. Damaged input gives -EINVAL
 * and never an access outside the buffers; what was put out before the damage was found stays put
 * out.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

#define INFLATE_WINDOW_SIZE        32768
#define INFLATE_LITERAL_FAST_BITS  10
#define INFLATE_DISTANCE_FAST_BITS 8
#define INFLATE_LITERAL_SYMBOLS    288
#define INFLATE_DISTANCE_SYMBOLS   32

/* Takes `size` bytes of output (borrowed until it returns). 0 goes on; a negative errno ends
 * inflate_* with that result. */
typedef int (*inflate_emit)(void *context, const uint8_t *bytes, size_t size);

/* A canonical Huffman code: short codes by one look-up, the others by counting up through the
 * lengths. */
struct inflate_code {
    uint16_t *fast;   /* 1 << fast_bits entries: symbol << 4 | length; 0 where the code is longer */
    uint16_t *sorted; /* the symbols in the order of their codes */
    uint16_t count[16]; /* codes of each length */
    uint8_t fast_bits;
};

/* Private to inflate.c but for its size. */
struct inflate {
    const uint8_t *input;
    size_t input_size;
    size_t position; /* the next input byte */
    uint64_t bits;   /* bits taken from the input and not yet used, the next one lowest */
    unsigned int bit_count;
    uint8_t *window;
    size_t window_used; /* the next byte's place in the window */
    uint64_t total;     /* bytes put out since the stream began */
    uint32_t crc;       /* of what was emitted */
    inflate_emit emit;
    void *context;
    struct inflate_code literals;
    struct inflate_code distances;
    uint16_t literal_fast[1 << INFLATE_LITERAL_FAST_BITS];
    uint16_t distance_fast[1 << INFLATE_DISTANCE_FAST_BITS];
    uint16_t literal_sorted[INFLATE_LITERAL_SYMBOLS];
    uint16_t distance_sorted[INFLATE_DISTANCE_SYMBOLS];
    uint8_t lengths[INFLATE_LITERAL_SYMBOLS + INFLATE_DISTANCE_SYMBOLS];
};

/* Borrows a window of INFLATE_WINDOW_SIZE bytes for as long as the state is used. */
void inflate_init(struct inflate *state, uint8_t *window, inflate_emit emit, void *context);

/*
 * Unpacks one bare DEFLATE stream. *consumed (also on an error) gets the input bytes used, the last
 * one perhaps partly. Returns 0; -EINVAL where the input is damaged or ends early; or what `emit`
 * returned.
 */
must_check int inflate_raw(struct inflate *state, const uint8_t *data, size_t size,
                           size_t *consumed);

/* The same for one gzip member; checks its CRC and length (-EINVAL where they differ, after all
 * output was emitted). */
must_check int inflate_gzip(struct inflate *state, const uint8_t *data, size_t size,
                            size_t *consumed);

/* Whether a gzip member may start here (its two magic bytes and the method). */
bool inflate_is_gzip(const uint8_t *data, size_t size);
