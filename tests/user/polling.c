/*
 * poll, ppoll, select and pselect6: what is ready, how long they wait, signal masks, bad arguments.
 */
#include "check.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>

static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
    caught = signal;
}

static void catch (int signal)
{
    struct sigaction action = {.sa_handler = on_signal};
    CHECK_OK(sigaction(signal, &action, NULL));
}

TEST(a_file_is_always_ready)
{
    make_file("f", "");
    struct pollfd ask = {CHECK_OK(open("f", O_RDWR)), POLLIN | POLLOUT | POLLPRI, 0};
    CHECK_EQUAL(poll(&ask, 1, -1), 1);
    CHECK_EQUAL(ask.revents, POLLIN | POLLOUT);
}

TEST(a_descriptor_that_is_not_open_is_reported)
{
    struct pollfd ask[2] = {{900, POLLIN, 0}, {-1, POLLIN, 55}};
    CHECK_EQUAL(poll(ask, 2, -1), 1);
    CHECK_EQUAL(ask[0].revents, POLLNVAL);
    CHECK_EQUAL(ask[1].revents, 0);
}

TEST(poll_of_nothing_sleeps)
{
    int64_t start = now_ns(CLOCK_MONOTONIC);
    CHECK_EQUAL(poll(NULL, 0, 30), 0);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 30000000);
}

TEST(poll_of_nothing_wants_an_address_of_the_users_all_the_same)
{
    CHECK_EQUAL(poll(unmapped_address(), 0, 0), 0);
    CHECK_ERRNO(syscall(SYS_poll, -1L, 0, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_poll, NON_CANONICAL, 0, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_poll, KERNEL_ADDRESS, 0, 0), EFAULT);
}

TEST(poll_returns_zero_when_the_time_is_over)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    struct pollfd ask = {ends[0], POLLIN, 0};
    int64_t start = now_ns(CLOCK_MONOTONIC);
    CHECK_EQUAL(poll(&ask, 1, 30), 0);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 30000000);
    CHECK_EQUAL(ask.revents, 0);
}

TEST(poll_wakes_when_data_comes)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        sleep_ms(30);
        CHECK_EQUAL(write(ends[1], "x", 1), 1);
        _exit(0);
    }
    struct pollfd ask = {ends[0], POLLIN, 0};
    CHECK_EQUAL(poll(&ask, 1, 20000), 1);
    CHECK_EQUAL(ask.revents, POLLIN);
    CHECK_EXITED(child, 0);
}

TEST(poll_is_interrupted_by_a_handler_even_with_restart)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct itimerval soon = {{0, 30000}, {0, 30000}};
    CHECK_OK(sigaction(SIGALRM, &action, NULL));
    CHECK_OK(setitimer(ITIMER_REAL, &soon, NULL));
    CHECK_ERRNO(poll(NULL, 0, -1), EINTR);
    CHECK_EQUAL(caught, SIGALRM);
}

TEST(poll_refuses_too_many_and_bad_addresses)
{
    struct rlimit limit = {100, 100};
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
    CHECK_ERRNO(poll(NULL, 101, 0), EINVAL);
    CHECK_ERRNO(poll(NULL, 1, 0), EFAULT);
    CHECK_ERRNO(poll(KERNEL_ADDRESS, 1, 0), EFAULT);
    CHECK_ERRNO(poll(edge_of_memory(sizeof(struct pollfd)), 2, 0), EFAULT);
}

TEST(the_same_descriptor_may_be_asked_twice)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    struct pollfd ask[3] = {{ends[0], POLLIN, 0}, {ends[0], POLLIN, 0}, {ends[0], 0, 0}};
    CHECK_EQUAL(poll(ask, 3, 0), 2);
    CHECK_EQUAL(ask[2].revents, 0);
}

TEST(ppoll_swaps_the_mask_while_it_waits)
{
    sigset_t block, none;
    catch (SIGUSR1);
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQUAL(caught, 0);
    CHECK_ERRNO(ppoll(NULL, 0, NULL, &none), EINTR);
    CHECK_EQUAL(caught, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &none));
    CHECK(sigismember(&none, SIGUSR1));
}

TEST(ppoll_refuses_a_bad_time_and_a_bad_mask_size)
{
    struct timespec bad = {0, 1000000000}, negative = {-1, 0}, zero = {0, 0};
    CHECK_ERRNO(ppoll(NULL, 0, &bad, NULL), EINVAL);
    CHECK_ERRNO(ppoll(NULL, 0, &negative, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_ppoll, NULL, 0, &zero, &zero, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_ppoll, NULL, 0, KERNEL_ADDRESS, NULL, 8), EFAULT);
    CHECK_EQUAL(ppoll(NULL, 0, &zero, NULL), 0);
}

TEST(ppoll_writes_what_time_is_left)
{
    struct timespec left = {10, 0};
    struct pollfd ask = {CHECK_OK(open("/dev/null", O_RDONLY)), POLLIN, 0};
    CHECK_EQUAL(syscall(SYS_ppoll, &ask, 1, &left, NULL, 8), 1);
    CHECK(left.tv_sec == 9 || (left.tv_sec == 10 && left.tv_nsec == 0));
}

TEST(select_marks_only_what_is_ready)
{
    int ends[2];
    fd_set in, out;
    struct timeval zero = {0, 0};
    CHECK_OK(pipe(ends));
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(ends[0], &in);
    FD_SET(ends[1], &out);
    CHECK_EQUAL(select(ends[1] + 1, &in, &out, NULL, &zero), 1);
    CHECK(!FD_ISSET(ends[0], &in));
    CHECK(FD_ISSET(ends[1], &out));
}

TEST(select_counts_bits_not_descriptors)
{
    fd_set in, out;
    int fd = CHECK_OK(open("f", O_RDWR | O_CREAT, 0600));
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(fd, &in);
    FD_SET(fd, &out);
    CHECK_EQUAL(select(fd + 1, &in, &out, NULL, NULL), 2);
}

TEST(select_sees_the_end_of_a_pipe_as_readable)
{
    int ends[2];
    fd_set in;
    CHECK_OK(pipe(ends));
    CHECK_OK(close(ends[1]));
    FD_ZERO(&in);
    FD_SET(ends[0], &in);
    CHECK_EQUAL(select(ends[0] + 1, &in, NULL, NULL, NULL), 1);
}

TEST(select_refuses_bad_descriptors_numbers_and_times)
{
    fd_set in;
    struct timeval negative = {-1, 0};
    FD_ZERO(&in);
    FD_SET(20, &in);
    CHECK_ERRNO(select(21, &in, NULL, NULL, NULL), EBADF);
    CHECK_ERRNO(syscall(SYS_select, -1, NULL, NULL, NULL, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_select, 0, NULL, NULL, NULL, &negative), EINVAL);
    CHECK_ERRNO(syscall(SYS_select, 10, KERNEL_ADDRESS, NULL, NULL, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_select, 0, NULL, NULL, NULL, KERNEL_ADDRESS), EFAULT);
}

TEST(select_of_no_descriptors_looks_at_no_set)
{
    fd_set full;
    struct timeval none = {0, 0};
    memset(&full, 0xff, sizeof(full));
    CHECK_EQUAL(syscall(SYS_select, 0, &full, &full, &full, &none), 0);
    CHECK(FD_ISSET(0, &full) && FD_ISSET(63, &full));
    CHECK_EQUAL(syscall(SYS_select, 0, KERNEL_ADDRESS, NULL, KERNEL_ADDRESS, &none), 0);
}

TEST(select_writes_what_time_is_left)
{
    struct timeval left = {0, 30000};
    CHECK_EQUAL(syscall(SYS_select, 0, NULL, NULL, NULL, &left), 0);
    CHECK_EQUAL(left.tv_sec, 0);
    CHECK_EQUAL(left.tv_usec, 0);
}

TEST(pselect6_takes_a_mask_and_its_size)
{
    sigset_t block, none;
    catch (SIGUSR2);
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR2);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, NULL));
    CHECK_OK(raise(SIGUSR2));
    CHECK_ERRNO(pselect(0, NULL, NULL, NULL, NULL, &none), EINTR);
    CHECK_EQUAL(caught, SIGUSR2);
    struct {
        const sigset_t *mask;
        size_t size;
    } wrong = {&none, 4};
    CHECK_ERRNO(syscall(SYS_pselect6, 0, NULL, NULL, NULL, NULL, &wrong), EINVAL);
}

TEST(poll_of_null_events_still_reports_hang_up)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    CHECK_OK(close(ends[1]));
    struct pollfd ask = {ends[0], 0, 0};
    CHECK_EQUAL(poll(&ask, 1, -1), 1);
    CHECK_EQUAL(ask.revents, POLLHUP);
}

TEST(a_waiting_poll_sees_a_close_of_the_other_end)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        sleep_ms(30);
        _exit(0);
    }
    CHECK_OK(close(ends[1]));
    struct pollfd ask = {ends[0], POLLIN, 0};
    CHECK_EQUAL(poll(&ask, 1, 20000), 1);
    CHECK_EQUAL(ask.revents, POLLHUP);
    CHECK_EXITED(child, 0);
}
