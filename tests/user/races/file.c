/* Races at descriptors, at one file and at its locks. */
#include "races.h"

#include <dirent.h>
#include <sys/file.h>

enum { FIRST_FD = 20, FDS = 6, THREADS = 4, RECORD = 32, FILE_BYTES = 16 * PAGE };

/* ---- one descriptor table ------------------------------------------------------------------------------------------ */

static int draw_fd(void)
{
    return FIRST_FD + (int)(race_draw() % FDS);
}

static bool is_expected(long result)
{
    return result >= 0 || errno == EBADF || errno == EINVAL || errno == ESPIPE || errno == EAGAIN ||
           errno == EPIPE || errno == EBUSY;
}

static void use_descriptor(void)
{
    char bytes[64] = {0};
    struct stat status;
    switch (race_draw() % 6) {
    case 0: RACE_CHECK(is_expected(read(draw_fd(), bytes, sizeof(bytes)))); break;
    case 1: RACE_CHECK(is_expected(write(draw_fd(), bytes, race_draw() % sizeof(bytes)))); break;
    case 2: RACE_CHECK(is_expected(lseek(draw_fd(), race_draw() % 1000, SEEK_SET))); break;
    case 3: RACE_CHECK(is_expected(fstat(draw_fd(), &status))); break;
    case 4: RACE_CHECK(is_expected(fcntl(draw_fd(), F_SETFD, race_draw() % 2))); break;
    default: RACE_CHECK(is_expected(fcntl(draw_fd(), F_SETFL, O_NONBLOCK))); break;
    }
}

static void change_descriptor(void)
{
    int fd = 0, ends[2];
    switch (race_draw() % 4) {
    case 0: RACE_CHECK(is_expected(close(draw_fd()))); return;
    case 1: RACE_CHECK(is_expected(dup2(draw_fd(), draw_fd()))); return;
    case 2:
        fd = RACE_OK(open("file", O_RDWR | O_CREAT, 0600));
        RACE_CHECK(is_expected(dup3(fd, draw_fd(), O_CLOEXEC)));
        break;
    default:
        RACE_OK(pipe2(ends, O_NONBLOCK));
        RACE_CHECK(is_expected(dup2(ends[0], draw_fd())));
        RACE_CHECK(is_expected(dup2(ends[1], draw_fd())));
        close(ends[1]);
        fd = ends[0];
    }
    RACE_OK(close(fd));
}

static void juggle(unsigned index)
{
    (void)index;
    while (race_goes_on()) {
        if (race_draw() % 2) {
            change_descriptor();
        } else {
            use_descriptor();
        }
        race_count();
    }
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    RACE_CHECK(folder != NULL);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static void descriptors_are_juggled(void)
{
    unsigned before = open_descriptors();
    signal(SIGPIPE, SIG_IGN);
    race_threads(THREADS, juggle);
    for (int fd = FIRST_FD; fd < FIRST_FD + FDS; fd++) {
        close(fd);
    }
    RACE_CHECK(open_descriptors() == before);
}

/* ---- one file ---------------------------------------------------------------------------------------------------------- */

static _Atomic uint64_t *records;

static void append(unsigned index)
{
    char record[RECORD];
    int fd = RACE_OK(open("appended", O_WRONLY | O_APPEND));
    memset(record, 'a' + (int)index, sizeof(record));
    while (race_goes_on() && *records < 20000) {
        RACE_CHECK(write(fd, record, sizeof(record)) == sizeof(record));
        ++*records;
        race_count();
    }
}

static void records_are_appended_whole(void)
{
    char record[RECORD];
    uint64_t seen = 0;
    int fd = RACE_OK(open("appended", O_RDONLY | O_CREAT, 0600));
    records = race_shared_pages(1);
    race_processes(THREADS, append);
    while (read(fd, record, sizeof(record)) == sizeof(record)) {
        RACE_CHECK(memcmp(record, record + 1, sizeof(record) - 1) == 0);
        seen++;
    }
    RACE_CHECK(seen == *records);
}

/* Every byte is a zero or the letter of its page. */
static void use_file(unsigned index)
{
    char bytes[2 * PAGE];
    int fd = RACE_OK(open("one", O_RDWR));
    while (race_goes_on()) {
        unsigned page = race_draw() % (FILE_BYTES / PAGE);
        off_t at = (off_t)page * PAGE + race_draw() % PAGE;
        ssize_t count;
        switch (race_draw() % (index == 0 ? 3 : 2)) {
        case 0:
            memset(bytes, 'a' + (int)page, sizeof(bytes));
            RACE_OK(pwrite(fd, bytes, (page + 1UL) * PAGE - (size_t)at, at));
            break;
        case 1:
            count = RACE_OK(pread(fd, bytes, (page + 1UL) * PAGE - (size_t)at, at));
            for (ssize_t i = 0; i < count; i++) {
                RACE_CHECK(bytes[i] == 0 || bytes[i] == 'a' + (int)page);
            }
            break;
        default: RACE_OK(ftruncate(fd, race_draw() % FILE_BYTES)); break;
        }
        race_count();
    }
}

static void one_file_is_used(void)
{
    RACE_OK(open("one", O_RDWR | O_CREAT, 0600));
    race_processes(THREADS, use_file);
}

/* ---- locks of files -------------------------------------------------------------------------------------------------------- */

static struct guarded {
    volatile uint64_t counter;
    _Atomic uint64_t expected;
} * guarded;

static void lock_once(int fd, bool is_flock, bool is_lock)
{
    struct flock range = {.l_type = is_lock ? F_WRLCK : F_UNLCK, .l_start = 5, .l_len = 10};
    RACE_OK(is_flock ? flock(fd, is_lock ? LOCK_EX : LOCK_UN) : fcntl(fd, F_SETLKW, &range));
}

/* Odd ones die with the lock. */
static void hold(unsigned index)
{
    int fd = RACE_OK(open(index < THREADS ? "flocked" : "locked", O_RDWR));
    struct guarded *own = guarded + (index < THREADS);
    for (unsigned i = 1 + race_draw() % 8; i > 0; i--) {
        lock_once(fd, index < THREADS, true);
        uint64_t seen = own->counter;
        race_pause();
        own->counter = seen + 1;
        own->expected++;
        if (i == 1 && index % 2) {
            kill(getpid(), SIGKILL);
        }
        lock_once(fd, index < THREADS, false);
        race_count();
    }
}

static void file_locks_are_passed(void)
{
    pid_t children[2 * THREADS];
    guarded = race_shared_pages(1);
    close(RACE_OK(open("locked", O_RDWR | O_CREAT, 0600)));
    close(RACE_OK(open("flocked", O_RDWR | O_CREAT, 0600)));
    while (race_goes_on()) {
        for (unsigned i = 0; i < 2 * THREADS; i++) {
            children[i] = race_process(hold, i);
        }
        for (unsigned i = 0; i < 2 * THREADS; i++) {
            race_wait(children[i]);
        }
        RACE_CHECK(guarded[0].counter == guarded[0].expected);
        RACE_CHECK(guarded[1].counter == guarded[1].expected);
    }
}

const struct race file_races[] = {
    {"descriptors_are_juggled", descriptors_are_juggled},
    {"records_are_appended_whole", records_are_appended_whole},
    {"one_file_is_used", one_file_is_used},
    {"file_locks_are_passed", file_locks_are_passed},
    {NULL, NULL},
};
