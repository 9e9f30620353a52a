// Control sequences, ESC [ ... letter, as a table from their letter to what they do (ECMA-48 chapter 8, console_codes(4)).
#include "device/screen/emulator_internal.h"
#include "lib/format.h"
#include "lib/macros.h"

enum { ERASE_AFTER = 0, ERASE_BEFORE = 1, ERASE_ALL = 2, ERASE_HISTORY = 3 };

unsigned emulator_parameter(const struct screen_emulator *emulator, unsigned index,
                            unsigned otherwise)
{
    bool is_there = index < emulator->parameter_count && emulator->parameters[index] != 0;
    return is_there ? emulator->parameters[index] : otherwise;
}

static unsigned count_of(const struct screen_emulator *emulator)
{
    return emulator_parameter(emulator, 0, 1);
}

// ---- moves ---------------------------------------------------------------------------------------

// Up and down stop at the edge of the scroll region when they begin inside of it.
static void move_up(struct screen_emulator *emulator)
{
    unsigned row = emulator->now.row, edge = row >= emulator->top ? emulator->top : 0;
    emulator->now.row = row - MIN(count_of(emulator), row - edge);
    emulator->is_wrap_pending = false;
}

static void move_down(struct screen_emulator *emulator)
{
    unsigned row = emulator->now.row;
    unsigned edge = row <= emulator->bottom ? emulator->bottom : emulator->cells->rows - 1;
    emulator->now.row = row + MIN(count_of(emulator), edge - row);
    emulator->is_wrap_pending = false;
}

static void move_right(struct screen_emulator *emulator)
{
    unsigned room = emulator->cells->columns - 1 - emulator->now.column;
    emulator->now.column += MIN(count_of(emulator), room);
    emulator->is_wrap_pending = false;
}

static void move_left(struct screen_emulator *emulator)
{
    emulator->now.column -= MIN(count_of(emulator), emulator->now.column);
    emulator->is_wrap_pending = false;
}

static void move_down_to_start(struct screen_emulator *emulator)
{
    move_down(emulator);
    emulator->now.column = 0;
}

static void move_up_to_start(struct screen_emulator *emulator)
{
    move_up(emulator);
    emulator->now.column = 0;
}

static void move_to_column(struct screen_emulator *emulator)
{
    emulator->now.column = MIN(count_of(emulator), emulator->cells->columns) - 1;
    emulator->is_wrap_pending = false;
}

static void move_to_row(struct screen_emulator *emulator)
{
    emulator_move_to(emulator, count_of(emulator) - 1, emulator->now.column);
}

static void move_to_place(struct screen_emulator *emulator)
{
    emulator_move_to(emulator, count_of(emulator) - 1, emulator_parameter(emulator, 1, 1) - 1);
}

static void set_region(struct screen_emulator *emulator)
{
    unsigned rows = emulator->cells->rows;
    unsigned top = count_of(emulator), bottom = emulator_parameter(emulator, 1, rows);
    if (top < bottom && bottom <= rows) {
        emulator->top = top - 1;
        emulator->bottom = bottom - 1;
        emulator_move_to(emulator, 0, 0);
    }
}

// ---- erasing, inserting, deleting ----------------------------------------------------------------

static void erase_in_display(struct screen_emulator *emulator)
{
    const struct emulator_place *now = &emulator->now;
    size_t before = (size_t)now->row * emulator->cells->columns + now->column;
    size_t all = (size_t)emulator->cells->columns * emulator->cells->rows;
    struct screen_cell blank = emulator_blank(emulator);
    emulator->is_wrap_pending = false;
    switch (emulator->parameters[0]) {
    case ERASE_AFTER:
        screen_cells_fill(emulator->cells, now->row, now->column, all - before, blank);
        break;
    case ERASE_BEFORE: screen_cells_fill(emulator->cells, 0, 0, before + 1, blank); break;
    case ERASE_ALL:
    case ERASE_HISTORY: screen_cells_fill(emulator->cells, 0, 0, all, blank); break;
    default: break;
    }
}

static void erase_in_line(struct screen_emulator *emulator)
{
    const struct emulator_place *now = &emulator->now;
    unsigned columns = emulator->cells->columns;
    struct screen_cell blank = emulator_blank(emulator);
    emulator->is_wrap_pending = false;
    switch (emulator->parameters[0]) {
    case ERASE_AFTER:
        screen_cells_fill(emulator->cells, now->row, now->column, columns - now->column, blank);
        break;
    case ERASE_BEFORE:
        screen_cells_fill(emulator->cells, now->row, 0, now->column + 1, blank);
        break;
    case ERASE_ALL: screen_cells_fill(emulator->cells, now->row, 0, columns, blank); break;
    default: break;
    }
}

static void erase_characters(struct screen_emulator *emulator)
{
    const struct emulator_place *now = &emulator->now;
    unsigned count = MIN(count_of(emulator), emulator->cells->columns - now->column);
    screen_cells_fill(emulator->cells, now->row, now->column, count, emulator_blank(emulator));
    emulator->is_wrap_pending = false;
}

static void insert_characters(struct screen_emulator *emulator)
{
    screen_cells_insert(emulator->cells, emulator->now.row, emulator->now.column,
                        count_of(emulator), emulator_blank(emulator));
    emulator->is_wrap_pending = false;
}

static void delete_characters(struct screen_emulator *emulator)
{
    screen_cells_delete(emulator->cells, emulator->now.row, emulator->now.column,
                        count_of(emulator), emulator_blank(emulator));
    emulator->is_wrap_pending = false;
}

// Lines move from the cursor's to the end of the scroll region; below it, to the end of the screen.
static unsigned last_moving_row(const struct screen_emulator *emulator)
{
    bool is_below = emulator->now.row > emulator->bottom;
    return is_below ? emulator->cells->rows - 1 : emulator->bottom;
}

static void insert_lines(struct screen_emulator *emulator)
{
    screen_cells_scroll_down(emulator->cells, emulator->now.row, last_moving_row(emulator),
                             count_of(emulator), emulator_blank(emulator));
    emulator->is_wrap_pending = false;
}

static void delete_lines(struct screen_emulator *emulator)
{
    screen_cells_scroll_up(emulator->cells, emulator->now.row, last_moving_row(emulator),
                           count_of(emulator), emulator_blank(emulator));
    emulator->is_wrap_pending = false;
}

static void scroll_up(struct screen_emulator *emulator)
{
    screen_cells_scroll_up(emulator->cells, emulator->top, emulator->bottom, count_of(emulator),
                           emulator_blank(emulator));
}

static void scroll_down(struct screen_emulator *emulator)
{
    screen_cells_scroll_down(emulator->cells, emulator->top, emulator->bottom, count_of(emulator),
                             emulator_blank(emulator));
}

static void repeat_character(struct screen_emulator *emulator)
{
    size_t all = (size_t)emulator->cells->columns * emulator->cells->rows;
    size_t count = MIN((size_t)count_of(emulator), all);
    for (size_t i = 0; i < count; i++) {
        emulator_put_character(emulator, emulator->last_character);
    }
}

static void clear_tabs(struct screen_emulator *emulator)
{
    if (emulator->parameters[0] == 0) {
        bitmap_clear(emulator->tab_stops, emulator->now.column);
    } else if (emulator->parameters[0] == 3) {
        bitmap_clear_range(emulator->tab_stops, 0, SCREEN_COLUMNS_MAX);
    }
}

// ---- modes and questions -------------------------------------------------------------------------

// Everything on the screen changes places with its background.
static void reverse_screen(struct screen_emulator *emulator, bool is_on)
{
    struct screen_cells *cells = emulator->cells;
    if (emulator->is_reversed == is_on) {
        return;
    }
    emulator->is_reversed = is_on;
    for (unsigned row = 0; row < cells->rows; row++) {
        for (unsigned column = 0; column < cells->columns; column++) {
            struct screen_cell cell = cells->cells[(size_t)row * cells->columns + column];
            cell.colour = (uint8_t)(cell.colour << 4 | cell.colour >> 4);
            screen_cells_put(cells, row, column, cell);
        }
    }
}

static void set_private_mode(struct screen_emulator *emulator, unsigned mode, bool is_on)
{
    switch (mode) {
    case 1: emulator->has_application_cursor = is_on; break;
    case 5: reverse_screen(emulator, is_on); break;
    case 6:
        emulator->is_origin_in_region = is_on;
        emulator_move_to(emulator, 0, 0);
        break;
    case 7: emulator->is_wrapping = is_on; break;
    case 25: emulator->is_cursor_visible = is_on; break;
    default: break;
    }
}

static void set_mode(struct screen_emulator *emulator, unsigned mode, bool is_on)
{
    if (mode == 4) {
        emulator->is_inserting = is_on;
    } else if (mode == 20) {
        emulator->is_line_feed_returning = is_on;
    }
}

static void set_modes(struct screen_emulator *emulator, bool is_on)
{
    for (unsigned i = 0; i < emulator->parameter_count; i++) {
        if (emulator->mark == '?') {
            set_private_mode(emulator, emulator->parameters[i], is_on);
        } else if (emulator->mark == 0) {
            set_mode(emulator, emulator->parameters[i], is_on);
        }
    }
}

static void modes_on(struct screen_emulator *emulator)
{
    set_modes(emulator, true);
}

static void modes_off(struct screen_emulator *emulator)
{
    set_modes(emulator, false);
}

static void report_status(struct screen_emulator *emulator)
{
    char text[32];
    const struct emulator_place *now = &emulator->now;
    if (emulator->parameters[0] == 5) {
        emulator_reply(emulator, "\033[0n");
    } else if (emulator->parameters[0] == 6) {
        unsigned top = emulator->is_origin_in_region ? emulator->top : 0;
        (void)format_string(text, sizeof(text), "\033[%u;%uR", now->row - top + 1, now->column + 1);
        emulator_reply(emulator, text);
    }
}

// A VT102, as Linux says.
static void report_kind(struct screen_emulator *emulator)
{
    if (emulator->parameters[0] == 0) {
        emulator_reply(emulator, "\033[?6c");
    }
}

// ---- the table -----------------------------------------------------------------------------------

static void (*const control_functions[])(struct screen_emulator *emulator) = {
    ['@' - '@'] = insert_characters, ['A' - '@'] = move_up,
    ['B' - '@'] = move_down,         ['C' - '@'] = move_right,
    ['D' - '@'] = move_left,         ['E' - '@'] = move_down_to_start,
    ['F' - '@'] = move_up_to_start,  ['G' - '@'] = move_to_column,
    ['H' - '@'] = move_to_place,     ['J' - '@'] = erase_in_display,
    ['K' - '@'] = erase_in_line,     ['L' - '@'] = insert_lines,
    ['M' - '@'] = delete_lines,      ['P' - '@'] = delete_characters,
    ['S' - '@'] = scroll_up,         ['T' - '@'] = scroll_down,
    ['X' - '@'] = erase_characters,  ['`' - '@'] = move_to_column,
    ['a' - '@'] = move_right,        ['b' - '@'] = repeat_character,
    ['c' - '@'] = report_kind,       ['d' - '@'] = move_to_row,
    ['e' - '@'] = move_down,         ['f' - '@'] = move_to_place,
    ['g' - '@'] = clear_tabs,        ['h' - '@'] = modes_on,
    ['l' - '@'] = modes_off,         ['m' - '@'] = emulator_select_graphics,
    ['n' - '@'] = report_status,     ['r' - '@'] = set_region,
    ['s' - '@'] = emulator_save,     ['u' - '@'] = emulator_restore,
};

void emulator_control(struct screen_emulator *emulator, char final)
{
    unsigned index = (unsigned)(final - '@');
    bool is_mode = final == 'h' || final == 'l';
    if (emulator->mark != 0 && !is_mode) {
        return; // the shape of the cursor (ESC [ ? n c), other terminals' own
    }
    if (index < ARRAY_SIZE(control_functions) && control_functions[index] != NULL) {
        control_functions[index](emulator);
    }
}
