/*
 * wait4 and waitid: whom they find, what they say, what they leave.
 */
#include "check.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static pid_t child_exiting(int status)
{
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        _exit(status);
    }
    return pid;
}

static pid_t child_sleeping(void)
{
    pid_t pid = CHECK_OK(fork());
    while (pid == 0) {
        pause();
    }
    return pid;
}

TEST(nobody_to_wait_for_is_echild)
{
    CHECK_ERRNO(wait(NULL), ECHILD);
    CHECK_ERRNO(waitpid(1, NULL, 0), ECHILD);
    CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
    CHECK_ERRNO(waitid(P_ALL, 0, NULL, WEXITED), ECHILD);
    CHECK_ERRNO(waitpid(-1, NULL, 0x80), EINVAL);
    CHECK_ERRNO(waitid(P_ALL, 0, NULL, WNOHANG), EINVAL);
}

TEST(a_running_child_is_not_waited_for_with_nohang)
{
    siginfo_t info;
    pid_t pid = child_sleeping();
    CHECK_EQUAL(waitpid(pid, NULL, WNOHANG), 0);
    memset(&info, 0xff, sizeof(info));
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG));
    CHECK_EQUAL(info.si_pid, 0);
    CHECK_EQUAL(info.si_signo, 0);
    CHECK_OK(kill(pid, SIGTERM));
    CHECK_KILLED(pid, SIGTERM);
}

TEST(statuses_tell_exit_and_signal_apart)
{
    CHECK_EXITED(child_exiting(0), 0);
    CHECK_EXITED(child_exiting(0x1ff), 0xff);
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        abort();
    }
    CHECK_KILLED(pid, SIGABRT);
}

TEST(waitid_describes_the_end)
{
    siginfo_t info;
    pid_t pid = child_exiting(9);
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    CHECK_EQUAL(info.si_signo, SIGCHLD);
    CHECK_EQUAL(info.si_code, CLD_EXITED);
    CHECK_EQUAL(info.si_pid, pid);
    CHECK_EQUAL(info.si_status, 9);
    CHECK_EXITED(pid, 9);
    pid = child_sleeping();
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_OK(waitid(P_ALL, 0, &info, WEXITED));
    CHECK_EQUAL(info.si_code, CLD_KILLED);
    CHECK_EQUAL(info.si_status, SIGKILL);
}

TEST(waiting_by_group_finds_only_the_group)
{
    pid_t leader = child_sleeping();
    CHECK_OK(setpgid(leader, leader));
    CHECK_ERRNO(waitpid(0, NULL, WNOHANG), ECHILD);
    CHECK_EQUAL(waitpid(-leader, NULL, WNOHANG), 0);
    CHECK_OK(kill(-leader, SIGKILL));
    int status;
    CHECK_EQUAL(waitpid(-leader, &status, 0), leader);
    CHECK_EQUAL(status, SIGKILL);
}

enum { MANY_CHILDREN = 300, WAITERS = 3 };

static int is_open[2]; /* children live until its writing end is closed */

static pid_t fork_sleeper(void)
{
    char byte;
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        close(is_open[1]);
        _exit((int)read(is_open[0], &byte, 1));
    }
    return child;
}

static void *waits_for_all(void *argument)
{
    intptr_t count = 0;
    while (waitpid(-1, NULL, 0) > 0) {
        count++;
    }
    CHECK_EQUAL(errno, ECHILD);
    (void)argument;
    return (void *)count;
}

/* So many that they are not looked at in one go. */
TEST(one_of_many_children_is_found)
{
    pid_t children[MANY_CHILDREN];
    pthread_t threads[WAITERS];
    intptr_t sum = 0;
    int status;
    CHECK_OK(pipe(is_open));
    for (int i = 0; i < MANY_CHILDREN; i++) {
        children[i] = fork_sleeper();
    }
    pid_t last = children[MANY_CHILDREN - 1];
    CHECK_OK(setpgid(last, 0));
    CHECK_EQUAL(waitpid(-1, NULL, WNOHANG), 0);
    CHECK_EQUAL(waitpid(-last, NULL, WNOHANG), 0);
    CHECK_OK(kill(last, SIGSTOP));
    CHECK_EQUAL(CHECK_OK(waitpid(-1, &status, WUNTRACED)), last);
    CHECK(WIFSTOPPED(status));
    CHECK_OK(kill(last, SIGKILL));
    CHECK_EQUAL(CHECK_OK(waitpid(-last, NULL, 0)), last);
    CHECK_ERRNO(waitpid(-last, NULL, 0), ECHILD);
    CHECK_ERRNO(waitpid(last, NULL, 0), ECHILD);
    for (int i = 0; i < WAITERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, waits_for_all, NULL) == 0);
    }
    CHECK_OK(close(is_open[1]));
    for (int i = 0; i < WAITERS; i++) {
        void *count;
        CHECK(pthread_join(threads[i], &count) == 0);
        sum += (intptr_t)count;
    }
    CHECK_EQUAL(sum, MANY_CHILDREN - 1);
}

TEST(stops_and_continues_are_reported_once)
{
    int status;
    pid_t pid = child_sleeping();
    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_EQUAL(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status));
    CHECK_EQUAL(WSTOPSIG(status), SIGSTOP);
    CHECK_EQUAL(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    CHECK_OK(kill(pid, SIGCONT));
    CHECK_EQUAL(waitpid(pid, &status, WCONTINUED), pid);
    CHECK(WIFCONTINUED(status));
    CHECK_EQUAL(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(a_stopped_child_can_be_killed)
{
    int status;
    pid_t pid = child_sleeping();
    CHECK_OK(kill(pid, SIGTSTP));
    CHECK_EQUAL(waitpid(pid, &status, WUNTRACED), pid);
    CHECK_EQUAL(WSTOPSIG(status), SIGTSTP);
    CHECK_OK(kill(pid, SIGTERM));
    CHECK_EQUAL(waitpid(pid, &status, WNOHANG), 0);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(ignored_sigchld_reaps_by_itself)
{
    CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    child_exiting(1);
    child_exiting(2);
    CHECK_ERRNO(wait(NULL), ECHILD);
}

static volatile sig_atomic_t seen_children;

static void on_child(int signal)
{
    (void)signal;
    seen_children++;
}

TEST(nocldwait_reaps_but_still_signals)
{
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_NOCLDWAIT | SA_RESTART};
    CHECK_OK(sigaction(SIGCHLD, &action, NULL));
    child_exiting(1);
    CHECK_ERRNO(wait(NULL), ECHILD);
    CHECK_EQUAL(seen_children, 1);
}

static siginfo_t last_info;

static void on_child_info(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    last_info = *info;
    seen_children++;
}

TEST(sigchld_says_who_and_why)
{
    struct sigaction action = {.sa_sigaction = on_child_info, .sa_flags = SA_SIGINFO | SA_RESTART};
    CHECK_OK(sigaction(SIGCHLD, &action, NULL));
    pid_t pid = child_sleeping();
    CHECK_OK(kill(pid, SIGSTOP));
    while (seen_children < 1) {
        sleep_ms(1);
    }
    CHECK_EQUAL(last_info.si_code, CLD_STOPPED);
    CHECK_EQUAL(last_info.si_status, SIGSTOP);
    CHECK_OK(kill(pid, SIGCONT));
    while (seen_children < 2) {
        sleep_ms(1);
    }
    CHECK_EQUAL(last_info.si_code, CLD_CONTINUED);
    CHECK_EQUAL(last_info.si_status, SIGCONT);
    CHECK_OK(kill(pid, SIGUSR1));
    CHECK_KILLED(pid, SIGUSR1);
    CHECK_EQUAL(last_info.si_code, CLD_KILLED);
    CHECK_EQUAL(last_info.si_status, SIGUSR1);
    CHECK_EQUAL(last_info.si_pid, pid);
}

TEST(nocldstop_hides_stops)
{
    int status;
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
    CHECK_OK(sigaction(SIGCHLD, &action, NULL));
    pid_t pid = child_sleeping();
    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_EQUAL(waitpid(pid, &status, WUNTRACED), pid);
    CHECK_EQUAL(seen_children, 0);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(a_handler_interrupts_wait)
{
    struct sigaction action = {.sa_handler = on_child};
    CHECK_OK(sigaction(SIGALRM, &action, NULL));
    pid_t pid = child_sleeping();
    alarm(1);
    CHECK_ERRNO(waitpid(pid, NULL, 0), EINTR);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(usage_of_children_is_summed_when_they_are_waited_for)
{
    struct rusage before, after, one;
    int status;
    CHECK_OK(getrusage(RUSAGE_CHILDREN, &before));
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        int64_t end = now_ns(CLOCK_PROCESS_CPUTIME_ID) + 30000000;
        while (now_ns(CLOCK_PROCESS_CPUTIME_ID) < end) {}
        _exit(0);
    }
    CHECK_EQUAL(wait4(pid, &status, 0, &one), pid);
    CHECK_OK(getrusage(RUSAGE_CHILDREN, &after));
    long used = one.ru_utime.tv_usec + one.ru_stime.tv_usec +
                1000000 * (one.ru_utime.tv_sec + one.ru_stime.tv_sec);
    CHECK(used >= 15000);
    CHECK(after.ru_utime.tv_sec * 1000000 + after.ru_utime.tv_usec +
              after.ru_stime.tv_sec * 1000000 + after.ru_stime.tv_usec >=
          used);
    CHECK(one.ru_minflt > 0 && one.ru_maxrss > 0);
}

/* Leaves a grandchild that ends once its parent has. Returns the grandchild's number. */
static pid_t leave_grandchild(void)
{
    int ends[2];
    pid_t grandchild;
    CHECK_OK(pipe(ends));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        pid_t parent = getpid();
        grandchild = CHECK_OK(fork());
        while (grandchild == 0 && getppid() == parent) {
            sleep_ms(1);
        }
        if (grandchild != 0) {
            CHECK_EQUAL(write(ends[1], &grandchild, sizeof(grandchild)), sizeof(grandchild));
        }
        _exit(7);
    }
    CHECK_EQUAL(read(ends[0], &grandchild, sizeof(grandchild)), sizeof(grandchild));
    CHECK_EXITED(child, 7);
    return grandchild;
}

TEST(orphans_go_to_the_nearest_ancestor_that_asked_for_them)
{
    int is_reaper = 5;
    CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &is_reaper));
    CHECK_EQUAL(is_reaper, 0);
    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 3));
    CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &is_reaper));
    CHECK_EQUAL(is_reaper, 1);
    CHECK_EXITED(leave_grandchild(), 7);
    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 0));
    CHECK_ERRNO(waitpid(leave_grandchild(), NULL, 0), ECHILD);
    CHECK_ERRNO(prctl(PR_GET_CHILD_SUBREAPER, KERNEL_ADDRESS), EFAULT);
}

TEST(a_child_does_not_inherit_the_wish_for_orphans)
{
    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        int is_reaper = 5;
        CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &is_reaper));
        CHECK_EQUAL(is_reaper, 0);
        CHECK_ERRNO(waitpid(leave_grandchild(), NULL, 0), ECHILD);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(waitpid(-1, NULL, 0));
    CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
}
