/*
 * mount and umount2: tmpfs, proc, bind mounts, read-only, busy mounts, errors.
 */
#include "check.h"

#include <sys/mount.h>
#include <sys/statfs.h>

enum { NO_SYMLINK_FOLLOW = 256 }; /* MS_NOSYMFOLLOW, which the C library does not know */

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static long type_of(const char *path)
{
    struct statfs facts;
    CHECK_OK(statfs(path, &facts));
    return (long)facts.f_type;
}

TEST(a_mount_covers_its_directory_and_umount_uncovers_it)
{
    CHECK_OK(mkdir("m", 0755));
    make_file("m/below", "");
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    CHECK(!is_there("m/below"));
    make_file("m/above", "");
    CHECK_OK(umount("m"));
    CHECK(is_there("m/below"));
    CHECK(!is_there("m/above"));
}

TEST(a_mount_has_a_device_number_of_its_own)
{
    struct stat here, there, root;
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    CHECK_OK(stat(".", &here));
    CHECK_OK(stat("m", &there));
    CHECK_OK(stat("m/..", &root));
    CHECK(here.st_dev != there.st_dev);
    CHECK_EQUAL(root.st_ino, here.st_ino);
    CHECK_EQUAL(root.st_dev, here.st_dev);
    CHECK_OK(umount("m"));
}

TEST(tmpfs_takes_options)
{
    struct stat status;
    struct statfs facts;
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, "size=64k,mode=1751,uid=5,gid=6"));
    CHECK_OK(stat("m", &status));
    CHECK_EQUAL(status.st_mode, S_IFDIR | 01751);
    CHECK_EQUAL(status.st_uid, 5);
    CHECK_EQUAL(status.st_gid, 6);
    CHECK_OK(statfs("m", &facts));
    CHECK_EQUAL(facts.f_blocks, 16);
    CHECK_OK(umount("m"));
    CHECK_ERRNO(mount("name", "m", "tmpfs", 0, "nonsense=1"), EINVAL);
}

TEST(a_full_tmpfs_refuses_more)
{
    static char block[65536];
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, "size=64k"));
    int fd = make_open_file("m/f");
    CHECK_EQUAL(write(fd, block, sizeof(block)), sizeof(block));
    CHECK_ERRNO(write(fd, block, 1), ENOSPC);
    CHECK_OK(ftruncate(fd, 0));
    CHECK_EQUAL(pwrite(fd, block, PAGE, 0), PAGE);
    CHECK_OK(close(fd));
    CHECK_OK(umount("m"));
}

TEST(a_directory_is_mounted_on_or_removed_but_not_both)
{
    enum { ROUNDS = 200 };
    for (int round = 0; round < ROUNDS; round++) {
        CHECK_OK(mkdir("m", 0755));
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            _exit(rmdir("m") == 0 ? 0 : errno);
        }
        int result = mount("name", "m", "tmpfs", 0, NULL);
        bool is_mounted = result == 0;
        CHECK(is_mounted || errno == ENOENT);
        CHECK_EXITED(child, is_mounted ? EBUSY : 0);
        if (is_mounted) {
            CHECK_OK(umount("m"));
            CHECK_OK(rmdir("m"));
        }
    }
}

TEST(a_mount_in_use_is_busy)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    int fd = make_open_file("m/f");
    CHECK_ERRNO(umount("m"), EBUSY);
    CHECK_OK(close(fd));
    CHECK_OK(chdir("m"));
    CHECK_ERRNO(umount("../m"), EBUSY);
    CHECK_OK(chdir(".."));
    CHECK_OK(umount("m"));
}

TEST(a_lazy_umount_detaches_a_mount_in_use)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    int fd = make_open_file("m/f");
    CHECK_OK(umount2("m", MNT_DETACH));
    CHECK(!is_there("m/f"));
    CHECK_EQUAL(write(fd, "x", 1), 1);
}

TEST(a_mount_point_can_be_neither_removed_nor_renamed)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    CHECK_ERRNO(rmdir("m"), EBUSY);
    CHECK_ERRNO(rename("m", "n"), EBUSY);
    CHECK_ERRNO(rename("d", "m"), EBUSY);
    CHECK_ERRNO(link("m/..", "x"), EPERM);
    CHECK_OK(umount("m"));
    CHECK_OK(rmdir("m"));
}

TEST(mounts_stack_on_one_directory)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("one", "m", "tmpfs", 0, NULL));
    make_file("m/first", "");
    CHECK_OK(mount("two", "m", "tmpfs", 0, NULL));
    CHECK(!is_there("m/first"));
    CHECK_OK(umount("m"));
    CHECK(is_there("m/first"));
    CHECK_OK(umount("m"));
}

// A mount may have been moved to where nothing was mounted: then it covers the directory "in" that was made there.
static bool unmount_one(void)
{
    static const char *const places[] = {"a/in", "b/in", "a", "b"};
    for (int i = 0; i < 4; i++) {
        if (umount2(places[i], MNT_DETACH) == 0) {
            return true;
        }
    }
    return false;
}

// Mounts, moves and unmounts at the same two places as another process: most calls fail, in any way but one that breaks the table.
static void churn_mounts(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        (void)mount("name", "a", "tmpfs", 0, NULL);
        (void)mkdir("a/in", 0700);
        (void)mount("name", "b", "tmpfs", 0, NULL);
        (void)mkdir("b/in", 0700);
        (void)mount("a", "b/in", NULL, MS_MOVE, NULL);
        (void)mount("b", "a/in", NULL, MS_MOVE, NULL);
        (void)unmount_one();
        (void)unmount_one();
    }
}

TEST(moves_and_umounts_at_once_leave_the_table_whole)
{
    CHECK_OK(mkdir("a", 0700));
    CHECK_OK(mkdir("b", 0700));
    pid_t child = CHECK_OK(fork());
    churn_mounts(200);
    if (child == 0) {
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    while (unmount_one()) {}
    (void)rmdir("a/in"); // made where nothing was mounted
    (void)rmdir("b/in");
    CHECK_OK(rmdir("a"));
    CHECK_OK(rmdir("b"));
}

TEST(a_bind_mount_shows_a_tree_in_a_second_place)
{
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    make_file("a/f", "");
    CHECK_OK(mount("a", "b", NULL, MS_BIND, NULL));
    CHECK(is_there("b/f"));
    make_file("b/g", "");
    CHECK(is_there("a/g"));
    CHECK_ERRNO(rename("a/f", "b/x"), EXDEV);
    CHECK_ERRNO(link("a/f", "b/x"), EXDEV);
    CHECK_OK(umount("b"));
    CHECK(!is_there("b/f"));
}

/* The table has an end: Linux's is a setting, and larger than what is tried here. */
TEST(the_table_of_mounts_has_an_end)
{
    enum { MOST_TRIED = 5000 };
    char text[32], name[32];
    int made = 0;
    read_file("/proc/sys/fs/mount-max", text, sizeof(text));
    CHECK(atoi(text) > 100);
    if (atoi(text) > MOST_TRIED) {
        return;
    }
    CHECK_OK(mkdir("a", 0755));
    do {
        snprintf(name, sizeof(name), "m%d", made++);
        CHECK_OK(mkdir(name, 0755));
    } while (mount("a", name, NULL, MS_BIND, NULL) == 0 && made < MOST_TRIED);
    CHECK_EQUAL(errno, ENOSPC);
    CHECK(made > 100 && made <= atoi(text));
    for (int i = 0; i < made - 1; i++) {
        snprintf(name, sizeof(name), "m%d", i);
        CHECK_OK(umount(name));
    }
    CHECK_OK(mount("a", "m0", NULL, MS_BIND, NULL));
    CHECK_OK(umount("m0"));
}

/* Who stands in a directory that is moved out of what the mount shows cannot climb on into the rest. */
TEST(what_was_moved_out_of_a_bound_directory_leads_nowhere)
{
    char text[PATH_MAX];
    int top = CHECK_OK(open(".", O_RDONLY | O_DIRECTORY));
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("a/b", 0755));
    CHECK_OK(mkdir("a/b/c", 0755));
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("a/b", "m", NULL, MS_BIND, NULL));
    CHECK_OK(chdir("m/c"));
    CHECK_OK(access("../c", F_OK));
    CHECK_OK(renameat(top, "a/b/c", top, "a/c"));
    CHECK_OK(access(".", F_OK));
    CHECK_ERRNO(access("..", F_OK), ENOENT);
    CHECK_ERRNO(access("../b", F_OK), ENOENT);
    CHECK_OK(syscall(SYS_getcwd, text, sizeof(text)));
    CHECK(strncmp(text, "(unreachable)", 13) == 0);
    CHECK_OK(fchdir(top));
    CHECK_OK(umount("m"));
}

TEST(a_mount_that_follows_no_links_makes_no_files_through_them)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    CHECK_OK(symlink("target", "m/link"));
    CHECK_OK(mount("name", "m", NULL, MS_REMOUNT | MS_BIND | NO_SYMLINK_FOLLOW, NULL));
    CHECK_ERRNO(open("m/link", O_RDONLY), ELOOP);
    CHECK_ERRNO(open("m/link", O_RDWR | O_CREAT, 0600), ELOOP);
    CHECK_OK(umount("m"));
}

TEST(a_file_can_be_bound_over_a_file_only)
{
    char text[8];
    make_file("a", "one");
    make_file("b", "two");
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mount("a", "b", NULL, MS_BIND, NULL));
    read_file("b", text, sizeof(text));
    CHECK_TEXT(text, "one");
    CHECK_ERRNO(unlink("b"), EBUSY);
    CHECK_OK(umount("b"));
    CHECK_ERRNO(mount("a", "d", NULL, MS_BIND, NULL), ENOTDIR);
    CHECK_ERRNO(mount("d", "a", NULL, MS_BIND, NULL), ENOTDIR);
    CHECK_ERRNO(mount("none", "d", NULL, MS_BIND, NULL), ENOENT);
}

TEST(a_read_only_mount_refuses_every_change)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    make_file("m/f", "text");
    CHECK_OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    CHECK_ERRNO(open("m/f", O_RDWR), EROFS);
    CHECK_ERRNO(open("m/new", O_WRONLY | O_CREAT, 0600), EROFS);
    CHECK_ERRNO(mkdir("m/d", 0700), EROFS);
    CHECK_ERRNO(mkdir("m/f", 0700), EEXIST);
    CHECK_ERRNO(unlink("m/f"), EROFS);
    CHECK_ERRNO(unlink("m/none"), EROFS);
    CHECK_ERRNO(chmod("m/f", 0600), EROFS);
    CHECK_ERRNO(truncate("m/f", 0), EROFS);
    CHECK_ERRNO(access("m/f", W_OK), EROFS);
    CHECK_ERRNO(utimensat(AT_FDCWD, "m/f", NULL, 0), EROFS);
    CHECK_OK(open("m/f", O_RDONLY));
    CHECK_OK(umount2("m", MNT_DETACH));
}

TEST(a_remount_to_read_only_waits_for_no_writer)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    int fd = make_open_file("m/f");
    CHECK_ERRNO(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
    CHECK_OK(close(fd));
    CHECK_OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    CHECK_OK(umount("m"));
}

TEST(a_remount_with_a_bad_option_changes_nothing)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    CHECK_ERRNO(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, "nonsense=1"), EINVAL);
    make_file("m/f", "writable");
    CHECK_OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    CHECK_ERRNO(mount(NULL, "m", NULL, MS_REMOUNT, "nonsense=1"), EINVAL);
    CHECK_ERRNO(open("m/f", O_RDWR), EROFS);
    CHECK_OK(umount("m"));
}

TEST(mount_errors)
{
    make_file("f", "");
    CHECK_OK(mkdir("m", 0755));
    CHECK_ERRNO(mount("name", "none", "tmpfs", 0, NULL), ENOENT);
    CHECK_ERRNO(mount("name", "f", "tmpfs", 0, NULL), ENOTDIR);
    CHECK_ERRNO(mount("name", "m", "nosuchfs", 0, NULL), ENODEV);
    CHECK_ERRNO(mount("name", "m", NULL, 0, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_mount, "n", "m", KERNEL_ADDRESS, 0, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_mount, "n", KERNEL_ADDRESS, "tmpfs", 0, NULL), EFAULT);
    CHECK_ERRNO(mount(NULL, "m", NULL, MS_REMOUNT, NULL), EINVAL);
}

TEST(umount_errors)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_ERRNO(umount("m"), EINVAL);
    CHECK_ERRNO(umount("none"), ENOENT);
    CHECK_ERRNO(umount2("m", 1 << 20), EINVAL);
    CHECK_ERRNO(syscall(SYS_umount2, KERNEL_ADDRESS, 0), EFAULT);
}

static void mount_as_user(void)
{
    become_user(NOBODY);
    CHECK_ERRNO(mount("name", "m", "tmpfs", 0, NULL), EPERM);
    CHECK_ERRNO(umount("m"), EPERM);
}

TEST(mounting_needs_privilege)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_IN_CHILD(mount_as_user);
}

TEST(proc_and_sysfs_mount_under_their_names)
{
    CHECK_OK(mkdir("p", 0755));
    CHECK_OK(mount("proc", "p", "proc", 0, NULL));
    CHECK_EQUAL(type_of("p"), 0x9fa0);
    CHECK(is_there("p/self/stat"));
    CHECK_OK(umount("p"));
    CHECK_OK(mount("sysfs", "p", "sysfs", 0, NULL));
    CHECK_EQUAL(type_of("p"), 0x62656572);
    CHECK_OK(umount("p"));
}

TEST(a_mode_of_devpts_cannot_change_the_kind_of_its_file)
{
    struct stat status;
    CHECK_OK(mkdir("p", 0755));
    CHECK_OK(mount("devpts", "p", "devpts", 0, "newinstance,ptmxmode=0140640"));
    CHECK_OK(stat("p/ptmx", &status));
    CHECK_EQUAL(status.st_mode, S_IFCHR | 0640);
    CHECK_OK(umount("p"));
}

TEST(proc_mounts_lists_a_mount_and_its_options)
{
    static char text[16384];
    char line[256], here[128];
    CHECK_OK(mkdir("m m", 0755));
    CHECK(getcwd(here, sizeof(here)));
    CHECK_OK(mount("source", "m m", "tmpfs", MS_NOSUID | MS_NOEXEC, "size=1m,mode=700"));
    read_file("/proc/mounts", text, sizeof(text));
    snprintf(line, sizeof(line),
             "source %s/m\\040m tmpfs rw,nosuid,noexec,relatime,size=1024k,mode=700", here);
    CHECK(strstr(text, line) != NULL);
    CHECK_OK(umount("m m"));
    read_file("/proc/self/mounts", text, sizeof(text));
    CHECK(strstr(text, "\\040m") == NULL);
}

TEST(noexec_and_nosuid_hold)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", MS_NOEXEC, NULL));
    make_file("m/script", "#!/bin/sh\n");
    CHECK_OK(chmod("m/script", 0755));
    CHECK_ERRNO(execl("m/script", "m/script", NULL), EACCES);
    CHECK_ERRNO(access("m/script", X_OK), EACCES);
    CHECK_OK(umount("m"));
}

TEST(nothing_is_mounted_on_what_was_lazily_removed)
{
    CHECK_OK(mkdir("lazy", 0755));
    CHECK_OK(mount("none", "lazy", "tmpfs", 0, NULL));
    CHECK_OK(mkdir("lazy/inside", 0755));
    CHECK_OK(chdir("lazy"));
    CHECK_OK(umount2("../lazy", MNT_DETACH));
    CHECK_ERRNO(mount("none", "inside", "tmpfs", 0, NULL), EINVAL);
    CHECK_OK(rmdir("inside"));
}
