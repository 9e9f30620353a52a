/*
 * The one judge of inflate: ours and zlib's read the same bytes and must say and give the same.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "lib/inflate.h"

#define MODEL_OUTPUT_MAX (1u << 20)

struct model_output {
    uint8_t *bytes;
    size_t size;
    int result;
    size_t consumed;
};

static int model_emit(void *context, const uint8_t *bytes, size_t size)
{
    struct model_output *output = context;
    if (size > MODEL_OUTPUT_MAX - output->size) {
        return -27; /* -EFBIG: more than the model keeps */
    }
    memcpy(output->bytes + output->size, bytes, size);
    output->size += size;
    return 0;
}

/* The output stays until the next call. */
static inline struct model_output model_ours(const uint8_t *data, size_t size, bool is_gzip)
{
    struct inflate *state = malloc(sizeof(*state));
    uint8_t *window = malloc(INFLATE_WINDOW_SIZE);
    static uint8_t bytes[MODEL_OUTPUT_MAX];
    struct model_output output = {.bytes = bytes};
    inflate_init(state, window, model_emit, &output);
    output.result = (is_gzip ? inflate_gzip : inflate_raw)(state, data, size, &output.consumed);
    free(window);
    free(state);
    return output;
}

static inline struct model_output model_zlib(const uint8_t *data, size_t size, bool is_gzip)
{
    static uint8_t bytes[MODEL_OUTPUT_MAX];
    struct model_output output = {.bytes = bytes};
    z_stream stream = {0};
    inflateInit2(&stream, is_gzip ? 15 + 16 : -15);
    stream.next_in = (uint8_t *)(uintptr_t)data;
    stream.avail_in = (unsigned int)size;
    stream.next_out = output.bytes;
    stream.avail_out = MODEL_OUTPUT_MAX;
    output.result = inflate(&stream, Z_FINISH) == Z_STREAM_END ? 0 : -22;
    output.size = MODEL_OUTPUT_MAX - stream.avail_out;
    output.consumed = size - stream.avail_in;
    inflateEnd(&stream);
    return output;
}

/* Whether both agree: the verdict; the output and what was used where it is good. */
static inline bool model_agrees(const uint8_t *data, size_t size, bool is_gzip)
{
    struct model_output ours = model_ours(data, size, is_gzip);
    struct model_output zlib = model_zlib(data, size, is_gzip);
    bool is_same = (ours.result == 0) == (zlib.result == 0);
    if (is_same && ours.result == 0) {
        is_same = ours.size == zlib.size && ours.consumed == zlib.consumed &&
                  memcmp(ours.bytes, zlib.bytes, ours.size) == 0;
    }
    is_same = is_same || ours.result == -27 || zlib.size == MODEL_OUTPUT_MAX;
    return is_same;
}
