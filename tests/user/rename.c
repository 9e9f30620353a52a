/*
 * rename, renameat and renameat2: what may replace what, and every refusal.
 */
#include "check.h"

#ifndef RENAME_NOREPLACE
#    define RENAME_NOREPLACE 1
#    define RENAME_EXCHANGE  2
#endif

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static ino_t inode_of(const char *path)
{
    struct stat status;
    CHECK_OK(lstat(path, &status));
    return status.st_ino;
}

static long rename2(const char *from, const char *to, unsigned flags)
{
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

TEST(a_file_takes_a_new_name)
{
    char text[8];
    make_file("a", "text");
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(rename("a", "d/b"));
    CHECK(!is_there("a"));
    read_file("d/b", text, sizeof(text));
    CHECK_TEXT(text, "text");
}

TEST(a_file_replaces_a_file)
{
    char text[8] = "";
    struct stat status;
    make_file("a", "new");
    make_file("b", "old");
    int old = CHECK_OK(open("b", O_RDONLY));
    CHECK_OK(rename("a", "b"));
    CHECK(!is_there("a"));
    CHECK_EQUAL(read(old, text, 8), 3);
    CHECK_TEXT(text, "old");
    CHECK_OK(fstat(old, &status));
    CHECK_EQUAL(status.st_nlink, 0);
    read_file("b", text, sizeof(text));
    CHECK_TEXT(text, "new");
}

TEST(two_names_of_one_file_both_stay)
{
    make_file("a", "");
    CHECK_OK(link("a", "b"));
    CHECK_OK(rename("a", "b"));
    CHECK(is_there("a"));
    CHECK(is_there("b"));
    CHECK_OK(rename("a", "a"));
    CHECK(is_there("a"));
}

TEST(a_directory_replaces_only_an_empty_directory)
{
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("empty", 0755));
    CHECK_OK(mkdir("full", 0755));
    make_file("full/x", "");
    make_file("f", "");
    CHECK_ERRNO(rename("a", "full"), ENOTEMPTY);
    CHECK_ERRNO(rename("a", "f"), ENOTDIR);
    CHECK_ERRNO(rename("f", "a"), EISDIR);
    ino_t inode = inode_of("a");
    CHECK_OK(rename("a", "empty"));
    CHECK_EQUAL(inode_of("empty"), inode);
}

TEST(a_directory_does_not_move_into_itself)
{
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("a/b", 0755));
    CHECK_ERRNO(rename("a", "a/c"), EINVAL);
    CHECK_ERRNO(rename("a", "a/b/c"), EINVAL);
    CHECK_ERRNO(rename("a", "a/b"), EINVAL);
    CHECK_ERRNO(rename("a/b", "a"), ENOTEMPTY);
    CHECK_OK(rename("a", "a"));
}

TEST(missing_names_and_parents)
{
    make_file("f", "");
    CHECK_ERRNO(rename("none", "x"), ENOENT);
    CHECK_ERRNO(rename("f", "none/x"), ENOENT);
    CHECK_ERRNO(rename("none/x", "y"), ENOENT);
    CHECK_ERRNO(rename("f", "f/x"), ENOTDIR);
    CHECK_ERRNO(rename("f/x", "y"), ENOTDIR);
    CHECK_ERRNO(rename("", "x"), ENOENT);
    CHECK_ERRNO(rename("f", ""), ENOENT);
}

TEST(dot_and_dot_dot_are_busy)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_ERRNO(rename(".", "x"), EBUSY);
    CHECK_ERRNO(rename("..", "x"), EBUSY);
    CHECK_ERRNO(rename("d/.", "x"), EBUSY);
    CHECK_ERRNO(rename("d/..", "x"), EBUSY);
    CHECK_ERRNO(rename("d", "."), EBUSY);
    CHECK_ERRNO(rename("d", ".."), EBUSY);
    CHECK_ERRNO(rename("/", "x"), EXDEV);
    CHECK_ERRNO(rename("d", "/"), EXDEV);
}

TEST(trailing_slashes_are_for_directories)
{
    make_file("f", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK_ERRNO(rename("f/", "x"), ENOTDIR);
    CHECK_ERRNO(rename("f", "x/"), ENOTDIR);
    CHECK_ERRNO(rename("f", "d/"), ENOTDIR);
    CHECK_OK(rename("d/", "e"));
    CHECK_OK(rename("e", "g/"));
    CHECK(is_there("g"));
}

TEST(links_are_renamed_themselves)
{
    make_file("f", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(symlink("d", "s"));
    CHECK_OK(rename("s", "t"));
    CHECK(is_there("d"));
    CHECK_OK(rename("f", "t"));
    CHECK_EQUAL(readlink("t", (char[4]){0}, 4), -1);
    CHECK_OK(symlink("d", "s"));
    CHECK_ERRNO(rename("s/", "x"), ENOTDIR);
}

TEST(the_parent_of_a_moved_directory_changes)
{
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mkdir("a/d", 0755));
    CHECK_OK(rename("a/d", "b/d"));
    CHECK_EQUAL(inode_of("b/d/.."), inode_of("b"));
    struct stat a, b;
    CHECK_OK(stat("a", &a));
    CHECK_OK(stat("b", &b));
    CHECK_EQUAL(a.st_nlink, 2);
    CHECK_EQUAL(b.st_nlink, 3);
}

TEST(a_working_directory_follows_its_rename)
{
    char path[PATH_MAX], *last;
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(chdir("a"));
    CHECK_OK(rename("../a", "../b"));
    CHECK(getcwd(path, sizeof(path)));
    last = strrchr(path, '/');
    CHECK_TEXT(last, "/b");
}

TEST(noreplace_refuses_what_is_there)
{
    make_file("a", "");
    make_file("b", "");
    CHECK_ERRNO(rename2("a", "b", RENAME_NOREPLACE), EEXIST);
    CHECK_OK(rename2("a", "c", RENAME_NOREPLACE));
    CHECK(!is_there("a"));
    CHECK(is_there("c"));
}

TEST(exchange_swaps_two_names)
{
    make_file("f", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mkdir("e", 0755));
    make_file("d/x", "");
    CHECK_OK(rename2("f", "d", RENAME_EXCHANGE));
    CHECK(is_there("f/x"));
    CHECK_OK(rename2("f", "e", RENAME_EXCHANGE));
    CHECK(is_there("e/x"));
    CHECK_ERRNO(rename2("e", "none", RENAME_EXCHANGE), ENOENT);
    CHECK_ERRNO(rename2("none", "e", RENAME_EXCHANGE), ENOENT);
    CHECK_ERRNO(rename2("e", "e/x", RENAME_EXCHANGE), EINVAL);
}

TEST(flags_are_checked)
{
    make_file("a", "");
    CHECK_ERRNO(rename2("a", "b", RENAME_EXCHANGE | RENAME_NOREPLACE), EINVAL);
    CHECK_ERRNO(rename2("a", "b", 0x100), EINVAL);
    CHECK_OK(rename2("a", "b", 0));
}

TEST(file_systems_do_not_mix)
{
    make_file("a", "");
    CHECK_ERRNO(rename("a", "/proc/a"), EXDEV);
    CHECK_ERRNO(rename("/proc/uptime", "u"), EXDEV);
}

TEST(renameat_takes_two_directories)
{
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    make_file("a/f", "");
    int a = CHECK_OK(open("a", O_RDONLY)), b = CHECK_OK(open("b", O_PATH));
    CHECK_OK(renameat(a, "f", b, "g"));
    CHECK(is_there("b/g"));
    CHECK_ERRNO(renameat(900, "f", b, "g"), EBADF);
    CHECK_ERRNO(renameat(b, "g", 900, "f"), EBADF);
}

TEST(names_in_bad_memory)
{
    make_file("a", "");
    CHECK_ERRNO(syscall(SYS_rename, NULL, "b"), EFAULT);
    CHECK_ERRNO(syscall(SYS_rename, "a", KERNEL_ADDRESS), EFAULT);
}

TEST(rename_changes_the_times_of_both_directories)
{
    struct stat before, after;
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    make_file("a/f", "");
    CHECK_OK(stat("b", &before));
    sleep_ms(20);
    CHECK_OK(rename("a/f", "b/f"));
    CHECK_OK(stat("b", &after));
    CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
          after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
    CHECK_OK(stat("a", &before));
    CHECK(labs(before.st_mtim.tv_sec - after.st_mtim.tv_sec) <= 1);
}
