/*
 * Process groups, sessions, orphans.
 */
#include "check.h"

static pid_t child_waiting(void)
{
    pid_t pid = CHECK_OK(fork());
    while (pid == 0) {
        pause();
    }
    return pid;
}

static void kill_child(pid_t pid)
{
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(a_child_is_in_its_parents_group_and_session)
{
    pid_t group = getpgrp(), session = getsid(0);
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        CHECK_EQUAL(getpgrp(), group);
        CHECK_EQUAL(getsid(0), session);
        _exit(0);
    }
    CHECK_EXITED(pid, 0);
}

TEST(setpgid_makes_and_joins_groups)
{
    pid_t one = child_waiting(), two = child_waiting();
    CHECK_OK(setpgid(one, 0));
    CHECK_EQUAL(getpgid(one), one);
    CHECK_OK(setpgid(two, one));
    CHECK_EQUAL(getpgid(two), one);
    CHECK_OK(setpgid(two, getpgrp()));
    CHECK_EQUAL(getpgid(two), getpgrp());
    kill_child(one);
    kill_child(two);
}

TEST(setpgid_refuses_what_posix_refuses)
{
    pid_t pid = child_waiting();
    CHECK_ERRNO(setpgid(pid, -1), EINVAL);
    CHECK_ERRNO(setpgid(pid, 31000), EPERM);
    CHECK_ERRNO(setpgid(31000, 0), ESRCH);
    CHECK_ERRNO(setpgid(1, 0), ESRCH);
    CHECK_ERRNO(getpgid(31000), ESRCH);
    CHECK_ERRNO(getsid(31000), ESRCH);
    kill_child(pid);
}

TEST(setpgid_refuses_a_child_that_has_executed)
{
    int ends[2];
    char byte;
    CHECK_OK(pipe2(ends, O_CLOEXEC));
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        execl("/bin/sleep", "sleep", "20", NULL);
        _exit(1);
    }
    CHECK_OK(close(ends[1]));
    CHECK_EQUAL(read(ends[0], &byte, 1), 0);
    CHECK_ERRNO(setpgid(pid, 0), EACCES);
    kill_child(pid);
}

TEST(setsid_makes_a_session_once)
{
    CHECK_ERRNO(setsid(), EPERM); /* this process leads its group */
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        CHECK_EQUAL(setsid(), getpid());
        CHECK_EQUAL(getsid(0), getpid());
        CHECK_EQUAL(getpgrp(), getpid());
        CHECK_ERRNO(setsid(), EPERM);
        CHECK_ERRNO(setpgid(0, 0), EPERM);
        CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
        _exit(0);
    }
    CHECK_EXITED(pid, 0);
}

TEST(signals_to_a_group_reach_every_member)
{
    pid_t pids[3];
    for (int i = 0; i < 3; i++) {
        pids[i] = child_waiting();
        CHECK_OK(setpgid(pids[i], pids[0]));
    }
    CHECK_OK(kill(-pids[0], SIGUSR1));
    for (int i = 0; i < 3; i++) {
        CHECK_KILLED(pids[i], SIGUSR1);
    }
    CHECK_ERRNO(kill(-pids[0], 0), ESRCH);
}

TEST(an_orphaned_group_ignores_terminal_stops)
{
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        CHECK_OK(setsid());
        CHECK_OK(raise(SIGTSTP));
        CHECK_OK(raise(SIGTTIN));
        CHECK_OK(raise(SIGTTOU));
        _exit(7);
    }
    CHECK_EXITED(pid, 7);
}

static volatile sig_atomic_t hangups;

static void on_hangup(int signal)
{
    (void)signal;
    hangups++;
}

/* A session with a stopped group whose only link to the session dies. */
TEST(a_stopped_group_that_becomes_orphaned_gets_hangup_and_continue)
{
    int ends[2];
    char byte;
    CHECK_OK(pipe(ends));
    pid_t leader = CHECK_OK(fork());
    if (leader == 0) {
        CHECK_OK(setsid());
        pid_t member = CHECK_OK(fork());
        if (member == 0) {
            CHECK_OK(setpgid(0, 0));
            signal(SIGHUP, on_hangup);
            raise(SIGSTOP);
            CHECK_EQUAL(write(ends[1], hangups ? "h" : "-", 1), 1);
            _exit(0);
        }
        int status;
        CHECK_EQUAL(waitpid(member, &status, WUNTRACED), member);
        _exit(0);
    }
    CHECK_EXITED(leader, 0);
    CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    CHECK_EQUAL(byte, 'h');
}

TEST(sigcont_goes_through_within_a_session_for_anybody)
{
    pid_t target = child_waiting();
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        become_user(NOBODY);
        CHECK_OK(kill(target, SIGCONT));
        CHECK_ERRNO(kill(target, SIGTERM), EPERM);
        _exit(0);
    }
    CHECK_EXITED(pid, 0);
    kill_child(target);
}
