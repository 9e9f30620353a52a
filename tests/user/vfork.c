/*
 * vfork and posix_spawn: the child runs in the parent's memory while the parent waits.
 */
#include "check.h"

#include <sched.h>
#include <spawn.h>
#include <sys/syscall.h>

extern char **environ;
static volatile int word;

int check_reexec(int argc, char **argv)
{
    (void)argc;
    return strcmp(argv[1], "@42") == 0 ? 42 : 1;
}

TEST(the_parent_waits_until_the_child_exits)
{
    word = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        word = 1;
        _exit(5);
    }
    CHECK_EQUAL(word, 1);
    CHECK_EXITED(pid, 5);
}

TEST(the_parent_goes_on_when_the_child_executes)
{
    pid_t pid = vfork();
    if (pid == 0) {
        execl("/proc/self/exe", "me", "@42", NULL);
        _exit(1);
    }
    CHECK_EXITED(pid, 42);
}

TEST(a_failed_exec_leaves_the_child_in_the_shared_memory)
{
    word = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        execl("/nowhere/at/all", "x", NULL);
        word = errno;
        _exit(3);
    }
    CHECK_EQUAL(word, ENOENT);
    CHECK_EXITED(pid, 3);
}

static int run_on_own_stack(void *argument)
{
    *(volatile int *)argument = 9;
    return 6;
}

TEST(clone_vfork_runs_on_a_stack_of_its_own)
{
    static char stack[65536] __attribute__((aligned(16)));
    word = 0;
    pid_t pid = CHECK_OK(clone(run_on_own_stack, stack + sizeof(stack),
                               CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)&word));
    CHECK_EQUAL(word, 9);
    CHECK_EXITED(pid, 6);
}

TEST(a_killed_vfork_child_frees_the_parent)
{
    pid_t pid = vfork();
    if (pid == 0) {
        kill(getpid(), SIGKILL);
        _exit(1);
    }
    CHECK_KILLED(pid, SIGKILL);
}

TEST(posix_spawn_starts_programs_and_reports_failures)
{
    pid_t pid;
    char *argv[] = {"me", "@42", NULL};
    CHECK_EQUAL(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ), 0);
    CHECK_EXITED(pid, 42);
    CHECK_EQUAL(posix_spawn(&pid, "/nowhere", NULL, NULL, argv, environ), ENOENT);
    CHECK_ERRNO(wait(NULL), ECHILD);
}

TEST(system_gives_the_shells_status)
{
    CHECK_EQUAL(system("exit 3"), 3 << 8);
    CHECK_EQUAL(system("kill -9 $$"), SIGKILL);
}
