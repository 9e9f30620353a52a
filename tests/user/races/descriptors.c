/*
 * Races of threads and processes that share one table of descriptors: looking up against close, dup2, growth, unshare and exec.
 *
 * Every file is a page of one letter. The number SLOT + i only ever gets files of its own group, so a call that answers from another
 * file than one that the number had at that moment is seen, whatever the order was. What is open for a moment only takes the lowest
 * free number, and below SLOT there are more than all threads need.
 */
#include "races.h"

#include <sys/file.h>

enum {
    SLOT = 40,
    SLOTS = 5,
    STEADY = 2, /* the first ones are exchanged by dup2 only: they are never free */
    GROUP = 3,  /* files of one slot */
    FILES = SLOTS * GROUP,
    THREADS = 4,
    ROUND = 60,
    HIGHEST = 1000,
    BYTES = 64,
};

static ino_t inodes[FILES];

static char letter_of(unsigned file)
{
    return (char)('A' + file);
}

static int open_letter(unsigned file, int flags)
{
    char name[16];
    snprintf(name, sizeof(name), "letter%u", file);
    return RACE_OK(open(name, flags, 0600));
}

static void make_files(void)
{
    char page[PAGE];
    for (unsigned file = 0; file < FILES; file++) {
        struct stat status;
        int fd = open_letter(file, O_RDWR | O_CREAT | O_TRUNC);
        memset(page, letter_of(file), PAGE);
        RACE_CHECK(write(fd, page, PAGE) == PAGE);
        RACE_OK(fstat(fd, &status));
        inodes[file] = status.st_ino;
        RACE_OK(close(fd));
    }
}

static void fill_slot(unsigned slot, unsigned file)
{
    int fd = open_letter(file, O_RDONLY);
    RACE_CHECK(fd < SLOT);
    RACE_OK(dup3(fd, SLOT + (int)slot, race_draw() % 2 ? O_CLOEXEC : 0));
    RACE_OK(close(fd));
}

static void fill_slots(void)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        fill_slot(slot, slot * GROUP);
    }
}

static void empty_slots(void)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        close(SLOT + (int)slot);
    }
}

/* ---- looking up -------------------------------------------------------------------------------------------------------- */

static void check_letters(unsigned slot, const char *bytes, ssize_t count)
{
    RACE_CHECK(count == BYTES && memcmp(bytes, bytes + 1, BYTES - 1) == 0);
    RACE_CHECK(bytes[0] >= letter_of(slot * GROUP) && bytes[0] < letter_of((slot + 1) * GROUP));
}

static void check_inode(unsigned slot, ino_t inode)
{
    bool is_of_slot = false;
    for (unsigned file = slot * GROUP; file < (slot + 1) * GROUP; file++) {
        is_of_slot = is_of_slot || inodes[file] == inode;
    }
    RACE_CHECK(is_of_slot);
}

/* A number that is never free is never refused. */
static bool is_there(unsigned slot, long result)
{
    RACE_CHECK(result >= 0 || (errno == EBADF && slot >= STEADY));
    return result >= 0;
}

static void look_up(void)
{
    char bytes[BYTES];
    struct stat status;
    unsigned slot = race_draw() % SLOTS;
    int fd = SLOT + (int)slot, copy;
    ssize_t count;
    switch (race_draw() % 4) {
    case 0:
        if (is_there(slot, fstat(fd, &status))) {
            check_inode(slot, status.st_ino);
        }
        break;
    case 1:
        copy = dup(fd);
        if (is_there(slot, copy)) {
            check_letters(slot, bytes, pread(copy, bytes, BYTES, 0));
            RACE_OK(close(copy));
        }
        break;
    default:
        count = pread(fd, bytes, BYTES, race_draw() % (PAGE - BYTES));
        if (is_there(slot, count)) {
            check_letters(slot, bytes, count);
        }
    }
}

static void exchange(void)
{
    unsigned slot = race_draw() % SLOTS;
    if (slot >= STEADY && race_draw() % 2) {
        RACE_CHECK(close(SLOT + (int)slot) == 0 || errno == EBADF);
    } else {
        fill_slot(slot, slot * GROUP + race_draw() % GROUP);
    }
}

static void look_up_and_exchange(unsigned index)
{
    while (race_goes_on()) {
        if (index < THREADS / 2 && race_draw() % 2) {
            exchange();
        } else {
            look_up();
        }
        race_count();
    }
}

static void look_ups_meet_close_and_dup2(void)
{
    make_files();
    fill_slots();
    race_threads(THREADS, look_up_and_exchange);
    empty_slots();
}

/* ---- growth ------------------------------------------------------------------------------------------------------------ */

/* One thread makes the table grow, in steps; a process's table grows once only, so each round is a process. */
static void use_growing(unsigned index)
{
    if (index == 0) {
        for (int fd = 64; fd < HIGHEST; fd += (int)(race_draw() % 200)) {
            race_pause();
            RACE_OK(dup2(SLOT, fd));
        }
        return;
    }
    for (unsigned i = 0; i < ROUND; i++) {
        if (index == 1) {
            exchange();
        } else {
            look_up();
        }
    }
}

static void live_with_growth(unsigned index)
{
    (void)index;
    fill_slots();
    race_threads(THREADS, use_growing);
}

static void look_ups_meet_growth(void)
{
    make_files();
    while (race_goes_on()) {
        RACE_CHECK(race_wait(race_process(live_with_growth, 0)) == 0);
        race_count();
    }
}

/* ---- a table that is left ---------------------------------------------------------------------------------------------- */

/* What this thread does in its copy the others must not see. */
static void leave_table(void)
{
    RACE_OK(unshare(CLONE_FILES));
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        unsigned foreign = (slot + 1) % SLOTS;
        char bytes[BYTES];
        fill_slot(slot, foreign * GROUP);
        check_letters(foreign, bytes, pread(SLOT + (int)slot, bytes, BYTES, 0));
    }
    RACE_OK(close(SLOT));
}

/* A process that has the table too, and leaves it by exec: what is marked is closed in its copy alone. */
static void share_and_execute(void)
{
    static char name[] = "races", word[] = "@exit", status[] = "3";
    char *words[] = {name, word, status, NULL};
    int result;
    pid_t child = (pid_t)RACE_OK(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
    if (child == 0) {
        look_up();
        execv("/proc/self/exe", words);
        _exit(99);
    }
    RACE_CHECK(RACE_OK(waitpid(child, &result, 0)) == child);
    RACE_CHECK(WIFEXITED(result) && WEXITSTATUS(result) == 3);
}

static void use_and_leave(unsigned index)
{
    if (index == 0) {
        race_pause();
        leave_table();
        return;
    }
    if (index == 1) {
        share_and_execute();
    }
    for (unsigned i = 0; i < ROUND; i++) {
        if (race_draw() % 2) {
            exchange();
        } else {
            look_up();
        }
    }
}

static void tables_are_left(void)
{
    make_files();
    fill_slots();
    while (race_goes_on()) {
        race_threads(THREADS, use_and_leave);
        race_count();
    }
    empty_slots();
}

/* ---- record locks ------------------------------------------------------------------------------------------------------ */

static int kept_fd, witness_fd, locked_fd;
static atomic_uint arrivals;
static bool is_over;

/* Both threads have come here. */
static void meet(void)
{
    unsigned all = (++arrivals + 1) / 2 * 2;
    while (arrivals < all) {
        sched_yield();
    }
}

static void check_unlocked(void)
{
    struct flock range = {.l_type = F_WRLCK};
    RACE_OK(fcntl(witness_fd, F_OFD_GETLK, &range));
    RACE_CHECK(range.l_type == F_UNLCK);
}

/* One takes a lock through a descriptor that the other one closes. */
static void lock_and_close(unsigned index)
{
    struct flock range = {.l_type = F_WRLCK, .l_len = 10};
    while (!is_over) {
        if (index == 1) {
            locked_fd = RACE_OK(dup(kept_fd));
        }
        meet();
        for (volatile uint32_t i = race_draw() % 200; i > 0; i--) {}
        if (index == 0) {
            RACE_CHECK(fcntl(locked_fd, F_SETLK, &range) == 0 || errno == EBADF);
        } else {
            RACE_OK(close(locked_fd));
        }
        meet();
        if (index == 1) {
            check_unlocked();
            is_over = !race_goes_on();
            race_count();
        }
        meet();
    }
}

/* Every close gives up what the process has locked of the file, so no lock may be left, though the open file lives on. */
static void no_lock_outlives_its_descriptor(void)
{
    kept_fd = RACE_OK(open("locked", O_RDWR | O_CREAT, 0600));
    witness_fd = RACE_OK(open("locked", O_RDWR));
    is_over = false;
    race_threads(2, lock_and_close);
    RACE_OK(close(kept_fd));
    RACE_OK(close(witness_fd));
}

/* Two threads lock one open file at the same time: it has the lock, whoever came first. */
static void lock_together(unsigned index)
{
    while (!is_over) {
        meet();
        for (volatile uint32_t i = race_draw() % 200; i > 0; i--) {}
        RACE_OK(flock(kept_fd, LOCK_EX | LOCK_NB));
        RACE_CHECK(flock(witness_fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK);
        meet();
        if (index == 1) {
            RACE_OK(flock(kept_fd, LOCK_UN));
            is_over = !race_goes_on();
            race_count();
        }
        meet();
    }
}

static void one_file_is_locked_by_threads(void)
{
    kept_fd = RACE_OK(open("locked", O_RDWR | O_CREAT, 0600));
    witness_fd = RACE_OK(open("locked", O_RDWR));
    is_over = false;
    race_threads(2, lock_together);
    RACE_OK(close(kept_fd));
    RACE_OK(close(witness_fd));
}

/* ---- who only looks ---------------------------------------------------------------------------------------------------- */

enum { LOOKERS = 2 };

static atomic_int *looked_at; /* a process's number, or 0 */

/* In a process of its own: /proc tells the size of the table of somebody who may end at any time. */
static void look_at_table(unsigned index)
{
    char name[32], bytes[256];
    (void)index;
    while (race_goes_on()) {
        snprintf(name, sizeof(name), "/proc/%d/status", *looked_at);
        int fd = open(name, O_RDONLY);
        if (fd >= 0) {
            RACE_CHECK(read(fd, bytes, sizeof(bytes)) >= 0 || errno == ESRCH);
            RACE_OK(close(fd));
        }
    }
}

static void run_among_lookers(void (*body)(void))
{
    pid_t lookers[LOOKERS];
    looked_at = race_shared_pages(1);
    *looked_at = getpid();
    for (unsigned i = 0; i < LOOKERS; i++) {
        lookers[i] = race_process(look_at_table, i);
    }
    while (race_goes_on()) {
        body();
        race_count();
    }
    for (unsigned i = 0; i < LOOKERS; i++) {
        RACE_CHECK(race_wait(lookers[i]) == 0);
    }
}

/* A table that nobody else uses stays the same one, so what hangs on it stays. */
static void lock_and_unshare(void)
{
    struct flock range = {.l_type = F_WRLCK};
    RACE_OK(fcntl(kept_fd, F_SETLK, &range));
    RACE_OK(unshare(CLONE_FILES));
    RACE_OK(fcntl(witness_fd, F_OFD_GETLK, &range));
    RACE_CHECK(range.l_type == F_WRLCK);
}

static void who_looks_takes_no_locks_away(void)
{
    kept_fd = RACE_OK(open("locked", O_RDWR | O_CREAT, 0600));
    witness_fd = RACE_OK(open("locked", O_RDWR));
    run_among_lookers(lock_and_unshare);
    RACE_OK(close(kept_fd));
    RACE_OK(close(witness_fd));
}

static void end_soon(unsigned index)
{
    (void)index;
    race_pause();
}

/* Whoever has waited for a process finds its files closed. */
static void end_with_pipe(void)
{
    int ends[2];
    char byte;
    RACE_OK(pipe2(ends, O_NONBLOCK));
    *looked_at = race_process(end_soon, 0);
    RACE_OK(close(ends[1]));
    RACE_CHECK(race_wait(*looked_at) == 0);
    RACE_CHECK(read(ends[0], &byte, 1) == 0);
    RACE_OK(close(ends[0]));
}

static void who_looks_keeps_nothing_open(void)
{
    run_among_lookers(end_with_pipe);
}

const struct race descriptor_races[] = {
    {"look_ups_meet_close_and_dup2", look_ups_meet_close_and_dup2},
    {"look_ups_meet_growth", look_ups_meet_growth},
    {"tables_are_left", tables_are_left},
    {"no_lock_outlives_its_descriptor", no_lock_outlives_its_descriptor},
    {"one_file_is_locked_by_threads", one_file_is_locked_by_threads},
    {"who_looks_takes_no_locks_away", who_looks_takes_no_locks_away},
    {"who_looks_keeps_nothing_open", who_looks_keeps_nothing_open},
    {NULL, NULL},
};
