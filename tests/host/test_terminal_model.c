/*
 * The line discipline against the machine's own: random settings and random typing go to a
 * pseudo-terminal of the running Linux and to ours; what is echoed and what is read must be the
 * same. Skipped where no pseudo-terminal can be opened.
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

/* The machine's calls, without its headers, whose names are the kernel's too. */
int open(const char *path, int flags, ...);
int close(int descriptor);
int ioctl(int descriptor, unsigned long command, ...);
ssize_t read(int descriptor, void *buffer, size_t size);
ssize_t write(int descriptor, const void *buffer, size_t size);
int usleep(unsigned microseconds);

struct boot_parameters boot_parameters;

enum { ROUNDS = 200, BYTES_MAX = 24, TEXT_MAX = 8192, QUIET_US = 1500 };

/* --- ours --- */

static char sent[TEXT_MAX];
static size_t sent_length;

static size_t line_write(struct terminal *terminal, const char *bytes, size_t count)
{
    assert_true(sent_length + count <= sizeof(sent));
    memcpy(sent + sent_length, bytes, count);
    sent_length += count;
    return count;
}

static const struct terminal_driver line_driver = {.name = "test", .write = line_write};
static struct terminal *terminal;
static struct open_file file;

/* --- the machine's --- */

static int master = -1, slave = -1;

static bool machine_open(void)
{
    int zero = 0;
    char path[32];
    unsigned number;
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || ioctl(master, TIOCSPTLCK, &zero) != 0 ||
        ioctl(master, TIOCGPTN, &number) != 0) {
        return false;
    }
    snprintf(path, sizeof(path), "/dev/pts/%u", number);
    slave = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    return slave >= 0;
}

/* What the machine's terminal sends: waits for as much as is expected, and whether more comes. */
static size_t machine_sent(char *text, size_t expected)
{
    size_t length = 0;
    unsigned quiet = 0;
    while (quiet < 2 || (length < expected && quiet < 200)) {
        ssize_t count = read(master, text + length, TEXT_MAX - length);
        length += count > 0 ? (size_t)count : 0;
        quiet = count > 0 ? 0 : quiet + 1;
        usleep(QUIET_US);
    }
    return length;
}

/* --- both --- */

static void show_failure(const char *what, const struct uapi_termios *settings, const char *typed,
                         size_t typed_length)
{
    fprintf(stderr, "%s differs: iflag %#x oflag %#x lflag %#x typed", what, settings->c_iflag,
            settings->c_oflag, settings->c_lflag);
    for (size_t i = 0; i < typed_length; i++) {
        fprintf(stderr, " %02x", (uint8_t)typed[i]);
    }
    fputc('\n', stderr);
}

static void show_bytes(const char *name, const char *bytes, ssize_t length)
{
    fprintf(stderr, "  %s (%zd):", name, length);
    for (ssize_t i = 0; i < length; i++) {
        fprintf(stderr, " %02x", (uint8_t)bytes[i]);
    }
    fputc('\n', stderr);
}

static uint32_t some_of(uint64_t *seed, uint32_t flags)
{
    return (uint32_t)test_random(seed) & flags;
}

static void choose_settings(struct uapi_termios *settings, uint64_t *seed)
{
    *settings = terminal_default_settings;
    settings->c_iflag ^=
        some_of(seed, INLCR | IGNCR | ICRNL | ISTRIP | IUTF8 | IUCLC) & some_of(seed, UINT32_MAX);
    settings->c_iflag |= some_of(seed, PARMRK) & some_of(seed, PARMRK);
    settings->c_oflag ^= some_of(seed, OLCUC | OCRNL | ONOCR | ONLRET | ONLCR | XTABS | OPOST) &
                         some_of(seed, UINT32_MAX);
    if ((settings->c_oflag & TABDLY) != XTABS) {
        settings->c_oflag &= ~(uint32_t)TABDLY;
    }
    settings->c_lflag ^=
        some_of(seed, ECHO | ECHOE | ECHOK | ECHONL | ECHOCTL | ECHOKE | ECHOPRT | IEXTEN | ISIG) &
        some_of(seed, UINT32_MAX);
    settings->c_lflag |= NOFLSH; /* how much echo a flush still catches is a matter of speed */
    if (test_random(seed) % 4 == 0) {
        settings->c_lflag &= ~(uint32_t)ICANON;
    }
    settings->c_cc[VMIN] = 0; /* a read never waits */
    settings->c_cc[VEOL] = test_random(seed) % 2 ? ';' : 0;
    settings->c_cc[VEOL2] = test_random(seed) % 2 ? '.' : 0;
}

static char choose_byte(uint64_t *seed)
{
    static const char keys[] =
        "\177\177\025\027\026\022\004\n\r\t\t;. aZ_\001\033\b\303\244\377\034";
    if (test_random(seed) % 2 == 0) {
        return (char)('a' + (char)(test_random(seed) % 4));
    }
    return keys[test_random(seed) % (sizeof(keys) - 1)];
}

static size_t choose_typing(char *bytes, uint64_t *seed)
{
    size_t count = 1 + test_random(seed) % BYTES_MAX;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = choose_byte(seed);
    }
    return count;
}

/* Starts a round: nothing waits on either side, the column is 0, the settings are the same. */
static void start_round(struct uapi_termios *settings)
{
    static char text[TEXT_MAX];
    struct uapi_termios plain = terminal_default_settings;
    assert_int_equal(ioctl(slave, TCSETSF, &plain), 0);
    assert_int_equal(write(slave, "\n", 1), 1);
    (void)machine_sent(text, 2);
    assert_int_equal(ioctl(slave, TCSETSF, settings), 0);

    mutex_lock(&terminal->lock);
    terminal_change_settings_locked(terminal, &plain);
    terminal_output_char_locked(terminal, '\n');
    terminal_push_output_locked(terminal);
    terminal_flush_input_locked(terminal);
    terminal_change_settings_locked(terminal, settings);
    mutex_unlock(&terminal->lock);
    sent_length = 0;
}

static void compare_reads(const struct uapi_termios *settings, const char *typed, size_t count,
                          uint64_t *seed)
{
    static char theirs[TEXT_MAX], ours[TEXT_MAX];
    ssize_t their_count, our_count;
    unsigned reads = 0;
    do {
        struct io_iter iter;
        uint64_t position = 0;
        size_t size = 1 + test_random(seed) % 12;
        their_count = read(slave, theirs, size);
        io_iter_init_kernel(&iter, ours, size);
        our_count = terminal_file_ops.read(&file, &iter, &position);
        our_count = our_count < 0 ? -1 : our_count;
        if (their_count != our_count ||
            (our_count > 0 && memcmp(ours, theirs, (size_t)our_count))) {
            show_failure("read", settings, typed, count);
            show_bytes("Linux", theirs, their_count);
            show_bytes("Astra", ours, our_count);
            fail();
        }
    } while ((our_count > 0 || (settings->c_lflag & ICANON)) && our_count >= 0 && ++reads < 100);
}

static void run_round(uint64_t *seed)
{
    static char theirs[TEXT_MAX];
    struct uapi_termios settings;
    char typed[BYTES_MAX];
    choose_settings(&settings, seed);
    size_t count = choose_typing(typed, seed);
    if (memchr(typed, 0377, count) != NULL) {
        settings.c_oflag &= ~(uint32_t)OLCUC; /* Linux's echo of 0377 misses it */
    }
    start_round(&settings);
    assert_int_equal(write(master, typed, count), count);
    for (size_t i = 0; i < count; i++) { /* each echo is out before a flush */
        terminal_input(terminal, typed + i, 1);
        work_run_queued();
    }
    size_t length = machine_sent(theirs, sent_length);
    if (length != sent_length || memcmp(theirs, sent, length) != 0) {
        show_failure("echo", &settings, typed, count);
        show_bytes("Linux", theirs, (ssize_t)length);
        show_bytes("Astra", sent, (ssize_t)sent_length);
        fail();
    }
    compare_reads(&settings, typed, count, seed);
}

static void random_typing_gives_the_same(void **state)
{
    uint64_t seed = getenv("ASTRA_SEED") ? strtoull(getenv("ASTRA_SEED"), NULL, 0) : 1;
    fake_floor_start();
    if (!machine_open()) {
        skip();
    }
    terminal = terminal_create(&line_driver, NULL, "test0", 0x440);
    file = (struct open_file){
        .ops = &terminal_file_ops, .flags = O_RDWR | O_NONBLOCK, .credentials = &credentials_root};
    assert_int_equal(terminal_open(terminal, &file), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        run_round(&seed);
    }
    terminal_file_ops.release(&file);
    terminal_put(terminal);
    close(slave);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_typing_gives_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
