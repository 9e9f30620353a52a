/* Ends, stops and executions of a process against its own threads: what another process sees of them must not depend on which CPU
 * was faster. Each race is run many times. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { ROUNDS = 20, THREADS = 3, STOPS = 20 };

static atomic_bool is_over;

static void *spin(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over)) {
        usleep(50);
    }
    return NULL;
}

static void *ends_at_once(void *argument)
{
    return argument;
}

static void start(void *(*function)(void *), int count)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, &attributes, function, NULL) == 0);
    }
}

TEST(who_waited_finds_every_descriptor_of_the_threads_closed)
{
    for (int i = 0; i < ROUNDS; i++) {
        int ends[2];
        char byte;
        CHECK_OK(pipe2(ends, O_NONBLOCK));
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            start(spin, THREADS);
            _exit(0); /* ends the others wherever they are */
        }
        CHECK_OK(close(ends[1]));
        CHECK_EQUAL(CHECK_OK(waitpid(child, NULL, 0)), child);
        CHECK_EQUAL(read(ends[0], &byte, 1), 0); /* the end of the file, not EAGAIN */
        CHECK_OK(close(ends[0]));
    }
}

/* Waits for the child's next change, which must be this stop. */
static void check_stops(pid_t child)
{
    int status;
    CHECK_EQUAL(CHECK_OK(waitpid(child, &status, WUNTRACED)), child);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
}

TEST(a_stop_right_after_a_continue_stops_every_thread)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        start(spin, THREADS);
        spin(NULL);
        _exit(0);
    }
    usleep(20000);
    for (int i = 0; i < STOPS; i++) {
        CHECK_OK(kill(child, SIGSTOP));
        check_stops(child);
        CHECK_OK(kill(child, SIGCONT));
    }
    CHECK_OK(kill(child, SIGKILL));
    CHECK_EQUAL(CHECK_OK(waitpid(child, NULL, 0)), child);
}

TEST(a_stop_does_not_wait_for_threads_that_end)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        for (;;) {
            start(ends_at_once, 1);
            sched_yield();
        }
    }
    usleep(20000);
    for (int i = 0; i < STOPS; i++) {
        CHECK_OK(kill(child, SIGSTOP));
        check_stops(child);
        CHECK_OK(kill(child, SIGCONT));
        usleep(500);
    }
    CHECK_OK(kill(child, SIGKILL));
    CHECK_EQUAL(CHECK_OK(waitpid(child, NULL, 0)), child);
}

/* ---- numbers of descriptors -------------------------------------------------------------------- */

enum { FAILING_CALLS_MS = 600, FREE_NUMBER = 3 };

static void *close_what_is_not_there(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over)) {
        for (int number = FREE_NUMBER; number < FREE_NUMBER + 2; number++) {
            CHECK_ERRNO(close(number), EBADF);
        }
        usleep(20);
    }
    return NULL;
}

/* Calls that cannot tell the user their numbers: no other thread may ever find a file there, or it could close it, and the failing call
 * then what that thread opened instead. */
static void check_shows_nothing(void (*fails)(void))
{
    pthread_t other;
    CHECK_ERRNO(fcntl(FREE_NUMBER, F_GETFD), EBADF);
    CHECK(pthread_create(&other, NULL, close_what_is_not_there, NULL) == 0);
    for (int64_t end = now_ns(CLOCK_MONOTONIC) + FAILING_CALLS_MS * 1000000L;
         now_ns(CLOCK_MONOTONIC) < end;) {
        fails();
    }
    atomic_store(&is_over, true);
    CHECK(pthread_join(other, NULL) == 0);
    CHECK_ERRNO(fcntl(FREE_NUMBER, F_GETFD), EBADF);
}

static void pipe_fails(void)
{
    CHECK_ERRNO(syscall(SYS_pipe2, NULL, 0), EFAULT);
}

static void clone_fails(void)
{
    CHECK_ERRNO(syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, NULL, NULL, NULL), EFAULT);
}

TEST(a_pipe_that_cannot_be_told_was_never_there)
{
    check_shows_nothing(pipe_fails);
}

TEST(a_descriptor_of_a_child_that_cannot_be_told_was_never_there)
{
    check_shows_nothing(clone_fails);
}

static void *opens_for_reading(void *path)
{
    return (void *)(intptr_t)open(path, O_RDONLY);
}

/* An open has its number before it waits: others neither get it nor may put a file there. */
TEST(a_number_that_an_open_waits_with_is_nobody_elses)
{
    pthread_t other;
    void *opened;
    CHECK_OK(mkfifo("fifo", 0600));
    CHECK(pthread_create(&other, NULL, opens_for_reading, "fifo") == 0);
    while (syscall(SYS_dup2, 0, FREE_NUMBER) == FREE_NUMBER) { /* the library's would try again */
        CHECK_OK(close(FREE_NUMBER));
        usleep(1000);
    }
    CHECK_EQUAL(errno, EBUSY);
    CHECK_ERRNO(close(FREE_NUMBER), EBADF);
    CHECK_ERRNO(fcntl(FREE_NUMBER, F_GETFD), EBADF);
    CHECK_EQUAL(CHECK_OK(dup(0)), FREE_NUMBER + 1);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(dup(0) == FREE_NUMBER ? 0 : 1); /* reserved for a thread that it does not have */
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(CHECK_OK(open("fifo", O_WRONLY)), FREE_NUMBER + 2);
    CHECK(pthread_join(other, &opened) == 0);
    CHECK_EQUAL((intptr_t)opened, FREE_NUMBER);
}

/* ---- executions -------------------------------------------------------------------------------- */

int check_reexec(int argc, char **argv)
{
    (void)argc;
    /* The program that a thread went over to: it has the process's number, and nobody else is left. */
    return getpid() == atoi(argv[2]) && syscall(SYS_gettid) == getpid() ? 7 : 8;
}

static void *executes(void *argument)
{
    char number[16];
    (void)argument;
    snprintf(number, sizeof(number), "%d", getpid());
    execl("/proc/thread-self/exe", "thread_races", "@went", number, (char *)NULL);
    _exit(9);
}

TEST(a_thread_that_executes_while_others_end_becomes_the_process)
{
    for (int i = 0; i < ROUNDS / 2; i++) {
        int status;
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            start(spin, THREADS);
            start(executes, 1);
            pthread_exit(NULL); /* the first task ends, too */
        }
        CHECK_EQUAL(CHECK_OK(waitpid(child, &status, 0)), child);
        CHECK(WIFEXITED(status));
        CHECK_EQUAL(WEXITSTATUS(status), 7);
    }
}

/* The writer changes the first word, then the second: who sees the second sees the first. */
static void *reads(void *memory)
{
    const _Atomic unsigned *words = memory;
    while (!atomic_load(&is_over)) {
        unsigned later = atomic_load(&words[PAGE / sizeof(unsigned)]);
        CHECK(atomic_load(&words[0]) >= later);
    }
    return NULL;
}

/* A page is copied on write by one thread while another reads it: once it has seen what was written later, it must not see the old
 * page. */
TEST(a_copied_page_is_seen_by_every_thread_at_once)
{
    unsigned *words =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(words != MAP_FAILED);
    memset(words, 0, 2 * PAGE);
    pthread_t reader;
    CHECK(pthread_create(&reader, NULL, reads, words) == 0);
    for (unsigned i = 1; i <= ROUNDS; i++) {
        pid_t child = CHECK_OK(fork()); /* both pages are shared now */
        if (child == 0) {
            _exit(0);
        }
        atomic_store((_Atomic unsigned *)&words[0], i);
        atomic_store((_Atomic unsigned *)&words[PAGE / sizeof(unsigned)], i);
        CHECK_EQUAL(CHECK_OK(waitpid(child, NULL, 0)), child);
    }
    atomic_store(&is_over, true);
    CHECK(pthread_join(reader, NULL) == 0);
}

static void *sets_the_alarm(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over)) {
        struct itimerval value = {.it_value.tv_usec = 200, .it_interval.tv_usec = 100};
        CHECK_OK(setitimer(ITIMER_REAL, &value, NULL));
        CHECK_OK(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL));
    }
    return NULL;
}

TEST(threads_that_set_one_timer_at_once_leave_it_whole)
{
    struct itimerval left;
    signal(SIGALRM, SIG_IGN);
    start(sets_the_alarm, THREADS);
    usleep(300000);
    atomic_store(&is_over, true);
    usleep(20000);
    CHECK_OK(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL));
    CHECK_OK(getitimer(ITIMER_REAL, &left));
    CHECK_EQUAL(left.it_value.tv_sec + left.it_value.tv_usec, 0);
}
