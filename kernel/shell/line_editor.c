/*
 * Line editing: insert and delete anywhere, arrows, Home and End, Ctrl-A E B F K U W L, history with the arrows. The terminal is raw
 * while a line is edited and gets its former settings back before a command runs. Escape sequences are ECMA-48's.
 */
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "shell/shell_internal.h"
#include "uapi/termios.h"

enum { HISTORY_LINES = 32 };

static char history[HISTORY_LINES][SHELL_LINE_BYTES];
static unsigned history_count; /* lines ever added; the newest is history_count - 1 */

struct editor {
    const char *prompt;
    char *line; /* SHELL_LINE_BYTES, always terminated */
    size_t length, cursor;
    unsigned shown;               /* history line that is shown; history_count: the new one */
    char saved[SHELL_LINE_BYTES]; /* the new line while history is shown */
    bool is_done, is_end;
};

/* Keys beyond a byte's range, as escape sequences name them. */
enum key { KEY_UP = 256, KEY_DOWN, KEY_LEFT, KEY_RIGHT, KEY_HOME, KEY_END, KEY_DELETE, KEY_NONE };

#define CONTROL(letter) ((letter) - '@')

static void redraw(struct editor *editor)
{
    assert(editor->cursor <= editor->length && editor->length < SHELL_LINE_BYTES);
    assert(editor->line[editor->length] == '\0');
    shell_print("\r%s", editor->prompt);
    shell_write(editor->line, editor->length);
    shell_print("\033[K");
    if (editor->cursor < editor->length) {
        shell_print("\033[%zuD", editor->length - editor->cursor);
    }
}

static void insert(struct editor *editor, char character)
{
    if (editor->length + 1 >= SHELL_LINE_BYTES) {
        return;
    }
    memmove(editor->line + editor->cursor + 1, editor->line + editor->cursor,
            editor->length - editor->cursor + 1);
    editor->line[editor->cursor++] = character;
    editor->length++;
    if (editor->cursor == editor->length) {
        shell_write(&character, 1);
    } else {
        redraw(editor);
    }
}

static void delete_range(struct editor *editor, size_t from, size_t to)
{
    assert(from <= to && to <= editor->length);
    memmove(editor->line + from, editor->line + to, editor->length - to + 1);
    editor->length -= to - from;
    editor->cursor = from;
    redraw(editor);
}

static void delete_word(struct editor *editor)
{
    size_t from = editor->cursor;
    while (from > 0 && editor->line[from - 1] == ' ') {
        from--;
    }
    while (from > 0 && editor->line[from - 1] != ' ') {
        from--;
    }
    delete_range(editor, from, editor->cursor);
}

static void show_line(struct editor *editor, const char *text)
{
    (void)strscpy(editor->line, text, SHELL_LINE_BYTES);
    editor->length = strlen(editor->line);
    editor->cursor = editor->length;
    redraw(editor);
}

static void history_move(struct editor *editor, int step)
{
    unsigned oldest = history_count > HISTORY_LINES ? history_count - HISTORY_LINES : 0;
    if ((step < 0 && editor->shown == oldest) || (step > 0 && editor->shown == history_count)) {
        return;
    }
    if (editor->shown == history_count) {
        (void)strscpy(editor->saved, editor->line, sizeof(editor->saved));
    }
    editor->shown += (unsigned)step;
    show_line(editor, editor->shown == history_count ? editor->saved
                                                     : history[editor->shown % HISTORY_LINES]);
}

static void history_add(const char *line)
{
    if (line[0] == '\0' ||
        (history_count != 0 && strcmp(history[(history_count - 1) % HISTORY_LINES], line) == 0)) {
        return;
    }
    (void)strscpy(history[history_count % HISTORY_LINES], line, SHELL_LINE_BYTES);
    history_count++;
}

/* After ESC: "[A", "OH", "[3~"... */
static int read_escape(void)
{
    int kind = shell_read_byte();
    if (kind != '[' && kind != 'O') {
        return kind < 0 ? kind : KEY_NONE;
    }
    int number = 0;
    int byte = shell_read_byte();
    while (byte >= '0' && byte <= '9') {
        number = MIN(number, 99) * 10 + (byte - '0');
        byte = shell_read_byte();
    }
    switch (byte) {
    case 'A': return KEY_UP;
    case 'B': return KEY_DOWN;
    case 'C': return KEY_RIGHT;
    case 'D': return KEY_LEFT;
    case 'H': return KEY_HOME;
    case 'F': return KEY_END;
    case '~':
        return number == 1 || number == 7   ? KEY_HOME
               : number == 4 || number == 8 ? KEY_END
               : number == 3                ? KEY_DELETE
                                            : KEY_NONE;
    default: return byte < 0 ? byte : KEY_NONE;
    }
}

static void move_to(struct editor *editor, size_t cursor)
{
    editor->cursor = MIN(cursor, editor->length);
    redraw(editor);
}

static void cancel_line(struct editor *editor)
{
    shell_print("^C\r\n");
    editor->line[0] = '\0';
    editor->length = 0;
    editor->cursor = 0;
    editor->shown = history_count;
    redraw(editor);
}

/* Keys that move or choose. False: not one of these. */
static bool handle_movement(struct editor *editor, int key)
{
    switch (key) {
    case KEY_UP:
    case CONTROL('P'): history_move(editor, -1); return true;
    case KEY_DOWN:
    case CONTROL('N'): history_move(editor, 1); return true;
    case KEY_LEFT:
    case CONTROL('B'): move_to(editor, editor->cursor == 0 ? 0 : editor->cursor - 1); return true;
    case KEY_RIGHT:
    case CONTROL('F'): move_to(editor, editor->cursor + 1); return true;
    case KEY_HOME:
    case CONTROL('A'): move_to(editor, 0); return true;
    case KEY_END:
    case CONTROL('E'): move_to(editor, editor->length); return true;
    default: return false;
    }
}

/* Keys that delete. False: not one of these. */
static bool handle_deletion(struct editor *editor, int key)
{
    switch (key) {
    case 0x7f:
    case '\b':
        if (editor->cursor > 0) {
            delete_range(editor, editor->cursor - 1, editor->cursor);
        }
        return true;
    case KEY_DELETE:
        if (editor->cursor < editor->length) {
            delete_range(editor, editor->cursor, editor->cursor + 1);
        }
        return true;
    case CONTROL('K'): delete_range(editor, editor->cursor, editor->length); return true;
    case CONTROL('U'): delete_range(editor, 0, editor->cursor); return true;
    case CONTROL('W'): delete_word(editor); return true;
    default: return false;
    }
}

static void handle_key(struct editor *editor, int key)
{
    if (handle_movement(editor, key) || handle_deletion(editor, key)) {
        return;
    }
    switch (key) {
    case '\r':
    case '\n': editor->is_done = true; break;
    case CONTROL('C'): cancel_line(editor); break;
    case CONTROL('D'):
        if (editor->length == 0) {
            editor->is_end = true;
        } else {
            (void)handle_deletion(editor, KEY_DELETE);
        }
        break;
    case CONTROL('L'):
        shell_print("\033[H\033[2J");
        redraw(editor);
        break;
    default:
        if (key >= ' ' && key < 256) {
            insert(editor, (char)key);
        }
    }
}

static void make_raw(struct uapi_termios *settings)
{
    settings->c_iflag &= ~(uint32_t)(ICRNL | IXON | INLCR | IGNCR);
    settings->c_lflag &= ~(uint32_t)(ICANON | ECHO | ISIG | IEXTEN);
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

static void edit(struct editor *editor)
{
    redraw(editor);
    while (!editor->is_done && !editor->is_end) {
        int key = shell_read_byte();
        if (key == '\033') {
            key = read_escape();
        }
        if (key < 0) {
            editor->is_end = true;
        } else {
            handle_key(editor, key);
        }
    }
    shell_print("\n");
}

long shell_edit_line(const char *prompt, char *line)
{
    static struct editor editor; /* one console, one line at a time */
    struct uapi_termios before;
    long error = shell_terminal_control(TCGETS, &before);
    if (error < 0) {
        return error;
    }
    struct uapi_termios raw = before;
    make_raw(&raw);
    (void)shell_terminal_control(TCSETSW, &raw);
    line[0] = '\0';
    editor = (struct editor){.prompt = prompt, .line = line, .shown = history_count};
    edit(&editor);
    (void)shell_terminal_control(TCSETSW, &before);
    if (editor.is_end) {
        return -1;
    }
    history_add(line);
    return (long)editor.length;
}
