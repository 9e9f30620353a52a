/* Races of process groups, stopping and continuing, and /proc, against processes that come and go. */
#include "races.h"

enum { DEPTH = 3, CHILDREN = 4, PASSES = 200, READERS = 2, MEMBERS = 4 };

/* ---- a group that multiplies is killed whole --------------------------------------------------------------- */

/* Ends only where it is killed: who is missed by the signal goes on, and the wait for it never ends. */
__attribute__((noreturn)) static void multiply(unsigned depth)
{
    for (int i = 0; i < CHILDREN; i++) {
        race_pause();
        pid_t child = fork();
        if (child == 0 && depth > 0) {
            multiply(depth - 1);
        }
        if (child == 0) {
            _exit(0);
        }
        waitpid(-1, NULL, WNOHANG);
    }
    for (;;) {
        pause();
    }
}

static void lead_group(unsigned depth)
{
    setpgid(0, 0);
    multiply(depth);
}

static void groups_are_killed_whole(void)
{
    struct timespec nap = {0, 0};
    while (race_goes_on()) {
        pid_t leader = race_process(lead_group, race_draw() % DEPTH);
        RACE_OK(setpgid(leader, leader));
        nap.tv_nsec = race_draw() % 3000000;
        nanosleep(&nap, NULL);
        kill(-leader, SIGKILL);
        while (waitpid(-1, NULL, 0) > 0) {}
        RACE_CHECK(errno == ECHILD);
        race_count();
    }
}

/* ---- stopping and continuing ----------------------------------------------------------------------------------- */

static int there[2], back[2];

/* Stops again only once the parent has heard of the end of the last stop: another one would hide it. */
static void stop_again_and_again(unsigned index)
{
    char byte;
    (void)index;
    for (;;) {
        raise(SIGSTOP);
        race_pause();
        RACE_CHECK(read(there[0], &byte, 1) == 1);
    }
}

static void stops_are_told(void)
{
    RACE_OK(pipe(there));
    pid_t child = race_process(stop_again_and_again, 0);
    int status;
    while (race_goes_on()) {
        RACE_CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
        race_pause();
        RACE_OK(kill(child, SIGCONT));
        RACE_CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
        RACE_CHECK(write(there[1], "x", 1) == 1);
        race_count();
    }
    RACE_OK(kill(child, SIGKILL));
    RACE_CHECK(WIFSIGNALED(race_wait(child)));
}

static void pass_bytes(unsigned index)
{
    char byte = 'x';
    for (int i = 0; i < PASSES; i++) {
        if (index == 0) {
            RACE_CHECK(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1);
        } else {
            RACE_CHECK(read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1);
        }
    }
}

/* Two that pass bytes get to their end, however often they are stopped and continued. */
static void stopped_pairs_go_on(void)
{
    int status;
    while (race_goes_on()) {
        RACE_OK(pipe(there));
        RACE_OK(pipe(back));
        pid_t pair[2] = {race_process(pass_bytes, 0), race_process(pass_bytes, 1)};
        for (unsigned ended = 0; ended != 3;) {
            unsigned which = race_draw() % 2;
            if (!(ended & 1U << which)) {
                kill(pair[which], SIGSTOP);
                race_pause();
                kill(pair[which], SIGCONT);
                race_pause();
            }
            if (!(ended & 1U << which) && waitpid(pair[which], &status, WNOHANG) == pair[which]) {
                RACE_CHECK(status == 0);
                ended |= 1U << which;
            }
        }
        for (int i = 0; i < 2; i++) {
            close(there[i]);
            close(back[i]);
        }
        race_count();
    }
}

/* ---- /proc is read while what it shows comes and goes --------------------------------------------------------------- */

static _Atomic pid_t *members;

static void come_and_go(unsigned index)
{
    race_pause();
    (void)index;
}

static void read_member(void)
{
    static const char *const names[] = {"stat",   "status", "maps", "cmdline", "task",
                                        "limits", "fd",     "exe",  "comm",    "statm"};
    char path[PATH_MAX], text[PAGE];
    snprintf(path, sizeof(path), "/proc/%d/%s", members[race_draw() % MEMBERS],
             names[race_draw() % (sizeof(names) / sizeof(names[0]))]);
    int fd = open(path, O_RDONLY);
    if (fd >= 0) {
        RACE_CHECK(read(fd, text, sizeof(text)) >= 0 || errno == ESRCH || errno == EISDIR ||
                   errno == EINVAL || errno == ENOEXEC);
        syscall(SYS_getdents64, fd, text, sizeof(text));
        close(fd);
    }
}

static void read_or_fork(unsigned index)
{
    while (race_goes_on()) {
        if (index < READERS) {
            read_member();
        } else {
            pid_t child = race_process(come_and_go, 0);
            members[race_draw() % MEMBERS] = child;
            RACE_CHECK(race_wait(child) == 0);
        }
        race_count();
    }
}

static void proc_is_read(void)
{
    members = race_shared_pages(1);
    race_processes(READERS + 2, read_or_fork);
}

const struct race group_races[] = {
    {"groups_are_killed_whole", groups_are_killed_whole},
    {"stops_are_told", stops_are_told},
    {"stopped_pairs_go_on", stopped_pairs_go_on},
    {"proc_is_read", proc_is_read},
    {NULL, NULL},
};
