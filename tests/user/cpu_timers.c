/*
 * Timers and sleeps by used CPU time.
 */
#include "check.h"

#include <pthread.h>
#include <sys/syscall.h>

static volatile sig_atomic_t signals;
static siginfo_t received;

static void on_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    received = *info;
    signals++;
}

static timer_t make_timer(clockid_t clock)
{
    timer_t timer;
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(timer_create(clock, &event, &timer));
    return timer;
}

static void start(timer_t timer, int flags, int64_t value_ns, int64_t interval_ns)
{
    struct itimerspec wanted = {
        .it_value = {value_ns / 1000000000, value_ns % 1000000000},
        .it_interval = {interval_ns / 1000000000, interval_ns % 1000000000},
    };
    CHECK_OK(timer_settime(timer, flags, &wanted, NULL));
}

static int64_t left_ns(timer_t timer)
{
    struct itimerspec left;
    CHECK_OK(timer_gettime(timer, &left));
    return (int64_t)left.it_value.tv_sec * 1000000000 + left.it_value.tv_nsec;
}

static void check_one_expiry(clockid_t clock)
{
    timer_t timer = make_timer(clock);
    signals = 0;
    int64_t begin = now_ns(clock);
    start(timer, 0, 30000000, 0);
    CHECK(left_ns(timer) > 0 && left_ns(timer) <= 30000000);
    while (signals == 0) {}
    CHECK(now_ns(clock) - begin >= 30000000);
    CHECK_EQUAL(received.si_code, SI_TIMER);
    CHECK_EQUAL(left_ns(timer), 0);
    CHECK_OK(timer_delete(timer));
}

TEST(a_timer_follows_the_time_that_its_process_uses)
{
    check_one_expiry(CLOCK_PROCESS_CPUTIME_ID);
    clockid_t own;
    CHECK_EQUAL(clock_getcpuclockid(0, &own), 0);
    check_one_expiry(own);
}

TEST(a_timer_follows_the_time_that_its_thread_uses)
{
    clockid_t own;
    check_one_expiry(CLOCK_THREAD_CPUTIME_ID);
    CHECK_EQUAL(pthread_getcpuclockid(pthread_self(), &own), 0);
    check_one_expiry(own);
}

TEST(a_timer_stands_still_while_nothing_is_used)
{
    timer_t timer = make_timer(CLOCK_PROCESS_CPUTIME_ID);
    start(timer, 0, 80000000, 0);
    sleep_ms(150);
    CHECK_EQUAL(signals, 0);
    CHECK(left_ns(timer) > 0);
    start(timer, 0, 0, 0);
    CHECK_EQUAL(left_ns(timer), 0);
}

TEST(a_timer_comes_again_and_takes_absolute_times)
{
    timer_t timer = make_timer(CLOCK_PROCESS_CPUTIME_ID);
    signals = 0;
    start(timer, 0, 10000000, 20000000);
    while (signals < 3) {}
    start(timer, 0, 0, 0);
    int64_t until = now_ns(CLOCK_PROCESS_CPUTIME_ID) + 20000000;
    signals = 0;
    start(timer, TIMER_ABSTIME, until, 0);
    while (signals == 0) {}
    CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) >= until);
    CHECK_OK(timer_delete(timer));
}

TEST(clocks_of_nobody_make_no_timer)
{
    timer_t timer;
    CHECK_ERRNO(timer_create((clockid_t)(~32767u << 3 | 2), NULL, &timer), EINVAL);
    CHECK_ERRNO(timer_create((clockid_t)(~1u << 3 | 6), NULL, &timer), EINVAL);
}

static volatile bool is_over;

static void *use_time(void *argument)
{
    (void)argument;
    while (!is_over) {}
    return NULL;
}

static long sleep_by(clockid_t clock, int flags, int64_t ns, struct timespec *rest)
{
    struct timespec time = {ns / 1000000000, ns % 1000000000};
    return syscall(SYS_clock_nanosleep, clock, flags, &time, rest);
}

TEST(one_can_sleep_by_used_time)
{
    pthread_t thread;
    is_over = false;
    CHECK_EQUAL(pthread_create(&thread, NULL, use_time, NULL), 0);
    int64_t begin = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    CHECK_OK(sleep_by(CLOCK_PROCESS_CPUTIME_ID, 0, 30000000, NULL));
    int64_t now = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    CHECK(now - begin >= 30000000);
    CHECK_OK(sleep_by(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, now + 20000000, NULL));
    CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) >= now + 20000000);
    is_over = true;
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

TEST(a_signal_ends_such_a_sleep)
{
    struct timespec rest = {0, 0};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    CHECK_OK(sigaction(SIGALRM, &action, NULL));
    alarm(1);
    CHECK_ERRNO(sleep_by(CLOCK_PROCESS_CPUTIME_ID, 0, 5000000000, &rest), EINTR);
    CHECK(rest.tv_sec == 4 && rest.tv_nsec > 0);
    CHECK_ERRNO(sleep_by(CLOCK_THREAD_CPUTIME_ID, 0, 1, NULL), EOPNOTSUPP);
    CHECK_ERRNO(sleep_by((clockid_t)(~32767u << 3 | 2), 0, 1, NULL), EINVAL);
}
