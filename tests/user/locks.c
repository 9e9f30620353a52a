/*
 * Locks on files: flock, and the record locks of fcntl.
 */
#include "check.h"

#include <sys/file.h>

static int lock(int fd, int command, short type, off_t start, off_t length)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, command, &lock);
}

static struct flock holder_of(int fd, short type, off_t start, off_t length)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    CHECK_OK(fcntl(fd, F_GETLK, &lock));
    return lock;
}

static int may_end[2];

/* In a child that holds what its parent wants: not before the parent has looked that it is held, and waits for it. */
__attribute__((noreturn)) static void end_when_parent_waits(void)
{
    char byte;
    CHECK_EQUAL(read(may_end[0], &byte, 1), 1);
    wait_until_asleep(getppid());
    _exit(0);
}

TEST(flock_excludes_other_opens_of_the_file)
{
    int a = make_open_file("f"), b = CHECK_OK(open("f", O_RDWR));
    CHECK_OK(flock(a, LOCK_EX));
    CHECK_ERRNO(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK_ERRNO(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    CHECK_OK(flock(a, LOCK_UN));
    CHECK_OK(flock(b, LOCK_SH));
    CHECK_OK(flock(a, LOCK_SH));
    CHECK_ERRNO(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK);
}

TEST(flock_belongs_to_the_open_file_and_ends_with_it)
{
    int a = make_open_file("f"), copy = CHECK_OK(dup(a)), b = CHECK_OK(open("f", O_RDWR));
    CHECK_OK(flock(a, LOCK_EX));
    CHECK_OK(flock(copy, LOCK_EX | LOCK_NB));
    CHECK_OK(close(a));
    CHECK_ERRNO(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK_OK(close(copy));
    CHECK_OK(flock(b, LOCK_EX | LOCK_NB));
}

TEST(flock_waits_until_the_holder_is_done)
{
    int ends[2];
    char byte;
    CHECK_OK(pipe(may_end));
    CHECK_OK(pipe(ends));
    int fd = make_open_file("f");
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        int own = CHECK_OK(open("f", O_RDWR));
        CHECK_OK(flock(own, LOCK_EX));
        CHECK_EQUAL(write(ends[1], "x", 1), 1);
        end_when_parent_waits();
    }
    CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    CHECK_ERRNO(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK_EQUAL(write(may_end[1], "x", 1), 1);
    CHECK_OK(flock(fd, LOCK_EX));
    CHECK_EXITED(child, 0);
}

TEST(record_locks_end_with_their_process_on_files_of_every_kind)
{
    static const char *const names[] = {"fifo", "/dev/null"};
    CHECK_OK(mkfifo("fifo", 0600));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            int own = CHECK_OK(open(names[i], O_RDWR));
            CHECK_OK(lock(own, F_SETLK, F_WRLCK, 0, 0));
            _exit(0);
        }
        CHECK_EXITED(child, 0);
        int fd = CHECK_OK(open(names[i], O_RDWR));
        CHECK_EQUAL(holder_of(fd, F_WRLCK, 0, 0).l_type, F_UNLCK);
    }
}

TEST(pipes_without_a_name_keep_locks)
{
    int ends[2], ready[2];
    char name[64], byte;
    CHECK_OK(pipe(may_end));
    CHECK_OK(pipe(ends));
    CHECK_OK(pipe(ready));
    snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[1]);
    CHECK_OK(flock(ends[0], LOCK_EX));
    CHECK_ERRNO(flock(ends[1], LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK_ERRNO(flock(CHECK_OK(open(name, O_WRONLY)), LOCK_SH | LOCK_NB), EWOULDBLOCK);
    CHECK_OK(flock(ready[0], LOCK_EX | LOCK_NB));
    CHECK_OK(close(ends[0]));
    CHECK_OK(flock(ends[1], LOCK_EX | LOCK_NB));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_ERRNO(lock(ready[0], F_SETLK, F_WRLCK, 0, 1), EBADF);
        CHECK_OK(lock(ready[1], F_SETLK, F_WRLCK, 0, 1));
        CHECK_EQUAL(write(ready[1], "x", 1), 1);
        end_when_parent_waits();
    }
    CHECK_EQUAL(read(ready[0], &byte, 1), 1);
    CHECK_EQUAL(holder_of(ready[1], F_WRLCK, 0, 0).l_pid, child);
    CHECK_EQUAL(write(may_end[1], "x", 1), 1);
    CHECK_OK(lock(ready[1], F_SETLKW, F_WRLCK, 0, 0));
    CHECK_EXITED(child, 0);
}

TEST(closing_any_descriptor_of_a_fifo_drops_the_record_locks)
{
    CHECK_OK(mkfifo("fifo", 0600));
    int fd = CHECK_OK(open("fifo", O_RDWR)), other = CHECK_OK(open("fifo", O_RDWR));
    CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 0));
    CHECK_OK(close(other));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 0));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(flock_errors)
{
    int fd = make_open_file("f");
    CHECK_ERRNO(flock(fd, 0), EINVAL);
    CHECK_ERRNO(flock(fd, 64), EINVAL);
    CHECK_ERRNO(flock(900, LOCK_SH), EBADF);
    CHECK_ERRNO(flock(CHECK_OK(open("f", O_PATH)), LOCK_SH), EBADF);
}

static void expect_refused(int fd)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_ERRNO(lock(fd, F_SETLK, F_WRLCK, 5, 1), EAGAIN);
        CHECK_ERRNO(lock(fd, F_SETLK, F_RDLCK, 5, 1), EAGAIN);
        CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 10, 5));
        CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 5));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(record_locks_exclude_other_processes_on_their_range)
{
    int fd = make_open_file("f");
    CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 5, 5));
    CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 7, 1));
    expect_refused(fd);
    CHECK_EQUAL(holder_of(fd, F_WRLCK, 0, 0).l_type, F_UNLCK);
}

TEST(getlk_names_the_holder)
{
    int fd = make_open_file("f");
    CHECK_OK(lock(fd, F_SETLK, F_RDLCK, 10, 20));
    pid_t parent = getpid(), child = CHECK_OK(fork());
    if (child == 0) {
        struct flock held = holder_of(fd, F_WRLCK, 0, 0);
        CHECK_EQUAL(held.l_type, F_RDLCK);
        CHECK_EQUAL(held.l_pid, parent);
        CHECK_EQUAL(held.l_start, 10);
        CHECK_EQUAL(held.l_len, 20);
        CHECK_EQUAL(held.l_whence, SEEK_SET);
        CHECK_EQUAL(holder_of(fd, F_RDLCK, 0, 0).l_type, F_UNLCK);
        CHECK_EQUAL(holder_of(fd, F_WRLCK, 30, 1).l_type, F_UNLCK);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(unlocking_the_middle_splits_a_lock)
{
    int fd = make_open_file("f");
    CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 30));
    CHECK_OK(lock(fd, F_SETLK, F_UNLCK, 10, 10));
    CHECK_OK(lock(fd, F_SETLK, F_RDLCK, 25, 0));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 10, 10));
        CHECK_EQUAL(holder_of(fd, F_WRLCK, 0, 0).l_len, 10);
        struct flock held = holder_of(fd, F_WRLCK, 15, 100);
        CHECK_EQUAL(held.l_start, 20);
        CHECK_EQUAL(held.l_len, 5);
        held = holder_of(fd, F_WRLCK, 25, 1);
        CHECK_EQUAL(held.l_type, F_RDLCK);
        CHECK_EQUAL(held.l_len, 0);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(closing_any_descriptor_of_the_file_drops_the_locks)
{
    int fd = make_open_file("f");
    CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 0));
    CHECK_OK(close(CHECK_OK(open("f", O_RDONLY))));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 0));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(setlkw_waits_for_the_end_of_the_holder)
{
    int ends[2];
    char byte;
    CHECK_OK(pipe(may_end));
    CHECK_OK(pipe(ends));
    int fd = make_open_file("f");
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 1));
        CHECK_EQUAL(write(ends[1], "x", 1), 1);
        end_when_parent_waits();
    }
    CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    CHECK_ERRNO(lock(fd, F_SETLK, F_WRLCK, 0, 1), EAGAIN);
    CHECK_EQUAL(write(may_end[1], "x", 1), 1);
    CHECK_OK(lock(fd, F_SETLKW, F_WRLCK, 0, 1));
    CHECK_EXITED(child, 0);
}

TEST(a_deadlock_is_refused)
{
    int ends[2];
    char byte;
    CHECK_OK(pipe(ends));
    int fd = make_open_file("f");
    CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 1));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 1, 1));
        CHECK_EQUAL(write(ends[1], "x", 1), 1);
        CHECK_OK(lock(fd, F_SETLKW, F_WRLCK, 0, 1));
        _exit(0);
    }
    CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    wait_until_asleep(child);
    CHECK_ERRNO(lock(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
    CHECK_OK(lock(fd, F_SETLK, F_UNLCK, 0, 1));
    CHECK_EXITED(child, 0);
}

TEST(record_locks_need_the_right_mode)
{
    make_file("f", "");
    int reading = CHECK_OK(open("f", O_RDONLY)), writing = CHECK_OK(open("f", O_WRONLY));
    CHECK_ERRNO(lock(reading, F_SETLK, F_WRLCK, 0, 1), EBADF);
    CHECK_ERRNO(lock(writing, F_SETLK, F_RDLCK, 0, 1), EBADF);
    CHECK_ERRNO(lock(reading, F_SETLK, 7, 0, 1), EINVAL);
    CHECK_ERRNO(lock(reading, F_SETLK, F_RDLCK, -1, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_fcntl, reading, F_SETLK, KERNEL_ADDRESS), EFAULT);
    CHECK_OK(lock(reading, F_SETLK, F_RDLCK, 5, -5));
}

TEST(a_child_does_not_inherit_record_locks)
{
    int fd = make_open_file("f");
    CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 0));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_ERRNO(lock(fd, F_SETLK, F_WRLCK, 0, 1), EAGAIN);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(flock_and_record_locks_do_not_meet)
{
    int fd = make_open_file("f");
    CHECK_OK(flock(fd, LOCK_EX));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(lock(fd, F_SETLK, F_WRLCK, 0, 0));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(a_record_does_not_begin_before_the_file)
{
    static const struct {
        off_t start, length;
        int error;
    } wrong[] = {
        {-1, 1, EINVAL}, {INT64_MIN, -1, EINVAL}, {INT64_MIN, INT64_MIN, EINVAL}, {0, -1, EINVAL},
        {5, -6, EINVAL}, {0, INT64_MIN, EINVAL},  {2, INT64_MAX, EOVERFLOW},
    };
    int fd = make_open_file("file");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct flock lock = {
            .l_type = F_WRLCK, .l_start = wrong[i].start, .l_len = wrong[i].length};
        CHECK_ERRNO(fcntl(fd, F_SETLK, &lock), wrong[i].error);
    }
    struct flock before = {.l_type = F_WRLCK, .l_start = 5, .l_len = -5};
    CHECK_OK(fcntl(fd, F_SETLK, &before));
    CHECK_OK(close(fd));
}

/* The line about a lock in a descriptor's text; "" where there is none. */
static const char *told_lock(int fd)
{
    static char text[1024];
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    read_file(path, text, sizeof(text));
    const char *line = strstr(text, "lock:\t");
    return line != NULL ? line : "";
}

TEST(a_descriptor_tells_what_it_has_locked)
{
    int a = make_open_file("f"), b = CHECK_OK(open("f", O_RDWR)), copy = CHECK_OK(dup(a));
    char expected[64];
    CHECK_TEXT(told_lock(a), "");
    CHECK_OK(flock(a, LOCK_SH));
    CHECK_OK(lock(b, F_SETLK, F_WRLCK, 3, 5));
    snprintf(expected, sizeof(expected), "lock:\t1: FLOCK  ADVISORY  READ %d ", getpid());
    CHECK_EQUAL(strncmp(told_lock(a), expected, strlen(expected)), 0);
    CHECK_EQUAL(strncmp(told_lock(copy), expected, strlen(expected)), 0);
    CHECK(strstr(told_lock(a), " 0 EOF\n") != NULL);
    snprintf(expected, sizeof(expected), "lock:\t1: POSIX  ADVISORY  WRITE %d ", getpid());
    CHECK_EQUAL(strncmp(told_lock(b), expected, strlen(expected)), 0);
    CHECK(strstr(told_lock(b), " 3 7\n") != NULL);
    CHECK_OK(flock(a, LOCK_UN));
    CHECK_TEXT(told_lock(copy), "");
}
