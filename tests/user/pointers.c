/*
 * Every call that takes an address, with addresses that it must refuse: none may hurt the kernel.
 */
#include "check.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>

/* Which argument of which call is an address; the others are harmless. */
struct pointer_case {
    const char *name;
    long number;
    int argument;
    size_t size; /* of what the kernel reads or writes there; 0: a string */
    long arguments[6];
};

#define HERE AT_FDCWD

static const struct pointer_case cases[] = {
    {"stat path", SYS_stat, 0, 0, {0, 0, 0, 0, 0, 0}},
    {"stat", SYS_stat, 1, sizeof(struct stat), {(long)".", 0, 0, 0, 0, 0}},
    {"lstat", SYS_lstat, 1, sizeof(struct stat), {(long)".", 0, 0, 0, 0, 0}},
    {"fstat", SYS_fstat, 1, sizeof(struct stat), {0, 0, 0, 0, 0, 0}},
    {"newfstatat", SYS_newfstatat, 2, sizeof(struct stat), {HERE, (long)".", 0, 0, 0, 0}},
    {"statx", SYS_statx, 4, 256, {HERE, (long)".", 0, 0x7ff, 0, 0}},
    {"statfs", SYS_statfs, 1, sizeof(struct statfs), {(long)".", 0, 0, 0, 0, 0}},
    {"open", SYS_open, 0, 0, {0, O_RDONLY, 0, 0, 0, 0}},
    {"openat", SYS_openat, 1, 0, {HERE, 0, O_RDONLY, 0, 0, 0}},
    {"access", SYS_access, 0, 0, {0, 0, 0, 0, 0, 0}},
    {"chdir", SYS_chdir, 0, 0, {0, 0, 0, 0, 0, 0}},
    {"mkdir", SYS_mkdir, 0, 0, {0, 0700, 0, 0, 0, 0}},
    {"rmdir", SYS_rmdir, 0, 0, {0, 0, 0, 0, 0, 0}},
    {"unlink", SYS_unlink, 0, 0, {0, 0, 0, 0, 0, 0}},
    {"rename from", SYS_rename, 0, 0, {0, (long)"x", 0, 0, 0, 0}},
    {"link to", SYS_link, 1, 0, {(long)"/dev/null", 0, 0, 0, 0, 0}},
    {"symlink text", SYS_symlink, 0, 0, {0, (long)"s", 0, 0, 0, 0}},
    {"readlink", SYS_readlink, 0, 0, {0, 0, 8, 0, 0, 0}},
    {"chmod", SYS_chmod, 0, 0, {0, 0600, 0, 0, 0, 0}},
    {"chown", SYS_chown, 0, 0, {0, 0, 0, 0, 0, 0}},
    {"truncate", SYS_truncate, 0, 0, {0, 0, 0, 0, 0, 0}},
    {"mknod", SYS_mknod, 0, 0, {0, S_IFREG, 0, 0, 0, 0}},
    {"chroot", SYS_chroot, 0, 0, {0, 0, 0, 0, 0, 0}},
    {"utimensat path", SYS_utimensat, 1, 0, {HERE, 0, 0, 0, 0, 0}},
    {"utimensat", SYS_utimensat, 2, 32, {HERE, (long)".", 0, 0, 0, 0}},
    {"execve path", SYS_execve, 0, 0, {0, 0, 0, 0, 0, 0}},
    {"execve arguments", SYS_execve, 1, 8, {(long)"/proc/self/exe", 0, 0, 0, 0, 0}},
    {"execve environment", SYS_execve, 2, 8, {(long)"/proc/self/exe", 0, 0, 0, 0, 0}},
    {"getcwd", SYS_getcwd, 0, 2, {0, 4096, 0, 0, 0, 0}},
    {"pipe", SYS_pipe, 0, 8, {0, 0, 0, 0, 0, 0}},
    {"poll", SYS_poll, 0, sizeof(struct pollfd), {0, 1, 0, 0, 0, 0}},
    {"select", SYS_select, 1, 8, {1, 0, 0, 0, 0, 0}},
    {"select time", SYS_select, 4, sizeof(struct timeval), {0, 0, 0, 0, 0, 0}},
    {"ppoll time", SYS_ppoll, 2, sizeof(struct timespec), {0, 0, 0, 0, 8, 0}},
    {"ppoll mask", SYS_ppoll, 3, 8, {0, 0, 0, 0, 8, 0}},
    {"nanosleep", SYS_nanosleep, 0, sizeof(struct timespec), {0, 0, 0, 0, 0, 0}},
    {"clock_gettime", SYS_clock_gettime, 1, sizeof(struct timespec), {1, 0, 0, 0, 0, 0}},
    {"gettimeofday", SYS_gettimeofday, 0, sizeof(struct timeval), {0, 0, 0, 0, 0, 0}},
    {"time", SYS_time, 0, 8, {0, 0, 0, 0, 0, 0}},
    {"times", SYS_times, 0, sizeof(struct tms), {0, 0, 0, 0, 0, 0}},
    {"getitimer", SYS_getitimer, 1, sizeof(struct itimerval), {0, 0, 0, 0, 0, 0}},
    {"setitimer", SYS_setitimer, 1, sizeof(struct itimerval), {0, 0, 0, 0, 0, 0}},
    {"getrusage", SYS_getrusage, 1, 144, {0, 0, 0, 0, 0, 0}},
    {"getrlimit", SYS_getrlimit, 1, sizeof(struct rlimit), {0, 0, 0, 0, 0, 0}},
    {"setrlimit", SYS_setrlimit, 1, sizeof(struct rlimit), {0, 0, 0, 0, 0, 0}},
    {"uname", SYS_uname, 0, sizeof(struct utsname), {0, 0, 0, 0, 0, 0}},
    {"sysinfo", SYS_sysinfo, 0, 112, {0, 0, 0, 0, 0, 0}},
    {"getrandom", SYS_getrandom, 0, 1, {0, 16, 0, 0, 0, 0}},
    {"rt_sigaction new", SYS_rt_sigaction, 1, 32, {SIGUSR1, 0, 0, 8, 0, 0}},
    {"rt_sigaction old", SYS_rt_sigaction, 2, 32, {SIGUSR1, 0, 0, 8, 0, 0}},
    {"rt_sigprocmask new", SYS_rt_sigprocmask, 1, 8, {SIG_BLOCK, 0, 0, 8, 0, 0}},
    {"rt_sigprocmask old", SYS_rt_sigprocmask, 2, 8, {SIG_BLOCK, 0, 0, 8, 0, 0}},
    {"rt_sigpending", SYS_rt_sigpending, 0, 8, {0, 8, 0, 0, 0, 0}},
    {"rt_sigsuspend", SYS_rt_sigsuspend, 0, 8, {0, 8, 0, 0, 0, 0}},
    {"rt_sigtimedwait", SYS_rt_sigtimedwait, 0, 8, {0, 0, 0, 8, 0, 0}},
    {"sigaltstack new", SYS_sigaltstack, 0, sizeof(stack_t), {0, 0, 0, 0, 0, 0}},
    {"sigaltstack old", SYS_sigaltstack, 1, sizeof(stack_t), {0, 0, 0, 0, 0, 0}},
    {"getresuid", SYS_getresuid, 0, 4, {0, 0, 0, 0, 0, 0}},
    {"getgroups", SYS_setgroups, 1, 4, {1, 0, 0, 0, 0, 0}},
    {"arch_prctl", SYS_arch_prctl, 1, 8, {0x1003, 0, 0, 0, 0, 0}},
    {"mount type", SYS_mount, 2, 0, {(long)"x", (long)".", 0, 0, 0, 0}},
};

static long call(const struct pointer_case *test, const void *pointer)
{
    long a[6];
    memcpy(a, test->arguments, sizeof(a));
    a[test->argument] = (long)pointer;
    return syscall(test->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void check_refused(const struct pointer_case *test, const void *pointer, const char *which)
{
    long result = call(test, pointer);
    if (result != -1 || errno != EFAULT) {
        check_fail(__FILE__, __LINE__, "%s with %s address gives %ld, errno %d", test->name, which,
                   result, errno);
    }
}

static void check_all(const char *which, const void *(*address)(const struct pointer_case *))
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_refused(&cases[i], address(&cases[i]), which);
    }
}

static const void *kernel_address(const struct pointer_case *test)
{
    (void)test;
    return KERNEL_ADDRESS;
}

static const void *non_canonical(const struct pointer_case *test)
{
    (void)test;
    return NON_CANONICAL;
}

static const void *last_page(const struct pointer_case *test)
{
    (void)test;
    return (void *)(uintptr_t)0xfffffffffffffff8UL;
}

static const void *not_mapped(const struct pointer_case *test)
{
    (void)test;
    return unmapped_address();
}

/* One byte too few; a string without an end. */
static const void *cut_short(const struct pointer_case *test)
{
    char *edge = edge_of_memory(test->size == 0 ? 4 : test->size - 1);
    memset(edge, test->size == 0 ? 'x' : 0, test->size == 0 ? 4 : test->size - 1);
    return edge;
}

TEST(kernel_addresses_are_refused)
{
    check_all("a kernel", kernel_address);
}

TEST(non_canonical_addresses_are_refused)
{
    check_all("a non-canonical", non_canonical);
}

TEST(addresses_that_wrap_are_refused)
{
    check_all("a wrapping", last_page);
}

TEST(unmapped_addresses_are_refused)
{
    check_all("an unmapped", not_mapped);
}

TEST(structures_that_end_in_an_unmapped_page_are_refused)
{
    check_all("a cut", cut_short);
}

TEST(results_into_read_only_memory_are_refused)
{
    char *page = map_pages(1);
    CHECK_OK(mprotect(page, PAGE, PROT_READ));
    CHECK_ERRNO(syscall(SYS_fstat, 0, page), EFAULT);
    CHECK_ERRNO(syscall(SYS_uname, page), EFAULT);
    CHECK_ERRNO(syscall(SYS_pipe, page), EFAULT);
    CHECK_ERRNO(syscall(SYS_getcwd, page, 4096), EFAULT);
    CHECK_ERRNO(syscall(SYS_clock_gettime, 1, page), EFAULT);
}

TEST(vectors_with_bad_parts_transfer_what_comes_before)
{
    char good[4] = "abc";
    struct iovec parts[] = {{good, 3}, {unmapped_address(), 3}},
                 kernel[] = {{good, 3}, {KERNEL_ADDRESS, 3}};
    int fd = make_open_file("f");
    CHECK_EQUAL(writev(fd, parts, 2), 3);
    CHECK_ERRNO(writev(fd, kernel, 2), EFAULT);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 3);
}
