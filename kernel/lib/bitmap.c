/*
 * Searching and counting in bitmaps, a word at a time.
 */
#include "lib/bitmap.h"

#include "lib/assert.h"
#include "lib/macros.h"

void bitmap_set_range(uint64_t *map, size_t first, size_t count)
{
    for (size_t bit = first; bit < first + count; bit++) {
        bitmap_set(map, bit);
    }
}

void bitmap_clear_range(uint64_t *map, size_t first, size_t count)
{
    for (size_t bit = first; bit < first + count; bit++) {
        bitmap_clear(map, bit);
    }
}

/* The first bit that differs from `flip` (0, or all ones to look for a clear bit). */
static size_t find_next(const uint64_t *map, size_t bits, size_t from, uint64_t flip)
{
    if (from >= bits) {
        return bits;
    }
    uint64_t word = (map[from / 64] ^ flip) & (UINT64_MAX << (from % 64));
    size_t base = from & ~(size_t)63;
    while (word == 0) {
        base += 64;
        if (base >= bits) {
            return bits;
        }
        word = map[base / 64] ^ flip;
    }
    return MIN(base + (size_t)__builtin_ctzll(word), bits);
}

size_t bitmap_find_next_set(const uint64_t *map, size_t bits, size_t from)
{
    return find_next(map, bits, from, 0);
}

size_t bitmap_find_next_zero(const uint64_t *map, size_t bits, size_t from)
{
    return find_next(map, bits, from, UINT64_MAX);
}

size_t bitmap_find_zero_range(const uint64_t *map, size_t bits, size_t from, size_t count)
{
    assert(count > 0);
    while (from < bits) {
        size_t first = bitmap_find_next_zero(map, bits, from);
        size_t end = bitmap_find_next_set(map, bits, first);
        if (first < bits && end - first >= count) {
            return first;
        }
        from = end;
    }
    return bits;
}

size_t bitmap_count(const uint64_t *map, size_t bits)
{
    size_t count = 0;
    for (size_t bit = 0; bit < bits; bit += 64) {
        uint64_t word = map[bit / 64];
        if (bits - bit < 64) {
            word &= (UINT64_C(1) << (bits - bit)) - 1;
        }
        for (; word; word &= word - 1) {
            count++;
        }
    }
    return count;
}
