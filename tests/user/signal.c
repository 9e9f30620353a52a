/*
 * Signals: sending, blocking, handlers, restart, waiting.
 */
#include "check.h"

#include <poll.h>
#include <setjmp.h>
#include <ucontext.h>

static volatile sig_atomic_t seen, last_signal;
static siginfo_t last_info;

static void on_signal(int signal)
{
    seen++;
    last_signal = signal;
}

static void on_info(int signal, siginfo_t *info, void *context)
{
    (void)context;
    seen++;
    last_signal = signal;
    last_info = *info;
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_flags = flags};
    if (flags & SA_SIGINFO) {
        action.sa_sigaction = on_info;
    } else {
        action.sa_handler = on_signal;
    }
    CHECK_OK(sigaction(signal, &action, NULL));
}

static void block(int how, int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    CHECK_OK(sigprocmask(how, &set, NULL));
}

/* A child that sends a signal to its parent when that sleeps. */
static pid_t send_to_sleeper(int signal)
{
    pid_t parent = getpid(), pid = CHECK_OK(fork());
    if (pid == 0) {
        wait_until_asleep(parent);
        kill(parent, signal);
        _exit(0);
    }
    return pid;
}

TEST(a_handler_runs_before_kill_returns)
{
    handle(SIGUSR1, SA_SIGINFO);
    CHECK_OK(kill(getpid(), SIGUSR1));
    CHECK_EQUAL(seen, 1);
    CHECK_EQUAL(last_info.si_code, SI_USER);
    CHECK_EQUAL(last_info.si_pid, getpid());
}

TEST(blocked_signals_wait_and_standard_ones_merge)
{
    handle(SIGUSR1, 0);
    block(SIG_BLOCK, SIGUSR1);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(raise(SIGUSR1));
    }
    CHECK_EQUAL(seen, 0);
    block(SIG_UNBLOCK, SIGUSR1);
    CHECK_EQUAL(seen, 1);
}

static int order[8];

static void on_ordered(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    order[seen++] = info->si_value.sival_int;
}

TEST(real_time_signals_queue_in_order)
{
    struct sigaction action = {.sa_sigaction = on_ordered, .sa_flags = SA_SIGINFO};
    int first = SIGRTMIN + 3;
    CHECK_OK(sigaction(first, &action, NULL));
    block(SIG_BLOCK, first);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(sigqueue(getpid(), first, (union sigval){.sival_int = i + 10}));
    }
    block(SIG_UNBLOCK, first);
    CHECK_EQUAL(seen, 3);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(order[i], i + 10);
    }
}

TEST(ignored_signals_do_nothing)
{
    CHECK(signal(SIGTERM, SIG_IGN) != SIG_ERR);
    CHECK_OK(raise(SIGTERM));
    CHECK_OK(raise(SIGCHLD));
    CHECK_OK(raise(SIGWINCH));
    CHECK_ERRNO(signal(SIGKILL, SIG_IGN) == SIG_ERR ? -1 : 0, EINVAL);
    CHECK_ERRNO(signal(SIGSTOP, on_signal) == SIG_ERR ? -1 : 0, EINVAL);
}

TEST(default_actions_end_the_process)
{
    static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1,
                                  SIGALRM, SIGTERM, SIGXCPU, SIGSYS};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        pid_t pid = CHECK_OK(fork());
        if (pid == 0) {
            raise(signals[i]);
            _exit(0);
        }
        CHECK_KILLED(pid, signals[i]);
    }
}

TEST(the_handlers_mask_holds_while_it_runs)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t set;
    sigaddset(&action.sa_mask, SIGUSR2);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
    CHECK(!sigismember(&set, SIGUSR1) && !sigismember(&set, SIGUSR2));
}

TEST(resethand_runs_once)
{
    handle(SIGUSR1, SA_RESETHAND);
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        raise(SIGUSR1);
        raise(SIGUSR1);
        _exit(0);
    }
    CHECK_KILLED(pid, SIGUSR1);
}

static char alternate[65536];
static volatile bool was_on_alternate;

static void on_stack(int signal)
{
    char here;
    (void)signal;
    was_on_alternate = &here >= alternate && &here < alternate + sizeof(alternate);
}

TEST(the_alternate_stack_is_used)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, old;
    struct sigaction action = {.sa_handler = on_stack, .sa_flags = SA_ONSTACK};
    CHECK_OK(sigaltstack(&stack, NULL));
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK(was_on_alternate);
    CHECK_OK(sigaltstack(NULL, &old));
    CHECK_EQUAL(old.ss_sp == alternate, 1);
    CHECK_EQUAL(old.ss_flags, 0);
}

static int handled[2];

static void tell_that_it_ran(int signal)
{
    (void)signal;
    CHECK_EQUAL(write(handled[1], "h", 1), 1);
}

/* Nothing comes through the pipe before the handler ran, so only a call that restarts can find it. */
static void signal_then_write(pid_t reader, int to)
{
    char byte;
    wait_until_asleep(reader);
    CHECK_OK(kill(reader, SIGUSR1));
    CHECK_EQUAL(read(handled[0], &byte, 1), 1);
    wait_until_asleep(reader);
    CHECK_EQUAL(write(to, "x", 1), 1);
}

/* The reader waits for the child after its read: it sleeps again whether the read goes on or has ended. */
static void restart_rule(int flags, bool restarts)
{
    int ends[2];
    char byte;
    struct sigaction action = {.sa_handler = tell_that_it_ran, .sa_flags = flags};
    CHECK_OK(pipe(ends));
    CHECK_OK(pipe(handled));
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid_t reader = getpid(), child = CHECK_OK(fork());
    if (child == 0) {
        signal_then_write(reader, ends[1]);
        _exit(0);
    }
    if (restarts) {
        CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    } else {
        CHECK_ERRNO(read(ends[0], &byte, 1), EINTR);
    }
    CHECK_EXITED(child, 0);
}

TEST(read_restarts_with_sa_restart)
{
    restart_rule(SA_RESTART, true);
}

TEST(read_is_interrupted_without_it)
{
    restart_rule(0, false);
}

TEST(sleeping_calls_never_restart_for_a_handler)
{
    struct timespec pause_time = {1000, 0}, left = {0, 0};
    handle(SIGUSR1, SA_RESTART);
    pid_t pid = send_to_sleeper(SIGUSR1);
    CHECK_ERRNO(nanosleep(&pause_time, &left), EINTR);
    CHECK(left.tv_sec >= 500 && left.tv_sec < 1000);
    CHECK_EXITED(pid, 0);
    pid = send_to_sleeper(SIGUSR1);
    CHECK_ERRNO(poll(NULL, 0, 1000000), EINTR);
    CHECK_EXITED(pid, 0);
    pid = send_to_sleeper(SIGUSR1);
    CHECK_ERRNO(pause(), EINTR);
    CHECK_EXITED(pid, 0);
}

/* False where the sleep was over before the stop came. */
static bool sleeps_through_a_stop(long nanoseconds)
{
    int status;
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        int64_t start = now_ns(CLOCK_MONOTONIC);
        struct timespec pause_time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
        int result = nanosleep(&pause_time, NULL);
        _exit(result == 0 && now_ns(CLOCK_MONOTONIC) - start >= nanoseconds ? 0 : 1);
    }
    sleep_ms(20);
    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_EQUAL(waitpid(pid, &status, WUNTRACED), pid);
    if (!WIFSTOPPED(status)) {
        CHECK_EQUAL(status, 0);
        return false;
    }
    CHECK_OK(kill(pid, SIGCONT));
    CHECK_EXITED(pid, 0);
    return true;
}

TEST(a_stop_and_continue_does_not_disturb_a_sleep)
{
    long nanoseconds = 300000000;
    while (!sleeps_through_a_stop(nanoseconds)) {
        nanoseconds *= 2;
    }
}

TEST(sigsuspend_swaps_the_mask)
{
    sigset_t set, after;
    handle(SIGUSR1, 0);
    block(SIG_BLOCK, SIGUSR1);
    CHECK_OK(raise(SIGUSR1));
    sigemptyset(&set);
    CHECK_ERRNO(sigsuspend(&set), EINTR);
    CHECK_EQUAL(seen, 1);
    CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &after));
    CHECK(sigismember(&after, SIGUSR1));
}

TEST(sigtimedwait_takes_and_times_out)
{
    sigset_t set;
    siginfo_t info;
    struct timespec none = {0, 0}, some = {0, 50000000};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_ERRNO(sigtimedwait(&set, &info, &none), EAGAIN);
    CHECK_ERRNO(sigtimedwait(&set, &info, &some), EAGAIN);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQUAL(sigtimedwait(&set, &info, &none), SIGUSR1);
    pid_t pid = send_to_sleeper(SIGUSR1);
    CHECK_EQUAL(sigwaitinfo(&set, &info), SIGUSR1);
    CHECK_EQUAL(info.si_pid, pid);
    CHECK_EXITED(pid, 0);
}

static sigjmp_buf after_fault;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    last_signal = signal;
    last_info = *info;
    siglongjmp(after_fault, 1);
}

static void fault_at(void *address, bool is_write)
{
    volatile char *place = address;
    if (sigsetjmp(after_fault, 1) == 0) {
        if (is_write) {
            *place = 1;
        } else {
            (void)*place;
        }
        CHECK(!"a fault");
    }
    CHECK_EQUAL(last_info.si_addr == address, 1);
}

TEST(faults_tell_where_and_why)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    CHECK_OK(sigaction(SIGSEGV, &action, NULL));
    CHECK_OK(sigaction(SIGBUS, &action, NULL));
    fault_at(unmapped_address(), false);
    CHECK_EQUAL(last_signal, SIGSEGV);
    CHECK_EQUAL(last_info.si_code, SEGV_MAPERR);
    char *page = map_pages(1);
    CHECK_OK(mprotect(page, PAGE, PROT_READ));
    fault_at(page, true);
    CHECK_EQUAL(last_info.si_code, SEGV_ACCERR);
    int fd = make_open_file("f");
    char *beyond = CHECK_OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    fault_at(beyond, false);
    CHECK_EQUAL(last_signal, SIGBUS);
    CHECK_EQUAL(last_info.si_code, BUS_ADRERR);
}

TEST(a_blocked_fault_kills)
{
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        block(SIG_BLOCK, SIGSEGV);
        *(volatile char *)unmapped_address() = 1;
        _exit(0);
    }
    CHECK_KILLED(pid, SIGSEGV);
}

TEST(a_handler_without_stack_kills)
{
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        handle(SIGUSR1, 0);
        __asm__ volatile(
            "movq %0, %%rdi\n\tmovq $10, %%rsi\n\tmovq $62, %%rax\n\txorl %%esp, %%esp\n\tsyscall"
            :
            : "r"((long)getpid())
            : "rax", "rdi", "rsi", "rcx", "r11", "memory");
        _exit(0);
    }
    CHECK_KILLED(pid, SIGSEGV);
}

TEST(writing_to_nobody_is_sigpipe)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    CHECK_OK(close(ends[0]));
    handle(SIGPIPE, 0);
    CHECK_ERRNO(write(ends[1], "x", 1), EPIPE);
    CHECK_EQUAL(seen, 1);
}

TEST(kill_checks_numbers_and_rights)
{
    CHECK_ERRNO(kill(getpid(), 65), EINVAL);
    CHECK_ERRNO(kill(32000, 0), ESRCH);
    CHECK_ERRNO(kill(-32000, SIGTERM), ESRCH);
    CHECK_OK(kill(getpid(), 0));
    CHECK_OK(kill(0, 0));
    become_user(NOBODY);
    CHECK_ERRNO(kill(1, SIGTERM), EPERM);
    CHECK_ERRNO(syscall(SYS_tgkill, getpid(), 32000, SIGTERM), ESRCH);
}

TEST(alarms_arrive)
{
    handle(SIGALRM, SA_SIGINFO);
    CHECK_EQUAL(alarm(100), 0);
    CHECK_EQUAL(alarm(1), 100);
    CHECK_ERRNO(pause(), EINTR);
    CHECK_EQUAL(last_signal, SIGALRM);
}

static void on_context(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 1234;
}

TEST(a_handler_may_change_the_result_of_a_call)
{
    struct sigaction action = {.sa_sigaction = on_context, .sa_flags = SA_SIGINFO};
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_EQUAL(syscall(SYS_kill, getpid(), SIGUSR1), 1234);
}
