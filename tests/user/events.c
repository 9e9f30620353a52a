/*
 * eventfd: a counter as a file.
 */
#include "check.h"

#include <poll.h>
#include <sys/eventfd.h>

static uint64_t take(int fd)
{
    uint64_t value = 0;
    CHECK_EQUAL(read(fd, &value, sizeof(value)), sizeof(value));
    return value;
}

static void add(int fd, uint64_t value)
{
    CHECK_EQUAL(write(fd, &value, sizeof(value)), sizeof(value));
}

static int ready(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
    CHECK_OK(poll(&one, 1, 0));
    return one.revents;
}

TEST(a_counter_gives_the_sum_of_what_was_added)
{
    int fd = CHECK_OK(eventfd(3, EFD_NONBLOCK));
    uint64_t value;
    add(fd, 4);
    CHECK_EQUAL(take(fd), 7);
    CHECK_ERRNO(read(fd, &value, sizeof(value)), EAGAIN);
    CHECK_EQUAL(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR | O_NONBLOCK);
}

TEST(a_semaphore_gives_one_at_a_time)
{
    int fd = CHECK_OK(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
    uint64_t value;
    CHECK_EQUAL(take(fd), 1);
    CHECK_EQUAL(take(fd), 1);
    CHECK_ERRNO(read(fd, &value, sizeof(value)), EAGAIN);
}

TEST(a_full_counter_takes_no_more)
{
    int fd = CHECK_OK(eventfd(0, EFD_NONBLOCK));
    uint64_t one = 1, too_much = UINT64_MAX;
    add(fd, UINT64_MAX - 1);
    CHECK_EQUAL(ready(fd), POLLIN);
    CHECK_ERRNO(write(fd, &one, sizeof(one)), EAGAIN);
    CHECK_ERRNO(write(fd, &too_much, sizeof(too_much)), EINVAL);
    CHECK_EQUAL(take(fd), UINT64_MAX - 1);
    CHECK_EQUAL(ready(fd), POLLOUT);
}

TEST(an_event_file_checks_its_arguments)
{
    int fd = CHECK_OK(eventfd(1, EFD_CLOEXEC));
    uint64_t value[2] = {5, 6};
    CHECK_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_ERRNO(read(fd, value, 7), EINVAL);
    CHECK_ERRNO(write(fd, value, 7), EINVAL);
    CHECK_ERRNO(read(fd, KERNEL_ADDRESS, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_eventfd2, 0, 0x40000000), EINVAL);
    CHECK_ERRNO(pread(fd, value, 8, 0), ESPIPE);
    CHECK_EQUAL(lseek(fd, 5, SEEK_SET), 0);
    CHECK_EQUAL(syscall(SYS_eventfd, 0), fd + 1);
}

TEST(readers_and_writers_of_a_counter_wait_for_each_other)
{
    enum { TURNS = 2000 };
    int there = CHECK_OK(eventfd(0, 0)), back = CHECK_OK(eventfd(0, 0));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        for (int i = 0; i < TURNS; i++) {
            CHECK_EQUAL(take(there), (uint64_t)i + 1);
            add(back, 1);
        }
        _exit(0);
    }
    for (int i = 0; i < TURNS; i++) {
        add(there, (uint64_t)i + 1);
        CHECK_EQUAL(take(back), 1);
    }
    CHECK_EXITED(child, 0);
    add(there, UINT64_MAX - 1);
    child = CHECK_OK(fork());
    if (child == 0) {
        add(there, 5); /* waits for the reader below */
        _exit(0);
    }
    sleep_ms(20);
    CHECK_EQUAL(take(there), UINT64_MAX - 1);
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(take(there), 5);
}
