// The one screen: its terminal, its part in the console, and when it is painted.
//
// What is written changes cells under the screen's lock; painting compares them with what is shown, row by row, giving the lock
// back between rows. Output paints at once when the last painting is PAINT_INTERVAL ago, else a timer does: a program that prints
// fast is not held up by video memory. In a panic nobody waits for the lock, and each line is painted at once.
//
// Where the command line chooses no console and there is a serial line too, that is the console, and the screen and the keyboard
// take part in it: the screen shows a copy of what goes to the line, and keys are input of the line.
#include "device/screen/screen.h"

#include "arch/boot_info.h"
#include "device/console.h"
#include "device/screen/display.h"
#include "device/screen/emulator.h"
#include "device/screen/painter.h"
#include "device/terminal.h"
#include "interrupt/clock.h"
#include "interrupt/deferred.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "log/log.h"
#include "log/panic.h"
#include "scheduler/timer.h"
#include "scheduler/work.h"
#include "sync/spinlock.h"

enum {
    TTY0_NUMBER = 4 << 8 | 0,
    TTY1_NUMBER = 4 << 8 | 1,
    SCREEN_RATE = 38400, // what Linux says of its screens
    // Bytes that are shown in one hold of the lock: each may scroll the screen, and a sequence may repeat a character 9,999 times.
    BYTES_PER_HOLD = 32,
};
#define PAINT_INTERVAL_NS (20 * NS_PER_MS)

static struct screen {
    struct spinlock lock;
    struct screen_cells cells;       // [l]
    struct screen_emulator emulator; // [l]
    struct screen_painter painter;   // [l]
    uint64_t painted_ns;             // [a] when it was last painted
    struct atomic32 is_paint_due;    // [a] the timer or the work will paint
    bool is_panicking;               // [o] the panicking CPU: the first line was shown
    bool is_started;                 // [I]
    struct terminal *terminal;       // [I] a reference
    struct timer timer;              // [o] who set is_paint_due
    struct work work;
    struct deferred deferred; // a log line asks for painting
} screen = {.lock = SPINLOCK_INIT(LOCK_RANK_CONSOLE)};

bool screen_is_started(void)
{
    return screen.is_started;
}

// ---- painting ------------------------------------------------------------------------------------

static void cursor_paint(void)
{
    const struct screen_emulator *emulator = &screen.emulator;
    screen_painter_paint_cursor(&screen.painter, &screen.cells, emulator->now.row,
                                emulator->now.column, emulator->is_cursor_visible);
}

static void screen_paint(void)
{
    unsigned row = 0;
    WRITE_ONCE(screen.painted_ns, clock_monotonic_ns());
    while (row < screen.cells.rows) {
        spin_lock(&screen.lock);
        row = screen_painter_paint_row(&screen.painter, &screen.cells, row);
        if (row == screen.cells.rows) {
            cursor_paint();
        }
        spin_unlock(&screen.lock);
    }
}

static void screen_paint_panic(void)
{
    unsigned row = 0;
    while (row < screen.cells.rows) {
        row = screen_painter_paint_row(&screen.painter, &screen.cells, row);
    }
    cursor_paint();
}

static void paint_work_run(struct work *work)
{
    (void)work;
    atomic32_store(&screen.is_paint_due, 0);
    screen_paint();
}

static void paint_timer_expire(struct timer *timer)
{
    (void)timer;
    (void)work_queue(&screen.work);
}

// Now, or soon. Interrupts are on.
static void screen_request_paint(void)
{
    uint64_t due = READ_ONCE(screen.painted_ns) + PAINT_INTERVAL_NS;
    uint32_t expected = 0;
    if (clock_monotonic_ns() >= due) {
        screen_paint();
    } else if (atomic32_compare_exchange(&screen.is_paint_due, &expected, 1)) {
        timer_start(&screen.timer, due);
    }
}

static void paint_deferred_run(struct deferred *deferred)
{
    (void)deferred;
    screen_request_paint();
}

// ---- output --------------------------------------------------------------------------------------

// What answers the questions among the bytes becomes input of `asker`; NULL: nobody's.
static void screen_write(const char *bytes, size_t count, struct terminal *asker)
{
    char answer[EMULATOR_REPLY_BYTES];
    while (count != 0) {
        size_t part = MIN(count, (size_t)BYTES_PER_HOLD);
        spin_lock(&screen.lock);
        screen_emulator_write(&screen.emulator, bytes, part);
        size_t length = screen_emulator_take_reply(&screen.emulator, answer);
        spin_unlock(&screen.lock);
        if (length != 0 && asker != NULL) {
            terminal_input(asker, answer, length);
        }
        bytes += part;
        count -= part;
    }
    screen_request_paint();
}

static size_t screen_terminal_write(struct terminal *terminal, const char *bytes, size_t count)
{
    screen_write(bytes, count, terminal);
    return count;
}

// A copy of what went to the console. Questions are answered by whoever is at its line.
static void screen_show_copy(const char *bytes, size_t count)
{
    screen_write(bytes, count, NULL);
}

// Whatever was being drawn or said was interrupted: everything is painted anew, from a known state of the parser.
static void panic_begin(void)
{
    struct screen_emulator *emulator = &screen.emulator;
    screen.is_panicking = true;
    emulator->state = EMULATOR_GROUND;
    emulator->top = 0;
    emulator->bottom = screen.cells.rows - 1;
    emulator->is_inserting = false;
    emulator->is_wrapping = true;
    screen_painter_forget(&screen.painter, &screen.cells);
}

static void screen_log_write(const char *text, size_t length)
{
    if (panic_is_in_progress()) {
        if (!screen.is_panicking) {
            panic_begin();
        }
        screen_emulator_write_plain(&screen.emulator, text, length);
        screen_paint_panic();
        return;
    }
    if (!console_takes_log(screen.terminal)) {
        return;
    }
    spin_lock(&screen.lock);
    screen_emulator_write_plain(&screen.emulator, text, length);
    spin_unlock(&screen.lock);
    deferred_queue(&screen.deferred);
}

static struct log_sink screen_log_sink = {.write = screen_log_write};

// ---- input ---------------------------------------------------------------------------------------

void screen_key_input(const char *bytes, size_t count)
{
    struct terminal *console = terminal_console();
    bool is_taking_part = console != NULL && console->onlooker == screen_show_copy;
    terminal_input(is_taking_part ? console : screen.terminal, bytes, count);
}

bool screen_has_application_cursor(void)
{
    return READ_ONCE(screen.emulator.has_application_cursor);
}

// ---- life ----------------------------------------------------------------------------------------

static const struct terminal_driver screen_terminal_driver = {
    .name = "tty",
    .write = screen_terminal_write,
};

static int screen_node_open(struct device_node *node, struct open_file *file)
{
    (void)node;
    return terminal_open(screen.terminal, file);
}

static struct device_node screen_nodes[] = {
    {
        .name = "tty0",
        .kind = DEVICE_CHARACTER,
        .number = TTY0_NUMBER,
        .mode = 0600,
        .ops = &terminal_file_ops,
        .open = screen_node_open,
    },
    {
        .name = "tty1",
        .kind = DEVICE_CHARACTER,
        .number = TTY1_NUMBER,
        .mode = 0600,
        .ops = &terminal_file_ops,
        .open = screen_node_open,
    },
};

static int terminal_make(const struct display *display)
{
    screen.terminal = terminal_create(&screen_terminal_driver, NULL, "tty1", TTY1_NUMBER);
    if (screen.terminal == NULL) {
        return -ENOMEM;
    }
    terminal_set_line(screen.terminal, CS8 | CREAD | HUPCL, SCREEN_RATE);
    screen.terminal->termios.c_iflag |= IUTF8;
    screen.terminal->window.ws_row = (uint16_t)display->rows;
    screen.terminal->window.ws_col = (uint16_t)display->columns;
    return 0;
}

static int screen_make(struct display *display)
{
    int error = screen_cells_init(&screen.cells, display->columns, display->rows);
    if (error != 0) {
        return error;
    }
    error = screen_painter_init(&screen.painter, display);
    if (error != 0) {
        goto free_cells;
    }
    error = terminal_make(display);
    if (error != 0) {
        goto free_painter;
    }
    screen_emulator_init(&screen.emulator, &screen.cells);
    timer_init(&screen.timer, paint_timer_expire);
    work_init(&screen.work, paint_work_run);
    deferred_init(&screen.deferred, paint_deferred_run);
    return 0;

free_painter:
    screen_painter_fini(&screen.painter);
free_cells:
    screen_cells_fini(&screen.cells);
    return error;
}

static void screen_join_console(void)
{
    terminal_set_console(screen.terminal);
    if (!console_is_chosen() && terminal_console() != screen.terminal) {
        terminal_set_onlooker(terminal_console(), screen_show_copy);
    }
}

int screen_start(struct display *display)
{
    if (screen.is_started) {
        return -EBUSY;
    }
    int error = screen_make(display);
    if (error != 0) {
        return error;
    }
    screen.is_started = true;
    screen_join_console();
    log_sink_add(&screen_log_sink);
    for (size_t i = 0; i < ARRAY_SIZE(screen_nodes); i++) {
        error = device_node_publish(&screen_nodes[i]);
        assert_always(error == 0); // the names are ours alone
    }
    log_info("screen: %s, %u by %u characters", display->ops->name, display->columns,
             display->rows);
    return 0;
}

void screen_init(void)
{
    const struct boot_framebuffer *given = &boot_information.framebuffer;
    struct display *display = given->base != 0 ? framebuffer_display(given) : NULL;
    if (display != NULL && screen_start(display) != 0) {
        log_error("screen: no memory for it");
    }
    bochs_display_init();
    vga_text_init();
}
