// Characters: UTF-8, control characters, wrapping, the cursor's moves. Sequences that open with ESC are in emulator_escape.c and
// emulator_control.c.
#include "device/screen/emulator.h"

#include "device/screen/emulator_internal.h"
#include "device/screen/glyph.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"

enum {
    BYTE_TAB = '\t',
    BYTE_SHIFT_OUT = 0x0e,
    BYTE_SHIFT_IN = 0x0f,
    BYTE_CANCEL = 0x18,
    BYTE_SUBSTITUTE = 0x1a,
    BYTE_ESCAPE = 0x1b,
    BYTE_DELETE = 0x7f,
    CHARACTER_REPLACEMENT = 0xfffd,
    CHARACTER_MAX = 0x10ffff,
};

// ---- state ---------------------------------------------------------------------------------------

void emulator_reset_pen(struct emulator_pen *pen)
{
    *pen = (struct emulator_pen){.foreground = COLOUR_GREY};
}

void emulator_reset_tabs(struct screen_emulator *emulator)
{
    bitmap_clear_range(emulator->tab_stops, 0, SCREEN_COLUMNS_MAX);
    for (unsigned column = TAB_WIDTH; column < SCREEN_COLUMNS_MAX; column += TAB_WIDTH) {
        bitmap_set(emulator->tab_stops, column);
    }
}

void emulator_reset(struct screen_emulator *emulator)
{
    struct screen_cells *cells = emulator->cells;
    *emulator = (struct screen_emulator){
        .cells = cells,
        .bottom = cells->rows - 1,
        .is_wrapping = true,
        .is_cursor_visible = true,
        .last_character = ' ',
        .now.is_graphics = {false, true}, // G1 as Linux has it: SO draws lines
    };
    emulator_reset_pen(&emulator->now.pen);
    emulator->saved = emulator->now;
    emulator_reset_tabs(emulator);
    screen_cells_fill(cells, 0, 0, (size_t)cells->columns * cells->rows, emulator_blank(emulator));
}

void screen_emulator_init(struct screen_emulator *emulator, struct screen_cells *cells)
{
    emulator->cells = cells;
    emulator_reset(emulator);
}

void emulator_save(struct screen_emulator *emulator)
{
    emulator->saved = emulator->now;
}

void emulator_restore(struct screen_emulator *emulator)
{
    emulator->now = emulator->saved;
    emulator->is_wrap_pending = false;
}

struct screen_cell emulator_blank(const struct screen_emulator *emulator)
{
    const struct emulator_pen *pen = &emulator->now.pen;
    uint8_t front = pen->foreground, back = pen->background;
    return (struct screen_cell){
        ' ', (uint8_t)(emulator->is_reversed ? front << 4 | back : back << 4 | front)};
}

// ---- the cursor ----------------------------------------------------------------------------------

void emulator_move_to(struct screen_emulator *emulator, unsigned row, unsigned column)
{
    unsigned last_row = emulator->cells->rows - 1;
    if (emulator->is_origin_in_region) {
        last_row = emulator->bottom;
        row = MIN(row, last_row) + emulator->top;
    }
    emulator->now.row = MIN(row, last_row);
    emulator->now.column = MIN(column, emulator->cells->columns - 1);
    emulator->is_wrap_pending = false;
}

void emulator_line_feed(struct screen_emulator *emulator)
{
    if (emulator->now.row == emulator->bottom) {
        screen_cells_scroll_up(emulator->cells, emulator->top, emulator->bottom, 1,
                               emulator_blank(emulator));
    } else if (emulator->now.row < emulator->cells->rows - 1) {
        emulator->now.row++;
    }
    emulator->is_wrap_pending = false;
}

void emulator_reverse_line_feed(struct screen_emulator *emulator)
{
    if (emulator->now.row == emulator->top) {
        screen_cells_scroll_down(emulator->cells, emulator->top, emulator->bottom, 1,
                                 emulator_blank(emulator));
    } else if (emulator->now.row > 0) {
        emulator->now.row--;
    }
    emulator->is_wrap_pending = false;
}

static void carriage_return(struct screen_emulator *emulator)
{
    emulator->now.column = 0;
    emulator->is_wrap_pending = false;
}

static void backspace(struct screen_emulator *emulator)
{
    emulator->now.column -= emulator->now.column > 0 ? 1 : 0;
    emulator->is_wrap_pending = false;
}

static void next_tab(struct screen_emulator *emulator)
{
    unsigned last = emulator->cells->columns - 1;
    while (emulator->now.column < last) {
        emulator->now.column++;
        if (bitmap_test(emulator->tab_stops, emulator->now.column)) {
            break;
        }
    }
    emulator->is_wrap_pending = false;
}

// ---- characters ----------------------------------------------------------------------------------

// Combining marks and joiners take no place of their own; wide characters are shown in one.
static bool is_invisible(uint32_t character)
{
    return (character >= 0x300 && character <= 0x36f) ||
           (character >= 0x200b && character <= 0x200f) ||
           (character >= 0xfe00 && character <= 0xfe0f) || character == 0xfeff ||
           (character >= 0x80 && character < 0xa0);
}

// The last column is a VT100's: the cursor stays on it, and only the next character wraps, so that a line that fills the screen and
// its newline leave no empty line between.
void emulator_put_character(struct screen_emulator *emulator, uint32_t character)
{
    struct emulator_place *now = &emulator->now;
    if (is_invisible(character)) {
        return;
    }
    if (emulator->is_wrap_pending) {
        carriage_return(emulator);
        emulator_line_feed(emulator);
    }
    if (emulator->is_inserting) {
        screen_cells_insert(emulator->cells, now->row, now->column, 1, emulator_blank(emulator));
    }
    struct screen_cell cell = {glyph_of_character(character), emulator_colour(emulator)};
    screen_cells_put(emulator->cells, now->row, now->column, cell);
    emulator->last_character = character;
    if (now->column < emulator->cells->columns - 1) {
        now->column++;
    } else {
        emulator->is_wrap_pending = emulator->is_wrapping;
    }
}

// False: an ordinary character.
static bool control_character(struct screen_emulator *emulator, uint8_t byte)
{
    switch (byte) {
    case '\b': backspace(emulator); return true;
    case BYTE_TAB: next_tab(emulator); return true;
    case '\n':
    case '\v':
    case '\f':
        if (emulator->is_line_feed_returning) {
            carriage_return(emulator);
        }
        emulator_line_feed(emulator);
        return true;
    case '\r': carriage_return(emulator); return true;
    case BYTE_SHIFT_OUT: emulator->now.charset = 1; return true;
    case BYTE_SHIFT_IN: emulator->now.charset = 0; return true;
    case BYTE_CANCEL:
    case BYTE_SUBSTITUTE: emulator->state = EMULATOR_GROUND; return true;
    case BYTE_ESCAPE: emulator->state = EMULATOR_ESCAPE; return true;
    default: return byte < 0x20 || byte == BYTE_DELETE;
    }
}

static void put_byte(struct screen_emulator *emulator, uint8_t byte)
{
    bool is_graphics = emulator->now.is_graphics[emulator->now.charset];
    emulator_put_character(emulator, is_graphics ? glyph_special_graphics(byte) : byte);
}

// ---- UTF-8 (RFC 3629) ----------------------------------------------------------------------------

// The first byte of a character of several.
static void utf8_begin(struct screen_emulator *emulator, uint8_t byte)
{
    unsigned bytes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    if (byte < 0xc2 || byte > 0xf4) {
        emulator_put_character(emulator, CHARACTER_REPLACEMENT);
        return;
    }
    emulator->character = byte & (0x7fu >> bytes);
    emulator->character_bytes = bytes;
    emulator->character_left = bytes - 1;
}

// Too long a form, a surrogate, or beyond Unicode.
static bool utf8_is_wrong(const struct screen_emulator *emulator)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t character = emulator->character;
    return character < smallest[emulator->character_bytes] || character > CHARACTER_MAX ||
           (character >= 0xd800 && character <= 0xdfff);
}

static void utf8_continue(struct screen_emulator *emulator, uint8_t byte)
{
    emulator->character = emulator->character << 6 | (byte & 0x3fu);
    if (--emulator->character_left == 0) {
        bool is_wrong = utf8_is_wrong(emulator);
        emulator_put_character(emulator, is_wrong ? CHARACTER_REPLACEMENT : emulator->character);
    }
}

static void text_byte(struct screen_emulator *emulator, uint8_t byte)
{
    if (emulator->character_left != 0) {
        if ((byte & 0xc0) == 0x80) {
            utf8_continue(emulator, byte);
            return;
        }
        emulator->character_left = 0; // cut short
        emulator_put_character(emulator, CHARACTER_REPLACEMENT);
    }
    if (byte >= 0x80) {
        utf8_begin(emulator, byte);
    } else if (!control_character(emulator, byte)) {
        put_byte(emulator, byte);
    }
}

// ---- entry points --------------------------------------------------------------------------------

static bool is_in_string(const struct screen_emulator *emulator)
{
    return emulator->state == EMULATOR_STRING || emulator->state == EMULATOR_COMMAND ||
           emulator->state == EMULATOR_PALETTE;
}

// Control characters count in the middle of a sequence too, but not in a string.
static void emulator_byte(struct screen_emulator *emulator, uint8_t byte)
{
    if (emulator->state == EMULATOR_GROUND) {
        text_byte(emulator, byte);
    } else if (is_in_string(emulator) || !control_character(emulator, byte)) {
        emulator_escape(emulator, byte);
    }
}

void screen_emulator_write(struct screen_emulator *emulator, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        emulator_byte(emulator, (uint8_t)bytes[i]);
    }
}

static void plain_byte(struct screen_emulator *emulator, uint8_t byte)
{
    if (byte == '\n') {
        carriage_return(emulator);
        emulator_line_feed(emulator);
    } else if (byte == BYTE_TAB || byte >= 0x80 || (byte >= 0x20 && byte != BYTE_DELETE)) {
        text_byte(emulator, byte);
    } else {
        emulator_put_character(emulator, CHARACTER_REPLACEMENT);
    }
}

// The program's pen, character set and half-read character are put aside and come back. A half-read escape sequence simply waits,
// since plain text does not go through the parser.
void screen_emulator_write_plain(struct screen_emulator *emulator, const char *text, size_t length)
{
    struct emulator_pen pen = emulator->now.pen;
    unsigned charset = emulator->now.charset, character_left = emulator->character_left;
    uint32_t character = emulator->character;
    bool is_graphics = emulator->now.is_graphics[0];
    emulator_reset_pen(&emulator->now.pen);
    emulator->now.charset = 0;
    emulator->now.is_graphics[0] = false;
    emulator->character_left = 0;
    for (size_t i = 0; i < length; i++) {
        plain_byte(emulator, (uint8_t)text[i]);
    }
    emulator->now.pen = pen;
    emulator->now.charset = charset;
    emulator->now.is_graphics[0] = is_graphics;
    emulator->character = character;
    emulator->character_left = character_left;
}

void emulator_reply(struct screen_emulator *emulator, const char *text)
{
    size_t length = strlen(text);
    if (length <= EMULATOR_REPLY_BYTES - emulator->reply_length) {
        memcpy(emulator->reply + emulator->reply_length, text, length);
        emulator->reply_length += length;
    }
}

size_t screen_emulator_take_reply(struct screen_emulator *emulator, char *answer)
{
    size_t length = emulator->reply_length;
    memcpy(answer, emulator->reply, length);
    emulator->reply_length = 0;
    return length;
}
