/* Races at pipes and named pipes: readers, writers, pollers and ends that are closed. Every byte arrives, every end is noticed. */
#include "races.h"

#include <poll.h>

enum { WRITERS = 3, READERS = 3, SMALL = 3000 };

static int there[2], back[2];

/* ---- a byte goes to and fro ----------------------------------------------------------------------------- */

static void pass_byte(unsigned index)
{
    int from = index == 0 ? back[0] : there[0], to = index == 0 ? there[1] : back[1];
    char byte = 'x';
    if (index == 0) {
        RACE_CHECK(write(to, &byte, 1) == 1);
    }
    while (byte != 'q') {
        RACE_CHECK(read(from, &byte, 1) == 1);
        race_pause();
        if (index == 0 && !race_goes_on()) {
            byte = 'q';
        }
        race_count();
        RACE_CHECK(write(to, &byte, 1) == 1);
    }
}

static void pass_between_processes(void)
{
    RACE_OK(pipe(there));
    RACE_OK(pipe(back));
    race_processes(2, pass_byte);
}

static void pass_between_threads(void)
{
    RACE_OK(pipe(there));
    RACE_OK(pipe(back));
    race_threads(2, pass_byte);
}

/* ---- many at one pipe ------------------------------------------------------------------------------------- */

static struct sums {
    _Atomic uint64_t written, read, writers;
} * sums;

static uint64_t sum_of(const unsigned char *bytes, ssize_t count)
{
    uint64_t sum = 0;
    for (ssize_t i = 0; i < count; i++) {
        sum += bytes[i];
    }
    return sum;
}

static void write_some(void)
{
    unsigned char bytes[SMALL];
    size_t count = 1 + race_draw() % SMALL;
    memset(bytes, (int)(race_draw() % 256), count);
    size_t done = 0;
    while (done < count) {
        ssize_t result = write(there[1], bytes + done, count - done);
        struct pollfd ready = {there[1], POLLOUT, 0};
        if (result < 0 && errno == EAGAIN) {
            RACE_OK(poll(&ready, 1, -1));
        } else {
            done += (size_t)RACE_OK(result);
        }
    }
    sums->written += sum_of(bytes, (ssize_t)count);
}

static bool read_some(void)
{
    unsigned char bytes[SMALL];
    ssize_t result = read(there[0], bytes, 1 + race_draw() % SMALL);
    struct pollfd ready = {there[0], POLLIN, 0};
    if (result < 0 && errno == EAGAIN) {
        RACE_OK(poll(&ready, 1, -1));
        return true;
    }
    sums->read += sum_of(bytes, RACE_OK(result));
    race_count();
    return result > 0;
}

static void crowd_one(unsigned index)
{
    if (index < WRITERS) {
        close(there[0]);
        while (race_goes_on()) {
            write_some();
            race_pause();
        }
    } else {
        close(there[1]);
        while (read_some()) {
            race_pause();
        }
    }
}

static void crowd(int pipe_flags)
{
    pid_t children[WRITERS + READERS];
    sums = race_shared_pages(1);
    RACE_OK(pipe2(there, pipe_flags));
    RACE_OK(fcntl(there[1], F_SETPIPE_SZ, PAGE));
    for (unsigned i = 0; i < WRITERS + READERS; i++) {
        children[i] = race_process(crowd_one, i);
    }
    close(there[0]);
    close(there[1]);
    for (unsigned i = 0; i < WRITERS + READERS; i++) {
        RACE_CHECK(race_wait(children[i]) == 0);
    }
    RACE_CHECK(sums->written == sums->read);
}

static void many_at_one_pipe(void)
{
    crowd(0);
}

static void pollers_at_one_pipe(void)
{
    crowd(O_NONBLOCK);
}

/* ---- ends that are closed while somebody waits ---------------------------------------------------------------- */

static void wait_at_end(unsigned is_reader)
{
    char bytes[PAGE] = {0};
    close(there[is_reader]);
    if (is_reader) {
        RACE_CHECK(read(there[0], bytes, 1) == 0);
        return;
    }
    while (write(there[1], bytes, sizeof(bytes)) > 0) {}
    RACE_CHECK(errno == EPIPE);
}

static void ends_close(void)
{
    signal(SIGPIPE, SIG_IGN);
    while (race_goes_on()) {
        unsigned is_reader = race_draw() % 2;
        RACE_OK(pipe(there));
        pid_t child = race_process(wait_at_end, is_reader);
        close(there[!is_reader]);
        race_pause();
        race_pause();
        close(there[is_reader]);
        RACE_CHECK(race_wait(child) == 0);
        race_count();
    }
}

/* ---- a named pipe whose openers wait for each other ------------------------------------------------------------- */

static void open_one(unsigned index)
{
    char byte = 'x';
    race_pause();
    int fd = RACE_OK(open("fifo", index == 0 ? O_RDONLY : O_WRONLY));
    race_pause();
    RACE_CHECK(index == 0 ? read(fd, &byte, 1) == 1 : write(fd, &byte, 1) == 1);
    close(fd);
}

static void openers_meet(void)
{
    RACE_OK(mkfifo("fifo", 0600));
    while (race_goes_on()) {
        race_threads(2, open_one);
        race_count();
    }
}

const struct race pipe_races[] = {
    {"pipe_passes_between_processes", pass_between_processes},
    {"pipe_passes_between_threads", pass_between_threads},
    {"many_at_one_pipe", many_at_one_pipe},
    {"pollers_at_one_pipe", pollers_at_one_pipe},
    {"pipe_ends_close", ends_close},
    {"fifo_openers_meet", openers_meet},
    {NULL, NULL},
};
