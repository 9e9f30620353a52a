// The parser of sequences that open with ESC (ECMA-48, ECMA-35): which characters belong to a sequence, and the short ones.
#include "device/screen/emulator_internal.h"
#include "lib/macros.h"

enum { PARAMETER_MAX = 9999, PALETTE_DIGITS = 7, BYTE_BELL = 0x07, BYTE_ESCAPE = 0x1b };

static void carriage_return_line_feed(struct screen_emulator *emulator)
{
    emulator->now.column = 0;
    emulator_line_feed(emulator);
}

static void control_begin(struct screen_emulator *emulator)
{
    emulator->state = EMULATOR_CONTROL;
    emulator->mark = 0;
    emulator->parameter_count = 1;
    for (unsigned i = 0; i < EMULATOR_PARAMETERS_MAX; i++) {
        emulator->parameters[i] = 0;
    }
}

static void escape_final(struct screen_emulator *emulator, uint8_t byte)
{
    switch (byte) {
    case '7': emulator_save(emulator); break;
    case '8': emulator_restore(emulator); break;
    case 'D': emulator_line_feed(emulator); break;
    case 'E': carriage_return_line_feed(emulator); break;
    case 'H': bitmap_set(emulator->tab_stops, emulator->now.column); break;
    case 'M': emulator_reverse_line_feed(emulator); break;
    case 'Z': emulator_reply(emulator, "\033[?6c"); break;
    case 'c': emulator_reset(emulator); break;
    default: break;
    }
}

// The character after ESC.
static void escape_byte(struct screen_emulator *emulator, uint8_t byte)
{
    emulator->state = EMULATOR_GROUND;
    switch (byte) {
    case '[': control_begin(emulator); break;
    case ']': emulator->state = EMULATOR_COMMAND; break;
    case 'P': // a device control string, and its kin
    case 'X':
    case '^':
    case '_': emulator->state = EMULATOR_STRING; break;
    case '(':
    case ')':
    case '*':
    case '+':
    case '%':
    case '#':
        emulator->state = EMULATOR_CHARSET;
        emulator->introducer = (char)byte;
        break;
    default: escape_final(emulator, byte); break;
    }
}

// Which set G0 or G1 is; choices between UTF-8 and Latin-1 (ESC %) are read over, since UTF-8 it is.
static void charset_byte(struct screen_emulator *emulator, uint8_t byte)
{
    emulator->state = EMULATOR_GROUND;
    if (emulator->introducer == '(' || emulator->introducer == ')') {
        emulator->now.is_graphics[emulator->introducer == ')'] = byte == '0';
    }
}

static void parameter_digit(struct screen_emulator *emulator, unsigned digit)
{
    unsigned *parameter = &emulator->parameters[emulator->parameter_count - 1];
    *parameter = MIN(*parameter * 10 + digit, (unsigned)PARAMETER_MAX);
}

static void control_byte(struct screen_emulator *emulator, uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        parameter_digit(emulator, byte - '0');
    } else if (byte == ';' || byte == ':') {
        if (emulator->parameter_count == EMULATOR_PARAMETERS_MAX) {
            emulator->state = EMULATOR_IGNORE;
            return;
        }
        emulator->parameter_count++;
    } else if (byte >= '<' && byte <= '?') {
        emulator->mark = (char)byte;
    } else if (byte == '[') {
        emulator->state = EMULATOR_FUNCTION_KEY; // what a function key sends, echoed
    } else if (byte >= 0x40 && byte < 0x7f) {
        emulator->state = EMULATOR_GROUND;
        emulator_control(emulator, (char)byte);
    } else {
        emulator->state = EMULATOR_IGNORE;
    }
}

// After ESC ]: P and R are Linux's own and have no end mark.
static void command_byte(struct screen_emulator *emulator, uint8_t byte)
{
    if (byte == 'P') {
        emulator->state = EMULATOR_PALETTE;
        emulator->string_left = PALETTE_DIGITS;
    } else {
        emulator->state = byte == 'R' || byte == BYTE_BELL ? EMULATOR_GROUND
                          : byte == BYTE_ESCAPE            ? EMULATOR_ESCAPE
                                                           : EMULATOR_STRING;
    }
}

static void palette_byte(struct screen_emulator *emulator)
{
    if (--emulator->string_left == 0) {
        emulator->state = EMULATOR_GROUND;
    }
}

static void string_byte(struct screen_emulator *emulator, uint8_t byte)
{
    if (byte == BYTE_BELL) {
        emulator->state = EMULATOR_GROUND;
    } else if (byte == BYTE_ESCAPE) {
        emulator->state = EMULATOR_ESCAPE; // ESC backslash does nothing: that ends it
    }
}

void emulator_escape(struct screen_emulator *emulator, uint8_t byte)
{
    switch (emulator->state) {
    case EMULATOR_GROUND: break;
    case EMULATOR_ESCAPE: escape_byte(emulator, byte); break;
    case EMULATOR_CONTROL: control_byte(emulator, byte); break;
    case EMULATOR_IGNORE:
        if (byte >= 0x40 && byte < 0x7f) {
            emulator->state = EMULATOR_GROUND;
        }
        break;
    case EMULATOR_CHARSET: charset_byte(emulator, byte); break;
    case EMULATOR_COMMAND: command_byte(emulator, byte); break;
    case EMULATOR_PALETTE: palette_byte(emulator); break;
    case EMULATOR_STRING: string_byte(emulator, byte); break;
    case EMULATOR_FUNCTION_KEY: emulator->state = EMULATOR_GROUND; break;
    }
}
