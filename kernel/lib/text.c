/*
 * The bounded text builder.
 */
#include "lib/text.h"

#include "lib/assert.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"

void text_init(struct text_buffer *text, char *data, size_t size, size_t skip)
{
    *text = (struct text_buffer){.data = data, .size = size, .skip = skip};
}

void text_add(struct text_buffer *text, const char *bytes, size_t length)
{
    assert(text->used <= text->size);
    size_t skipped = MIN(length, text->skip);
    text->skip -= skipped;
    size_t kept = MIN(length - skipped, text->size - text->used);
    memcpy(text->data + text->used, bytes + skipped, kept);
    text->used += kept;
}

void text_add_string(struct text_buffer *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_add_char(struct text_buffer *text, char character)
{
    text_add(text, &character, 1);
}

struct text_sink {
    struct format_sink sink;
    struct text_buffer *text;
};

static void text_emit(struct format_sink *sink, const char *bytes, size_t length)
{
    text_add(container_of(sink, struct text_sink, sink)->text, bytes, length);
}

void text_format_v(struct text_buffer *text, const char *format, va_list arguments)
{
    struct text_sink sink = {.sink.emit = text_emit, .text = text};
    format_to_sink_v(&sink.sink, format, arguments);
}

void text_format(struct text_buffer *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_format_v(text, format, arguments);
    va_end(arguments);
}
