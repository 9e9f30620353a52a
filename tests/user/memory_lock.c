/*
 * mlock and its kin: what is locked, counted and limited.
 */
#include "check.h"

#include <sys/resource.h>

#define MLOCK_ON_FAULT 1

static long locked_kib(void)
{
    static char text[8192];
    read_file("/proc/self/status", text, sizeof(text));
    char *line = strstr(text, "\nVmLck:");
    CHECK(line != NULL);
    return atol(line + 7);
}

static int present(void *page)
{
    unsigned char state = 0;
    CHECK_OK(mincore(page, PAGE, &state));
    return state & 1;
}

TEST(a_range_is_counted_once)
{
    char *pages = map_pages(8);
    CHECK_OK(mlock(pages, 4 * PAGE));
    CHECK_EQUAL(locked_kib(), 16);
    CHECK(present(pages + 3 * PAGE));
    CHECK_OK(mlock(pages + 2 * PAGE + 5, 3 * PAGE));
    CHECK_EQUAL(locked_kib(), 24);
    CHECK_OK(munlock(pages, PAGE));
    CHECK_EQUAL(locked_kib(), 20);
    CHECK_OK(munmap(pages, 8 * PAGE));
    CHECK_EQUAL(locked_kib(), 0);
}

TEST(locking_on_fault_brings_nothing_in)
{
    char *pages = map_pages(2);
    CHECK_OK(syscall(SYS_mlock2, pages, 2 * PAGE, MLOCK_ON_FAULT));
    CHECK_EQUAL(locked_kib(), 8);
    CHECK(!present(pages));
    pages[0] = 1;
    CHECK(present(pages));
    CHECK_OK(syscall(SYS_mlock2, pages, 2 * PAGE, 0));
    CHECK(present(pages + PAGE));
    CHECK_ERRNO(syscall(SYS_mlock2, pages, PAGE, 2), EINVAL);
    CHECK_ERRNO(syscall(SYS_mlock2, unmapped_address(), PAGE, 0), ENOMEM);
}

TEST(everything_can_be_locked)
{
    char *before = map_pages(2);
    CHECK(!present(before + PAGE));
    CHECK_OK(mlockall(MCL_CURRENT));
    CHECK(present(before + PAGE));
    long all = locked_kib();
    CHECK(all > 8);
    char *after = map_pages(2);
    CHECK(!present(after));
    CHECK_EQUAL(locked_kib(), all);
    CHECK_OK(mlockall(MCL_FUTURE));
    CHECK_EQUAL(locked_kib(), all);
    after = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(present(after));
    CHECK_EQUAL(locked_kib(), all + 64);
    CHECK_OK(munlockall());
    CHECK_EQUAL(locked_kib(), 0);
    CHECK(!present(map_pages(1)));
}

TEST(the_heap_is_locked_too)
{
    CHECK_OK(mlockall(MCL_FUTURE));
    char *end = (char *)syscall(SYS_brk, 0);
    CHECK_EQUAL(syscall(SYS_brk, end + 4 * PAGE), end + 4 * PAGE);
    CHECK(present((char *)(((uintptr_t)end + PAGE) & ~(uintptr_t)(PAGE - 1))));
    CHECK(locked_kib() >= 12);
}

TEST(all_of_it_may_wait_for_its_first_use)
{
    char *before = map_pages(2);
    CHECK_OK(mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT));
    CHECK(!present(before));
    long all = locked_kib();
    CHECK(!present(map_pages(2)));
    CHECK(locked_kib() > all);
}

TEST(a_child_inherits_no_lock)
{
    CHECK_OK(mlockall(MCL_CURRENT | MCL_FUTURE));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_EQUAL(locked_kib(), 0);
        CHECK(!present(map_pages(1)));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(flags_are_checked)
{
    CHECK_ERRNO(mlockall(0), EINVAL);
    CHECK_ERRNO(mlockall(8), EINVAL);
    CHECK_ERRNO(mlockall(MCL_ONFAULT), EINVAL);
    CHECK_ERRNO(mlock((void *)-PAGE, 2 * PAGE), EINVAL);
}

static void limit_locking(rlim_t bytes)
{
    struct rlimit limit = {bytes, bytes};
    CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
}

/* By the call itself: musl makes another error of EPERM. */
static long map_page(int flags)
{
    return syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void within_limit(void)
{
    char *pages = map_pages(8);
    limit_locking(4 * PAGE);
    become_user(NOBODY);
    CHECK_OK(mlock(pages, 4 * PAGE));
    CHECK_ERRNO(mlock(pages + 4 * PAGE, PAGE), ENOMEM);
    CHECK_OK(mlock(pages + PAGE, PAGE));
    CHECK_ERRNO(map_page(MAP_LOCKED), EAGAIN);
    CHECK_ERRNO(mlockall(MCL_CURRENT), ENOMEM);
    CHECK_OK(mlockall(MCL_FUTURE));
    CHECK_ERRNO(map_page(0), EAGAIN);
    CHECK_OK(munlockall());
}

static void without_leave(void)
{
    char *pages = map_pages(1);
    limit_locking(0);
    CHECK_OK(mlock(pages, PAGE)); /* root may */
    CHECK_OK(munlock(pages, PAGE));
    become_user(NOBODY);
    CHECK_ERRNO(mlock(pages, PAGE), EPERM);
    CHECK_ERRNO(mlockall(MCL_FUTURE), EPERM);
    CHECK_ERRNO(map_page(MAP_LOCKED), EPERM);
    CHECK_OK(munlock(pages, PAGE));
    CHECK_OK(munlockall());
}

static void limit_of_now(void)
{
    char *locked = map_pages(2);
    CHECK_OK(mlockall(MCL_CURRENT | MCL_FUTURE));
    limit_locking(PAGE);
    long end = syscall(SYS_brk, 0);
    CHECK(map_page(0) > 0); /* root may, whatever the limit */
    CHECK_EQUAL(syscall(SYS_brk, end + PAGE), end + PAGE);
    CHECK(mremap(locked, PAGE, 2 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED);
    become_user(NOBODY);
    CHECK_ERRNO(map_page(0), EAGAIN);
    CHECK_EQUAL(syscall(SYS_brk, end + 3 * PAGE), end + PAGE);
    CHECK_ERRNO((long)mremap(locked + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EAGAIN);
}

TEST(what_is_locked_as_it_comes_keeps_the_limit_of_now)
{
    CHECK_IN_CHILD(limit_of_now);
}

TEST(the_limit_holds_for_users)
{
    CHECK_IN_CHILD(within_limit);
    CHECK_IN_CHILD(without_leave);
}
