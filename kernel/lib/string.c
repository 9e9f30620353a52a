/*
 * The memory and string functions whose names ISO C fixes. The compiler calls memcpy, memmove,
 * memset and memcmp by itself, so none of them may be compiled into a call of itself: byte loops
 * hold keep_loop() against that, and the word loops have a shape that the optimiser does not take
 * for a copy.
 *
 * Names in parentheses are those that string.h hands to the compiler.
 *
 * Words are read and written unaligned, which x86-64 allows at no cost to speak of. Ends are done
 * by words that overlap those in the middle, so no length needs a byte loop.
 */
#include "lib/string.h"

#define keep_loop() __asm__ volatile("")

struct word64 {
    uint64_t value;
} __attribute__((__packed__, __may_alias__));

struct word32 {
    uint32_t value;
} __attribute__((__packed__, __may_alias__));

struct word16 {
    uint16_t value;
} __attribute__((__packed__, __may_alias__));

/* Thirty-two bytes on their way: all loaded before any is stored, which makes overlap harmless. */
struct block {
    uint64_t word[4];
};

static always_inline uint64_t load64(const uint8_t *from)
{
    return ((const struct word64 *)from)->value;
}

static always_inline void store64(uint8_t *to, uint64_t value)
{
    ((struct word64 *)to)->value = value;
}

static always_inline struct block load_block(const uint8_t *from)
{
    return (struct block){{load64(from), load64(from + 8), load64(from + 16), load64(from + 24)}};
}

static always_inline void store_block(uint8_t *to, struct block block)
{
    store64(to, block.word[0]);
    store64(to + 8, block.word[1]);
    store64(to + 16, block.word[2]);
    store64(to + 24, block.word[3]);
}

/* Fewer than 32 bytes, which may overlap. */
static always_inline void copy_short(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size >= 16) {
        uint64_t a = load64(from), b = load64(from + 8);
        uint64_t c = load64(from + size - 16), d = load64(from + size - 8);
        store64(to, a);
        store64(to + 8, b);
        store64(to + size - 16, c);
        store64(to + size - 8, d);
    } else if (size >= 8) {
        uint64_t head = load64(from), tail = load64(from + size - 8);
        store64(to, head);
        store64(to + size - 8, tail);
    } else if (size >= 4) {
        uint32_t head = ((const struct word32 *)from)->value;
        uint32_t tail = ((const struct word32 *)(from + size - 4))->value;
        ((struct word32 *)to)->value = head;
        ((struct word32 *)(to + size - 4))->value = tail;
    } else if (size >= 2) {
        uint16_t head = ((const struct word16 *)from)->value;
        uint8_t tail = from[size - 1];
        ((struct word16 *)to)->value = head;
        to[size - 1] = tail;
    } else if (size == 1) {
        *to = *from;
    }
}

/* Upward, for areas that do not overlap or whose destination lies lower. The end is loaded before
 * it can be overwritten. */
static always_inline void copy_upward(uint8_t *to, const uint8_t *from, size_t size)
{
    uint8_t *end = to + size - 32;
    struct block tail = load_block(from + size - 32);
    for (; to + 32 < end; to += 64, from += 64) {
        store_block(to, load_block(from));
        store_block(to + 32, load_block(from + 32));
    }
    if (to < end) {
        store_block(to, load_block(from));
    }
    store_block(end, tail);
}

/* Downward, for a destination that overlaps the source from above. */
static void copy_downward(uint8_t *to, const uint8_t *from, size_t size)
{
    struct block head = load_block(from);
    for (size_t left = size; left > 32; left -= 32) {
        store_block(to + left - 32, load_block(from + left - 32));
    }
    store_block(to, head);
}

void *(memcpy)(void *restrict destination, const void *restrict source, size_t size)
{
    if (size < 32) {
        copy_short(destination, source, size);
    } else {
        copy_upward(destination, source, size);
    }
    return destination;
}

void *memmove(void *destination, const void *source, size_t size)
{
    if (size < 32) {
        copy_short(destination, source, size);
    } else if ((uintptr_t)destination - (uintptr_t)source >= size) {
        copy_upward(destination, source, size);
    } else {
        copy_downward(destination, source, size);
    }
    return destination;
}

static always_inline void fill_short(uint8_t *to, uint64_t pattern, size_t size)
{
    if (size >= 8) {
        store64(to, pattern);
        store64(to + size - 8, pattern);
    } else if (size >= 4) {
        ((struct word32 *)to)->value = (uint32_t)pattern;
        ((struct word32 *)(to + size - 4))->value = (uint32_t)pattern;
    } else if (size >= 1) {
        to[0] = (uint8_t)pattern;
        to[size / 2] = (uint8_t)pattern;
        to[size - 1] = (uint8_t)pattern;
    }
}

void *(memset)(void *destination, int byte, size_t size)
{
    uint8_t *to = destination;
    uint64_t pattern = (uint8_t)byte * UINT64_C(0x0101010101010101);
    if (size < 16) {
        fill_short(to, pattern, size);
        return destination;
    }
    uint8_t *end = to + size;
    for (; to + 32 <= end; to += 32) {
        store_block(to, (struct block){{pattern, pattern, pattern, pattern}});
        keep_loop();
    }
    if (to + 16 <= end) {
        store64(to, pattern);
        store64(to + 8, pattern);
    }
    store64(end - 16, pattern);
    store64(end - 8, pattern);
    return destination;
}

int(memcmp)(const void *left, const void *right, size_t size)
{
    const uint8_t *a = left;
    const uint8_t *b = right;
    for (; size >= 8; a += 8, b += 8, size -= 8) {
        uint64_t word_a = __builtin_bswap64(load64(a));
        uint64_t word_b = __builtin_bswap64(load64(b));
        if (word_a != word_b) {
            return word_a < word_b ? -1 : 1;
        }
    }
    for (; size > 0; a++, b++, size--) {
        keep_loop();
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}

/* ISO C's memchr, strchr and strrchr take a const pointer and give a plain one: the caller knows
 * what it passed. */
static always_inline void *without_const(const void *pointer)
{
    return (void *)(uintptr_t)pointer;
}

void *memchr(const void *memory, int byte, size_t size)
{
    const uint8_t *at = memory;
    for (; size > 0; at++, size--) {
        keep_loop();
        if (*at == (uint8_t)byte) {
            return without_const(at);
        }
    }
    return NULL;
}

size_t(strlen)(const char *string)
{
    size_t length = 0;
    while (string[length]) {
        keep_loop();
        length++;
    }
    return length;
}

size_t strnlen(const char *string, size_t limit)
{
    size_t length = 0;
    while (length < limit && string[length]) {
        keep_loop();
        length++;
    }
    return length;
}

int strcmp(const char *left, const char *right)
{
    return strncmp(left, right, SIZE_MAX);
}

int strncmp(const char *left, const char *right, size_t limit)
{
    for (; limit > 0; left++, right++, limit--) {
        keep_loop();
        if (*left != *right || !*left) {
            return (uint8_t)*left - (uint8_t)*right;
        }
    }
    return 0;
}

char *strchr(const char *string, int character)
{
    for (;; string++) {
        keep_loop();
        if (*string == (char)character) {
            return without_const(string);
        }
        if (!*string) {
            return NULL;
        }
    }
}

char *strrchr(const char *string, int character)
{
    const char *found = NULL;
    for (;; string++) {
        keep_loop();
        if (*string == (char)character) {
            found = string;
        }
        if (!*string) {
            return without_const(found);
        }
    }
}
