/*
 * Memory policies on a machine with one node.
 */
#include "check.h"

enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, PREFERRED_MANY };
enum { ASK_NODE = 1, ASK_ADDRESS = 2, ASK_ALLOWED = 4 };
#define STATIC_NODES   (1 << 15)
#define RELATIVE_NODES (1 << 14)

static unsigned long first[16] = {1}, second[16] = {2}, none[16];

static long set(int mode, const unsigned long *nodes, unsigned long max_node)
{
    return syscall(SYS_set_mempolicy, mode, nodes, max_node);
}

static long get(int *mode, unsigned long *nodes, unsigned long max_node, void *address, long flags)
{
    return syscall(SYS_get_mempolicy, mode, nodes, max_node, address, flags);
}

static void check_policy(int mode, unsigned long nodes)
{
    int found = -1;
    unsigned long mask[16];
    memset(mask, 0xff, sizeof(mask));
    CHECK_OK(get(&found, mask, 1024, NULL, 0));
    CHECK_EQUAL(found, mode);
    CHECK_EQUAL(mask[0], nodes);
    CHECK_EQUAL(mask[15], 0);
}

TEST(policies_are_kept)
{
    check_policy(DEFAULT, 0);
    CHECK_OK(set(BIND, first, 1024));
    check_policy(BIND, 1);
    CHECK_OK(set(INTERLEAVE, first, 2));
    check_policy(INTERLEAVE, 1);
    CHECK_OK(set(PREFERRED, first, 64));
    check_policy(PREFERRED, 1);
    CHECK_OK(set(PREFERRED, NULL, 0));
    check_policy(LOCAL, 0);
    CHECK_OK(set(LOCAL, none, 1024));
    check_policy(LOCAL, 0);
    CHECK_OK(set(BIND | STATIC_NODES, first, 1024));
    check_policy(BIND | STATIC_NODES, 1);
    CHECK_OK(set(DEFAULT, NULL, 0));
    check_policy(DEFAULT, 0);
}

TEST(policies_are_inherited)
{
    CHECK_OK(set(BIND, first, 1024));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        check_policy(BIND, 1);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(policies_are_checked)
{
    CHECK_ERRNO(set(77, first, 1024), EINVAL);
    CHECK_ERRNO(set(DEFAULT, first, 1024), EINVAL);
    CHECK_ERRNO(set(LOCAL, first, 1024), EINVAL);
    CHECK_ERRNO(set(BIND, none, 1024), EINVAL);
    CHECK_ERRNO(set(BIND, NULL, 0), EINVAL);
    CHECK_ERRNO(set(BIND, second, 1024), EINVAL);
    CHECK_ERRNO(set(BIND | STATIC_NODES | RELATIVE_NODES, first, 1024), EINVAL);
    CHECK_ERRNO(set(PREFERRED | STATIC_NODES, none, 1024), EINVAL);
    CHECK_ERRNO(set(BIND, KERNEL_ADDRESS, 1024), EFAULT);
    CHECK_ERRNO(set(BIND, first, 1 << 20), EINVAL);
}

TEST(the_only_node_is_told)
{
    int mode = -1;
    unsigned long mask[16] = {0};
    char *page = map_pages(1);
    page[0] = 1;
    CHECK_OK(get(&mode, mask, 1024, NULL, ASK_ALLOWED));
    CHECK_EQUAL(mode, 0);
    CHECK_EQUAL(mask[0], 1);
    CHECK_OK(get(&mode, NULL, 0, page, ASK_ADDRESS | ASK_NODE));
    CHECK_EQUAL(mode, 0);
    CHECK_OK(get(NULL, NULL, 0, NULL, 0));
    CHECK_ERRNO(get(&mode, NULL, 0, NULL, ASK_NODE), EINVAL);
    CHECK_ERRNO(get(&mode, NULL, 0, page, 0), EINVAL);
    CHECK_ERRNO(get(&mode, NULL, 0, NULL, 8), EINVAL);
    CHECK_ERRNO(get(&mode, NULL, 0, NULL, ASK_ALLOWED | ASK_NODE), EINVAL);
    CHECK_ERRNO(get(&mode, NULL, 0, unmapped_address(), ASK_ADDRESS), EFAULT);
    CHECK_ERRNO(get(KERNEL_ADDRESS, NULL, 0, NULL, 0), EFAULT);
    CHECK_ERRNO(get(&mode, KERNEL_ADDRESS, 1024, NULL, 0), EFAULT);
}

static long where(void **pages, const int *nodes, int *status, unsigned long count, int flags)
{
    return syscall(SYS_move_pages, 0, count, pages, nodes, status, flags);
}

TEST(pages_are_on_the_only_node)
{
    char *pages = map_pages(2);
    pages[0] = 1;
    void *asked[3] = {pages, pages + PAGE, unmapped_address()};
    int status[3] = {9, 9, 9};
    CHECK_OK(where(asked, NULL, status, 3, 0));
    CHECK_EQUAL(status[0], 0);
    CHECK_EQUAL(status[1], -EFAULT); /* not there yet */
    CHECK_EQUAL(status[2], -EFAULT);
    CHECK_OK(where(asked, NULL, status, 0, 0));
    CHECK_ERRNO(where(asked, NULL, status, 1, 8), EINVAL);
    CHECK_ERRNO(where(KERNEL_ADDRESS, NULL, status, 1, 0), EFAULT);
    CHECK_ERRNO(where(asked, NULL, KERNEL_ADDRESS, 1, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_move_pages, 1 << 22, 1, asked, NULL, status, 0), ESRCH);
}

TEST(pages_move_where_they_are)
{
    enum { MOVE = 2, MOVE_ALL = 4 };
    char *page = map_pages(1);
    page[0] = 1;
    void *asked = page;
    int node = 0, status = 9;
    CHECK_OK(where(&asked, &node, &status, 1, MOVE));
    CHECK_EQUAL(status, 0);
    CHECK_OK(where(&asked, &node, &status, 1, MOVE_ALL));
    node = 1;
    CHECK_ERRNO(where(&asked, &node, &status, 1, MOVE), ENODEV);
    become_user(NOBODY);
    node = 0;
    CHECK_OK(where(&asked, &node, &status, 1, MOVE));
    CHECK_ERRNO(where(&asked, &node, &status, 1, MOVE_ALL), EPERM);
    CHECK_ERRNO(syscall(SYS_move_pages, getppid(), 1, &asked, NULL, &status, 0), EPERM);
}

static long migrate(int pid, const unsigned long *from, const unsigned long *to)
{
    return syscall(SYS_migrate_pages, pid, 64, from, to);
}

TEST(no_page_stays_where_it_should_not)
{
    CHECK_EQUAL(migrate(0, first, first), 0);
    CHECK_EQUAL(migrate(getpid(), second, first), 0);
    CHECK_EQUAL(migrate(0, none, first), 0);
    CHECK_ERRNO(migrate(0, first, second), EINVAL);
    CHECK_ERRNO(migrate(0, first, none), EINVAL);
    CHECK_ERRNO(migrate(1 << 22, first, first), ESRCH);
    CHECK_ERRNO(migrate(0, KERNEL_ADDRESS, first), EFAULT);
    CHECK_ERRNO(migrate(0, first, KERNEL_ADDRESS), EFAULT);
    become_user(NOBODY);
    CHECK_EQUAL(migrate(0, first, first), 0);
    CHECK_ERRNO(migrate(0, first, second), EPERM);
    CHECK_ERRNO(migrate(getppid(), first, first), EPERM);
}
