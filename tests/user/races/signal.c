/* Races of signals against calls that block, threads that end, and timers. One signal sent is one signal taken. */
#include "races.h"

#include <poll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/time.h>

enum { BYTES = 5000, SHORT_THREADS = 3 };

static atomic_int handled, announced;
static _Atomic pid_t target;
static atomic_bool is_over;

static void note(int signal)
{
    (void)signal;
    handled++;
}

static void block(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    RACE_CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
}

/* ---- one signal ends one call --------------------------------------------------------------------------------- */

/* The signal is let in by the call alone, so that it is either waiting already or comes while the call blocks. */
static void block_in_a_call(void)
{
    sigset_t none;
    fd_set nothing;
    long result = 0;
    sigemptyset(&none);
    FD_ZERO(&nothing);
    switch (race_draw() % 3) {
    case 0: result = sigsuspend(&none); break;
    case 1: result = ppoll(NULL, 0, NULL, &none); break;
    default: result = pselect(0, &nothing, NULL, NULL, NULL, &none); break;
    }
    RACE_CHECK(result == -1 && errno == EINTR);
}

static void send_or_block(unsigned index)
{
    int seen = 0;
    if (index == 0) {
        target = (pid_t)syscall(SYS_gettid);
        while (!is_over) {
            announced++;
            block_in_a_call();
            RACE_CHECK(handled == announced);
            race_count();
        }
        return;
    }
    while (!is_over) {
        while (announced == seen) {
            sched_yield();
        }
        seen++;
        race_pause();
        is_over = !race_goes_on();
        RACE_OK(syscall(SYS_tgkill, getpid(), target, SIGUSR1));
    }
}

static void a_signal_ends_a_call(void)
{
    struct sigaction action = {.sa_handler = note};
    RACE_OK(sigaction(SIGUSR1, &action, NULL));
    block(SIGUSR1);
    race_threads(2, send_or_block);
}

/* ---- two that wait for each other's signals ------------------------------------------------------------------------ */

static _Atomic pid_t *partners;

static int take_signal(int descriptor, const sigset_t *set)
{
    struct signalfd_siginfo info;
    if (descriptor < 0) {
        return sigwaitinfo(set, NULL);
    }
    RACE_CHECK(read(descriptor, &info, sizeof(info)) == sizeof(info));
    return (int)info.ssi_signo;
}

static void pass_signal(unsigned index)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    int descriptor = race_draw() % 2 ? RACE_OK(signalfd(-1, &set, 0)) : -1;
    partners[index] = getpid();
    while (partners[1 - index] == 0) {
        sched_yield();
    }
    if (index == 0) {
        RACE_OK(kill(partners[1], SIGUSR1));
    }
    for (int signal = SIGUSR1; signal == SIGUSR1;) {
        signal = take_signal(descriptor, &set);
        race_count();
        race_pause();
        if (index == 0 && !race_goes_on()) {
            signal = SIGUSR2;
        }
        kill(partners[1 - index], signal);
    }
}

static void signals_are_passed(void)
{
    partners = race_shared_pages(1);
    block(SIGUSR1);
    block(SIGUSR2);
    while (race_goes_on()) {
        partners[0] = partners[1] = 0;
        race_processes(2, pass_signal);
    }
}

/* ---- queued signals keep their order ---------------------------------------------------------------------------------- */

static void take_numbers(unsigned index)
{
    siginfo_t info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    for (int next = 0;; next++) {
        RACE_CHECK(sigwaitinfo(&set, &info) == SIGRTMIN);
        if (info.si_value.sival_int < 0) {
            return;
        }
        RACE_CHECK(info.si_value.sival_int == next);
        race_count();
    }
    (void)index;
}

static void queued_signals_keep_their_order(void)
{
    block(SIGRTMIN);
    pid_t taker = race_process(take_numbers, 0);
    for (int i = 0;; i++) {
        bool is_last = !race_goes_on();
        union sigval value = {.sival_int = is_last ? -1 : i};
        while (sigqueue(taker, SIGRTMIN, value) != 0) {
            RACE_CHECK(errno == EAGAIN);
            sched_yield();
        }
        if (is_last) {
            break;
        }
        race_pause();
    }
    RACE_CHECK(race_wait(taker) == 0);
}

/* ---- signals to threads that end ------------------------------------------------------------------------------------------ */

static _Atomic pid_t thread_numbers[SHORT_THREADS];

static void *live_shortly(void *place)
{
    *(_Atomic pid_t *)place = (pid_t)syscall(SYS_gettid);
    race_pause();
    return NULL;
}

static void make_or_signal(unsigned index)
{
    while (race_goes_on()) {
        if (index == 0) {
            long result = syscall(SYS_tgkill, getpid(), thread_numbers[race_draw() % SHORT_THREADS],
                                  race_draw() % 2 ? SIGUSR1 : SIGURG);
            RACE_CHECK(result == 0 || errno == ESRCH || errno == EINVAL);
        } else {
            pthread_t thread;
            RACE_CHECK(pthread_create(&thread, NULL, live_shortly, &thread_numbers[index - 1]) ==
                       0);
            RACE_CHECK(pthread_join(thread, NULL) == 0);
            race_count();
        }
    }
}

static void ending_threads_are_signalled(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    RACE_OK(sigaction(SIGUSR1, &action, NULL));
    race_threads(1 + SHORT_THREADS, make_or_signal);
}

/* ---- calls that are restarted under a storm --------------------------------------------------------------------------------- */

static int ends[2];

static void write_all(unsigned index)
{
    struct itimerval often = {{0, 700}, {0, 700}};
    char byte = (char)index;
    RACE_OK(setitimer(ITIMER_REAL, &often, NULL));
    for (int i = 0; i < BYTES; i++) {
        RACE_CHECK(write(ends[1], &byte, 1) == 1);
    }
}

static void restarted_calls_lose_nothing(void)
{
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    race_catch(SIGALRM, SA_RESTART);
    while (race_goes_on()) {
        char bytes[256];
        ssize_t count, total = 0;
        RACE_OK(pipe(ends));
        pid_t writer = race_process(write_all, 1);
        close(ends[1]);
        RACE_OK(setitimer(ITIMER_REAL, &often, NULL));
        while ((count = read(ends[0], bytes, sizeof(bytes))) > 0) {
            total += count;
            race_count();
        }
        RACE_CHECK(count == 0 && total == BYTES);
        RACE_CHECK(race_wait(writer) == 0);
        RACE_OK(setitimer(ITIMER_REAL, &never, NULL));
        close(ends[0]);
    }
}

/* ---- timers and sleepers -------------------------------------------------------------------------------------------------------- */

static void expire(unsigned index)
{
    int signal = SIGRTMIN + 1 + (int)index;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    while (race_goes_on()) {
        timer_t timer;
        struct itimerspec once = {.it_value = {0, 1 + race_draw() % 300000}};
        RACE_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
        RACE_OK(timer_settime(timer, 0, &once, NULL));
        if (race_draw() % 4 != 0) {
            RACE_CHECK(sigwaitinfo(&set, NULL) == signal);
        }
        RACE_OK(timer_delete(timer));
        while (sigtimedwait(&set, NULL, &(struct timespec){0, 0}) == signal) {}
        race_count();
    }
}

static void timers_expire(void)
{
    for (int i = 0; i < 4; i++) {
        block(SIGRTMIN + 1 + i);
    }
    race_threads(4, expire);
}

static void sleep_shortly(unsigned index)
{
    while (race_goes_on()) {
        struct timespec start, end, nap = {0, race_draw() % 500000};
        clock_gettime(CLOCK_MONOTONIC, &start);
        RACE_CHECK(nanosleep(&nap, NULL) == 0);
        clock_gettime(CLOCK_MONOTONIC, &end);
        RACE_CHECK((end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec >=
                   nap.tv_nsec);
        race_count();
    }
    (void)index;
}

static void sleepers_wake(void)
{
    race_threads(6, sleep_shortly);
}

const struct race signal_races[] = {
    {"a_signal_ends_a_call", a_signal_ends_a_call},
    {"signals_are_passed", signals_are_passed},
    {"queued_signals_keep_their_order", queued_signals_keep_their_order},
    {"ending_threads_are_signalled", ending_threads_are_signalled},
    {"restarted_calls_lose_nothing", restarted_calls_lose_nothing},
    {"timers_expire", timers_expire},
    {"sleepers_wake", sleepers_wake},
    {NULL, NULL},
};
