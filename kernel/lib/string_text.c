/*
 * The string functions that are our own: bounded copy, prefix, numbers.
 */
#include "lib/string.h"

#include "lib/errno.h"

ssize_t strscpy(char *destination, const char *source, size_t size)
{
    if (size == 0) {
        return -E2BIG;
    }
    size_t length = strnlen(source, size);
    if (length == size) {
        memcpy(destination, source, size - 1);
        destination[size - 1] = '\0';
        return -E2BIG;
    }
    memcpy(destination, source, length + 1);
    return (ssize_t)length;
}

bool string_has_prefix(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

/* The value of a digit or letter, or 36 for anything else. */
static unsigned int digit_value(char character)
{
    if (character >= '0' && character <= '9') {
        return (unsigned int)(character - '0');
    }
    char lower = (char)(character | 0x20);
    if (lower >= 'a' && lower <= 'z') {
        return (unsigned int)(lower - 'a' + 10);
    }
    return 36;
}

/* The base that C's prefix names; *text is moved behind a 0x that a digit follows. */
static unsigned int take_prefix(const char **text, unsigned int base)
{
    const char *at = *text;
    bool has_hex_prefix = at[0] == '0' && (at[1] | 0x20) == 'x' && digit_value(at[2]) < 16;
    if (has_hex_prefix && (base == 0 || base == 16)) {
        *text += 2;
        return 16;
    }
    if (base != 0) {
        return base;
    }
    return at[0] == '0' ? 8 : 10;
}

int string_to_u64(const char *text, unsigned int base, uint64_t *value, const char **end)
{
    uint64_t result = 0;
    base = take_prefix(&text, base);
    if (digit_value(*text) >= base) {
        return -EINVAL;
    }
    for (; digit_value(*text) < base; text++) {
        if (__builtin_mul_overflow(result, base, &result) ||
            __builtin_add_overflow(result, digit_value(*text), &result)) {
            return -ERANGE;
        }
    }
    *value = result;
    if (end) {
        *end = text;
    }
    return 0;
}
