/*
 * Formatted text. The format is walked once; each conversion is parsed into a structure and handed
 * to the function for its kind, and everything that comes out goes through one sink, which counts
 * it.
 */
#include "lib/format.h"

#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"

#define DIGITS_MAX 22 /* 64 bits in octal */

enum format_length {
    LENGTH_CHAR,
    LENGTH_SHORT,
    LENGTH_INT,
    LENGTH_LONG, /* also long long, size_t, ptrdiff_t and intmax_t: all of 64 bits here */
};

struct format_conversion {
    bool is_left;
    bool has_zero;
    bool has_plus;
    bool has_space;
    bool is_alternate;
    bool has_precision;
    int width;
    int precision;
    enum format_length length;
    char type;
};

struct format_state {
    struct format_sink *sink;
    uint64_t total;
    va_list arguments;
};

static void emit(struct format_state *state, const char *text, size_t length)
{
    if (length > 0) {
        state->sink->emit(state->sink, text, length);
        state->total += length;
    }
}

static void emit_repeated(struct format_state *state, char character, int count)
{
    char block[32];
    if (count <= 0) {
        return;
    }
    memset(block, character, sizeof(block));
    for (; count > (int)sizeof(block); count -= (int)sizeof(block)) {
        emit(state, block, sizeof(block));
    }
    emit(state, block, (size_t)count);
}

/* Text in a field: blanks on the one side or the other. */
static void emit_padded(struct format_state *state, const struct format_conversion *conversion,
                        const char *text, size_t length)
{
    int padding = length < (size_t)conversion->width ? conversion->width - (int)length : 0;
    emit_repeated(state, ' ', conversion->is_left ? 0 : padding);
    emit(state, text, length);
    emit_repeated(state, ' ', conversion->is_left ? padding : 0);
}

/* Writes the digits so that they end at `end`; returns the first one. 0 has no digits. */
static char *write_digits(char *end, uint64_t value, unsigned int base, bool is_upper)
{
    const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    assert(base == 8 || base == 10 || base == 16);
    for (; value > 0; value /= base) {
        *--end = digits[value % base];
    }
    return end;
}

/* The digits of a number, what stands before them, and how many zeros come between. */
struct format_number {
    const char *prefix;
    const char *digits;
    int digit_count;
    int zeros;
};

static void emit_number(struct format_state *state, const struct format_conversion *conversion,
                        struct format_number number)
{
    int prefix_length = (int)strlen(number.prefix);
    int padding = conversion->width - prefix_length - number.digit_count - number.zeros;
    if (conversion->has_zero && !conversion->is_left && !conversion->has_precision && padding > 0) {
        number.zeros += padding;
        padding = 0;
    }
    emit_repeated(state, ' ', conversion->is_left ? 0 : padding);
    emit(state, number.prefix, (size_t)prefix_length);
    emit_repeated(state, '0', number.zeros);
    emit(state, number.digits, (size_t)number.digit_count);
    emit_repeated(state, ' ', conversion->is_left ? padding : 0);
}

static const char *number_prefix(const struct format_conversion *conversion, uint64_t value)
{
    if (conversion->type == 'p') {
        return "0x";
    }
    if (!conversion->is_alternate || value == 0) {
        return "";
    }
    return conversion->type == 'x' ? "0x" : conversion->type == 'X' ? "0X" : "";
}

static unsigned int number_base(char type)
{
    switch (type) {
    case 'o': return 8;
    case 'x':
    case 'X':
    case 'p': return 16;
    default: return 10;
    }
}

static void format_unsigned(struct format_state *state, const struct format_conversion *conversion,
                            uint64_t value, const char *prefix)
{
    char buffer[DIGITS_MAX];
    char *end = buffer + sizeof(buffer);
    char *digits = write_digits(end, value, number_base(conversion->type), conversion->type == 'X');
    struct format_number number = {
        .prefix = prefix, .digits = digits, .digit_count = (int)(end - digits)};
    int least = conversion->has_precision ? conversion->precision : 1;
    if (conversion->type == 'o' && conversion->is_alternate) {
        least = MAX(least, number.digit_count + (value != 0));
        least = MAX(least, 1);
    }
    number.zeros = MAX(least - number.digit_count, 0);
    emit_number(state, conversion, number);
}

static uint64_t take_unsigned(struct format_state *state, enum format_length length)
{
    switch (length) {
    case LENGTH_CHAR: return (unsigned char)va_arg(state->arguments, unsigned int);
    case LENGTH_SHORT: return (unsigned short)va_arg(state->arguments, unsigned int);
    case LENGTH_INT: return va_arg(state->arguments, unsigned int);
    default: return va_arg(state->arguments, unsigned long);
    }
}

static int64_t take_signed(struct format_state *state, enum format_length length)
{
    switch (length) {
    case LENGTH_CHAR: return (signed char)va_arg(state->arguments, int);
    case LENGTH_SHORT: return (short)va_arg(state->arguments, int);
    case LENGTH_INT: return va_arg(state->arguments, int);
    default: return va_arg(state->arguments, long);
    }
}

static void format_signed(struct format_state *state, const struct format_conversion *conversion)
{
    int64_t value = take_signed(state, conversion->length);
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    const char *sign = conversion->has_plus ? "+" : conversion->has_space ? " " : "";
    format_unsigned(state, conversion, magnitude, value < 0 ? "-" : sign);
}

static void format_text(struct format_state *state, const struct format_conversion *conversion)
{
    const char *text = va_arg(state->arguments, const char *);
    if (!text) {
        text = "(null)";
    }
    size_t length =
        conversion->has_precision ? strnlen(text, (size_t)conversion->precision) : strlen(text);
    emit_padded(state, conversion, text, length);
}

static void format_character(struct format_state *state, const struct format_conversion *conversion)
{
    char character = (char)va_arg(state->arguments, int);
    emit_padded(state, conversion, &character, 1);
}

/* Puts out one parsed conversion; false where its type is unknown. */
static bool format_conversion(struct format_state *state,
                              const struct format_conversion *conversion)
{
    uint64_t value;
    switch (conversion->type) {
    case 'd':
    case 'i': format_signed(state, conversion); return true;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        value = take_unsigned(state, conversion->length);
        format_unsigned(state, conversion, value, number_prefix(conversion, value));
        return true;
    case 'p':
        value = (uintptr_t)va_arg(state->arguments, void *);
        format_unsigned(state, conversion, value, number_prefix(conversion, value));
        return true;
    case 's': format_text(state, conversion); return true;
    case 'c': format_character(state, conversion); return true;
    case '%': emit(state, "%", 1); return true;
    default: return false;
    }
}

/* --- parsing; each function takes the place in the format and returns the place behind what it
 * read --- */

static const char *parse_flags(const char *at, struct format_conversion *conversion)
{
    for (;; at++) {
        switch (*at) {
        case '-': conversion->is_left = true; break;
        case '0': conversion->has_zero = true; break;
        case '+': conversion->has_plus = true; break;
        case ' ': conversion->has_space = true; break;
        case '#': conversion->is_alternate = true; break;
        default: return at;
        }
    }
}

/* A number, or * for an argument. Numbers stop growing at a million: no text of the kernel is
 * wider. */
static const char *parse_number(struct format_state *state, const char *at, int *number)
{
    if (*at == '*') {
        *number = va_arg(state->arguments, int);
        return at + 1;
    }
    for (*number = 0; *at >= '0' && *at <= '9'; at++) {
        *number = MIN(*number * 10 + (*at - '0'), 1000000);
    }
    return at;
}

static const char *parse_length(const char *at, struct format_conversion *conversion)
{
    conversion->length = LENGTH_INT;
    for (;; at++) {
        switch (*at) {
        case 'h':
            conversion->length = conversion->length == LENGTH_SHORT ? LENGTH_CHAR : LENGTH_SHORT;
            break;
        case 'l':
        case 'z':
        case 't':
        case 'j': conversion->length = LENGTH_LONG; break;
        default: return at;
        }
    }
}

static const char *parse_conversion(struct format_state *state, const char *at,
                                    struct format_conversion *conversion)
{
    *conversion = (struct format_conversion){0};
    at = parse_flags(at, conversion);
    at = parse_number(state, at, &conversion->width);
    if (conversion->width < 0) {
        conversion->is_left = true;
        conversion->width = conversion->width == INT32_MIN ? INT32_MAX : -conversion->width;
    }
    if (*at == '.') {
        at = parse_number(state, at + 1, &conversion->precision);
        conversion->has_precision = conversion->precision >= 0;
    }
    at = parse_length(at, conversion);
    conversion->type = *at;
    return *at ? at + 1 : at;
}

static void format_all(struct format_state *state, const char *format)
{
    struct format_conversion conversion;
    while (*format) {
        const char *literal = format;
        while (*format && *format != '%') {
            format++;
        }
        emit(state, literal, (size_t)(format - literal));
        if (!*format) {
            return;
        }
        const char *start = format;
        format = parse_conversion(state, start + 1, &conversion);
        if (!format_conversion(state, &conversion)) {
            emit(state, start, (size_t)(format - start));
        }
    }
}

int format_to_sink_v(struct format_sink *sink, const char *format, va_list arguments)
{
    struct format_state state = {.sink = sink};
    va_copy(state.arguments, arguments);
    format_all(&state, format);
    va_end(state.arguments);
    return (int)MIN(state.total, (uint64_t)INT32_MAX);
}

int format_to_sink(struct format_sink *sink, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = format_to_sink_v(sink, format, arguments);
    va_end(arguments);
    return length;
}

/* --- the sink that fills a buffer --- */

struct buffer_sink {
    struct format_sink sink;
    char *next;
    size_t left; /* with room for the terminating zero */
};

static void buffer_emit(struct format_sink *sink, const char *text, size_t length)
{
    struct buffer_sink *buffer = container_of(sink, struct buffer_sink, sink);
    if (buffer->left <= 1) {
        return;
    }
    size_t count = MIN(length, buffer->left - 1);
    memcpy(buffer->next, text, count);
    buffer->next += count;
    buffer->left -= count;
}

int format_string_v(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct buffer_sink sink = {.sink.emit = buffer_emit, .next = buffer, .left = size};
    int length = format_to_sink_v(&sink.sink, format, arguments);
    if (size > 0) {
        *sink.next = '\0';
    }
    return length;
}

int format_string(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = format_string_v(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
