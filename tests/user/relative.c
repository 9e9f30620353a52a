/*
 * The calls that take a directory descriptor: relative, absolute, AT_FDCWD, and what is no directory.
 */
#include "check.h"

#include <sys/sysmacros.h>
#include <sys/time.h>

/* Each names its target by (directory, path) in the first two arguments. */
struct relative_call {
    const char *name;
    long number;
    long third, fourth;
};

static const struct relative_call calls[] = {
    {"openat", SYS_openat, O_RDONLY, 0},   {"newfstatat", SYS_newfstatat, 0, 0},
    {"faccessat", SYS_faccessat, R_OK, 0}, {"faccessat2", SYS_faccessat2, R_OK, 0},
    {"fchmodat", SYS_fchmodat, 0644, 0},   {"fchownat", SYS_fchownat, 0, 0},
    {"utimensat", SYS_utimensat, 0, 0},    {"futimesat", SYS_futimesat, 0, 0},
    {"linkat", SYS_linkat, 0, 0},          {"unlinkat", SYS_unlinkat, 0, 0},
    {"renameat", SYS_renameat, 0, 0},
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

/* Makes the call; 0 or the errno. */
static int call(const struct relative_call *test, int directory, const char *path)
{
    struct stat status;
    long result;
    switch (test->number) {
    case SYS_newfstatat: result = syscall(test->number, directory, path, &status, 0); break;
    case SYS_linkat:
    case SYS_renameat:
        unlink("target");
        result = syscall(test->number, directory, path, AT_FDCWD, "target", 0);
        break;
    case SYS_fchownat: result = syscall(test->number, directory, path, 0, 0, 0); break;
    default: result = syscall(test->number, directory, path, test->third, test->fourth); break;
    }
    return result < 0 ? errno : 0;
}

static void check_call(int directory, const char *path, int expected)
{
    for (int i = 0; i < CALLS; i++) {
        make_file("d/f", "");
        int seen = call(&calls[i], directory, path);
        if (seen != expected) {
            check_fail(__FILE__, __LINE__, "%s(%d, %s) gives %s, not %s", calls[i].name, directory,
                       path, strerror(seen), strerror(expected));
        }
    }
}

TEST(a_relative_path_starts_at_the_directory)
{
    CHECK_OK(mkdir("d", 0755));
    int d = CHECK_OK(open("d", O_RDONLY | O_DIRECTORY)), handle = CHECK_OK(open("d", O_PATH));
    check_call(d, "f", 0);
    check_call(handle, "f", 0);
    check_call(d, "./f", 0);
    check_call(d, "../d/f", 0);
    check_call(AT_FDCWD, "d/f", 0);
}

TEST(an_absolute_path_ignores_the_descriptor)
{
    char path[PATH_MAX];
    CHECK_OK(mkdir("d", 0755));
    CHECK(getcwd(path, sizeof(path) - 4));
    strcat(path, "/d/f");
    check_call(900, path, 0);
    check_call(-1, path, 0);
}

TEST(a_descriptor_that_is_not_open_is_ebadf)
{
    CHECK_OK(mkdir("d", 0755));
    check_call(900, "f", EBADF);
    check_call(-1, "f", EBADF);
}

TEST(a_descriptor_of_a_file_is_enotdir)
{
    CHECK_OK(mkdir("d", 0755));
    check_call(make_open_file("plain"), "f", ENOTDIR);
}

TEST(an_empty_path_is_enoent)
{
    CHECK_OK(mkdir("d", 0755));
    check_call(AT_FDCWD, "", ENOENT);
    check_call(CHECK_OK(open("d", O_RDONLY)), "", ENOENT);
}

TEST(a_missing_name_is_enoent_everywhere)
{
    CHECK_OK(mkdir("d", 0755));
    check_call(CHECK_OK(open("d", O_RDONLY)), "none", ENOENT);
    check_call(CHECK_OK(open("d", O_RDONLY)), "none/f", ENOENT);
    check_call(CHECK_OK(open("d", O_RDONLY)), "f/x", ENOTDIR);
}

TEST(names_are_made_relative_to_a_directory)
{
    struct stat status;
    CHECK_OK(mkdir("d", 0755));
    int d = CHECK_OK(open("d", O_RDONLY));
    CHECK_OK(syscall(SYS_mkdirat, d, "sub", 0755));
    CHECK_OK(syscall(SYS_mknodat, d, "fifo", S_IFIFO | 0600, 0));
    CHECK_OK(syscall(SYS_mknodat, d, "null", S_IFCHR | 0600, makedev(1, 3)));
    CHECK_OK(syscall(SYS_symlinkat, "text", d, "link"));
    CHECK_OK(stat("d/sub", &status));
    CHECK(S_ISDIR(status.st_mode));
    CHECK_OK(lstat("d/link", &status));
    CHECK(S_ISLNK(status.st_mode));
    CHECK_OK(lstat("d/null", &status));
    CHECK_EQUAL(status.st_rdev, makedev(1, 3));
    CHECK_ERRNO(syscall(SYS_mkdirat, 900, "sub", 0755), EBADF);
    CHECK_ERRNO(syscall(SYS_mknodat, 900, "x", S_IFREG, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_symlinkat, "x", 900, "y"), EBADF);
}

TEST(a_removed_directory_still_serves_as_a_start)
{
    struct stat status;
    CHECK_OK(mkdir("d", 0755));
    int d = CHECK_OK(open("d", O_RDONLY));
    CHECK_OK(rmdir("d"));
    CHECK_ERRNO(openat(d, "f", O_RDONLY), ENOENT);
    CHECK_OK(fstatat(d, ".", &status, 0));
    CHECK_ERRNO(syscall(SYS_mkdirat, d, "x", 0755), ENOENT);
}

TEST(the_descriptor_stays_with_its_directory_when_that_moves)
{
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mkdir("a/d", 0755));
    int d = CHECK_OK(open("a/d", O_RDONLY));
    CHECK_OK(rename("a/d", "b/e"));
    CHECK_OK(close(CHECK_OK(openat(d, "f", O_WRONLY | O_CREAT, 0600))));
    CHECK_OK(open("b/e/f", O_RDONLY));
    CHECK_ERRNO(openat(d, "../../a/d", O_RDONLY), ENOENT);
}
