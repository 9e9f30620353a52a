/*
 * Formatted text, with the conversions of C's printf that a kernel wants: d i u x X o c s p %, the
 * lengths hh h l ll z t j, the flags 0 - + space #, width and precision (both also as *). No
 * floating point and no %n.
 */
#pragma once

#include <stdarg.h>

#include "lib/compiler.h"
#include "lib/types.h"

/*
 * Writes at most `size` bytes including the terminating zero (always written where size > 0).
 * Returns the length that the whole text has, which is >= size where it was cut. %s of NULL is
 * "(null)".
 */
printf_format(3, 4) int format_string(char *buffer, size_t size, const char *format, ...);
printf_format(3, 0) int format_string_v(char *buffer, size_t size, const char *format,
                                        va_list arguments);

/*
 * The same through a sink that gets the text in pieces. `emit` must take all of it.
 * Returns the length of the whole text.
 */
struct format_sink {
    void (*emit)(struct format_sink *sink, const char *text, size_t length);
};

printf_format(2, 3) int format_to_sink(struct format_sink *sink, const char *format, ...);
printf_format(2, 0) int format_to_sink_v(struct format_sink *sink, const char *format,
                                         va_list arguments);
