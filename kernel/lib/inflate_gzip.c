/*
 * The gzip wrapper (RFC 1952): a header with optional fields, a DEFLATE stream, its CRC and length.
 */
#include "lib/inflate.h"

#include "lib/crc32.h"
#include "lib/errno.h"
#include "lib/string.h"

#define HEADER_SIZE  10
#define TRAILER_SIZE 8

#define FLAG_HEADER_CRC 0x02
#define FLAG_EXTRA      0x04
#define FLAG_NAME       0x08
#define FLAG_COMMENT    0x10
#define FLAG_RESERVED   0xE0

struct gzip_reader {
    const uint8_t *data;
    size_t size;
    size_t at;
};

static size_t left(const struct gzip_reader *reader)
{
    return reader->size - reader->at;
}

static uint32_t load_le(const uint8_t *bytes, unsigned int size)
{
    uint32_t value = 0;
    for (unsigned int i = 0; i < size; i++) {
        value |= (uint32_t)bytes[i] << (8 * i);
    }
    return value;
}

static bool skip_extra(struct gzip_reader *reader)
{
    if (left(reader) < 2) {
        return false;
    }
    size_t length = 2 + load_le(reader->data + reader->at, 2);
    if (left(reader) < length) {
        return false;
    }
    reader->at += length;
    return true;
}

static bool skip_string(struct gzip_reader *reader)
{
    const uint8_t *start = reader->data + reader->at;
    const uint8_t *end = memchr(start, 0, left(reader));
    if (!end) {
        return false;
    }
    reader->at += (size_t)(end - start) + 1;
    return true;
}

/* The lower half of the CRC over the header so far. */
static bool check_header_crc(struct gzip_reader *reader)
{
    if (left(reader) < 2) {
        return false;
    }
    uint32_t crc = crc32_update(0, reader->data, reader->at) & 0xFFFF;
    uint32_t written = load_le(reader->data + reader->at, 2);
    reader->at += 2;
    return crc == written;
}

static bool skip_header(struct gzip_reader *reader)
{
    if (left(reader) < HEADER_SIZE || !inflate_is_gzip(reader->data, reader->size)) {
        return false;
    }
    uint8_t flags = reader->data[3];
    reader->at = HEADER_SIZE;
    return !(flags & FLAG_RESERVED) && (!(flags & FLAG_EXTRA) || skip_extra(reader)) &&
           (!(flags & FLAG_NAME) || skip_string(reader)) &&
           (!(flags & FLAG_COMMENT) || skip_string(reader)) &&
           (!(flags & FLAG_HEADER_CRC) || check_header_crc(reader));
}

bool inflate_is_gzip(const uint8_t *data, size_t size)
{
    return size >= 3 && data[0] == 0x1F && data[1] == 0x8B && data[2] == 8;
}

int inflate_gzip(struct inflate *state, const uint8_t *data, size_t size, size_t *consumed)
{
    struct gzip_reader reader = {.data = data, .size = size};
    *consumed = 0;
    if (!skip_header(&reader)) {
        return -EINVAL;
    }
    size_t used;
    int result = inflate_raw(state, data + reader.at, left(&reader), &used);
    reader.at += used;
    *consumed = reader.at;
    if (result < 0) {
        return result;
    }
    if (left(&reader) < TRAILER_SIZE) {
        return -EINVAL;
    }
    uint32_t crc = load_le(data + reader.at, 4);
    uint32_t length = load_le(data + reader.at + 4, 4);
    *consumed += TRAILER_SIZE;
    return crc == state->crc && length == (uint32_t)state->total ? 0 : -EINVAL;
}
