/*
 * A bounded text builder: for files whose content is made when they are read. `skip` lets the maker
 * write everything while only the bytes from an offset on are kept, so read() at any position needs
 * no buffer of the whole.
 */
#pragma once

#include <stdarg.h>

#include "lib/compiler.h"
#include "lib/types.h"

struct text_buffer {
    char *data;  /* [I] borrowed; not terminated */
    size_t size; /* [I] bytes in data */
    size_t used; /* bytes of data filled */
    size_t skip; /* bytes of text still to be left out before the first that is kept */
};

/* Borrows `data`. The first `skip` bytes of the text are left out. */
void text_init(struct text_buffer *text, char *data, size_t size, size_t skip);

/* Adds; what does not fit is dropped, and text_is_full is true from then on. */
void text_add(struct text_buffer *text, const char *bytes, size_t length);
void text_add_string(struct text_buffer *text, const char *string);
void text_add_char(struct text_buffer *text, char character);
printf_format(2, 3) void text_format(struct text_buffer *text, const char *format, ...);
printf_format(2, 0) void text_format_v(struct text_buffer *text, const char *format,
                                       va_list arguments);

static inline bool text_is_full(const struct text_buffer *text)
{
    return text->used == text->size;
}
