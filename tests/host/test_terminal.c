/*
 * The line discipline: what comes in as bytes, what a program reads, what is echoed, which signals
 * are sent.
 *
 * host-sources: device/terminal.c device/terminal_input.c device/terminal_echo.c
 * host-sources: device/terminal_erase.c device/terminal_output.c device/terminal_read.c
 * host-sources: device/terminal_settings.c device/terminal_ioctl.c device/terminal_line.c lib/ring.c
 * host-sources: lib/bitmap.c
 * host-sources: lib/string_text.c memory/io_iter.c scheduler/wait_queue.c scheduler/mutex.c
 * host-sources: scheduler/sleep.c scheduler/credentials.c sync/spinlock.c sync/preempt.c
 * host-sources: sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include "device/terminal_internal.h"
#include "fake_floor.h"
#include "lib/errno.h"
#include "log/boot_parameters.h"
#include "uapi/poll.h"
#include "uapi/signal.h"

struct boot_parameters boot_parameters;

/* --- the two sides of the terminal --- */

static char sent[65536];
static size_t sent_length;
static size_t driver_limit; /* bytes that the line takes before it is busy */

static size_t line_write(struct terminal *terminal, const char *bytes, size_t count)
{
    size_t taken = MIN(count, driver_limit);
    assert_true(sent_length + taken < sizeof(sent));
    memcpy(sent + sent_length, bytes, taken);
    sent_length += taken;
    driver_limit -= taken;
    return taken;
}

static const struct terminal_driver line_driver = {.name = "test", .write = line_write};

static struct id group = {.number = 7, .references = REFCOUNT_INIT(1)};
static int signals[16];
static size_t signal_count;
static int access_answer;

static void job_signal_group(struct id *id, int signal)
{
    assert_ptr_equal(id, &group);
    signals[signal_count++] = signal;
}

static int job_may_access(struct terminal *terminal, bool is_write)
{
    return access_answer;
}

static bool job_is_leader(void)
{
    return false;
}

static struct terminal *job_terminal(void)
{
    return NULL;
}

static int job_foreground(struct terminal *terminal)
{
    return 7;
}

static const struct terminal_job_ops test_job_ops = {
    .signal_group = job_signal_group,
    .may_access = job_may_access,
    .caller_is_session_leader = job_is_leader,
    .caller_terminal = job_terminal,
    .get_foreground = job_foreground,
};

static struct terminal *terminal;
static struct open_file file;

static int prepare(void **state)
{
    fake_floor_start();
    sent_length = 0;
    driver_limit = SIZE_MAX;
    signal_count = 0;
    access_answer = 0;
    terminal = terminal_create(&line_driver, NULL, "test0", 0x440);
    assert_non_null(terminal);
    terminal->foreground_group = &group;
    file = (struct open_file){
        .ops = &terminal_file_ops, .flags = O_RDWR, .credentials = &credentials_root};
    assert_int_equal(terminal_open(terminal, &file), 0);
    return 0;
}

static int finish(void **state)
{
    terminal->foreground_group = NULL;
    terminal_file_ops.release(&file);
    terminal_put(terminal);
    assert_int_equal(live_objects, 0);
    return 0;
}

static void type_bytes(const char *bytes, size_t count)
{
    terminal_input(terminal, bytes, count);
    work_run_queued();
}

static void type(const char *text)
{
    type_bytes(text, strlen(text));
}

static ssize_t read_some(char *buffer, size_t size)
{
    struct io_iter iter;
    uint64_t position = 0;
    io_iter_init_kernel(&iter, buffer, size);
    return terminal_file_ops.read(&file, &iter, &position);
}

static void expect_read_bytes(const char *bytes, size_t count, size_t size)
{
    static char buffer[8192];
    ssize_t result = read_some(buffer, size);
    work_run_queued();
    assert_int_equal(result, count);
    assert_memory_equal(buffer, bytes, count);
}

static void expect_line(const char *text)
{
    expect_read_bytes(text, strlen(text), 8192);
}

static void expect_nothing(void)
{
    char buffer[16];
    file.flags |= O_NONBLOCK;
    assert_int_equal(read_some(buffer, sizeof(buffer)), -EAGAIN);
    file.flags &= ~(unsigned)O_NONBLOCK;
}

static void expect_sent(const char *text)
{
    sent[sent_length] = 0;
    assert_string_equal(sent, text);
    sent_length = 0;
}

static ssize_t write_text(const char *text)
{
    struct io_iter iter;
    uint64_t position = 0;
    io_iter_init_kernel(&iter, (void *)(uintptr_t)text, strlen(text));
    return terminal_file_ops.write(&file, &iter, &position);
}

static long control(uint32_t command, void *data, unsigned long argument)
{
    for (size_t i = 0; i < TERMINAL_IOCTL_COUNT; i++) {
        if (terminal_ioctls[i].command == command) {
            return terminal_ioctls[i].handler(&file, data, argument);
        }
    }
    return -ENOTTY;
}

static void change(uint32_t set_local, uint32_t clear_local)
{
    struct uapi_termios settings;
    assert_int_equal(control(TCGETS, &settings, 0), 0);
    settings.c_lflag = (settings.c_lflag | set_local) & ~clear_local;
    assert_int_equal(control(TCSETS, &settings, 0), 0);
}

static void change_modes(uint32_t input, uint32_t output)
{
    struct uapi_termios settings;
    assert_int_equal(control(TCGETS, &settings, 0), 0);
    settings.c_iflag = input;
    settings.c_oflag = output;
    assert_int_equal(control(TCSETS, &settings, 0), 0);
}

static void change_raw(uint8_t minimum, uint8_t time)
{
    struct uapi_termios settings;
    assert_int_equal(control(TCGETS, &settings, 0), 0);
    settings.c_lflag &= ~(uint32_t)(ICANON | ECHO);
    settings.c_cc[VMIN] = minimum;
    settings.c_cc[VTIME] = time;
    assert_int_equal(control(TCSETS, &settings, 0), 0);
}

/* --- lines --- */

static void a_line_is_read_when_it_is_complete(void **state)
{
    type("hel");
    expect_nothing();
    type("lo\r");
    expect_sent("hello\r\n");
    expect_line("hello\n");
    expect_nothing();
}

static void lines_are_read_one_at_a_time(void **state)
{
    type("one\ntwo\n");
    expect_line("one\n");
    expect_read_bytes("tw", 2, 2);
    expect_read_bytes("o\n", 2, 2);
}

static void end_of_file_ends_a_line_and_is_not_read(void **state)
{
    type("\004");
    expect_line("");
    type("abc\004");
    expect_line("abc");
    type("abc\004");
    expect_read_bytes("abc", 3, 3); /* the mark goes with them */
    expect_nothing();
    type("ab\004\004");
    expect_line("ab");
    expect_line("");
    expect_sent("abcabcab");
}

static void other_line_ends(void **state)
{
    terminal->termios.c_cc[VEOL] = ';';
    terminal->termios.c_cc[VEOL2] = '.';
    type("a;b.c\n");
    expect_line("a;");
    expect_line("b.");
    expect_line("c\n");
}

static void a_reader_waits_for_the_end_of_the_line(void **state)
{
    on_sleep = NULL;
    char buffer[16];
    type("part");
    assert_int_equal(read_some(buffer, sizeof(buffer)), -ERESTARTSYS); /* a signal came */
    assert_int_equal(sleeps, 1);
    test_thread.arch.work = 0;
    type("\n");
    expect_line("part\n");
}

static void finish_line(void)
{
    type("late\n");
}

static void a_sleeping_reader_is_woken(void **state)
{
    on_sleep = finish_line;
    expect_line("late\n");
    assert_int_equal(sleeps, 1);
}

/* --- editing --- */

static void erase_takes_one_character(void **state)
{
    type("ab\177c\n");
    expect_sent("ab\b \bc\r\n");
    expect_line("ac\n");
    type("\177x\n");
    expect_sent("x\r\n"); /* nothing to erase, nothing is shown */
    expect_line("x\n");
}

static void erase_takes_both_columns_of_a_control(void **state)
{
    type("a\001\177b\n");
    expect_sent("a^A\b \b\b \bb\r\n");
    expect_line("ab\n");
}

static void erase_of_a_tab_goes_back_to_its_column(void **state)
{
    type("ab\t\177");
    expect_sent("ab\t\b\b\b\b\b\b");
    type("\t\t\177");
    expect_sent("\t\t\b\b\b\b\b\b\b\b");
}

static void erase_of_a_tab_counts_the_prompt(void **state)
{
    assert_int_equal(write_text("> "), 2);
    type("a\t\177");
    expect_sent("> a\t\b\b\b\b\b");
}

static void erase_takes_a_character_of_several_bytes(void **state)
{
    change_modes(ICRNL | IXON | IUTF8, OPOST | ONLCR);
    type("a\303\244\177b\n");
    expect_sent("a\303\244\b \bb\r\n");
    expect_line("ab\n");
}

static void erase_of_a_word(void **state)
{
    type("one two  \027x\n");
    expect_sent("one two  \b \b\b \b\b \b\b \b\b \bx\r\n");
    expect_line("one x\n");
}

static void kill_takes_the_line(void **state)
{
    type("abc\025d\n");
    expect_sent("abc\b \b\b \b\b \bd\r\n");
    expect_line("d\n");
    change(0, ECHOKE);
    type("abc\025d\n");
    expect_sent("abc^U\r\nd\r\n");
    expect_line("d\n");
}

static void erase_without_echoe_shows_the_key(void **state)
{
    change(0, ECHOE);
    type("ab\177\n");
    expect_sent("ab^?\r\n");
    expect_line("a\n");
}

static void erase_on_paper(void **state)
{
    change(ECHOPRT, 0);
    type("abc\177\177d\n");
    expect_sent("abc\\cb/d\r\n");
    expect_line("ad\n");
}

static void literal_next_takes_away_the_meaning(void **state)
{
    type("a\026\003\026\177\n");
    expect_sent("a^\b^C^\b^?\r\n");
    expect_line("a\003\177\n");
    assert_int_equal(signal_count, 0);
}

static void reprint_shows_the_line_again(void **state)
{
    type("ab\022c\n");
    expect_sent("ab^R\r\nabc\r\n");
    expect_line("abc\n");
}

/* --- input flags --- */

static void carriage_returns_are_mapped(void **state)
{
    change(0, ECHO);
    change_modes(IGNCR, 0);
    type("a\rb\n");
    expect_line("ab\n");
    change_modes(INLCR, 0);
    terminal->termios.c_cc[VEOL] = '!';
    type("a\nb!");
    expect_line("a\rb!");
    change_modes(ISTRIP, 0);
    type("\341!");
    expect_line("a!");
}

static void newline_is_echoed_alone_with_echonl(void **state)
{
    change(ECHONL, ECHO);
    type("secret\n");
    expect_sent("\r\n");
    expect_line("secret\n");
}

/* --- signals and flow --- */

static void keys_send_signals_and_flush(void **state)
{
    type("lost\003");
    expect_sent("lost^C");
    assert_int_equal(signal_count, 1);
    assert_int_equal(signals[0], SIGINT);
    type("\034\032x\n");
    assert_int_equal(signal_count, 3);
    assert_int_equal(signals[1], SIGQUIT);
    assert_int_equal(signals[2], SIGTSTP);
    expect_line("x\n");
}

static void noflsh_keeps_what_was_typed(void **state)
{
    change(NOFLSH, 0);
    type("kept\003\n");
    expect_line("kept\n");
    assert_int_equal(signal_count, 1);
}

static void without_isig_keys_are_characters(void **state)
{
    change(0, ISIG);
    type("\003\n");
    expect_line("\003\n");
    assert_int_equal(signal_count, 0);
}

static void stopped_output_waits(void **state)
{
    type("\023");
    assert_int_equal(write_text("hidden"), 6);
    expect_sent("");
    int pending;
    assert_int_equal(control(TIOCOUTQ, &pending, 0), 0);
    assert_int_equal(pending, 6);
    type("\021");
    expect_sent("hidden");
    assert_int_equal(control(TCXONC, NULL, TCOOFF), 0);
    assert_int_equal(write_text("more"), 4);
    expect_sent("");
    assert_int_equal(control(TCXONC, NULL, TCOON), 0);
    expect_sent("more");
}

static void any_key_starts_output_with_ixany(void **state)
{
    change_modes(ICRNL | IXON | IXANY, OPOST);
    type("\023");
    assert_int_equal(write_text("text "), 5);
    type("x");
    expect_sent("text x");
}

static void a_writer_waits_for_a_stopped_line(void **state)
{
    static char text[6001];
    memset(text, 'x', 6000);
    type("\023");
    file.flags |= O_NONBLOCK;
    ssize_t first = write_text(text);
    assert_in_range(first, 4000, TERMINAL_OUTPUT_BYTES);
    assert_int_equal(write_text(text), -EAGAIN);
    file.flags &= ~(unsigned)O_NONBLOCK;
    assert_int_equal(write_text(text), -ERESTARTSYS);
    test_thread.arch.work = 0;
    type("\021");
    assert_int_equal(sent_length, first);
}

static void line_takes_more(void)
{
    driver_limit = 100;
    terminal_output_ready(terminal);
}

static void a_slow_line_gets_everything_in_order(void **state)
{
    static char text[20001];
    for (size_t i = 0; i < 20000; i++) {
        text[i] = (char)('a' + i % 26);
    }
    driver_limit = 10;
    on_sleep = line_takes_more;
    assert_int_equal(write_text(text), 20000);
    assert_int_equal(control(TCSBRK, NULL, 1), 0); /* drains */
    assert_int_equal(sent_length, 20000);
    assert_memory_equal(sent, text, 20000);
}

/* --- output --- */

static void output_is_processed(void **state)
{
    assert_int_equal(write_text("a\nb\tc"), 5);
    expect_sent("a\r\nb\tc");
    change_modes(ICRNL, OPOST | XTABS);
    assert_int_equal(write_text("\r12\t9\n"), 6);
    expect_sent("\r12      9\n");
    change_modes(ICRNL, OPOST | OCRNL | OLCUC);
    assert_int_equal(write_text("ab\r"), 3);
    expect_sent("AB\n");
    change_modes(ICRNL, OPOST | ONOCR);
    assert_int_equal(write_text("\n"), 1);
    change_modes(ICRNL, OPOST | ONOCR | ONLCR);
    assert_int_equal(write_text("\n\r\rx\r"), 5);
    expect_sent("\n\r\nx\r");
    change_modes(ICRNL, 0);
    assert_int_equal(write_text("a\n\t"), 3);
    expect_sent("a\n\t");
}

/* --- without lines --- */

static void raw_reads_by_vmin(void **state)
{
    change_raw(1, 0);
    type("ab");
    expect_read_bytes("ab", 2, 10);
    change_raw(3, 0);
    type("xy");
    assert_int_equal(terminal_poll(&file, NULL) & POLLIN, 0);
    type("z");
    assert_int_equal(terminal_poll(&file, NULL) & POLLIN, POLLIN);
    expect_read_bytes("xyz", 3, 10);
    type("pq");
    expect_read_bytes("pq", 2, 2); /* the buffer is full before VMIN is reached */
}

static void type_one(void)
{
    type("k");
}

static void raw_waits_until_vmin_are_there(void **state)
{
    change_raw(3, 0);
    on_sleep = type_one;
    expect_read_bytes("kkk", 3, 10);
    assert_int_equal(sleeps, 3);
}

static void raw_times_the_pause_between_bytes(void **state)
{
    change_raw(3, 2);
    type("a");
    uint64_t start = test_now_ns;
    expect_read_bytes("a", 1, 10);
    assert_int_equal(test_now_ns - start, 200 * NS_PER_MS);
}

static void raw_times_the_first_byte(void **state)
{
    change_raw(0, 5);
    uint64_t start = test_now_ns;
    expect_read_bytes("", 0, 10);
    assert_int_equal(test_now_ns - start, 500 * NS_PER_MS);
    type("abc");
    expect_read_bytes("abc", 3, 10);
}

static void raw_without_waiting(void **state)
{
    change_raw(0, 0);
    expect_read_bytes("", 0, 10);
    type("a");
    expect_read_bytes("a", 1, 10);
    assert_int_equal(sleeps, 0);
}

static void what_waits_survives_a_change_of_mode(void **state)
{
    type("half");
    change_raw(1, 0);
    expect_read_bytes("half", 4, 10);
    type("raw");
    change(ICANON, 0);
    expect_line("raw");
    type("x\n");
    expect_line("x\n");
}

/* --- limits --- */

static void a_pasted_text_is_not_lost(void **state)
{
    static char text[2000];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)(i % 50 == 49 ? '\n' : 'a' + (char)(i % 26));
    }
    change(0, ECHO);
    type_bytes(text, sizeof(text));
    for (size_t i = 0; i < sizeof(text); i += 50) {
        expect_read_bytes(text + i, 50, 100);
    }
}

static void more_than_the_buffer_waits_in_the_ring(void **state)
{
    static char text[TERMINAL_RAW_BYTES];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)(i % 64 == 63 ? '\n' : 'a' + (char)(i % 26));
    }
    change(0, ECHO);
    type_bytes(text, sizeof(text));
    for (size_t i = 0; i < sizeof(text); i += 64) {
        expect_read_bytes(text + i, 64, 100);
    }
    expect_nothing();
    change_raw(1, 0);
    type_bytes(text, sizeof(text));
    for (size_t i = 0; i < sizeof(text); i += 64) {
        expect_read_bytes(text + i, 64, 64);
    }
}

static void a_long_line_keeps_its_end(void **state)
{
    static char text[6000];
    memset(text, 'x', sizeof(text));
    change(0, ECHO);
    type_bytes(text, sizeof(text));
    type("\n");
    static char buffer[8192];
    assert_int_equal(read_some(buffer, sizeof(buffer)), TERMINAL_INPUT_BYTES);
    assert_int_equal(buffer[TERMINAL_INPUT_BYTES - 2], 'x');
    assert_int_equal(buffer[TERMINAL_INPUT_BYTES - 1], '\n');
}

/* --- controls --- */

static void defaults_are_those_of_a_linux_serial_line(void **state)
{
    struct uapi_termios2 settings;
    assert_int_equal(control(TCGETS2, &settings, 0), 0);
    assert_int_equal(settings.c_iflag, 0x500);
    assert_int_equal(settings.c_oflag, 5);
    assert_int_equal(settings.c_cflag, 0xcbd);
    assert_int_equal(settings.c_lflag, 0x8a3b);
    assert_int_equal(settings.c_ospeed, 9600);
    assert_memory_equal(settings.c_cc, "\003\034\177\025\004\0\1\0\021\023\032\0\022\017\027\026\0",
                        17);
    terminal_set_line(terminal, terminal->termios.c_cflag, 115200);
    assert_int_equal(terminal->termios.c_cflag, 0x1cb2);
    assert_int_equal(terminal_rate(terminal), 115200);
}

static void input_is_counted(void **state)
{
    int count;
    type("abc");
    assert_int_equal(control(FIONREAD, &count, 0), 0);
    assert_int_equal(count, 0);
    type("\nde\004");
    assert_int_equal(control(FIONREAD, &count, 0), 0);
    assert_int_equal(count, 6);
    assert_int_equal(control(TCFLSH, NULL, TCIFLUSH), 0);
    expect_nothing();
    assert_int_equal(control(TCFLSH, NULL, 3), -EINVAL);
}

static void a_new_window_size_is_told(void **state)
{
    struct uapi_winsize window = {.ws_row = 25, .ws_col = 80};
    assert_int_equal(control(TIOCSWINSZ, &window, 0), 0);
    assert_int_equal(control(TIOCSWINSZ, &window, 0), 0);
    assert_int_equal(signal_count, 1);
    assert_int_equal(signals[0], SIGWINCH);
    struct uapi_winsize seen;
    assert_int_equal(control(TIOCGWINSZ, &seen, 0), 0);
    assert_int_equal(seen.ws_col, 80);
}

static void a_background_process_is_refused(void **state)
{
    char buffer[4];
    access_answer = -EIO;
    assert_int_equal(read_some(buffer, sizeof(buffer)), -EIO);
    assert_int_equal(write_text("x"), 1); /* without TOSTOP anybody may write */
    terminal->termios.c_lflag |= TOSTOP;
    assert_int_equal(write_text("x"), -EIO);
    struct uapi_termios settings = terminal->termios;
    assert_int_equal(control(TCSETS, &settings, 0), -EIO);
    access_answer = 0;
    struct uapi_termios2 rate;
    assert_int_equal(control(TCGETS2, &rate, 0), 0);
    rate.c_cflag = (rate.c_cflag & ~(uint32_t)CBAUD) | BOTHER;
    rate.c_ospeed = 12345;
    assert_int_equal(control(TCSETS2, &rate, 0), 0);
    rate.c_ospeed = 54321;
    access_answer = -EIO;
    assert_int_equal(control(TCSETS2, &rate, 0), -EIO);
    assert_int_equal(terminal_rate(terminal), 12345); /* nothing of it has happened */
    int number = 7;
    assert_int_equal(control(TIOCSPGRP, &number, 0), -ENOTTY);
}

static void a_hung_up_file_is_dead_and_a_new_one_lives(void **state)
{
    char buffer[4];
    type("abc\n");
    terminal_hang_up(terminal);
    assert_int_equal(signals[0], SIGHUP);
    assert_int_equal(read_some(buffer, sizeof(buffer)), 0);
    assert_int_equal(write_text("x"), -EIO);
    assert_true(terminal_file_ops.is_dead(&file));
    assert_true(terminal_poll(&file, NULL) & POLLHUP);
    struct open_file again = {
        .ops = &terminal_file_ops, .flags = O_RDWR, .credentials = &credentials_root};
    assert_int_equal(terminal_open(terminal, &again), 0);
    assert_false(terminal_file_ops.is_dead(&again));
    terminal_file_ops.release(&again);
}

static void faked_input_is_like_typed(void **state)
{
    assert_int_equal(control(TIOCSTI, (void *)(uintptr_t) "q", 0), 0);
    assert_int_equal(control(TIOCSTI, (void *)(uintptr_t) "\n", 0), 0);
    expect_line("q\n");
}

/* Whatever arrives: nothing breaks, and what is read was typed. */
static void noise_is_survived(void **state)
{
    uint64_t seed = 1;
    static char buffer[8192];
    file.flags |= O_NONBLOCK;
    for (unsigned round = 0; round < 20000; round++) {
        char bytes[16];
        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (char)test_random(&seed);
        }
        type_bytes(bytes, 1 + test_random(&seed) % 16);
        if (test_random(&seed) % 8 == 0) {
            struct uapi_termios settings = terminal->termios;
            settings.c_lflag = (uint32_t)test_random(&seed) & ~(uint32_t)TOSTOP;
            settings.c_iflag = (uint32_t)test_random(&seed);
            settings.c_oflag = (uint32_t)test_random(&seed);
            settings.c_cc[VMIN] = (uint8_t)test_random(&seed);
            assert_int_equal(control(TCSETS, &settings, 0), 0);
        }
        (void)!read_some(buffer, test_random(&seed) % sizeof(buffer));
        work_run_queued();
        signal_count = 0;
        sent_length = 0;
    }
}

#define TERMINAL_TEST(name) cmocka_unit_test_setup_teardown(name, prepare, finish)

int main(void)
{
    terminal_set_job_ops(&test_job_ops);
    const struct CMUnitTest tests[] = {
        TERMINAL_TEST(a_line_is_read_when_it_is_complete),
        TERMINAL_TEST(lines_are_read_one_at_a_time),
        TERMINAL_TEST(end_of_file_ends_a_line_and_is_not_read),
        TERMINAL_TEST(other_line_ends),
        TERMINAL_TEST(a_reader_waits_for_the_end_of_the_line),
        TERMINAL_TEST(a_sleeping_reader_is_woken),
        TERMINAL_TEST(erase_takes_one_character),
        TERMINAL_TEST(erase_takes_both_columns_of_a_control),
        TERMINAL_TEST(erase_of_a_tab_goes_back_to_its_column),
        TERMINAL_TEST(erase_of_a_tab_counts_the_prompt),
        TERMINAL_TEST(erase_takes_a_character_of_several_bytes),
        TERMINAL_TEST(erase_of_a_word),
        TERMINAL_TEST(kill_takes_the_line),
        TERMINAL_TEST(erase_without_echoe_shows_the_key),
        TERMINAL_TEST(erase_on_paper),
        TERMINAL_TEST(literal_next_takes_away_the_meaning),
        TERMINAL_TEST(reprint_shows_the_line_again),
        TERMINAL_TEST(carriage_returns_are_mapped),
        TERMINAL_TEST(newline_is_echoed_alone_with_echonl),
        TERMINAL_TEST(keys_send_signals_and_flush),
        TERMINAL_TEST(noflsh_keeps_what_was_typed),
        TERMINAL_TEST(without_isig_keys_are_characters),
        TERMINAL_TEST(stopped_output_waits),
        TERMINAL_TEST(any_key_starts_output_with_ixany),
        TERMINAL_TEST(a_writer_waits_for_a_stopped_line),
        TERMINAL_TEST(a_slow_line_gets_everything_in_order),
        TERMINAL_TEST(output_is_processed),
        TERMINAL_TEST(raw_reads_by_vmin),
        TERMINAL_TEST(raw_waits_until_vmin_are_there),
        TERMINAL_TEST(raw_times_the_pause_between_bytes),
        TERMINAL_TEST(raw_times_the_first_byte),
        TERMINAL_TEST(raw_without_waiting),
        TERMINAL_TEST(what_waits_survives_a_change_of_mode),
        TERMINAL_TEST(a_pasted_text_is_not_lost),
        TERMINAL_TEST(more_than_the_buffer_waits_in_the_ring),
        TERMINAL_TEST(a_long_line_keeps_its_end),
        TERMINAL_TEST(defaults_are_those_of_a_linux_serial_line),
        TERMINAL_TEST(input_is_counted),
        TERMINAL_TEST(a_new_window_size_is_told),
        TERMINAL_TEST(a_background_process_is_refused),
        TERMINAL_TEST(a_hung_up_file_is_dead_and_a_new_one_lives),
        TERMINAL_TEST(faked_input_is_like_typed),
        TERMINAL_TEST(noise_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
