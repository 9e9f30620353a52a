/*
 * timerfd: expirations that are read from a file.
 */
#include "check.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

static int events_of(int fd)
{
    struct pollfd entry = {fd, POLLIN | POLLOUT, 0};
    CHECK_OK(poll(&entry, 1, 0));
    return entry.revents;
}

static uint64_t take(int fd)
{
    uint64_t value = 0;
    CHECK_EQUAL(read(fd, &value, sizeof(value)), sizeof(value));
    return value;
}

static struct itimerspec setting(long first_ms, long interval_ms)
{
    return (struct itimerspec){
        .it_value = {first_ms / 1000, first_ms % 1000 * 1000000},
        .it_interval = {interval_ms / 1000, interval_ms % 1000 * 1000000},
    };
}

TEST(a_timer_expires_once)
{
    struct itimerspec wanted = setting(30, 0), left;
    uint64_t value;
    int fd = CHECK_OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    CHECK_EQUAL(events_of(fd), 0);
    CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
    int64_t start = now_ns(CLOCK_MONOTONIC);
    CHECK_OK(timerfd_settime(fd, 0, &wanted, &left));
    CHECK(left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
    CHECK_OK(timerfd_gettime(fd, &left));
    CHECK(left.it_value.tv_sec == 0 && left.it_value.tv_nsec > 0 &&
          left.it_value.tv_nsec <= 30000000);
    struct pollfd entry = {fd, POLLIN, 0};
    CHECK_EQUAL(poll(&entry, 1, 5000), 1);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 30000000);
    CHECK_EQUAL(take(fd), 1);
    CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
    CHECK_OK(timerfd_gettime(fd, &left));
    CHECK(left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
}

TEST(a_timer_counts_what_nobody_read)
{
    struct itimerspec wanted = setting(10, 10), left;
    int fd = CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0));
    uint64_t start = (uint64_t)now_ns(CLOCK_MONOTONIC);
    CHECK_OK(timerfd_settime(fd, 0, &wanted, NULL));
    sleep_ms(105);
    uint64_t seen = take(fd), more = take(fd);
    CHECK(seen >= 10 && more >= 1);
    CHECK(seen + more <= ((uint64_t)now_ns(CLOCK_MONOTONIC) - start) / 10000000);
    CHECK_OK(timerfd_gettime(fd, &left));
    CHECK_EQUAL(left.it_interval.tv_nsec, 10000000);
    CHECK(left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 10000000);
    sleep_ms(25);
    wanted = setting(0, 0);
    CHECK_OK(timerfd_settime(fd, 0, &wanted, &left));
    CHECK(left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 10000000);
    CHECK_EQUAL(events_of(fd), 0);
}

TEST(a_timer_can_wait_for_a_time_of_day)
{
    struct itimerspec wanted = {0};
    for (int i = 0; i < 2; i++) {
        clockid_t clock = i == 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
        int fd = CHECK_OK(timerfd_create(clock, 0));
        int64_t until = now_ns(clock) + 20000000;
        wanted.it_value = (struct timespec){until / 1000000000, until % 1000000000};
        CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &wanted, NULL));
        CHECK_EQUAL(take(fd), 1);
        CHECK(now_ns(clock) >= until);
        wanted.it_value = (struct timespec){1, 0};
        CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &wanted, NULL));
        CHECK_EQUAL(take(fd), 1);
    }
}

static void shift_wall_clock(int64_t seconds)
{
    struct timespec now;
    CHECK_OK(clock_gettime(CLOCK_REALTIME, &now));
    now.tv_sec += seconds;
    CHECK_OK(clock_settime(CLOCK_REALTIME, &now));
}

TEST(a_clock_that_is_set_takes_its_timers_along)
{
    struct itimerspec wanted = {0};
    uint64_t value;
    int plain = CHECK_OK(timerfd_create(CLOCK_REALTIME, 0));
    int relative = CHECK_OK(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
    int watching = CHECK_OK(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
    wanted.it_value.tv_sec = now_ns(CLOCK_REALTIME) / 1000000000 + 1000;
    CHECK_OK(timerfd_settime(plain, TFD_TIMER_ABSTIME, &wanted, NULL));
    CHECK_OK(timerfd_settime(watching, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &wanted, NULL));
    wanted.it_value.tv_sec = 1000;
    CHECK_OK(timerfd_settime(relative, 0, &wanted, NULL));
    CHECK_EQUAL(events_of(watching), 0);
    shift_wall_clock(2000);
    CHECK_EQUAL(take(plain), 1);
    CHECK_EQUAL(events_of(watching) & POLLIN, POLLIN);
    CHECK_ERRNO(read(watching, &value, 8), ECANCELED);
    CHECK_ERRNO(read(relative, &value, 8), EAGAIN);
    shift_wall_clock(-2000);
}

TEST(timer_files_are_checked)
{
    struct itimerspec wanted = setting(1, 0), left;
    int fd = CHECK_OK(timerfd_create(CLOCK_BOOTTIME, 0));
    int event = CHECK_OK(eventfd(0, 0));
    char bytes[8];
    CHECK_ERRNO(timerfd_create(CLOCK_THREAD_CPUTIME_ID, 0), EINVAL);
    CHECK_ERRNO(timerfd_create(99, 0), EINVAL);
    CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
    CHECK_ERRNO(timerfd_settime(fd, 8, &wanted, NULL), EINVAL);
    CHECK_ERRNO(timerfd_settime(event, 0, &wanted, NULL), EINVAL);
    CHECK_ERRNO(timerfd_settime(999, 0, &wanted, NULL), EBADF);
    CHECK_ERRNO(timerfd_gettime(event, &left), EINVAL);
    CHECK_ERRNO(timerfd_gettime(999, &left), EBADF);
    CHECK_ERRNO(syscall(SYS_timerfd_settime, fd, 0, KERNEL_ADDRESS, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_timerfd_gettime, fd, KERNEL_ADDRESS), EFAULT);
    wanted.it_value.tv_nsec = 1000000000;
    CHECK_ERRNO(timerfd_settime(fd, 0, &wanted, NULL), EINVAL);
    wanted = setting(1, 0);
    wanted.it_interval.tv_sec = -1;
    CHECK_ERRNO(timerfd_settime(fd, 0, &wanted, NULL), EINVAL);
    CHECK_ERRNO(read(fd, bytes, 7), EINVAL);
    CHECK_ERRNO(write(fd, bytes, 8), EINVAL);
}

static void on_signal(int signal)
{
    (void)signal;
}

TEST(a_signal_ends_the_wait)
{
    uint64_t value;
    struct itimerspec wanted = setting(10000, 0);
    CHECK_OK(sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_signal}, NULL));
    int timer = CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0));
    CHECK_OK(timerfd_settime(timer, 0, &wanted, NULL));
    int event = CHECK_OK(eventfd(0, 0));
    alarm(1);
    CHECK_ERRNO(read(event, &value, 8), EINTR);
    alarm(1);
    CHECK_ERRNO(read(timer, &value, 8), EINTR);
}
