/* Races of processes and threads that begin and end: fork, vfork, exec, exit and wait from any thread. Each child is told of once. */
#include "races.h"

enum { CHILDREN = 6, WAITING_THREADS = 2, BUSY_THREADS = 4, FIRST_STATUS = 40 };

static void end_after_pause(unsigned index)
{
    race_pause();
    _exit(FIRST_STATUS + (int)index);
}

/* ---- waiting ----------------------------------------------------------------------------------------- */

static void wait_for_many(void)
{
    while (race_goes_on()) {
        unsigned seen = 0;
        for (unsigned i = 0; i < CHILDREN; i++) {
            race_process(end_after_pause, i);
        }
        for (unsigned i = 0; i < CHILDREN; i++) {
            int status = 0;
            RACE_OK(waitpid(-1, &status, 0));
            RACE_CHECK(WIFEXITED(status));
            seen |= 1U << (WEXITSTATUS(status) - FIRST_STATUS);
        }
        RACE_CHECK(seen == (1U << CHILDREN) - 1);
        RACE_CHECK(waitpid(-1, NULL, 0) < 0 && errno == ECHILD);
        race_count();
    }
}

static atomic_uint waited;

static void wait_as_one_of_two(unsigned index)
{
    siginfo_t info;
    for (;;) {
        long result = index == 0 ? waitpid(-1, NULL, 0) : waitid(P_ALL, 0, &info, WEXITED);
        if (result < 0) {
            RACE_CHECK(errno == ECHILD);
            return;
        }
        waited++;
    }
}

static void threads_wait_side_by_side(void)
{
    while (race_goes_on()) {
        waited = 0;
        for (unsigned i = 0; i < CHILDREN; i++) {
            race_process(end_after_pause, i);
        }
        race_threads(WAITING_THREADS, wait_as_one_of_two);
        RACE_CHECK(waited == CHILDREN);
        race_count();
    }
}

static void leave_a_child(unsigned index)
{
    race_process(end_after_pause, index);
    race_pause();
}

/* Those whose parents end first come to this process. */
static void orphans_are_reaped(void)
{
    while (race_goes_on()) {
        unsigned seen = 0;
        for (unsigned i = 0; i < CHILDREN; i++) {
            race_process(leave_a_child, i);
        }
        while (waitpid(-1, NULL, 0) > 0) {
            seen++;
        }
        RACE_CHECK(errno == ECHILD && seen == 2 * CHILDREN);
        race_count();
    }
}

/* ---- fork among threads ----------------------------------------------------------------------------------- */

static void fork_or_map(unsigned index)
{
    while (race_goes_on()) {
        if (index == 0) {
            char *pages = RACE_OK(
                mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
            pages[race_draw() % (4 * PAGE)] = 1;
            RACE_OK(munmap(pages, 4 * PAGE));
        } else {
            int status = race_wait(race_process(end_after_pause, index));
            RACE_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == FIRST_STATUS + (int)index);
            race_count();
        }
    }
}

static void threads_fork(void)
{
    race_threads(BUSY_THREADS, fork_or_map);
}

static void vfork_once(unsigned index)
{
    while (race_goes_on()) {
        char status_text[] = {(char)('1' + index), '\0'};
        char *words[] = {"races", "@exit", status_text, NULL};
        pid_t child = vfork();
        if (child == 0) {
            execv("/proc/self/exe", words);
            _exit(0);
        }
        RACE_OK(child);
        int status = race_wait(child);
        RACE_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1 + (int)index);
        race_count();
    }
}

static void threads_vfork(void)
{
    race_threads(2, vfork_once);
}

/* ---- exec and exit among threads ------------------------------------------------------------------------------- */

static unsigned ending_thread;
static int quiet_pipe[2];
static uint32_t quiet_word;
static enum { BY_EXEC, BY_EXIT, BY_TWO_EXITS, BY_KILL } way;

static void be_busy(void)
{
    char byte;
    switch (race_draw() % 6) {
    case 0: RACE_CHECK(read(quiet_pipe[0], &byte, 1) == 1); break;
    case 1: race_futex(&quiet_word, FUTEX_WAIT | FUTEX_PRIVATE, 0, NULL, NULL, 0); break;
    case 2: pause(); break;
    default:
        for (;;) {
            void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            munmap(page, PAGE);
            close(dup(quiet_pipe[0]));
        }
    }
}

__attribute__((noreturn)) static void end_process(unsigned index)
{
    char *words[] = {"races", "@exit", "41", NULL};
    race_pause();
    switch (way) {
    case BY_EXEC: execv("/proc/self/exe", words); break;
    case BY_KILL: kill(getpid(), SIGKILL); break;
    default: break;
    }
    _exit(FIRST_STATUS + (int)index);
}

static void be_one_thread(unsigned index)
{
    race_pause();
    if (index == ending_thread ||
        (way == BY_TWO_EXITS && index == (ending_thread + 1) % BUSY_THREADS)) {
        end_process(index);
    }
    be_busy();
}

static void be_many(unsigned index)
{
    ending_thread = index;
    race_threads(BUSY_THREADS, be_one_thread);
}

static bool is_right(int status)
{
    if (way == BY_KILL) {
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    int exit_status = WIFEXITED(status) ? WEXITSTATUS(status) - FIRST_STATUS : -1;
    return way == BY_EXEC ? exit_status == 1
                          : exit_status == (int)ending_thread ||
                                (way == BY_TWO_EXITS &&
                                 exit_status == ((int)ending_thread + 1) % BUSY_THREADS);
}

static void end_among_threads(void)
{
    RACE_OK(pipe(quiet_pipe));
    while (race_goes_on()) {
        ending_thread = race_draw() % BUSY_THREADS;
        int status = race_wait(race_process(be_many, ending_thread));
        if (!is_right(status)) {
            race_fail(__FILE__, __LINE__, "way %d, thread %u: wait status %#x", way, ending_thread,
                      (unsigned)status);
        }
        race_count();
    }
}

static void exec_among_threads(void)
{
    way = BY_EXEC;
    end_among_threads();
}

static void exit_among_threads(void)
{
    way = BY_EXIT;
    end_among_threads();
}

static void two_threads_exit(void)
{
    way = BY_TWO_EXITS;
    end_among_threads();
}

static void kill_among_threads(void)
{
    way = BY_KILL;
    end_among_threads();
}

/* ---- looking for those who end ------------------------------------------------------------------------------------- */

enum { LONE_PROCESSES = 2, SEEKERS = 2 };

static atomic_int *lone_thread; /* shared: its number, of each process */

static void *end_last(void *index)
{
    lone_thread[(intptr_t)index] = (int)syscall(SYS_gettid);
    race_pause();
    syscall(SYS_exit, 0);
    return NULL;
}

/* The first thread ends before the last one does. */
static void end_first(unsigned index)
{
    pthread_t thread;
    RACE_CHECK(pthread_create(&thread, NULL, end_last, (void *)(intptr_t)index) == 0);
    syscall(SYS_exit, 0);
}

static void end_again_and_again(unsigned index)
{
    while (race_goes_on()) {
        int status = race_wait(race_process(end_first, index));
        RACE_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        race_count();
    }
}

/* Whoever is found by number while he ends is there still, or gone. */
static void seek(unsigned index)
{
    while (race_goes_on()) {
        int number = lone_thread[race_draw() % LONE_PROCESSES];
        syscall(SYS_sched_getscheduler, number);
        syscall(SYS_tkill, number, 0);
        if (index == 0) {
            RACE_OK(syscall(SYS_getpriority, 2 /* PRIO_USER */, 0));
        }
    }
}

static void end_or_seek(unsigned index)
{
    if (index < LONE_PROCESSES) {
        end_again_and_again(index);
    } else {
        seek(index - LONE_PROCESSES);
    }
}

static void last_threads_are_sought(void)
{
    lone_thread = race_shared_pages(1);
    race_processes(LONE_PROCESSES + SEEKERS, end_or_seek);
}

/* A descriptor of a child that is given up before it began: other threads may have looked at it. */
enum { PIDFD_FLAG = 0x1000, SPAN_OF_NUMBERS = 8 };

static void make_or_look(unsigned index)
{
    siginfo_t info;
    while (race_goes_on()) {
        if (index == 0) {
            RACE_CHECK(syscall(SYS_clone, PIDFD_FLAG | SIGCHLD, NULL, ~0xfffUL, NULL, 0) < 0);
            race_count();
            continue;
        }
        int descriptor = (int)(race_draw() % SPAN_OF_NUMBERS);
        switch (race_draw() % 3) {
        case 0:
            descriptor = (int)syscall(SYS_pidfd_getfd, descriptor, 0, 0);
            if (descriptor >= 0) {
                close(descriptor);
            }
            break;
        case 1: syscall(SYS_pidfd_send_signal, descriptor, 0, NULL, 0); break;
        default: waitid((idtype_t)3 /* P_PIDFD */, (id_t)descriptor, &info, WEXITED | WNOHANG);
        }
    }
}

static void unborn_children_are_looked_at(void)
{
    race_threads(BUSY_THREADS, make_or_look);
}

const struct race process_races[] = {
    {"wait_for_many", wait_for_many},
    {"threads_wait_side_by_side", threads_wait_side_by_side},
    {"orphans_are_reaped", orphans_are_reaped},
    {"threads_fork", threads_fork},
    {"threads_vfork", threads_vfork},
    {"exec_among_threads", exec_among_threads},
    {"exit_among_threads", exit_among_threads},
    {"two_threads_exit", two_threads_exit},
    {"kill_among_threads", kill_among_threads},
    {"last_threads_are_sought", last_threads_are_sought},
    {"unborn_children_are_looked_at", unborn_children_are_looked_at},
    {NULL, NULL},
};
