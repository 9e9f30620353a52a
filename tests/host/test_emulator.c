/*
 * What a program writes and what then stands on the screen: text, wrapping, the sequences of
 * terminfo's "linux", colours, UTF-8; and that the painter draws exactly what changed.
 *
 * host-sources: device/screen/emulator.c device/screen/emulator_escape.c
 * host-sources: device/screen/emulator_control.c device/screen/emulator_colour.c
 * host-sources: device/screen/cells.c device/screen/painter.c device/screen/glyph.c
 * host-sources: device/screen/font_data.c lib/bitmap.c lib/format.c
 */
#include "support.h"

#include "device/screen/emulator.h"
#include "device/screen/glyph.h"
#include "device/screen/painter.h"
#include "memory/heap.h"

enum { COLUMNS = 10, ROWS = 5, GREY_ON_BLACK = 0x07 };

void *heap_alloc_array(size_t count, size_t bytes_each)
{
    return calloc(count, bytes_each);
}

void heap_free(void *pointer)
{
    free(pointer);
}

/* --- the screen under test --- */

static struct screen_cells cells;
static struct screen_emulator emulator;

static int prepare(void **state)
{
    assert_int_equal(screen_cells_init(&cells, COLUMNS, ROWS), 0);
    screen_emulator_init(&emulator, &cells);
    return 0;
}

static int finish(void **state)
{
    screen_cells_fini(&cells);
    return 0;
}

static void show(const char *text)
{
    screen_emulator_write(&emulator, text, strlen(text));
}

static struct screen_cell cell_of(unsigned row, unsigned column)
{
    return cells.cells[row * COLUMNS + column];
}

static void expect_row(unsigned row, const char *wanted)
{
    char text[COLUMNS + 1] = "";
    for (unsigned column = 0; column < COLUMNS; column++) {
        text[column] = (char)cell_of(row, column).glyph;
    }
    for (int end = COLUMNS - 1; end >= 0 && text[end] == ' '; end--) {
        text[end] = '\0';
    }
    assert_string_equal(text, wanted);
}

static void expect_rows(const char *const wanted[ROWS])
{
    for (unsigned row = 0; row < ROWS; row++) {
        expect_row(row, wanted[row]);
    }
}

static void expect_cursor(unsigned row, unsigned column)
{
    assert_int_equal(emulator.now.row, row);
    assert_int_equal(emulator.now.column, column);
}

static void expect_reply(const char *wanted)
{
    char answer[EMULATOR_REPLY_BYTES + 1];
    answer[screen_emulator_take_reply(&emulator, answer)] = '\0';
    assert_string_equal(answer, wanted);
}

#define EXPECT_ROWS(...) expect_rows((const char *const[ROWS]){__VA_ARGS__})

/* --- text --- */

static void text_and_line_ends(void **state)
{
    show("ab\r\ncd\n\be\rf");
    EXPECT_ROWS("ab", "cd", "fe", "", "");
    expect_cursor(2, 1);
}

static void the_last_column_wraps_with_the_next_character(void **state)
{
    show("0123456789");
    expect_cursor(0, 9);
    show("a");
    EXPECT_ROWS("0123456789", "a", "", "", "");
    show("\r\n0123456789\r\nb"); /* a line that ends there leaves no empty one */
    EXPECT_ROWS("0123456789", "a", "0123456789", "b", "");
}

static void without_wrapping_the_last_column_is_overwritten(void **state)
{
    show("\033[?7l0123456789ab");
    expect_row(0, "012345678b");
    expect_row(1, "");
}

static void the_last_line_scrolls(void **state)
{
    show("1\r\n2\r\n3\r\n4\r\n5\r\n6");
    EXPECT_ROWS("2", "3", "4", "5", "6");
}

static void tabs_stop_where_they_are_set(void **state)
{
    show("a\tb\r\033[3g\033[4G\033H\r\tc");
    expect_row(0, "a  c    b");
}

/* --- moves --- */

static void the_cursor_goes_where_it_is_sent(void **state)
{
    show("\033[3;4Hx\033[2Ay\033[4Dz\033[B\033[2C.\033[5dw\033[1Gv\033[99;99He\033[H!");
    EXPECT_ROWS("!z  y", "    .", "   x", "", "v    w   e");
}

static void moves_stop_at_the_edges(void **state)
{
    show("\033[9999A\033[9999D");
    expect_cursor(0, 0);
    show("\033[9999B\033[9999C");
    expect_cursor(ROWS - 1, COLUMNS - 1);
    show("\033[2E");
    expect_cursor(ROWS - 1, 0);
    show("\033[3F");
    expect_cursor(ROWS - 4, 0);
}

static void a_place_is_saved_with_its_colours(void **state)
{
    show("\033[31m\033[2;3H\0337\033[0m\033[H\0338x\033[s\033[4;1H\033[uy");
    expect_row(1, "  xy");
    assert_int_equal(cell_of(1, 2).colour, 0x04);
}

static void a_region_scrolls_alone(void **state)
{
    show("1\r\n2\r\n3\r\n4\r\n5\033[2;4r\033[4;1H\n6");
    EXPECT_ROWS("1", "3", "4", "6", "5");
    show("\033[2;1H\033M7");
    EXPECT_ROWS("1", "7", "3", "4", "5");
    show("\033[?6h\033[1;2Ho\033[99;1Hp\033[?6l");
    EXPECT_ROWS("1", "7o", "3", "p", "5");
    show("\033[2S");
    EXPECT_ROWS("1", "p", "", "", "5");
    show("\033[T\033[r\033[5;1H\n");
    EXPECT_ROWS("", "p", "", "5", "");
}

static void a_wrong_region_is_not_taken(void **state)
{
    show("\033[4;2r\033[3;99r");
    assert_int_equal(emulator.top, 0);
    assert_int_equal(emulator.bottom, ROWS - 1);
}

/* --- changes --- */

static void erasing(void **state)
{
    show("aaaaa\r\nbbbbb\r\nccccc\033[2;3H\033[K");
    EXPECT_ROWS("aaaaa", "bb", "ccccc", "", "");
    show("\033[1;2H\033[1K\033[3;2H\033[1J");
    EXPECT_ROWS("", "", "  ccc", "", "");
    show("\033[3;4H\033[X\033[J");
    expect_row(2, "  c");
    show("\033[2J");
    expect_row(2, "");
    expect_cursor(2, 3);
}

static void erasing_leaves_the_background(void **state)
{
    show("\033[44m\033[2J");
    assert_int_equal(cell_of(4, 9).colour, 0x17);
}

static void inserting_and_deleting(void **state)
{
    show("abcdefghij\033[1;3H\033[2@");
    expect_row(0, "ab  cdefgh");
    show("\033[3P");
    expect_row(0, "abdefgh");
    show("\033[4hXY\033[4l");
    expect_row(0, "abXYdefgh");
    show("\033[2;1Hl2\033[3;1Hl3\033[2;2H\033[L");
    EXPECT_ROWS("abXYdefgh", "", "l2", "l3", "");
    show("\033[99M");
    EXPECT_ROWS("abXYdefgh", "", "", "", "");
}

static void a_character_is_repeated(void **state)
{
    show("-\033[4b");
    expect_row(0, "-----");
}

/* --- colours --- */

static void expect_colour(const char *sequence, uint8_t colour)
{
    show("\033[H\033[0m");
    show(sequence);
    show("x");
    assert_int_equal(cell_of(0, 0).colour, colour);
}

static void colours(void **state)
{
    expect_colour("", GREY_ON_BLACK);
    expect_colour("\033[31m", 0x04);
    expect_colour("\033[1;34m", 0x09);
    expect_colour("\033[1;22;32m", 0x02);
    expect_colour("\033[7m", 0x70);
    expect_colour("\033[33;44m", 0x16);
    expect_colour("\033[31;42;39;49m", GREY_ON_BLACK);
    expect_colour("\033[4m", 0x03);
    expect_colour("\033[2m", 0x08);
    expect_colour("\033[97;101m", 0xcf);
    expect_colour("\033[38;5;9m", 0x0c);
    expect_colour("\033[38;5;196m", 0x0c);
    expect_colour("\033[48;2;0;0;170;1m", 0x1f);
    expect_colour("\033[38;5m", GREY_ON_BLACK);
    expect_colour("\033[m", GREY_ON_BLACK);
}

static void the_screen_is_reversed_and_back(void **state)
{
    show("x\033[?5h");
    assert_int_equal(cell_of(0, 0).colour, 0x70);
    show("y\033[?5l");
    assert_int_equal(cell_of(0, 0).colour, GREY_ON_BLACK);
    assert_int_equal(cell_of(0, 1).colour, GREY_ON_BLACK);
}

/* --- characters --- */

static void utf8_is_understood(void **state)
{
    show("\xc3\xa4\xe2\x94\x80\xe2\x82\xac\xf0\x9f\x98\x80x");
    assert_int_equal(cell_of(0, 0).glyph, 0xe4);
    assert_int_equal(cell_of(0, 1).glyph, 0xc0);
    assert_int_equal(cell_of(0, 2).glyph, 0x0b);
    assert_int_equal(cell_of(0, 3).glyph, GLYPH_REPLACEMENT);
    assert_int_equal(cell_of(0, 4).glyph, 'x');
}

static void expect_broken(const char *bytes, const char *wanted)
{
    show("\033c");
    show(bytes);
    expect_row(0, wanted);
}

static void broken_utf8(void **state)
{
    /* The replacement glyph is place 0: rows end there as strings, so the rest is looked at cell by cell. */
    static const char *const broken[] = {"\x80", "\xed\xa0\x80", "\xe0\x80\x80", "\xf5", "\xff"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        show("\033c");
        show(broken[i]);
        show("x");
        assert_int_equal(cell_of(0, 0).glyph, GLYPH_REPLACEMENT);
    }
    show("\033c\xe2\x82x");
    assert_int_equal(cell_of(0, 0).glyph, GLYPH_REPLACEMENT);
    assert_int_equal(cell_of(0, 1).glyph, 'x');
    expect_broken("e\xcc\x81!", "e!"); /* a combining mark takes no place */
}

static void lines_are_drawn_with_decs_set(void **state)
{
    show("\033(0lqk\033(Bq\016x\017x");
    assert_int_equal(cell_of(0, 0).glyph, 0xc2);
    assert_int_equal(cell_of(0, 1).glyph, 0xc0);
    assert_int_equal(cell_of(0, 2).glyph, 0xc3);
    assert_int_equal(cell_of(0, 3).glyph, 'q');
    assert_int_equal(cell_of(0, 4).glyph, 0xc1);
    assert_int_equal(cell_of(0, 5).glyph, 'x');
}

static void every_glyph_that_is_used_looks_different(void **state)
{
    for (uint32_t a = 0x20; a < 0x2600; a++) {
        uint8_t glyph = glyph_of_character(a);
        if (glyph == GLYPH_REPLACEMENT || glyph == 0xa0) {
            continue;
        }
        for (unsigned b = 0; b < GLYPH_COUNT; b++) {
            bool is_same = memcmp(glyph_font[glyph], glyph_font[b], GLYPH_HEIGHT) == 0;
            bool is_blank = glyph == ' ' && b == 0xa0;
            bool is_mark = (glyph == 0xb4 || glyph == 0xb8 || glyph == 0xa8);
            assert_true(!is_same || b == glyph || is_blank || is_mark);
        }
    }
}

/* --- sequences that do nothing --- */

static void what_is_not_understood_is_not_shown(void **state)
{
    show(
        "\033]0;title\007\033]P1ff0000\033]Ra\033P1$q\033\\b\033[?1;2;99zc\033[>0cd\033[1 qe\033#8f\033[[Ag");
    expect_row(0, "abcdefg");
}

static void too_many_parameters_are_no_harm(void **state)
{
    show("\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18mx\033[99999999999999Cy");
    expect_row(0, "x        y");
}

static void a_sequence_is_given_up(void **state)
{
    show("\033[3\030a\033[\033[Cb\033[2\r\nCc");
    EXPECT_ROWS("a b", "  c", "", "", "");
}

static void questions_are_answered(void **state)
{
    show("\033[3;4H\033[6n\033[5n\033[c\033Z");
    expect_reply("\033[3;4R\033[0n\033[?6c\033[?6c");
    for (int i = 0; i < 100; i++) {
        show("\033[6n");
    }
    char answer[EMULATOR_REPLY_BYTES];
    size_t length = screen_emulator_take_reply(&emulator, answer);
    assert_int_equal(length % 6, 0);
    assert_int_equal(answer[length - 1], 'R');
}

static void modes_are_kept(void **state)
{
    show("\033[?25l\033[?1h");
    assert_false(emulator.is_cursor_visible);
    assert_true(emulator.has_application_cursor);
    show("\033[?1;25l\033[?25h");
    assert_true(emulator.is_cursor_visible);
    assert_false(emulator.has_application_cursor);
    show("x\033c");
    expect_row(0, "");
}

static void a_log_line_leaves_the_program_alone(void **state)
{
    show("\033[31ma\033(0\033[4");
    screen_emulator_write_plain(&emulator, "\nlog\033\n", 6);
    assert_int_equal(cell_of(1, 0).colour, GREY_ON_BLACK);
    show(";7mq");
    assert_int_equal(cell_of(1, 0).glyph, 'l');
    assert_int_equal(cell_of(1, 3).glyph, GLYPH_REPLACEMENT);
    assert_int_equal(cell_of(2, 0).glyph, 0xc0);
    assert_int_equal(cell_of(2, 0).colour, 0x30);
}

/* --- the painter --- */

static struct screen_cell painted[ROWS * COLUMNS];
static unsigned drawn_cells, cursor_row, cursor_column;
static bool is_cursor_on;

static void test_draw(struct display *display, unsigned row, unsigned column,
                      const struct screen_cell *from, unsigned count)
{
    assert_true(row < ROWS && column + count <= COLUMNS);
    memcpy(&painted[row * COLUMNS + column], from, count * sizeof(*from));
    drawn_cells += count;
}

static void test_show_cursor(struct display *display, unsigned row, unsigned column,
                             struct screen_cell cell)
{
    cursor_row = row;
    cursor_column = column;
    is_cursor_on = true;
}

static void test_hide_cursor(struct display *display, unsigned row, unsigned column,
                             struct screen_cell cell)
{
    assert_int_equal(row, cursor_row);
    assert_int_equal(column, cursor_column);
    is_cursor_on = false;
}

static const struct display_ops test_display_ops = {
    .draw = test_draw, .show_cursor = test_show_cursor, .hide_cursor = test_hide_cursor};
static struct display test_display = {&test_display_ops, COLUMNS, ROWS};

static void paint(struct screen_painter *painter)
{
    unsigned row = 0;
    drawn_cells = 0;
    while (row < ROWS) {
        row = screen_painter_paint_row(painter, &cells, row);
    }
    screen_painter_paint_cursor(painter, &cells, emulator.now.row, emulator.now.column,
                                emulator.is_cursor_visible);
    assert_memory_equal(painted, cells.cells, sizeof(painted));
}

static void only_what_differs_is_drawn(void **state)
{
    struct screen_painter painter;
    assert_int_equal(screen_painter_init(&painter, &test_display), 0);
    memset(painted, 0, sizeof(painted));
    paint(&painter);
    assert_int_equal(drawn_cells, ROWS * COLUMNS);
    show("ab\033[3;3Hc");
    paint(&painter);
    assert_int_equal(drawn_cells, 3);
    assert_true(is_cursor_on && cursor_row == 2 && cursor_column == 3);
    show("\033[1;1Hab\033[?25l");
    paint(&painter);
    assert_int_equal(drawn_cells, 0);
    assert_false(is_cursor_on);
    screen_painter_forget(&painter, &cells);
    paint(&painter);
    assert_int_equal(drawn_cells, ROWS * COLUMNS);
    screen_painter_fini(&painter);
}

#define SCREEN_TEST(test) cmocka_unit_test_setup_teardown(test, prepare, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCREEN_TEST(text_and_line_ends),
        SCREEN_TEST(the_last_column_wraps_with_the_next_character),
        SCREEN_TEST(without_wrapping_the_last_column_is_overwritten),
        SCREEN_TEST(the_last_line_scrolls),
        SCREEN_TEST(tabs_stop_where_they_are_set),
        SCREEN_TEST(the_cursor_goes_where_it_is_sent),
        SCREEN_TEST(moves_stop_at_the_edges),
        SCREEN_TEST(a_place_is_saved_with_its_colours),
        SCREEN_TEST(a_region_scrolls_alone),
        SCREEN_TEST(a_wrong_region_is_not_taken),
        SCREEN_TEST(erasing),
        SCREEN_TEST(erasing_leaves_the_background),
        SCREEN_TEST(inserting_and_deleting),
        SCREEN_TEST(a_character_is_repeated),
        SCREEN_TEST(colours),
        SCREEN_TEST(the_screen_is_reversed_and_back),
        SCREEN_TEST(utf8_is_understood),
        SCREEN_TEST(broken_utf8),
        SCREEN_TEST(lines_are_drawn_with_decs_set),
        SCREEN_TEST(every_glyph_that_is_used_looks_different),
        SCREEN_TEST(what_is_not_understood_is_not_shown),
        SCREEN_TEST(too_many_parameters_are_no_harm),
        SCREEN_TEST(a_sequence_is_given_up),
        SCREEN_TEST(questions_are_answered),
        SCREEN_TEST(modes_are_kept),
        SCREEN_TEST(a_log_line_leaves_the_program_alone),
        SCREEN_TEST(only_what_differs_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
