/*
 * Resource limits and priorities.
 */
#include "check.h"

#include <sys/resource.h>
#include <sys/time.h>

TEST(every_limit_has_a_soft_and_a_hard_value)
{
    struct rlimit limit;
    for (int resource = 0; resource < 16; resource++) {
        CHECK_OK(syscall(SYS_getrlimit, resource, &limit));
        CHECK(limit.rlim_cur <= limit.rlim_max);
    }
    CHECK_ERRNO(syscall(SYS_getrlimit, 16, &limit), EINVAL);
    CHECK_ERRNO(syscall(SYS_getrlimit, RLIMIT_CORE, KERNEL_ADDRESS), EFAULT);
}

TEST(the_defaults_are_those_that_programs_expect)
{
    struct rlimit limit;
    CHECK_OK(getrlimit(RLIMIT_STACK, &limit));
    CHECK_EQUAL(limit.rlim_cur, 8 << 20);
    CHECK_OK(getrlimit(RLIMIT_AS, &limit));
    CHECK_EQUAL(limit.rlim_cur, RLIM_INFINITY);
    CHECK_OK(getrlimit(RLIMIT_FSIZE, &limit));
    CHECK_EQUAL(limit.rlim_cur, RLIM_INFINITY);
}

static void raise_hard_limit(void)
{
    struct rlimit limit = {100, 200};
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
    become_user(NOBODY);
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){200, 200}));
    CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &(struct rlimit){200, 201}), EPERM);
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){50, 50}));
    CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &(struct rlimit){51, 51}), EPERM);
}

TEST(a_user_lowers_hard_limits_for_good)
{
    CHECK_IN_CHILD(raise_hard_limit);
}

TEST(setrlimit_errors)
{
    struct rlimit wrong = {10, 5};
    CHECK_ERRNO(setrlimit(RLIMIT_CORE, &wrong), EINVAL);
    CHECK_ERRNO(syscall(SYS_setrlimit, 16, &wrong), EINVAL);
    CHECK_ERRNO(syscall(SYS_setrlimit, RLIMIT_CORE, KERNEL_ADDRESS), EFAULT);
}

TEST(prlimit_gets_the_old_and_sets_the_new)
{
    struct rlimit old, new = {7, 9};
    CHECK_OK(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &new, NULL));
    CHECK_OK(syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, &(struct rlimit){1, 2}, &old));
    CHECK_EQUAL(old.rlim_cur, 7);
    CHECK_EQUAL(old.rlim_max, 9);
    CHECK_ERRNO(syscall(SYS_prlimit64, 1000000, RLIMIT_CORE, NULL, &old), ESRCH);
    CHECK_ERRNO(syscall(SYS_prlimit64, 0, 99, NULL, &old), EINVAL);
}

TEST(a_parent_sets_limits_of_its_child)
{
    struct rlimit new = {30, 30}, seen;
    int ends[2];
    char byte;
    CHECK_OK(pipe(ends));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_EQUAL(read(ends[0], &byte, 1), 1);
        CHECK_OK(getrlimit(RLIMIT_NOFILE, &seen));
        CHECK_EQUAL(seen.rlim_cur, 30);
        _exit(0);
    }
    CHECK_OK(syscall(SYS_prlimit64, child, RLIMIT_NOFILE, &new, NULL));
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    CHECK_EXITED(child, 0);
}

TEST(children_inherit_limits)
{
    struct rlimit limit = {11, 12};
    CHECK_OK(setrlimit(RLIMIT_CORE, &limit));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        struct rlimit seen;
        CHECK_OK(getrlimit(RLIMIT_CORE, &seen));
        CHECK_EQUAL(seen.rlim_cur, 11);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(the_cpu_time_limit_ends_a_process)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        struct rlimit limit = {1, 3};
        CHECK_OK(setrlimit(RLIMIT_CPU, &limit));
        for (;;) {}
    }
    CHECK_KILLED(child, SIGXCPU);
}

TEST(nice_goes_up_for_all_and_down_for_root)
{
    CHECK_EQUAL(getpriority(PRIO_PROCESS, 0), 0);
    CHECK_OK(setpriority(PRIO_PROCESS, 0, 5));
    CHECK_EQUAL(syscall(SYS_getpriority, PRIO_PROCESS, 0), 15);
    CHECK_OK(setpriority(PRIO_PROCESS, 0, -50));
    CHECK_EQUAL(syscall(SYS_getpriority, PRIO_PROCESS, 0), 40);
    CHECK_OK(setpriority(PRIO_PROCESS, 0, 50));
    CHECK_EQUAL(syscall(SYS_getpriority, PRIO_PROCESS, 0), 1);
}

static void lower_nice(void)
{
    become_user(NOBODY);
    CHECK_OK(setpriority(PRIO_PROCESS, 0, 3));
    CHECK_ERRNO(setpriority(PRIO_PROCESS, 0, 2), EACCES);
    CHECK_ERRNO(setpriority(PRIO_PROCESS, 1, 5), EPERM);
}

TEST(a_user_cannot_go_back)
{
    CHECK_IN_CHILD(lower_nice);
}

TEST(priority_errors)
{
    CHECK_ERRNO(setpriority(9, 0, 0), EINVAL);
    CHECK_ERRNO(setpriority(PRIO_PROCESS, 1000000, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_getpriority, 9, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_getpriority, PRIO_PROCESS, 1000000), ESRCH);
}

TEST(a_group_has_the_best_priority_of_its_members)
{
    int ends[2];
    char byte;
    CHECK_OK(pipe(ends));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(setpriority(PRIO_PROCESS, 0, -7));
        CHECK_EQUAL(write(ends[1], "x", 1), 1);
        pause();
        _exit(0);
    }
    CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    CHECK_EQUAL(syscall(SYS_getpriority, PRIO_PGRP, 0), 27);
    CHECK_OK(setpriority(PRIO_PGRP, 0, 4));
    CHECK_EQUAL(syscall(SYS_getpriority, PRIO_PROCESS, child), 16);
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
}

TEST(a_bad_pointer_is_told_before_a_limit_that_is_none)
{
    struct rlimit limit;
    CHECK_ERRNO(syscall(SYS_setrlimit, 99, KERNEL_ADDRESS), EFAULT);
    CHECK_ERRNO(syscall(SYS_prlimit64, 0, 99, KERNEL_ADDRESS, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_prlimit64, 0, 99, NULL, KERNEL_ADDRESS), EINVAL);
    CHECK_ERRNO(syscall(SYS_getrlimit, 99, KERNEL_ADDRESS), EINVAL);
    CHECK_ERRNO(syscall(SYS_setrlimit, 99, &limit), EINVAL);
}
