/*
 * Any format of the conversions that we know: the same text and length as libc's. The input's first
 * bytes are the arguments.
 *
 * host-sources: lib/format.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format.h"

#pragma clang diagnostic ignored "-Wformat-nonliteral"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VALUE_BYTES 8

/* Builds "text%FLAGS WIDTH .PRECISION LENGTH TYPE text" from bytes; returns whether the conversion
 * takes a string. */
static int build_format(char *format, size_t room, const uint8_t *bytes)
{
    static const char *const flags[] = {"",   "-",  "0",  "+",  " ",  "#",
                                        "-+", "0#", "+0", " 0", "-#", "+#0"};
    static const char *const lengths[] = {"", "l", "ll", "z", "h", "hh", "j", "t"};
    static const char types[] = "diuxXocs";
    char width[16] = "", precision[16] = "";
    char type = types[bytes[0] % 8];
    const char *length = type == 'c' || type == 's' ? "" : lengths[bytes[1] % 8];
    if (bytes[2] & 1) {
        snprintf(width, sizeof(width), "%d", 1 + bytes[3] % 90);
    }
    if (bytes[2] & 2) {
        snprintf(precision, sizeof(precision), ".%d", bytes[4] % 90);
    }
    snprintf(format, room, "[%.*s%%%s%s%s%s%c]", bytes[2] >> 4, "................",
             flags[bytes[5] % 12], width, precision, length, type);
    return type == 's';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char format[64], ours[256], model[256], text[64];
    uint64_t value;
    int ours_length, model_length;
    if (size < VALUE_BYTES + 7) {
        return 0;
    }
    memcpy(&value, data, VALUE_BYTES);
    size_t room = data[VALUE_BYTES];
    snprintf(text, sizeof(text), "%.*s", (int)(size - VALUE_BYTES - 7),
             (const char *)data + VALUE_BYTES + 7);
    if (build_format(format, sizeof(format), data + VALUE_BYTES + 1)) {
        ours_length = format_string(ours, room, format, text);
        model_length = snprintf(model, room, format, text);
    } else {
        ours_length = format_string(ours, room, format, value);
        model_length = snprintf(model, room, format, value);
    }
    if (ours_length != model_length || (room > 0 && memcmp(ours, model, strlen(model) + 1) != 0)) {
        fprintf(stderr, "%s: \"%s\" and \"%s\"\n", format, ours, model);
        abort();
    }
    return 0;
}
