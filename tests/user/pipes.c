/*
 * Pipes and FIFOs: order, atomicity, end of file, broken pipes, without waiting, opening.
 */
#include "check.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

enum { PIPE_SIZE = 65536, ATOMIC = 4096 };

static char block[PIPE_SIZE];

static void make_pipe(int ends[2], int flags)
{
    CHECK_OK(pipe2(ends, flags));
}

static size_t fill(int fd)
{
    size_t total = 0;
    for (;;) {
        ssize_t count = write(fd, block, ATOMIC);
        if (count < 0) {
            CHECK_EQUAL(errno, EAGAIN);
            return total;
        }
        total += (size_t)count;
    }
}

TEST(bytes_come_out_in_order)
{
    int ends[2];
    char text[16] = "";
    make_pipe(ends, 0);
    CHECK_EQUAL(write(ends[1], "abc", 3), 3);
    CHECK_EQUAL(write(ends[1], "def", 3), 3);
    CHECK_EQUAL(read(ends[0], text, 4), 4);
    CHECK_TEXT(text, "abcd");
    CHECK_EQUAL(read(ends[0], text, 16), 2);
}

TEST(the_ends_are_one_way)
{
    int ends[2];
    char byte;
    make_pipe(ends, 0);
    CHECK_ERRNO(write(ends[0], "a", 1), EBADF);
    CHECK_ERRNO(read(ends[1], &byte, 1), EBADF);
    CHECK_EQUAL(fcntl(ends[0], F_GETFL), O_RDONLY);
    CHECK_EQUAL(fcntl(ends[1], F_GETFL), O_WRONLY);
}

TEST(pipe2_takes_flags_and_refuses_others)
{
    int ends[2] = {-7, -7};
    CHECK_ERRNO(pipe2(ends, O_APPEND), EINVAL);
    CHECK_EQUAL(ends[0], -7);
    make_pipe(ends, O_CLOEXEC | O_NONBLOCK);
    CHECK_EQUAL(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
    CHECK(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    CHECK_ERRNO(syscall(SYS_pipe, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_pipe2, KERNEL_ADDRESS, 0), EFAULT);
}

TEST(a_failed_pipe_leaves_no_descriptor)
{
    int before = CHECK_OK(dup(0));
    CHECK_OK(close(before));
    CHECK_ERRNO(syscall(SYS_pipe, unmapped_address()), EFAULT);
    CHECK_EQUAL(dup(0), before);
}

TEST(reading_ends_when_all_writers_have_gone)
{
    int ends[2];
    char byte;
    make_pipe(ends, 0);
    int copy = CHECK_OK(dup(ends[1]));
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    CHECK_OK(close(ends[1]));
    CHECK_OK(close(copy));
    CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    CHECK_EQUAL(read(ends[0], &byte, 1), 0);
    CHECK_EQUAL(read(ends[0], &byte, 1), 0);
}

TEST(a_reader_waits_for_a_writer)
{
    int ends[2];
    char text[8] = "";
    make_pipe(ends, 0);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        sleep_ms(30);
        CHECK_EQUAL(write(ends[1], "late", 4), 4);
        _exit(0);
    }
    CHECK_EQUAL(read(ends[0], text, 8), 4);
    CHECK_TEXT(text, "late");
    CHECK_EXITED(child, 0);
}

TEST(a_writer_waits_for_room_and_writes_all)
{
    int ends[2];
    size_t total = 0;
    make_pipe(ends, 0);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(close(ends[0]));
        for (int i = 0; i < 4; i++) {
            CHECK_EQUAL(write(ends[1], block, PIPE_SIZE), PIPE_SIZE);
        }
        _exit(0);
    }
    CHECK_OK(close(ends[1]));
    for (ssize_t count = 1; count > 0; total += (size_t)count) {
        count = CHECK_OK(read(ends[0], block, 5000));
    }
    CHECK_EQUAL(total, 4 * PIPE_SIZE);
    CHECK_EXITED(child, 0);
}

TEST(writing_without_a_reader_raises_sigpipe)
{
    int ends[2];
    make_pipe(ends, 0);
    CHECK_OK(close(ends[0]));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        write(ends[1], "x", 1);
        _exit(0);
    }
    CHECK_KILLED(child, SIGPIPE);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERRNO(write(ends[1], "x", 1), EPIPE);
    CHECK_EQUAL(write(ends[1], "x", 0), 0);
}

TEST(a_waiting_writer_learns_that_the_reader_went)
{
    int ends[2];
    make_pipe(ends, 0);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(close(ends[0]));
        signal(SIGPIPE, SIG_IGN);
        CHECK_EQUAL(write(ends[1], block, PIPE_SIZE), PIPE_SIZE);
        CHECK_ERRNO(write(ends[1], "x", 1), EPIPE);
        _exit(0);
    }
    CHECK_OK(close(ends[1]));
    sleep_ms(50);
    CHECK_OK(close(ends[0]));
    CHECK_EXITED(child, 0);
}

TEST(an_empty_pipe_without_waiting_gives_eagain)
{
    int ends[2];
    char byte;
    make_pipe(ends, O_NONBLOCK);
    CHECK_ERRNO(read(ends[0], &byte, 1), EAGAIN);
    CHECK_EQUAL(read(ends[0], &byte, 0), 0);
    CHECK_OK(close(ends[1]));
    CHECK_EQUAL(read(ends[0], &byte, 1), 0);
}

TEST(a_pipe_holds_sixteen_pages)
{
    int ends[2];
    make_pipe(ends, O_NONBLOCK);
    CHECK_EQUAL(fill(ends[1]), PIPE_SIZE);
    CHECK_EQUAL(fcntl(ends[0], F_GETPIPE_SZ), PIPE_SIZE);
}

TEST(small_writes_are_all_or_nothing)
{
    int ends[2];
    make_pipe(ends, O_NONBLOCK);
    fill(ends[1]);
    CHECK_EQUAL(read(ends[0], block, ATOMIC), ATOMIC);
    CHECK_EQUAL(write(ends[1], block, 10), 10);
    CHECK_ERRNO(write(ends[1], block, ATOMIC), EAGAIN);
    CHECK_EQUAL(write(ends[1], block, ATOMIC - 10), ATOMIC - 10);
}

TEST(large_writes_without_waiting_are_partial)
{
    int ends[2];
    make_pipe(ends, O_NONBLOCK);
    fill(ends[1]);
    CHECK_EQUAL(read(ends[0], block, ATOMIC), ATOMIC);
    CHECK_EQUAL(write(ends[1], block, 3 * ATOMIC), ATOMIC);
    CHECK_ERRNO(write(ends[1], block, 3 * ATOMIC), EAGAIN);
}

TEST(writers_of_small_blocks_do_not_mix)
{
    enum { WRITERS = 3, ROUNDS = 60, SIZE = 1000 };
    int ends[2];
    pid_t children[WRITERS];
    make_pipe(ends, 0);
    for (int i = 0; i < WRITERS; i++) {
        children[i] = CHECK_OK(fork());
        if (children[i] == 0) {
            memset(block, 'a' + i, SIZE);
            for (int round = 0; round < ROUNDS; round++) {
                CHECK_EQUAL(write(ends[1], block, SIZE), SIZE);
            }
            _exit(0);
        }
    }
    CHECK_OK(close(ends[1]));
    for (int round = 0; round < WRITERS * ROUNDS; round++) {
        size_t got = 0;
        while (got < SIZE) {
            got += (size_t)CHECK_OK(read(ends[0], block + got, SIZE - got));
        }
        CHECK(memcmp(block, block + 1, SIZE - 1) == 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        CHECK_EXITED(children[i], 0);
    }
}

TEST(fionread_counts_what_waits)
{
    int ends[2], count = -1;
    make_pipe(ends, 0);
    CHECK_OK(ioctl(ends[0], FIONREAD, &count));
    CHECK_EQUAL(count, 0);
    CHECK_EQUAL(write(ends[1], block, 777), 777);
    CHECK_OK(ioctl(ends[0], FIONREAD, &count));
    CHECK_EQUAL(count, 777);
}

TEST(poll_sees_data_room_and_hang_up)
{
    int ends[2];
    make_pipe(ends, O_NONBLOCK);
    struct pollfd ask[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
    CHECK_EQUAL(poll(ask, 2, 0), 1);
    CHECK_EQUAL(ask[0].revents, 0);
    CHECK_EQUAL(ask[1].revents, POLLOUT);
    fill(ends[1]);
    CHECK_EQUAL(poll(ask, 2, 0), 1);
    CHECK_EQUAL(ask[0].revents, POLLIN);
    CHECK_EQUAL(ask[1].revents, 0);
    CHECK_OK(close(ends[1]));
    CHECK_EQUAL(poll(ask, 1, 0), 1);
    CHECK_EQUAL(ask[0].revents, POLLIN | POLLHUP);
}

TEST(poll_says_error_on_a_pipe_without_reader)
{
    int ends[2];
    make_pipe(ends, 0);
    CHECK_OK(close(ends[0]));
    struct pollfd ask = {ends[1], POLLOUT, 0};
    CHECK_EQUAL(poll(&ask, 1, 0), 1);
    CHECK_EQUAL(ask.revents, POLLOUT | POLLERR);
}

TEST(fstat_of_a_pipe_says_fifo)
{
    int ends[2];
    struct stat status;
    make_pipe(ends, 0);
    CHECK_OK(fstat(ends[0], &status));
    CHECK(S_ISFIFO(status.st_mode));
    CHECK_EQUAL(status.st_mode & 07777, 0600);
    CHECK_EQUAL(status.st_nlink, 1);
    CHECK_EQUAL(status.st_blksize, PAGE);
    CHECK_EQUAL(status.st_size, 0);
}

TEST(a_bad_buffer_leaves_the_data_in_the_pipe)
{
    int ends[2];
    char text[8] = "";
    make_pipe(ends, O_NONBLOCK);
    CHECK_EQUAL(write(ends[1], "abc", 3), 3);
    CHECK_ERRNO(read(ends[0], unmapped_address(), 3), EFAULT);
    CHECK_EQUAL(read(ends[0], text, 8), 3);
    CHECK_TEXT(text, "abc");
    CHECK_ERRNO(write(ends[1], unmapped_address(), 3), EFAULT);
    CHECK_ERRNO(read(ends[0], text, 8), EAGAIN);
}

TEST(a_pipe_opened_again_through_proc_waits_for_nobody)
{
    int ends[2];
    char path[40], byte;
    CHECK_OK(pipe(ends));
    CHECK_OK(write(ends[1], "x", 1));
    CHECK_OK(close(ends[1]));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    int again = CHECK_OK(open(path, O_RDONLY));
    CHECK_EQUAL(read(again, &byte, 1), 1);
    CHECK_EQUAL(read(again, &byte, 1), 0);
    CHECK_OK(close(ends[0]));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", again);
    int early = CHECK_OK(open(path, O_RDONLY | O_NONBLOCK));
    CHECK_EQUAL(read(early, &byte, 1), 0);
    int writer = CHECK_OK(open(path, O_WRONLY | O_NONBLOCK));
    CHECK_EQUAL(write(writer, "y", 1), 1);
    CHECK_EQUAL(read(early, &byte, 1), 1);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", writer);
    CHECK_OK(close(again));
    CHECK_OK(close(early));
    signal(SIGPIPE, SIG_IGN);
    int alone = CHECK_OK(open(path, O_WRONLY));
    CHECK_ERRNO(write(alone, "z", 1), EPIPE);
}

TEST(a_fifo_joins_two_processes)
{
    char text[8] = "";
    CHECK_OK(mkfifo("p", 0600));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        int fd = CHECK_OK(open("p", O_WRONLY));
        CHECK_EQUAL(write(fd, "hello", 5), 5);
        _exit(0);
    }
    int fd = CHECK_OK(open("p", O_RDONLY));
    CHECK_EQUAL(read(fd, text, 8), 5);
    CHECK_TEXT(text, "hello");
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(read(fd, text, 8), 0);
}

TEST(opening_a_fifo_without_waiting)
{
    CHECK_OK(mkfifo("p", 0600));
    CHECK_ERRNO(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
    int reading = CHECK_OK(open("p", O_RDONLY | O_NONBLOCK));
    char byte;
    CHECK_EQUAL(read(reading, &byte, 1), 0);
    int writing = CHECK_OK(open("p", O_WRONLY | O_NONBLOCK));
    CHECK_ERRNO(read(reading, &byte, 1), EAGAIN);
    CHECK_EQUAL(write(writing, "x", 1), 1);
    CHECK_EQUAL(read(reading, &byte, 1), 1);
}

TEST(a_fifo_opened_for_both_does_not_wait)
{
    char byte;
    CHECK_OK(mkfifo("p", 0600));
    int fd = CHECK_OK(open("p", O_RDWR));
    CHECK_EQUAL(write(fd, "x", 1), 1);
    CHECK_EQUAL(read(fd, &byte, 1), 1);
    CHECK_ERRNO(lseek(fd, 0, SEEK_SET), ESPIPE);
}

static void on_signal(int signal)
{
    (void)signal;
}

TEST(a_signal_interrupts_the_opening_of_a_fifo)
{
    struct sigaction action = {.sa_handler = on_signal};
    CHECK_OK(mkfifo("p", 0600));
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid_t parent = getpid(), child = CHECK_OK(fork());
    if (child == 0) {
        wait_until_asleep(parent);
        CHECK_OK(kill(parent, SIGUSR1));
        _exit(0);
    }
    CHECK_ERRNO(open("p", O_RDONLY), EINTR);
    CHECK_EXITED(child, 0);
}

TEST(the_pipe_size_can_be_changed)
{
    int ends[2];
    make_pipe(ends, O_NONBLOCK);
    CHECK_EQUAL(fcntl(ends[0], F_SETPIPE_SZ, 8192), 8192);
    CHECK_EQUAL(fill(ends[1]), 8192);
    CHECK_EQUAL(fcntl(ends[0], F_SETPIPE_SZ, 5000), 8192);
    CHECK_ERRNO(fcntl(ends[0], F_SETPIPE_SZ, 4096), EBUSY);
    CHECK_ERRNO(fcntl(0, F_GETPIPE_SZ + 1000), EINVAL);
}

TEST(the_largest_size_of_a_pipe_can_be_set)
{
    const char *const path = "/proc/sys/fs/pipe-max-size";
    char text[32];
    int ends[2];
    CHECK_OK(pipe(ends));
    CHECK_ERRNO(fcntl(ends[0], F_SETPIPE_SZ, 1 << 30), ENOMEM);
    CHECK_EQUAL(fcntl(ends[0], F_SETPIPE_SZ, 1 << 21), 1 << 21);
    CHECK_EQUAL(fcntl(ends[0], F_SETPIPE_SZ, PAGE), PAGE);
    make_file(path, "9000\n");
    read_file(path, text, sizeof(text));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(NOBODY);
        CHECK_EQUAL(fcntl(ends[0], F_SETPIPE_SZ, 16384), 16384);
        CHECK_ERRNO(fcntl(ends[0], F_SETPIPE_SZ, 16385), EPERM);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    make_file(path, "1048576\n");
    CHECK_TEXT(text, "16384\n");
}
