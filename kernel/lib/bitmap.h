/*
 * Bitmaps: arrays of 64-bit words, bit 0 the lowest of word 0. No locks, and nothing is atomic. A
 * search that finds nothing returns `bits`, the size of the map.
 */
#pragma once

#include "lib/types.h"

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

/* Declares `uint64_t name[...]` with room for that many bits. */
#define BITMAP_DECLARE(name, bits) uint64_t name[BITMAP_WORDS(bits)]

static inline void bitmap_set(uint64_t *map, size_t bit)
{
    map[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static inline void bitmap_clear(uint64_t *map, size_t bit)
{
    map[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
    return (map[bit / 64] >> (bit % 64)) & 1;
}

void bitmap_set_range(uint64_t *map, size_t first, size_t count);
void bitmap_clear_range(uint64_t *map, size_t first, size_t count);

/* The first set or clear bit at `from` or after it. */
size_t bitmap_find_next_set(const uint64_t *map, size_t bits, size_t from);
size_t bitmap_find_next_zero(const uint64_t *map, size_t bits, size_t from);

/* The first of `count` clear bits in a row at `from` or after it. */
size_t bitmap_find_zero_range(const uint64_t *map, size_t bits, size_t from, size_t count);

/* The number of set bits. */
size_t bitmap_count(const uint64_t *map, size_t bits);

static inline size_t bitmap_find_first_set(const uint64_t *map, size_t bits)
{
    return bitmap_find_next_set(map, bits, 0);
}

static inline size_t bitmap_find_first_zero(const uint64_t *map, size_t bits)
{
    return bitmap_find_next_zero(map, bits, 0);
}
