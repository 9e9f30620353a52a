/*
 * What every program of this folder shares: the tests register themselves, main() runs each in a
 * process, a process group and an empty folder of its own, and prints `ok NAME` or
 * `FAIL NAME file:line: what`, at the end `N passed, N failed`. A test ends at its first failed
 * check; checks may also fail in the children that it forks. A test that does not end is killed.
 *
 * Arguments: names of tests to run (none: all), or @WORD ... for check_reexec().
 */
#pragma once

#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK_UNUSED    __attribute__((unused))
#define CHECK_TIMEOUT_S 40
/* The exit status of a process in which a check failed; the reason stands in check_report. */
#define CHECK_FAILED 99
#define PAGE         4096
#define NOBODY       65534

/* Addresses that no program owns: the kernel's half, and the hole, with four levels as with five. */
#define KERNEL_ADDRESS ((void *)0xffffffff80000000UL)
#define NON_CANONICAL  ((void *)0x4000000000000000UL)

struct check_test {
    const char *name;
    void (*run)(void);
    struct check_test *next;
};

static struct check_test *check_first;
static struct check_test **check_last = &check_first;
/* Shared between a test and its children: the first failure wins. */
static char *check_report;
enum { CHECK_REPORT_SIZE = PAGE };
static volatile pid_t check_running;

/* A program that executes itself defines this; called with argv[1] starting with '@'. */
__attribute__((weak)) int check_reexec(int argc, char **argv);

static CHECK_UNUSED void check_register(struct check_test *test)
{
    *check_last = test;
    check_last = &test->next;
}

/* Defines and registers a test. Its name says what is promised. */
#define TEST(NAME)                                                                                 \
    static void test_##NAME(void);                                                                 \
    static struct check_test entry_##NAME = {#NAME, test_##NAME, NULL};                            \
    __attribute__((constructor)) static void register_##NAME(void)                                 \
    {                                                                                              \
        check_register(&entry_##NAME);                                                             \
    }                                                                                              \
    static void test_##NAME(void)

/* Ends this process as failed. */
__attribute__((format(printf, 3, 4), noreturn)) static CHECK_UNUSED void
check_fail(const char *file, int line, const char *format, ...)
{
    char what[CHECK_REPORT_SIZE / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    if (check_report[0] == '\0') {
        snprintf(check_report, CHECK_REPORT_SIZE, "%s:%d: %s", file, line, what);
    }
    _exit(CHECK_FAILED);
}

#define CHECK(CONDITION)                                                                           \
    do {                                                                                           \
        if (!(CONDITION)) {                                                                        \
            check_fail(__FILE__, __LINE__, "%s (errno %d)", #CONDITION, errno);                    \
        }                                                                                          \
    } while (0)

#define CHECK_EQUAL(SEEN, EXPECTED)                                                                \
    do {                                                                                           \
        long long seen_ = (long long)(SEEN), expected_ = (long long)(EXPECTED);                    \
        if (seen_ != expected_) {                                                                  \
            check_fail(__FILE__, __LINE__, "%s is %lld, not %lld (errno %d)", #SEEN, seen_,        \
                       expected_, errno);                                                          \
        }                                                                                          \
    } while (0)

#define CHECK_TEXT(SEEN, EXPECTED)                                                                 \
    do {                                                                                           \
        const char *seen_ = (SEEN), *expected_ = (EXPECTED);                                       \
        if (strcmp(seen_, expected_) != 0) {                                                       \
            check_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #SEEN, seen_, expected_);   \
        }                                                                                          \
    } while (0)

/* The value of a call that must not fail (that must not return -1). */
#define CHECK_OK(CALL)                                                                             \
    ({                                                                                             \
        errno = 0;                                                                                 \
        __auto_type value_ = (CALL);                                                               \
        if ((long)value_ == -1L) {                                                                 \
            check_fail(__FILE__, __LINE__, "%s: %s", #CALL, strerror(errno));                      \
        }                                                                                          \
        value_;                                                                                    \
    })

/* The call must return -1 with this errno. */
#define CHECK_ERRNO(CALL, EXPECTED)                                                                \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long value_ = (long)(CALL);                                                                \
        int seen_ = errno;                                                                         \
        if (value_ != -1L || seen_ != (EXPECTED)) {                                                \
            check_fail(__FILE__, __LINE__, "%s gives %ld, %s, not %s", #CALL, value_,              \
                       seen_ ? strerror(seen_) : "no error", strerror(EXPECTED));                  \
        }                                                                                          \
    } while (0)

/* ---- children ------------------------------------------------------------------------------ */

/* Waits for a child and returns its wait status; a check that failed there fails this process. */
static CHECK_UNUSED int check_wait(pid_t pid, const char *file, int line)
{
    int status;
    pid_t ended;
    do {
        ended = waitpid(pid, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended != pid) {
        check_fail(file, line, "waitpid gives %d, %s", (int)ended, strerror(errno));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_FAILED) {
        _exit(CHECK_FAILED);
    }
    return status;
}

#define CHECK_EXITED(PID, STATUS)                                                                  \
    do {                                                                                           \
        int status_ = check_wait((PID), __FILE__, __LINE__);                                       \
        if (!WIFEXITED(status_) || WEXITSTATUS(status_) != (STATUS)) {                             \
            check_fail(__FILE__, __LINE__, "child ended with wait status 0x%x, not exit %d",       \
                       status_, (int)(STATUS));                                                    \
        }                                                                                          \
    } while (0)

#define CHECK_KILLED(PID, SIGNAL)                                                                  \
    do {                                                                                           \
        int status_ = check_wait((PID), __FILE__, __LINE__);                                       \
        if (!WIFSIGNALED(status_) || WTERMSIG(status_) != (SIGNAL)) {                              \
            check_fail(__FILE__, __LINE__, "child ended with wait status 0x%x, not signal %d",     \
                       status_, (int)(SIGNAL));                                                    \
        }                                                                                          \
    } while (0)

/* Runs a function in a child, which must return; fails where it does not end with status 0. */
#define CHECK_IN_CHILD(FUNCTION)                                                                   \
    do {                                                                                           \
        pid_t child_ = CHECK_OK(fork());                                                           \
        if (child_ == 0) {                                                                         \
            (FUNCTION)();                                                                          \
            _exit(0);                                                                              \
        }                                                                                          \
        CHECK_EXITED(child_, 0);                                                                   \
    } while (0)

/* ---- what tests need often ------------------------------------------------------------------- */

/* Makes a file of this text, mode 0644. */
static CHECK_UNUSED void make_file(const char *path, const char *text)
{
    int fd = CHECK_OK(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    CHECK_EQUAL(write(fd, text, strlen(text)), strlen(text));
    CHECK_OK(close(fd));
}

/* Opens an empty file for reading and writing. */
static CHECK_UNUSED int make_open_file(const char *path)
{
    return CHECK_OK(open(path, O_RDWR | O_CREAT | O_TRUNC, 0644));
}

/* Reads a whole small file into `text`, ended by NUL; returns its length. */
static CHECK_UNUSED size_t read_file(const char *path, char *text, size_t size)
{
    int fd = CHECK_OK(open(path, O_RDONLY));
    size_t length = 0;
    while (length < size - 1) {
        ssize_t count = CHECK_OK(read(fd, text + length, size - 1 - length));
        if (count == 0) {
            break;
        }
        length += (size_t)count;
    }
    text[length] = '\0';
    CHECK_OK(close(fd));
    return length;
}

static CHECK_UNUSED void *map_pages(size_t pages)
{
    return CHECK_OK(
        mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* An address `before` bytes below the end of a mapped page that no mapped page follows. */
static CHECK_UNUSED void *edge_of_memory(size_t before)
{
    char *pages = map_pages(2);
    CHECK_OK(munmap(pages + PAGE, PAGE));
    return pages + PAGE - before;
}

/* An address in a page that is not mapped. */
static CHECK_UNUSED void *unmapped_address(void)
{
    char *pages = map_pages(1);
    CHECK_OK(munmap(pages, PAGE));
    return pages;
}

/* Gives up all privilege, for good. */
static CHECK_UNUSED void become_user(uid_t user)
{
    CHECK_OK(syscall(SYS_setgroups, 0, NULL));
    CHECK_OK(syscall(SYS_setresgid, user, user, user));
    CHECK_OK(syscall(SYS_setresuid, user, user, user));
}

static CHECK_UNUSED int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    CHECK_OK(clock_gettime(clock, &now));
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static CHECK_UNUSED void sleep_ms(long milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&pause, &pause) != 0 && errno == EINTR) {}
}

/* Whether a process or thread waits for something that a signal may end. */
static CHECK_UNUSED bool is_asleep(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    read_file(path, text, sizeof(text));
    return strrchr(text, ')')[2] == 'S';
}

/* What a test does only after another process sleeps in a call: by its state, not by a guess how long it takes to get there. */
static CHECK_UNUSED void wait_until_asleep(pid_t pid)
{
    while (!is_asleep(pid)) {
        sleep_ms(2);
    }
}

/* ---- what a test leaves behind ----------------------------------------------------------------- */

enum { CHECK_HOLDINGS_SIZE = 2 * PAGE, CHECK_SETTLE_TRIES = 12 };

/*
 * Astra's debug kernel counts what it holds. Where the environment has CHECK_HOLDINGS, the counts before and after a test (its folder
 * gone) must be equal.
 */
static char check_held_before[CHECK_HOLDINGS_SIZE], check_held_after[CHECK_HOLDINGS_SIZE];

static bool check_read_holdings(char *text)
{
    int fd = open("/proc/holdings", O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, text, CHECK_HOLDINGS_SIZE - 1);
    if (fd >= 0) {
        close(fd);
    }
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* Removes what is below a folder, and the folder; what somebody still uses or has mounted stays, and is seen as left behind. */
static void check_remove(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        bool is_dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!is_dots && unlinkat(fd, entry->d_name, 0) != 0) {
            check_remove(fd, entry->d_name);
        }
    }
    if (folder) {
        closedir(folder);
    }
    unlinkat(parent, name, AT_REMOVEDIR);
}

/* The first line in which two readings differ. */
static void check_show_difference(const char *test)
{
    const char *before = check_held_before, *after = check_held_after;
    while (strcspn(before, "\n") == strcspn(after, "\n") &&
           strncmp(before, after, strcspn(after, "\n")) == 0 && *after != '\0') {
        before += strcspn(before, "\n") + 1;
        after += strcspn(after, "\n") + 1;
    }
    printf("FAIL %s left behind: %.*s, before: %.*s\n", test, (int)strcspn(after, "\n"), after,
           (int)strcspn(before, "\n"), before);
}

/* Is everything given back? Late frees get some time. Either way the next test starts from what is held now. */
static bool check_nothing_left(void)
{
    bool is_equal = check_held_before[0] == '\0';
    for (int i = 0; i < CHECK_SETTLE_TRIES && !is_equal; i++) {
        sleep_ms(i == 0 ? 0 : 25);
        is_equal = !check_read_holdings(check_held_after) ||
                   strcmp(check_held_before, check_held_after) == 0;
    }
    return is_equal;
}

/* ---- the runner ---------------------------------------------------------------------------- */

static void check_expired(int signal)
{
    (void)signal;
    kill(-check_running, SIGKILL);
    kill(check_running, SIGKILL);
}

static void check_folder_name(char *name, pid_t pid, const struct check_test *test)
{
    snprintf(name, NAME_MAX, "%d-%.200s", (int)pid, test->name);
}

__attribute__((noreturn)) static void check_run_here(const struct check_test *test)
{
    char folder[NAME_MAX];
    signal(SIGALRM, SIG_DFL);
    setpgid(0, 0);
    umask(022);
    check_folder_name(folder, getpid(), test);
    if (mkdir(folder, 0777) != 0 || chmod(folder, 0777) != 0 || chdir(folder) != 0) {
        check_fail(__FILE__, __LINE__, "no folder %s: %s", folder, strerror(errno));
    }
    test->run();
    _exit(0);
}

/* The wait status of the test, -1 where it could not be started. */
static int check_run_apart(const struct check_test *test)
{
    int status = -1;
    char folder[NAME_MAX];
    check_report[0] = '\0';
    pid_t pid = fork();
    if (pid == 0) {
        check_run_here(test);
    }
    if (pid < 0) {
        return -1;
    }
    check_running = pid;
    alarm(CHECK_TIMEOUT_S);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    alarm(0);
    kill(-pid, SIGKILL);
    check_folder_name(folder, pid, test);
    check_remove(AT_FDCWD, folder);
    return status;
}

/*
 * Runs a test again that left something behind: what is kept for good after its first use (a table of an object that stays) is no
 * leak, and the second run adds nothing to it.
 */
static bool check_leaks(const struct check_test *test)
{
    if (check_nothing_left()) {
        return false;
    }
    strcpy(check_held_before, check_held_after);
    check_run_apart(test);
    if (check_nothing_left()) {
        return false;
    }
    check_show_difference(test->name);
    strcpy(check_held_before, check_held_after);
    return true;
}

static bool check_run(const struct check_test *test)
{
    int status = check_run_apart(test);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        if (check_leaks(test)) {
            return false;
        }
        printf("ok %s\n", test->name);
        return true;
    }
    if (check_report[0] != '\0') {
        printf("FAIL %s %s\n", test->name, check_report);
    } else {
        printf("FAIL %s: ended with wait status 0x%x\n", test->name, status);
    }
    return false;
}

static void check_do_little(void)
{
    CHECK_OK(mkdir("outer", 0777));
    CHECK_OK(mkdir("outer/inner", 0777));
    make_file("outer/inner/file", "text");
}

/* So that what the first run of anything keeps for good (in libc, in the kernel's tables) is there before the first count. */
static void check_warm_up(void)
{
    static const struct check_test little = {"warm-up", check_do_little, NULL};
    if (getenv("CHECK_HOLDINGS") && check_read_holdings(check_held_before)) {
        check_run_apart(&little);
        check_read_holdings(check_held_before);
    }
}

static bool check_wanted(const char *name, int argc, char **argv)
{
    bool wanted = argc < 2;
    for (int i = 1; i < argc; i++) {
        wanted = wanted || strcmp(argv[i], name) == 0;
    }
    return wanted;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    check_report =
        mmap(NULL, CHECK_REPORT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (check_report == MAP_FAILED) {
        puts("FAIL no shared memory for reports\n0 passed, 1 failed");
        return 1;
    }
    if (argc > 1 && argv[1][0] == '@' && check_reexec) {
        return check_reexec(argc, argv);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int inherited = 3; inherited < 256; inherited++) {
        close(inherited);
    }
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = check_expired, .sa_flags = SA_RESTART},
              NULL);
    check_warm_up();
    for (const struct check_test *test = check_first; test; test = test->next) {
        if (!check_wanted(test->name, argc, argv)) {
            continue;
        }
        if (check_run(test)) {
            passed++;
        } else {
            failed++;
        }
        fflush(stdout);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
