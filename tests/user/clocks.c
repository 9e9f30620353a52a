/*
 * Time: clocks, sleeping, interval timers, the time that a process has used.
 */
#include "check.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
    (void)signal;
    alarms++;
}

static void catch (int signal, int flags)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
    CHECK_OK(sigaction(signal, &action, NULL));
}

static void use_cpu(int64_t nanoseconds)
{
    int64_t start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    while (now_ns(CLOCK_PROCESS_CPUTIME_ID) - start < nanoseconds) {}
}

TEST(monotonic_time_never_goes_back)
{
    int64_t last = now_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < 20000; i++) {
        int64_t now = now_ns(CLOCK_MONOTONIC);
        CHECK(now >= last);
        last = now;
    }
}

TEST(clocks_agree_about_a_pause)
{
    int64_t mono = now_ns(CLOCK_MONOTONIC), raw = now_ns(CLOCK_MONOTONIC_RAW);
    int64_t real = now_ns(CLOCK_REALTIME), boot = now_ns(CLOCK_BOOTTIME);
    sleep_ms(100);
    CHECK(now_ns(CLOCK_MONOTONIC) - mono >= 100000000);
    CHECK(now_ns(CLOCK_MONOTONIC_RAW) - raw >= 90000000);
    CHECK(now_ns(CLOCK_REALTIME) - real >= 90000000);
    CHECK(now_ns(CLOCK_BOOTTIME) - boot >= 100000000);
}

TEST(real_time_calls_agree)
{
    struct timeval micro;
    time_t word = 0;
    int64_t before = now_ns(CLOCK_REALTIME) / 1000;
    CHECK_OK(syscall(SYS_gettimeofday, &micro, NULL));
    int64_t between = (int64_t)micro.tv_sec * 1000000 + micro.tv_usec;
    CHECK(between >= before && between <= now_ns(CLOCK_REALTIME) / 1000);
    time_t seconds = syscall(SYS_time, &word);
    CHECK_EQUAL(seconds, word);
    CHECK(seconds >= micro.tv_sec - 1 && seconds <= micro.tv_sec + 1);
    CHECK(seconds > 1600000000);
    CHECK_ERRNO(syscall(SYS_gettimeofday, KERNEL_ADDRESS, NULL), EFAULT);
}

TEST(clock_errors)
{
    struct timespec time;
    CHECK_ERRNO(syscall(SYS_clock_gettime, 99, &time), EINVAL);
    CHECK_ERRNO(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, KERNEL_ADDRESS), EFAULT);
    CHECK_ERRNO(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &time), EINVAL);
    CHECK_ERRNO(syscall(SYS_clock_getres, 99, &time), EINVAL);
    CHECK_OK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &time));
    CHECK(time.tv_sec == 0 && time.tv_nsec == 1);
    CHECK_OK(syscall(SYS_clock_getres, CLOCK_REALTIME, NULL));
}

TEST(coarse_clocks_follow_the_fine_ones)
{
    int64_t coarse = now_ns(CLOCK_MONOTONIC_COARSE), fine = now_ns(CLOCK_MONOTONIC);
    CHECK(coarse <= fine && fine - coarse < 100000000);
}

TEST(nanosleep_sleeps_at_least_as_long)
{
    struct timespec pause = {0, 20000000};
    int64_t start = now_ns(CLOCK_MONOTONIC);
    CHECK_OK(syscall(SYS_nanosleep, &pause, NULL));
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20000000);
}

TEST(an_interrupted_sleep_tells_what_is_left)
{
    struct timespec pause = {1000, 0}, left = {0, 0};
    struct itimerval soon = {{0, 50000}, {0, 50000}};
    catch (SIGALRM, SA_RESTART);
    CHECK_OK(setitimer(ITIMER_REAL, &soon, NULL));
    CHECK_ERRNO(syscall(SYS_nanosleep, &pause, &left), EINTR);
    CHECK(left.tv_sec >= 500 && left.tv_sec < 1000);
}

TEST(sleep_errors)
{
    struct timespec bad = {0, 1000000000}, negative = {-1, 0};
    CHECK_ERRNO(syscall(SYS_nanosleep, &bad, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_nanosleep, &negative, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_nanosleep, KERNEL_ADDRESS, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_clock_nanosleep, 99, 0, &bad, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &bad, NULL), EINVAL);
}

TEST(clock_nanosleep_can_wait_for_a_time_of_day)
{
    struct timespec until;
    CHECK_OK(clock_gettime(CLOCK_MONOTONIC, &until));
    until.tv_nsec += 30000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    CHECK_EQUAL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
    CHECK(now_ns(CLOCK_MONOTONIC) >= (int64_t)until.tv_sec * 1000000000 + until.tv_nsec);
    CHECK_EQUAL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
    CHECK_OK(clock_gettime(CLOCK_REALTIME, &until));
    CHECK_EQUAL(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL), 0);
}

TEST(an_interval_timer_fires_again_and_again)
{
    struct itimerval timer = {{0, 20000}, {0, 20000}}, left;
    catch (SIGALRM, 0);
    CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
    while (alarms < 3) {
        pause();
    }
    CHECK_OK(getitimer(ITIMER_REAL, &left));
    CHECK_EQUAL(left.it_interval.tv_usec, 20000);
    CHECK(left.it_value.tv_sec == 0 && left.it_value.tv_usec <= 20000);
    CHECK_OK(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, &left));
    alarms = 0;
    sleep_ms(60);
    CHECK_EQUAL(alarms, 0);
}

TEST(alarm_returns_what_was_left)
{
    catch (SIGALRM, 0);
    CHECK_EQUAL(alarm(100), 0);
    unsigned left = alarm(0);
    CHECK(left == 100 || left == 99);
    CHECK_EQUAL(alarm(0), 0);
}

TEST(setitimer_errors)
{
    struct itimerval bad = {{0, 0}, {0, 1000000}};
    CHECK_ERRNO(setitimer(ITIMER_REAL, &bad, NULL), EINVAL);
    CHECK_ERRNO(setitimer(7, &(struct itimerval){0}, NULL), EINVAL);
    CHECK_ERRNO(getitimer(7, &bad), EINVAL);
    CHECK_ERRNO(syscall(SYS_getitimer, ITIMER_REAL, KERNEL_ADDRESS), EFAULT);
}

TEST(the_virtual_timer_counts_used_time_only)
{
    struct itimerval timer = {{0, 0}, {0, 30000}};
    catch (SIGVTALRM, 0);
    CHECK_OK(setitimer(ITIMER_VIRTUAL, &timer, NULL));
    sleep_ms(60);
    CHECK_EQUAL(alarms, 0);
    for (int64_t end = now_ns(CLOCK_MONOTONIC) + 5000000000; alarms == 0;) {
        for (volatile int i = 0; i < 100000; i++) {}
        CHECK(now_ns(CLOCK_MONOTONIC) < end);
    }
}

TEST(the_profiling_timer_fires)
{
    struct itimerval timer = {{0, 0}, {0, 20000}};
    catch (SIGPROF, 0);
    CHECK_OK(setitimer(ITIMER_PROF, &timer, NULL));
    for (int64_t end = now_ns(CLOCK_MONOTONIC) + 5000000000; alarms == 0;) {
        CHECK(now_ns(CLOCK_MONOTONIC) < end);
    }
}

TEST(used_time_counts_work_and_not_sleep)
{
    int64_t start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    sleep_ms(50);
    CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) - start < 40000000);
    use_cpu(30000000);
    CHECK(now_ns(CLOCK_THREAD_CPUTIME_ID) >= 30000000);
}

/* The number of the clock of a process's or thread's used time, as libc makes it. */
static clockid_t used_time_clock(pid_t number, int bits)
{
    return (clockid_t)(~(unsigned)number << 3 | (unsigned)bits);
}

TEST(used_time_of_threads_and_processes_is_a_clock_by_number)
{
    enum { USER_TIME = 1, RUN_TIME = 2, DESCRIPTOR = 3, THREAD = 4 };
    struct timespec spec;
    use_cpu(20000000);
    CHECK(now_ns(used_time_clock(gettid(), THREAD | RUN_TIME)) >= 20000000);
    CHECK(now_ns(used_time_clock(0, THREAD | RUN_TIME)) >= 20000000);
    CHECK(now_ns(used_time_clock(getpid(), RUN_TIME)) >= 20000000);
    CHECK_OK(clock_gettime(used_time_clock(getppid(), RUN_TIME), &spec));
    CHECK(now_ns(used_time_clock(0, USER_TIME)) <= now_ns(CLOCK_PROCESS_CPUTIME_ID));
    CHECK_OK(clock_getres(used_time_clock(gettid(), THREAD | RUN_TIME), &spec));
    CHECK_ERRNO(clock_gettime(used_time_clock(getppid(), THREAD | RUN_TIME), &spec), EINVAL);
    CHECK_ERRNO(clock_gettime(used_time_clock(INT_MAX >> 4, RUN_TIME), &spec), EINVAL);
    CHECK_ERRNO(clock_gettime(used_time_clock(5, DESCRIPTOR), &spec), EINVAL);
}

TEST(times_and_getrusage_see_waited_children)
{
    struct tms ticks;
    struct rusage usage;
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        use_cpu(60000000);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(getrusage(RUSAGE_CHILDREN, &usage));
    int64_t micro = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L +
                    usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    CHECK(micro >= 40000);
    CHECK(times(&ticks) > 0);
    CHECK(ticks.tms_cutime + ticks.tms_cstime >= 4);
}

static int64_t micro_of(struct timeval time)
{
    return time.tv_sec * 1000000L + time.tv_usec;
}

TEST(neither_user_nor_system_time_ever_shrinks)
{
    struct rusage last = {0}, now;
    int64_t end = now_ns(CLOCK_MONOTONIC) + 300000000;
    while (now_ns(CLOCK_MONOTONIC) < end) {
        for (int i = 0; i < 20; i++) { // as many reads of the time as keep both sides sampled
            CHECK_OK(getrusage(RUSAGE_SELF, &now));
            CHECK(micro_of(now.ru_utime) >= micro_of(last.ru_utime));
            CHECK(micro_of(now.ru_stime) >= micro_of(last.ru_stime));
            last = now;
        }
    }
    CHECK(micro_of(last.ru_utime) + micro_of(last.ru_stime) > 0);
}

TEST(getrusage_counts_faults_and_checks)
{
    struct rusage before, after;
    CHECK_OK(getrusage(RUSAGE_SELF, &before));
    char *pages = map_pages(64);
    for (int i = 0; i < 64; i++) {
        pages[i * PAGE] = 1;
    }
    CHECK_OK(getrusage(RUSAGE_SELF, &after));
    CHECK(after.ru_minflt >= before.ru_minflt + 64 && after.ru_minflt < before.ru_minflt + 120);
    CHECK(after.ru_maxrss > 0);
    CHECK_ERRNO(getrusage(5, &after), EINVAL);
    CHECK_ERRNO(syscall(SYS_getrusage, RUSAGE_SELF, KERNEL_ADDRESS), EFAULT);
}

TEST(pause_ends_with_a_handled_signal_only)
{
    struct itimerval timer = {{0, 0}, {0, 20000}};
    catch (SIGALRM, SA_RESTART);
    CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
    CHECK_ERRNO(pause(), EINTR);
    CHECK_EQUAL(alarms, 1);
}

static void set_time(void)
{
    struct timespec now;
    become_user(NOBODY);
    CHECK_OK(clock_gettime(CLOCK_REALTIME, &now));
    CHECK_ERRNO(clock_settime(CLOCK_REALTIME, &now), EPERM);
}

TEST(setting_the_clock_needs_privilege)
{
    CHECK_IN_CHILD(set_time);
}

TEST(a_round_robin_slice_can_be_asked)
{
    struct timespec slice = {9, 9};
    CHECK_OK(syscall(SYS_sched_rr_get_interval, 0, &slice));
    CHECK(slice.tv_sec == 0 && slice.tv_nsec < 1000000000);
    CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, -1, &slice), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, 999999, &slice), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, 0, KERNEL_ADDRESS), EFAULT);
}

TEST(the_coarse_clocks_promise_four_milliseconds)
{
    struct timespec step;
    CHECK_OK(clock_getres(CLOCK_REALTIME_COARSE, &step));
    CHECK(step.tv_sec == 0 && step.tv_nsec == 4000000);
    CHECK_OK(clock_getres(CLOCK_MONOTONIC_COARSE, &step));
    CHECK(step.tv_sec == 0 && step.tv_nsec == 4000000);
}

TEST(how_the_clock_is_steered_can_be_asked)
{
    struct timex state;
    memset(&state, 0x5a, sizeof(state));
    state.modes = 0;
    CHECK_EQUAL(syscall(SYS_adjtimex, &state), TIME_ERROR);
    CHECK(state.offset == 0 && state.freq == 0 && state.status == STA_UNSYNC);
    CHECK(state.tick == 10000 && state.precision == 1 && state.tolerance == 32768000);
    CHECK(state.time.tv_usec < 1000000 && labs(state.time.tv_sec - time(NULL)) <= 1);
    state.modes = 0;
    CHECK_EQUAL(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &state), TIME_ERROR);
    state.modes = 0xa001; /* what a single shot has left */
    CHECK_EQUAL(syscall(SYS_adjtimex, &state), TIME_ERROR);
    CHECK_ERRNO(syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &state), EOPNOTSUPP);
    CHECK_ERRNO(syscall(SYS_clock_adjtime, 99, &state), EINVAL);
    CHECK_ERRNO(syscall(SYS_clock_adjtime, 99, NON_CANONICAL), EFAULT);
    CHECK_ERRNO(syscall(SYS_adjtimex, NULL), EFAULT);
    state.modes = 0x8000;
    CHECK_ERRNO(syscall(SYS_adjtimex, &state), EINVAL);
}

static void steer_the_clock(void)
{
    struct timex state = {.modes = ADJ_FREQUENCY};
    become_user(NOBODY);
    CHECK_ERRNO(syscall(SYS_adjtimex, &state), EPERM);
    state.modes = 0;
    CHECK_EQUAL(syscall(SYS_adjtimex, &state), TIME_ERROR);
}

TEST(steering_the_clock_needs_privilege)
{
    CHECK_IN_CHILD(steer_the_clock);
}

enum { REALTIME_ALARM = 8, BOOTTIME_ALARM = 9 };

static void use_alarm_clocks(void)
{
    struct timespec moment = {0, 1000};
    struct sigevent silent = {.sigev_notify = SIGEV_NONE};
    int id;
    become_user(NOBODY);
    CHECK_ERRNO(syscall(SYS_timer_create, REALTIME_ALARM, &silent, &id), EPERM);
    CHECK_ERRNO(syscall(SYS_clock_nanosleep, BOOTTIME_ALARM, 0, &moment, NULL), EPERM);
}

TEST(alarm_clocks_need_privilege_and_then_are_as_others)
{
    struct timespec moment = {0, 1000};
    struct sigevent silent = {.sigev_notify = SIGEV_NONE};
    struct itimerspec in_a_while = {{0, 0}, {5, 0}}, left;
    CHECK_IN_CHILD(use_alarm_clocks);
    for (int clock = REALTIME_ALARM; clock <= BOOTTIME_ALARM; clock++) {
        int id;
        CHECK_OK(syscall(SYS_clock_nanosleep, clock, 0, &moment, NULL));
        CHECK_OK(syscall(SYS_timer_create, clock, &silent, &id));
        CHECK_OK(syscall(SYS_timer_settime, id, 0, &in_a_while, NULL));
        CHECK_OK(syscall(SYS_timer_gettime, id, &left));
        CHECK(left.it_value.tv_sec == 4 || left.it_value.tv_sec == 5);
    }
}
