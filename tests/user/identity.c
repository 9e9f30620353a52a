/*
 * User and group ids, supplementary groups, capabilities.
 */
#include "check.h"

#include <sys/fsuid.h>
#include <sys/prctl.h>

struct capability_header {
    uint32_t version;
    int pid;
};

struct capability_data {
    uint32_t effective, permitted, inheritable;
};

enum { CAPABILITY_VERSION_3 = 0x20080522 };

static void check_users(uid_t real, uid_t effective, uid_t saved)
{
    uid_t r, e, s;
    CHECK_OK(syscall(SYS_getresuid, &r, &e, &s));
    CHECK_EQUAL(r, real);
    CHECK_EQUAL(e, effective);
    CHECK_EQUAL(s, saved);
    CHECK_EQUAL(getuid(), real);
    CHECK_EQUAL(geteuid(), effective);
}

static void check_groups(gid_t real, gid_t effective, gid_t saved)
{
    gid_t r, e, s;
    CHECK_OK(syscall(SYS_getresgid, &r, &e, &s));
    CHECK_EQUAL(r, real);
    CHECK_EQUAL(e, effective);
    CHECK_EQUAL(s, saved);
    CHECK_EQUAL(getgid(), real);
    CHECK_EQUAL(getegid(), effective);
}

TEST(root_starts_with_zeroes)
{
    check_users(0, 0, 0);
    check_groups(0, 0, 0);
}

TEST(setuid_of_root_sets_all_three)
{
    CHECK_OK(syscall(SYS_setuid, 5));
    check_users(5, 5, 5);
    CHECK_ERRNO(syscall(SYS_setuid, 0), EPERM);
    CHECK_OK(syscall(SYS_setuid, 5));
}

TEST(setuid_without_privilege_sets_the_effective_one)
{
    CHECK_OK(syscall(SYS_setresuid, 5, 6, 7));
    CHECK_OK(syscall(SYS_setuid, 7));
    check_users(5, 7, 7);
    CHECK_OK(syscall(SYS_setuid, 5));
    check_users(5, 5, 7);
    CHECK_ERRNO(syscall(SYS_setuid, 6), EPERM);
}

TEST(setresuid_leaves_what_is_minus_one)
{
    CHECK_OK(syscall(SYS_setresuid, 1, -1, 3));
    check_users(1, 0, 3);
    CHECK_OK(syscall(SYS_setresuid, -1, 3, -1));
    check_users(1, 3, 3);
    CHECK_ERRNO(syscall(SYS_setresuid, 9, -1, -1), EPERM);
    CHECK_OK(syscall(SYS_setresuid, 3, 1, 1));
    check_users(3, 1, 1);
}

TEST(setreuid_keeps_the_saved_one_in_step)
{
    CHECK_OK(syscall(SYS_setreuid, 5, 6));
    check_users(5, 6, 6);
    CHECK_OK(syscall(SYS_setreuid, 6, 5));
    check_users(6, 5, 5);
    CHECK_ERRNO(syscall(SYS_setreuid, 7, -1), EPERM);
}

TEST(groups_follow_the_same_rules)
{
    CHECK_OK(syscall(SYS_setresgid, 1, 2, 3));
    check_groups(1, 2, 3);
    CHECK_OK(syscall(SYS_setresuid, 5, 5, 5));
    CHECK_OK(syscall(SYS_setgid, 3));
    check_groups(1, 3, 3);
    CHECK_ERRNO(syscall(SYS_setgid, 2), EPERM);
    CHECK_OK(syscall(SYS_setregid, 3, 1));
    check_groups(3, 1, 1);
    CHECK_ERRNO(syscall(SYS_setresgid, 8, 8, 8), EPERM);
}

TEST(the_file_system_id_follows_and_can_be_set)
{
    CHECK_OK(syscall(SYS_setresuid, -1, 5, -1));
    CHECK_EQUAL(syscall(SYS_setfsuid, -1), 5);
    CHECK_OK(syscall(SYS_setresuid, -1, 0, -1));
    CHECK_EQUAL(syscall(SYS_setfsuid, 9), 0);
    CHECK_EQUAL(syscall(SYS_setfsuid, -1), 9);
    CHECK_EQUAL(syscall(SYS_setfsgid, 7), 0);
    CHECK_EQUAL(syscall(SYS_setfsgid, -1), 7);
    make_file("f", "");
    struct stat status;
    CHECK_OK(stat("f", &status));
    CHECK_EQUAL(status.st_uid, 9);
    CHECK_EQUAL(status.st_gid, 7);
}

TEST(supplementary_groups_come_back_sorted)
{
    gid_t groups[3] = {30, 10, 20}, seen[4];
    CHECK_OK(syscall(SYS_setgroups, 3, groups));
    CHECK_EQUAL(syscall(SYS_getgroups, 0, NULL), 3);
    CHECK_EQUAL(syscall(SYS_getgroups, 4, seen), 3);
    CHECK(seen[0] == 10 && seen[1] == 20 && seen[2] == 30);
    CHECK_ERRNO(syscall(SYS_getgroups, 2, seen), EINVAL);
    CHECK_ERRNO(syscall(SYS_getgroups, -1, seen), EINVAL);
    CHECK_ERRNO(syscall(SYS_setgroups, 65537, groups), EINVAL);
    CHECK_ERRNO(syscall(SYS_setgroups, 1, KERNEL_ADDRESS), EFAULT);
    become_user(NOBODY);
    CHECK_ERRNO(syscall(SYS_setgroups, 1, groups), EPERM);
    CHECK_EQUAL(syscall(SYS_getgroups, 0, NULL), 0);
}

static struct capability_data capabilities[2];

static void get_capabilities(void)
{
    struct capability_header header = {CAPABILITY_VERSION_3, 0};
    CHECK_OK(syscall(SYS_capget, &header, capabilities));
}

TEST(root_has_capabilities_and_a_user_has_none)
{
    get_capabilities();
    CHECK(capabilities[0].effective == capabilities[0].permitted);
    CHECK(capabilities[0].effective & 1);
    CHECK_OK(syscall(SYS_setresuid, 5, 5, 5));
    get_capabilities();
    CHECK_EQUAL(capabilities[0].effective | capabilities[0].permitted | capabilities[1].permitted,
                0);
}

TEST(the_effective_set_follows_the_effective_user)
{
    CHECK_OK(syscall(SYS_setresuid, -1, 5, -1));
    get_capabilities();
    CHECK_EQUAL(capabilities[0].effective, 0);
    CHECK(capabilities[0].permitted != 0);
    CHECK_OK(syscall(SYS_setresuid, -1, 0, -1));
    get_capabilities();
    CHECK(capabilities[0].effective == capabilities[0].permitted);
}

TEST(a_dropped_capability_stays_away)
{
    struct capability_header header = {CAPABILITY_VERSION_3, 0};
    make_file("f", "");
    get_capabilities();
    capabilities[0].effective &= ~1U;
    capabilities[0].permitted &= ~1U;
    CHECK_OK(syscall(SYS_capset, &header, capabilities));
    CHECK_ERRNO(chown("f", 5, 5), EPERM);
    capabilities[0].permitted |= 1U;
    CHECK_ERRNO(syscall(SYS_capset, &header, capabilities), EPERM);
}

TEST(capget_knows_its_versions)
{
    struct capability_header header = {0x12345678, 0};
    CHECK_ERRNO(syscall(SYS_capget, &header, capabilities), EINVAL);
    CHECK_EQUAL(header.version, CAPABILITY_VERSION_3);
    header.pid = 1000000;
    CHECK_ERRNO(syscall(SYS_capget, &header, capabilities), ESRCH);
    CHECK_ERRNO(syscall(SYS_capget, KERNEL_ADDRESS, capabilities), EFAULT);
}

TEST(ids_of_children_and_groups)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(syscall(SYS_setresuid, 5, 5, 5));
        check_users(5, 5, 5);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    check_users(0, 0, 0);
}

TEST(bad_pointers_for_ids)
{
    uid_t id;
    CHECK_ERRNO(syscall(SYS_getresuid, KERNEL_ADDRESS, &id, &id), EFAULT);
    CHECK_ERRNO(syscall(SYS_getresgid, &id, &id, unmapped_address()), EFAULT);
}

TEST(permitted_capabilities_can_outlive_root)
{
    struct capability_header header = {CAPABILITY_VERSION_3, 0};
    CHECK_EQUAL(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 0);
    CHECK_ERRNO(prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0), EINVAL);
    CHECK_OK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
    CHECK_EQUAL(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 1);
    CHECK_EQUAL(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0), 0x10);
    become_user(1000);
    CHECK_OK(syscall(SYS_capget, &header, capabilities));
    CHECK(capabilities[0].permitted != 0);
    CHECK_EQUAL(capabilities[0].effective, 0);
}

TEST(the_bounding_set_only_shrinks)
{
    CHECK_EQUAL(prctl(PR_CAPBSET_READ, 13, 0, 0, 0), 1);
    CHECK_OK(prctl(PR_CAPBSET_DROP, 13, 0, 0, 0));
    CHECK_EQUAL(prctl(PR_CAPBSET_READ, 13, 0, 0, 0), 0);
    CHECK_ERRNO(prctl(PR_CAPBSET_DROP, 63, 0, 0, 0), EINVAL);
    become_user(1000);
    CHECK_ERRNO(prctl(PR_CAPBSET_DROP, 12, 0, 0, 0), EPERM);
}
