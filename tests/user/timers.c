/*
 * POSIX timers: what is sent, to whom, how often, and what is told of it.
 */
#include "check.h"

#include <pthread.h>
#include <time.h>

#ifndef sigev_notify_thread_id
#    define sigev_notify_thread_id __sev_fields.sigev_notify_thread_id
#endif

#define MS 1000000L

/* The raw calls: the library keeps its own handles. */
static int create(clockid_t clock, int notify, int signal)
{
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal};
    event.sigev_value.sival_ptr = (void *)0x123456789abcUL;
    int id = -1;
    CHECK_OK(syscall(SYS_timer_create, clock, &event, &id));
    CHECK(id >= 0);
    return id;
}

static struct itimerspec spec_of(int64_t value_ns, int64_t interval_ns)
{
    return (struct itimerspec){.it_interval = {interval_ns / 1000000000, interval_ns % 1000000000},
                               .it_value = {value_ns / 1000000000, value_ns % 1000000000}};
}

static void set(int id, int flags, int64_t value_ns, int64_t interval_ns)
{
    struct itimerspec spec = spec_of(value_ns, interval_ns);
    CHECK_OK(syscall(SYS_timer_settime, id, flags, &spec, NULL));
}

static int64_t ns_of(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static sigset_t block(int signal)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, signal);
    CHECK_OK(sigprocmask(SIG_BLOCK, &signals, NULL));
    return signals;
}

static int take(const sigset_t *signals, siginfo_t *info, long timeout_ms)
{
    struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * MS};
    return sigtimedwait(signals, info, &timeout);
}

TEST(a_timer_sends_its_signal_with_its_value)
{
    sigset_t signals = block(SIGUSR1);
    siginfo_t info;
    int64_t start = now_ns(CLOCK_MONOTONIC);
    int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
    set(id, 0, 30 * MS, 0);
    CHECK_EQUAL(take(&signals, &info, 5000), SIGUSR1);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 30 * MS);
    CHECK_EQUAL(info.si_code, SI_TIMER);
    CHECK_EQUAL(info.si_timerid, id);
    CHECK_EQUAL(info.si_overrun, 0);
    CHECK(info.si_value.sival_ptr == (void *)0x123456789abcUL);
    CHECK_ERRNO(take(&signals, &info, 60), EAGAIN);
}

TEST(without_an_event_it_is_sigalrm_with_the_id)
{
    sigset_t signals = block(SIGALRM);
    siginfo_t info;
    int id = -1;
    CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
    set(id, 0, 1 * MS, 0);
    CHECK_EQUAL(take(&signals, &info, 5000), SIGALRM);
    CHECK_EQUAL(info.si_value.sival_int, id);
}

TEST(every_timer_has_a_signal_of_its_own)
{
    sigset_t signals = block(SIGUSR1);
    siginfo_t first, second;
    set(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1), 0, 1 * MS, 0);
    set(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1), 0, 2 * MS, 0);
    sleep_ms(50);
    CHECK_EQUAL(take(&signals, &first, 1000), SIGUSR1);
    CHECK_EQUAL(take(&signals, &second, 1000), SIGUSR1);
    CHECK(first.si_timerid != second.si_timerid);
    CHECK_ERRNO(take(&signals, &first, 10), EAGAIN);
}

TEST(expirations_that_are_not_taken_are_counted)
{
    sigset_t signals = block(SIGRTMIN);
    siginfo_t info;
    int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN);
    set(id, 0, 5 * MS, 5 * MS);
    sleep_ms(200);
    int64_t since = now_ns(CLOCK_MONOTONIC);
    CHECK_EQUAL(take(&signals, &info, 1000), SIGRTMIN);
    CHECK(info.si_overrun >= 30);
    int told = (int)CHECK_OK(syscall(SYS_timer_getoverrun, id));
    CHECK_EQUAL(told, info.si_overrun);
    CHECK_EQUAL(take(&signals, &info, 1000), SIGRTMIN);
    CHECK(info.si_overrun <= (now_ns(CLOCK_MONOTONIC) - since) / (5 * MS)); /* counted anew */
}

static volatile sig_atomic_t ticks;

static void on_tick(int signal)
{
    (void)signal;
    ticks++;
}

TEST(an_interval_goes_on_without_drift)
{
    CHECK_OK(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_tick}, NULL));
    int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
    int64_t start = now_ns(CLOCK_MONOTONIC);
    set(id, 0, 10 * MS, 10 * MS);
    while (ticks < 12) {
        pause();
    }
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 120 * MS);
    set(id, 0, 0, 0);
    int last = ticks;
    sleep_ms(40);
    CHECK_EQUAL(ticks, last);
}

TEST(a_short_interval_does_not_stop_the_program)
{
    CHECK_OK(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = SIG_IGN}, NULL));
    sigset_t signals = block(SIGUSR2);
    siginfo_t info;
    set(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1), 0, 1, 1);
    int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR2);
    set(id, 0, 1, 1);
    sleep_ms(30);
    CHECK_EQUAL(take(&signals, &info, 1000), SIGUSR2);
    CHECK(info.si_overrun > 100000);
}

TEST(an_absolute_time_that_is_past_expires_at_once)
{
    sigset_t signals = block(SIGUSR1);
    siginfo_t info;
    set(create(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1), TIMER_ABSTIME, 1, 0);
    CHECK_EQUAL(take(&signals, &info, 1000), SIGUSR1);
    int64_t until = now_ns(CLOCK_REALTIME) + 30 * MS;
    set(create(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1), TIMER_ABSTIME, until, 0);
    CHECK_EQUAL(take(&signals, &info, 1000), SIGUSR1);
    CHECK(now_ns(CLOCK_REALTIME) >= until);
}

TEST(a_timer_tells_what_is_left)
{
    struct itimerspec now, old, wanted = spec_of(3000000000L, 7 * MS);
    int id = create(CLOCK_BOOTTIME, SIGEV_NONE, 0);
    CHECK_OK(syscall(SYS_timer_gettime, id, &now));
    CHECK(ns_of(now.it_value) == 0 && ns_of(now.it_interval) == 0);
    set(id, 0, 10000000000L, 0);
    CHECK_OK(syscall(SYS_timer_settime, id, 0, &wanted, &old));
    CHECK(ns_of(old.it_value) > 5000000000L && ns_of(old.it_value) <= 10000000000L);
    CHECK_OK(syscall(SYS_timer_gettime, id, &now));
    CHECK(ns_of(now.it_value) > 1000000000L && ns_of(now.it_value) <= 3000000000L);
    CHECK_EQUAL(ns_of(now.it_interval), 7 * MS);
}

TEST(a_timer_without_notice_goes_on_in_silence)
{
    struct itimerspec now;
    int id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0);
    set(id, 0, 1 * MS, 100 * MS);
    sleep_ms(20);
    CHECK_OK(syscall(SYS_timer_gettime, id, &now));
    CHECK(ns_of(now.it_value) > 0 && ns_of(now.it_value) <= 100 * MS);
    set(id, 0, 1 * MS, 0);
    sleep_ms(20);
    CHECK_OK(syscall(SYS_timer_gettime, id, &now));
    CHECK_EQUAL(ns_of(now.it_value), 0);
}

static pid_t waiter_number;
static pid_t caught_by;

static void on_thread_signal(int signal)
{
    (void)signal;
    __atomic_store_n(&caught_by, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
}

static void *wait_for_catch(void *argument)
{
    __atomic_store_n(&waiter_number, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&caught_by, __ATOMIC_SEQ_CST) == 0) {
        sleep_ms(5);
    }
    return argument;
}

TEST(a_timer_can_signal_one_thread)
{
    pthread_t thread;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    int id = -1;
    CHECK_OK(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_thread_signal}, NULL));
    CHECK_EQUAL(pthread_create(&thread, NULL, wait_for_catch, NULL), 0);
    while (__atomic_load_n(&waiter_number, __ATOMIC_SEQ_CST) == 0) {
        sleep_ms(5);
    }
    event.sigev_notify_thread_id = waiter_number;
    CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    set(id, 0, 20 * MS, 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_EQUAL(caught_by, waiter_number);
    /* Its thread is gone: the timer is not. */
    set(id, 0, 1 * MS, 1 * MS);
    sleep_ms(20);
    CHECK_OK(syscall(SYS_timer_delete, id));
}

TEST(a_child_has_no_timers)
{
    int id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_ERRNO(syscall(SYS_timer_delete, id), EINVAL);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(syscall(SYS_timer_delete, id));
}

TEST(execve_ends_timers)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        set(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGTERM), 0, 200 * MS, 0);
        execl("/proc/self/exe", "timers", "@sleeper", NULL);
        _exit(9);
    }
    CHECK_EXITED(child, 0);
}

/* What "@sleeper" does. */
int check_reexec(int argc, char **argv)
{
    if (argc > 2) {
        return create(CLOCK_MONOTONIC, SIGEV_NONE, 0) == atoi(argv[2]) ? 0 : 1;
    }
    sleep_ms(400);
    return 0;
}

/* A number that a program still has in mind must not soon be another timer's. */
TEST(ids_go_on_and_are_not_used_again)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_EQUAL(create(CLOCK_MONOTONIC, SIGEV_NONE, 0), 0);
        CHECK_EQUAL(create(CLOCK_MONOTONIC, SIGEV_NONE, 0), 1);
        CHECK_OK(syscall(SYS_timer_delete, 0));
        CHECK_OK(syscall(SYS_timer_delete, 1));
        CHECK_EQUAL(create(CLOCK_MONOTONIC, SIGEV_NONE, 0), 2);
        pid_t grandchild = CHECK_OK(fork());
        if (grandchild == 0) {
            CHECK_EQUAL(create(CLOCK_MONOTONIC, SIGEV_NONE, 0), 0);
            _exit(0);
        }
        CHECK_EXITED(grandchild, 0);
        execl("/proc/self/exe", "timers", "@next", "3", NULL);
        _exit(9);
    }
    CHECK_EXITED(child, 0);
}

TEST(a_deleted_timer_sends_nothing_more)
{
    sigset_t signals = block(SIGUSR1);
    siginfo_t info;
    int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
    set(id, 0, 30 * MS, 1 * MS);
    CHECK_OK(syscall(SYS_timer_delete, id));
    CHECK_ERRNO(take(&signals, &info, 80), EAGAIN);
    CHECK_ERRNO(syscall(SYS_timer_delete, id), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_getoverrun, id), EINVAL);
}

TEST(timer_errors)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};
    struct itimerspec bad = {.it_value = {0, 1000000000}};
    int id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0);
    int unused;
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &unused), EINVAL);
    event = (struct sigevent){.sigev_notify = 77, .sigev_signo = SIGUSR1};
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &unused), EINVAL);
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event.sigev_notify_thread_id = 1;
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &unused), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_create, 99, NULL, &unused), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, NULL, &unused), EOPNOTSUPP);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, KERNEL_ADDRESS), EFAULT);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, KERNEL_ADDRESS, &unused), EFAULT);
    CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, &bad, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, KERNEL_ADDRESS, NULL), EFAULT);
    bad.it_value.tv_nsec = 0;
    CHECK_ERRNO(syscall(SYS_timer_settime, 4711, 0, &bad, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_gettime, 4711, &bad), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_gettime, id, KERNEL_ADDRESS), EFAULT);
}
