// What a program writes to a screen, carried out on cells: UTF-8, control characters, and the sequences of ECMA-48 that terminfo's
// entry "linux" names, as Linux's console answers them (console_codes(4)).
//
// Pure: it knows cells, not hardware. The caller's lock covers all of it.
#pragma once

#include "device/screen/cells.h"
#include "lib/bitmap.h"

enum {
    EMULATOR_PARAMETERS_MAX = 16,
    EMULATOR_REPLY_BYTES = 64,
};

// Where the parser is in a sequence.
enum emulator_state {
    EMULATOR_GROUND,
    EMULATOR_ESCAPE,       // after ESC
    EMULATOR_CONTROL,      // after ESC [: parameters
    EMULATOR_IGNORE,       // a control sequence that is not understood, up to its end
    EMULATOR_CHARSET,      // after ESC ( ) % #: one more
    EMULATOR_COMMAND,      // after ESC ]: the first character
    EMULATOR_PALETTE,      // after ESC ] P: seven digits
    EMULATOR_STRING,       // up to BEL or ESC backslash: nothing of it is understood
    EMULATOR_FUNCTION_KEY, // after ESC [ [: one more
};

// How characters are drawn.
struct emulator_pen {
    uint8_t foreground, background; // 0-15, as a VGA counts colours
    bool is_bold, is_dim, is_italic, is_underlined, is_blinking, is_reversed;
};

// What ESC 7 saves and ESC 8 brings back.
struct emulator_place {
    unsigned row, column;
    struct emulator_pen pen;
    bool is_graphics[2]; // are G0 and G1 DEC's special graphics?
    unsigned charset;    // 0: G0, 1: G1
};

struct screen_emulator {
    struct screen_cells *cells; // [I] borrowed
    struct emulator_place now, saved;
    bool is_wrap_pending; // the last column was written: the next character goes to a new line
    unsigned top, bottom; // the scroll region, both rows included
    bool is_origin_in_region, is_wrapping, is_inserting, is_line_feed_returning, is_reversed,
        is_cursor_visible;
    bool has_application_cursor; // arrow keys send ESC O A instead of ESC [ A
    uint32_t last_character;     // for REP
    BITMAP_DECLARE(tab_stops, SCREEN_COLUMNS_MAX);

    enum emulator_state state;
    char introducer; // of EMULATOR_CHARSET
    char mark;       // '?', '>' or '=' before the parameters; 0
    unsigned parameters[EMULATOR_PARAMETERS_MAX];
    unsigned parameter_count; // at least 1 once a sequence is carried out
    unsigned string_left;     // of EMULATOR_PALETTE

    uint32_t character; // UTF-8: what is known of it
    unsigned character_left, character_bytes;

    // Answers to questions; the caller takes them after each write.
    char reply[EMULATOR_REPLY_BYTES];
    size_t reply_length;
};

// Blank screen, everything at its default.
void screen_emulator_init(struct screen_emulator *emulator, struct screen_cells *cells);
void screen_emulator_write(struct screen_emulator *emulator, const char *bytes, size_t count);
// A line of the log: plain text, in the default colours, wherever the parser and the pen of the program are; both stay as they are.
void screen_emulator_write_plain(struct screen_emulator *emulator, const char *text, size_t length);
// Copies the reply out and forgets it; `answer` has room for EMULATOR_REPLY_BYTES. Its length.
size_t screen_emulator_take_reply(struct screen_emulator *emulator, char *answer);
