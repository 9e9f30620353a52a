/*
 * Scheduling parameters: sched_setattr and its kin, what a child inherits, input-output priorities.
 */
#include "check.h"

#include <sched.h>
#include <sys/resource.h>

struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t clamp_low, clamp_high;
};

enum { RESET_ON_FORK = 1, KEEP_POLICY = 8, KEEP_PARAMS = 16, FIRST_SIZE = 48 };

static struct attributes attributes_of(pid_t pid)
{
    struct attributes found;
    memset(&found, 0xff, sizeof(found));
    CHECK_OK(syscall(SYS_sched_getattr, pid, &found, sizeof(found), 0));
    CHECK_EQUAL(found.size, sizeof(found));
    return found;
}

static long set_attributes(pid_t pid, struct attributes wanted)
{
    wanted.size = sizeof(wanted);
    return syscall(SYS_sched_setattr, pid, &wanted, 0);
}

TEST(attributes_are_told)
{
    struct attributes found = attributes_of(0);
    CHECK_EQUAL(found.policy, SCHED_OTHER);
    CHECK_EQUAL(found.flags, 0);
    CHECK_EQUAL(found.nice, 0);
    CHECK_EQUAL(found.priority, 0);
    CHECK_OK(setpriority(PRIO_PROCESS, 0, 7));
    CHECK_EQUAL(attributes_of(getpid()).nice, 7);
    memset(&found, 0xff, sizeof(found));
    CHECK_OK(syscall(SYS_sched_getattr, 0, &found, FIRST_SIZE, 0));
    CHECK_EQUAL(found.size, FIRST_SIZE);
    CHECK_EQUAL(found.clamp_low, 0xffffffffu);
}

TEST(attributes_are_set)
{
    CHECK_OK(set_attributes(0, (struct attributes){.policy = SCHED_FIFO, .priority = 12}));
    CHECK_EQUAL(sched_getscheduler(0), -1); /* musl does not know */
    CHECK_EQUAL(syscall(SYS_sched_getscheduler, 0), SCHED_FIFO);
    CHECK_EQUAL(attributes_of(0).priority, 12);
    CHECK_OK(set_attributes(0, (struct attributes){.policy = SCHED_BATCH, .nice = 5}));
    CHECK_EQUAL(syscall(SYS_sched_getscheduler, 0), SCHED_BATCH);
    CHECK_EQUAL(getpriority(PRIO_PROCESS, 0), 5);
    CHECK_OK(set_attributes(0, (struct attributes){.flags = KEEP_POLICY, .nice = 6}));
    CHECK_EQUAL(attributes_of(0).policy, SCHED_BATCH);
    CHECK_EQUAL(attributes_of(0).nice, 6);
    CHECK_OK(set_attributes(0, (struct attributes){.flags = KEEP_PARAMS, .policy = SCHED_OTHER}));
    CHECK_EQUAL(attributes_of(0).nice, 6);
    CHECK_OK(set_attributes(0, (struct attributes){.policy = SCHED_OTHER, .nice = 100}));
    CHECK_EQUAL(attributes_of(0).nice, 19);
}

TEST(attributes_are_checked)
{
    struct attributes given = {.size = sizeof(given)};
    char large[sizeof(given) + 8] = {0};
    CHECK_ERRNO(set_attributes(0, (struct attributes){.policy = SCHED_FIFO}), EINVAL);
    CHECK_ERRNO(set_attributes(0, (struct attributes){.policy = SCHED_FIFO, .priority = 100}),
                EINVAL);
    CHECK_ERRNO(set_attributes(0, (struct attributes){.policy = SCHED_OTHER, .priority = 1}),
                EINVAL);
    CHECK_ERRNO(set_attributes(0, (struct attributes){.policy = 77}), EINVAL);
    CHECK_ERRNO(set_attributes(0, (struct attributes){.policy = -1U}), EINVAL);
    CHECK_ERRNO(set_attributes(0, (struct attributes){.flags = 0x1000}), EINVAL);
    CHECK_ERRNO(set_attributes(32767, (struct attributes){0}), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, NULL, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &given, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, KERNEL_ADDRESS, 0), EFAULT);
    given.size = 20;
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &given, 0), E2BIG);
    CHECK(given.size >= sizeof(given));
    given.size = 0;
    CHECK_OK(syscall(SYS_sched_setattr, 0, &given, 0));
    *(uint32_t *)large = sizeof(large);
    CHECK_OK(syscall(SYS_sched_setattr, 0, large, 0));
    large[sizeof(given)] = 1;
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, large, 0), E2BIG);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 0, &given, FIRST_SIZE - 1, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 0, &given, sizeof(given), 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 0, NULL, sizeof(given), 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 32767, &given, sizeof(given), 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 0, KERNEL_ADDRESS, sizeof(given), 0), EFAULT);
}

static void check_child_attributes(uint32_t policy, uint32_t priority, int nice)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        struct attributes found = attributes_of(0);
        CHECK_EQUAL(found.policy, policy);
        CHECK_EQUAL(found.priority, priority);
        CHECK_EQUAL(found.nice, nice);
        CHECK_EQUAL(found.flags, 0);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(a_child_inherits_unless_it_is_reset)
{
    CHECK_OK(set_attributes(0, (struct attributes){.policy = SCHED_RR, .priority = 3}));
    check_child_attributes(SCHED_RR, 3, 0);
    CHECK_OK(set_attributes(
        0, (struct attributes){.policy = SCHED_RR, .priority = 3, .flags = RESET_ON_FORK}));
    CHECK_EQUAL(syscall(SYS_sched_getscheduler, 0), SCHED_RR | SCHED_RESET_ON_FORK);
    CHECK_EQUAL(attributes_of(0).flags, RESET_ON_FORK);
    check_child_attributes(SCHED_OTHER, 0, 0);
    CHECK_OK(set_attributes(
        0, (struct attributes){.policy = SCHED_BATCH, .nice = -5, .flags = RESET_ON_FORK}));
    check_child_attributes(SCHED_BATCH, 0, 0);
    struct sched_param none = {0};
    CHECK_OK(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none));
    CHECK_EQUAL(attributes_of(0).flags, RESET_ON_FORK);
    CHECK_OK(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &none));
    CHECK_EQUAL(attributes_of(0).flags, 0);
}

static void without_rights(void)
{
    become_user(NOBODY);
    CHECK_ERRNO(set_attributes(0, (struct attributes){.policy = SCHED_FIFO, .priority = 1}), EPERM);
    CHECK_OK(set_attributes(0, (struct attributes){.policy = SCHED_OTHER, .nice = 4}));
    CHECK_ERRNO(set_attributes(0, (struct attributes){.policy = SCHED_OTHER, .nice = 3}), EPERM);
    CHECK_ERRNO(set_attributes(1, (struct attributes){.policy = SCHED_BATCH}), EPERM);
    CHECK_OK(set_attributes(
        0, (struct attributes){.policy = SCHED_BATCH, .nice = 4, .flags = RESET_ON_FORK}));
    CHECK_ERRNO(set_attributes(0, (struct attributes){.policy = SCHED_BATCH, .nice = 4}), EPERM);
    CHECK_OK(set_attributes(
        0, (struct attributes){.policy = SCHED_IDLE, .nice = 4, .flags = RESET_ON_FORK}));
    CHECK_ERRNO(
        set_attributes(
            0, (struct attributes){.policy = SCHED_OTHER, .nice = 4, .flags = RESET_ON_FORK}),
        EPERM);
}

TEST(rank_is_raised_with_rights_only)
{
    CHECK_IN_CHILD(without_rights);
}

/* ---- input and output ---------------------------------------------------------------------------- */

enum { OF_PROCESS = 1, OF_GROUP, OF_USER };
enum { REAL_TIME = 1 << 13, BEST_EFFORT = 2 << 13, IDLE = 3 << 13 };

static long io_get(int which, int who)
{
    return syscall(SYS_ioprio_get, which, who);
}

static long io_set(int which, int who, int priority)
{
    return syscall(SYS_ioprio_set, which, who, priority);
}

TEST(io_priorities_are_kept)
{
    CHECK_EQUAL(io_get(OF_GROUP, 0), BEST_EFFORT | 4);
    CHECK_OK(io_set(OF_PROCESS, 0, BEST_EFFORT | 6));
    CHECK_EQUAL(io_get(OF_PROCESS, getpid()), BEST_EFFORT | 6);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_EQUAL(io_get(OF_PROCESS, 0), BEST_EFFORT | 6);
        CHECK_OK(io_set(OF_PROCESS, 0, BEST_EFFORT | 2));
        CHECK_EQUAL(io_get(OF_GROUP, 0), BEST_EFFORT | 2);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(io_set(OF_GROUP, 0, REAL_TIME | 1));
    CHECK_EQUAL(io_get(OF_PROCESS, 0), REAL_TIME | 1);
    CHECK_OK(io_set(OF_PROCESS, 0, IDLE));
    CHECK_EQUAL(io_get(OF_PROCESS, 0), IDLE);
}

static void io_without_rights(void)
{
    become_user(NOBODY);
    CHECK_ERRNO(io_set(OF_PROCESS, 0, REAL_TIME), EPERM);
    CHECK_OK(io_set(OF_PROCESS, 0, BEST_EFFORT));
    CHECK_ERRNO(io_set(OF_PROCESS, 1, BEST_EFFORT), EPERM);
}

TEST(io_priorities_are_checked)
{
    CHECK_ERRNO(io_get(0, 0), EINVAL);
    CHECK_ERRNO(io_get(4, 0), EINVAL);
    CHECK_ERRNO(io_get(OF_PROCESS, 32767), ESRCH);
    CHECK_ERRNO(io_set(4, 0, BEST_EFFORT), EINVAL);
    CHECK_ERRNO(io_set(OF_PROCESS, 0, 1), EINVAL);
    CHECK_ERRNO(io_set(OF_PROCESS, 0, 4 << 13), EINVAL);
    CHECK_ERRNO(io_set(OF_PROCESS, 32767, BEST_EFFORT), ESRCH);
    CHECK_IN_CHILD(io_without_rights);
}

/* ---- unshare ------------------------------------------------------------------------------------- */

static long clone_sharing(long flags)
{
    return syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

TEST(unshare_parts_descriptors_and_folders)
{
    char here[PATH_MAX];
    CHECK_OK(mkdir("sub", 0755));
    CHECK_OK(mkdir("sub/sub", 0755));
    pid_t child = CHECK_OK(clone_sharing(CLONE_FILES | CLONE_FS));
    if (child == 0) {
        CHECK_EQUAL(open("/", O_RDONLY), 3);
        CHECK_OK(chdir("sub"));
        CHECK_OK(unshare(0));
        CHECK_OK(unshare(CLONE_FILES | CLONE_FS));
        CHECK_OK(chdir("sub"));
        CHECK_OK(close(3));
        umask(0);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(close(3));
    CHECK(getcwd(here, sizeof(here)) != NULL);
    CHECK(strlen(here) > 4 && strcmp(here + strlen(here) - 4, "/sub") == 0);
    CHECK_EQUAL(umask(022), 022);
}

static int unshare_in_thread(void *result)
{
    *(int *)result = unshare(CLONE_VM) == 0 ? 0 : errno;
    return 0;
}

TEST(unshare_refuses_what_cannot_be_parted)
{
    static char stack[16384];
    int result = -1;
    CHECK_ERRNO(unshare(CLONE_PARENT), EINVAL);
    CHECK_ERRNO(unshare(CLONE_CHILD_SETTID), EINVAL);
    CHECK_OK(unshare(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_SYSVSEM));
    int child =
        CHECK_OK(clone(unshare_in_thread, stack + sizeof(stack), CLONE_VM | SIGCHLD, &result));
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(result, EINVAL);
}
