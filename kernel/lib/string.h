/*
 * Memory and strings. The names of ISO C keep their meaning (the compiler calls some of them by
 * itself); the rest is ours. string.c holds the memory functions (kernel only: the host build has
 * libc's), string_text.c the ones on strings.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

void *memcpy(void *restrict destination, const void *restrict source, size_t size);
void *memmove(void *destination, const void *source, size_t size);
void *memset(void *destination, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);
void *memchr(const void *memory, int byte, size_t size);

size_t strlen(const char *string);
size_t strnlen(const char *string, size_t limit);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t limit);
char *strchr(const char *string, int character);
char *strrchr(const char *string, int character);

/*
 * The compiler knows these by heart, too: a short copy of constant length becomes a few moves, the
 * length of a literal a number. A freestanding build has to ask for that.
 */
#ifndef ASTRA_HOST
#    define memcpy(...) __builtin_memcpy(__VA_ARGS__)
#    define memset(...) __builtin_memset(__VA_ARGS__)
#    define memcmp(...) __builtin_memcmp(__VA_ARGS__)
#    define strlen(...) __builtin_strlen(__VA_ARGS__)
#endif

/*
 * Copies a string into a buffer of `size` bytes and always terminates it (size > 0).
 * Returns the length copied, or -E2BIG when it was cut (or when size is 0: then nothing is
 * written).
 */
ssize_t strscpy(char *destination, const char *source, size_t size);

bool string_has_prefix(const char *string, const char *prefix);

/*
 * Reads an unsigned number at the start of `text`: no space, no sign. `base` is 2 to 36, or 0 for
 * C's prefixes (0x, 0). *value gets the number and *end (may be NULL) the first character after it.
 * Returns 0; -EINVAL where no digit stands; -ERANGE where 64 bits do not hold it. Nothing is
 * written on an error.
 */
must_check int string_to_u64(const char *text, unsigned int base, uint64_t *value,
                             const char **end);
