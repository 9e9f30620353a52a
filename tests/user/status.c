/*
 * stat and its relatives, statx, statfs, and the facts that programs take from a tmpfs.
 */
#include "check.h"

#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

/* What statx(2) writes, as far as it is looked at here; musl has no declaration yet. */
enum { STATX_TYPE = 0x1, STATX_BASIC_STATS = 0x7ff };

struct statx_time {
    int64_t tv_sec;
    uint32_t tv_nsec;
    int32_t unused;
};

struct statx {
    uint32_t stx_mask, stx_blksize;
    uint64_t stx_attributes;
    uint32_t stx_nlink, stx_uid, stx_gid;
    uint16_t stx_mode, unused;
    uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
    struct statx_time stx_atime, stx_btime, stx_ctime, stx_mtime;
    uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
    uint64_t spare[14];
};

_Static_assert(sizeof(struct statx) == 256, "the kernel writes 256 bytes");

static struct stat status_of(const char *path)
{
    struct stat status;
    CHECK_OK(lstat(path, &status));
    return status;
}

TEST(a_file_tells_size_blocks_and_owner)
{
    make_file("f", "hello");
    struct stat status = status_of("f");
    CHECK_EQUAL(status.st_size, 5);
    CHECK_EQUAL(status.st_blocks, 8);
    CHECK_EQUAL(status.st_blksize, PAGE);
    CHECK_EQUAL(status.st_nlink, 1);
    CHECK_EQUAL(status.st_uid, 0);
    CHECK_EQUAL(status.st_gid, 0);
    CHECK_EQUAL(status.st_mode, S_IFREG | 0644);
    CHECK_EQUAL(status.st_rdev, 0);
}

TEST(blocks_count_pages_that_are_there)
{
    int fd = make_open_file("f");
    CHECK_EQUAL(status_of("f").st_blocks, 0);
    CHECK_EQUAL(pwrite(fd, "x", 1, 10 * PAGE), 1);
    CHECK_EQUAL(status_of("f").st_blocks, 8);
    CHECK_OK(ftruncate(fd, 1 << 20));
    CHECK_EQUAL(status_of("f").st_blocks, 8);
    CHECK_OK(ftruncate(fd, 0));
    CHECK_EQUAL(status_of("f").st_blocks, 0);
}

TEST(a_directory_counts_twenty_bytes_a_name)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_EQUAL(status_of("d").st_size, 40);
    make_file("d/a", "");
    make_file("d/long-name-makes-no-difference", "");
    CHECK_EQUAL(status_of("d").st_size, 80);
    CHECK_OK(unlink("d/a"));
    CHECK_EQUAL(status_of("d").st_size, 60);
    CHECK_EQUAL(status_of("d").st_blocks, 0);
}

TEST(stat_follows_links_and_lstat_does_not)
{
    struct stat status;
    make_file("f", "hello");
    CHECK_OK(symlink("f", "s"));
    CHECK_OK(stat("s", &status));
    CHECK_EQUAL(status.st_size, 5);
    CHECK_OK(lstat("s", &status));
    CHECK(S_ISLNK(status.st_mode));
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(symlink("d", "t"));
    CHECK_OK(lstat("t/", &status));
    CHECK(S_ISDIR(status.st_mode));
}

TEST(stat_errors)
{
    struct stat status;
    make_file("f", "");
    CHECK_OK(symlink("nowhere", "dangling"));
    CHECK_ERRNO(stat("none", &status), ENOENT);
    CHECK_ERRNO(stat("dangling", &status), ENOENT);
    CHECK_ERRNO(stat("f/", &status), ENOTDIR);
    CHECK_ERRNO(stat("f/.", &status), ENOTDIR);
    CHECK_ERRNO(stat("f/..", &status), ENOTDIR);
    CHECK_ERRNO(stat("", &status), ENOENT);
    CHECK_ERRNO(syscall(SYS_stat, "f", KERNEL_ADDRESS), EFAULT);
    CHECK_ERRNO(syscall(SYS_stat, "f", edge_of_memory(100)), EFAULT);
    CHECK_ERRNO(syscall(SYS_stat, NON_CANONICAL, &status), EFAULT);
    CHECK_ERRNO(fstat(900, &status), EBADF);
}

TEST(newfstatat_takes_flags)
{
    struct stat status;
    make_file("f", "hello");
    CHECK_OK(symlink("f", "s"));
    int fd = CHECK_OK(open("f", O_RDONLY));
    CHECK_OK(syscall(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH));
    CHECK_EQUAL(status.st_size, 5);
    CHECK_ERRNO(syscall(SYS_newfstatat, fd, "", &status, 0), ENOENT);
    CHECK_ERRNO(syscall(SYS_newfstatat, fd, "x", &status, 0), ENOTDIR);
    CHECK_ERRNO(syscall(SYS_newfstatat, AT_FDCWD, "f", &status, 1 << 20), EINVAL);
    CHECK_OK(syscall(SYS_newfstatat, AT_FDCWD, "s", &status, AT_SYMLINK_NOFOLLOW));
    CHECK(S_ISLNK(status.st_mode));
    CHECK_OK(syscall(SYS_newfstatat, AT_FDCWD, "", &status, AT_EMPTY_PATH));
    CHECK(S_ISDIR(status.st_mode));
}

TEST(statx_says_what_stat_says)
{
    struct statx wide;
    make_file("f", "hello");
    struct stat status = status_of("f");
    CHECK_OK(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_BASIC_STATS, &wide));
    CHECK_EQUAL(wide.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
    CHECK_EQUAL(wide.stx_size, 5);
    CHECK_EQUAL(wide.stx_mode, status.st_mode);
    CHECK_EQUAL(wide.stx_ino, status.st_ino);
    CHECK_EQUAL(wide.stx_blocks, status.st_blocks);
    CHECK_EQUAL(wide.stx_nlink, 1);
    CHECK_EQUAL(makedev(wide.stx_dev_major, wide.stx_dev_minor), status.st_dev);
    CHECK_EQUAL(wide.stx_mtime.tv_sec, status.st_mtim.tv_sec);
    CHECK_EQUAL(wide.stx_mtime.tv_nsec, status.st_mtim.tv_nsec);
}

TEST(statx_checks_its_arguments)
{
    struct statx wide;
    make_file("f", "");
    CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, "f", 0x6000, STATX_BASIC_STATS, &wide), EINVAL);
    CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000U, &wide), EINVAL);
    CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, "f", 1 << 20, 0, &wide), EINVAL);
    CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, "none", 0, 0, &wide), ENOENT);
    CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, "f", 0, 0, KERNEL_ADDRESS), EFAULT);
    CHECK_OK(syscall(SYS_statx, 0, "", AT_EMPTY_PATH, STATX_TYPE, &wide));
}

TEST(devices_tell_their_numbers)
{
    CHECK_EQUAL(status_of("/dev/null").st_rdev, makedev(1, 3));
    CHECK_EQUAL(status_of("/dev/zero").st_rdev, makedev(1, 5));
    CHECK_EQUAL(status_of("/dev/full").st_rdev, makedev(1, 7));
    CHECK_EQUAL(status_of("/dev/random").st_rdev, makedev(1, 8));
    CHECK_EQUAL(status_of("/dev/urandom").st_rdev, makedev(1, 9));
    CHECK_EQUAL(status_of("/dev/kmsg").st_rdev, makedev(1, 11));
    CHECK_EQUAL(status_of("/dev/tty").st_rdev, makedev(5, 0));
    CHECK_EQUAL(status_of("/dev/console").st_rdev, makedev(5, 1));
    CHECK(S_ISCHR(status_of("/dev/null").st_mode));
}

TEST(one_file_system_has_one_device_number)
{
    CHECK_OK(mkdir("d", 0755));
    make_file("d/f", "");
    CHECK_EQUAL(status_of("d").st_dev, status_of("d/f").st_dev);
    CHECK(status_of("d").st_dev != status_of("/proc").st_dev);
}

TEST(statfs_knows_tmpfs_and_proc)
{
    struct statfs facts;
    CHECK_OK(statfs(".", &facts));
    CHECK_EQUAL(facts.f_type, 0x01021994);
    CHECK_EQUAL(facts.f_bsize, PAGE);
    CHECK_EQUAL(facts.f_namelen, 255);
    CHECK(facts.f_blocks > 0 && facts.f_bfree <= facts.f_blocks);
    CHECK_OK(statfs("/proc", &facts));
    CHECK_EQUAL(facts.f_type, 0x9fa0);
    CHECK_OK(fstatfs(CHECK_OK(open("/proc/uptime", O_RDONLY)), &facts));
    CHECK_EQUAL(facts.f_type, 0x9fa0);
    CHECK_ERRNO(statfs("none", &facts), ENOENT);
    CHECK_ERRNO(fstatfs(900, &facts), EBADF);
    CHECK_ERRNO(syscall(SYS_statfs, ".", KERNEL_ADDRESS), EFAULT);
}

TEST(free_space_shrinks_with_a_file)
{
    static char megabyte[1 << 20];
    struct statfs before, after;
    CHECK_OK(statfs(".", &before));
    CHECK_EQUAL(write(make_open_file("f"), megabyte, sizeof(megabyte)), sizeof(megabyte));
    CHECK_OK(statfs(".", &after));
    CHECK(before.f_bfree - after.f_bfree >= 256);
}

TEST(access_tells_rights_of_the_real_user)
{
    make_file("f", "");
    CHECK_OK(access("f", F_OK));
    CHECK_OK(access("f", R_OK | W_OK));
    CHECK_ERRNO(access("f", X_OK), EACCES);
    CHECK_ERRNO(access("none", F_OK), ENOENT);
    CHECK_ERRNO(access("f/x", F_OK), ENOTDIR);
    CHECK_ERRNO(access("f", 8), EINVAL);
    CHECK_OK(chmod("f", 0001));
    CHECK_OK(access("f", X_OK | R_OK));
}

TEST(faccessat2_can_ask_for_the_effective_user)
{
    pid_t child;
    make_file("f", "");
    CHECK_OK(chmod("f", 0600));
    child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(syscall(SYS_setresuid, -1, NOBODY, -1));
        CHECK_OK(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, 0));
        CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS), EACCES);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, 1 << 20), EINVAL);
    CHECK_OK(symlink("nowhere", "s"));
    CHECK_OK(syscall(SYS_faccessat2, AT_FDCWD, "s", F_OK, AT_SYMLINK_NOFOLLOW));
}

TEST(inode_numbers_are_unique_while_files_live)
{
    make_file("a", "");
    make_file("b", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK(status_of("a").st_ino != status_of("b").st_ino);
    CHECK(status_of("a").st_ino != status_of("d").st_ino);
    CHECK_EQUAL(status_of("d/.").st_ino, status_of("d").st_ino);
    CHECK_EQUAL(status_of("d/..").st_ino, status_of(".").st_ino);
}

TEST(extended_attributes_are_asked_for_and_not_there)
{
    char buffer[64];
    CHECK_OK(close(make_open_file("file")));
    CHECK_ERRNO(getxattr("nowhere", "user.a", buffer, sizeof(buffer)), ENOENT);
    CHECK_ERRNO(getxattr("file", "", buffer, sizeof(buffer)), ERANGE);
    CHECK_ERRNO(getxattr("file", "strange.name", buffer, sizeof(buffer)), EOPNOTSUPP);
    CHECK_ERRNO(lgetxattr("file", KERNEL_ADDRESS, buffer, sizeof(buffer)), EFAULT);
    CHECK_ERRNO(setxattr("file", "strange.name", buffer, 1, 4), EINVAL);
    CHECK_ERRNO(setxattr("file", "strange.name", buffer, 1, 0), EOPNOTSUPP);
    CHECK_ERRNO(setxattr("file", "strange.name", buffer, 65537, 0), E2BIG);
    CHECK_ERRNO(removexattr("file", "strange.name"), EOPNOTSUPP);
    CHECK_ERRNO(fgetxattr(-1, "user.a", buffer, sizeof(buffer)), EBADF);
    CHECK_EQUAL(listxattr("file", buffer, sizeof(buffer)), 0);
    CHECK_EQUAL(llistxattr("file", NULL, 0), 0);
}

struct free_of_old {
    int blocks;
    unsigned long inodes;
    char names[12];
};

TEST(a_device_tells_what_its_file_system_has_free)
{
    struct stat place;
    struct statfs status;
    struct free_of_old old;
    CHECK_OK(stat(".", &place));
    CHECK_OK(syscall(SYS_ustat, place.st_dev, &old));
    CHECK_OK(statfs(".", &status));
    CHECK_EQUAL(old.names[0], 0);
    CHECK(old.blocks > 0 && (unsigned long)old.blocks <= status.f_blocks);
    CHECK(old.inodes <= status.f_files);
    CHECK_ERRNO(syscall(SYS_ustat, 0x7fff, &old), EINVAL);
    CHECK_ERRNO(syscall(SYS_ustat, place.st_dev, KERNEL_ADDRESS), EFAULT);
}

TEST(types_of_file_systems_have_numbers)
{
    enum { NUMBER = 1, NAME = 2, COUNT = 3 };
    char name[64] = "";
    long number = CHECK_OK(syscall(SYS_sysfs, NUMBER, "tmpfs"));
    CHECK_OK(syscall(SYS_sysfs, NAME, number, name));
    CHECK_TEXT(name, "tmpfs");
    long count = CHECK_OK(syscall(SYS_sysfs, COUNT));
    CHECK(number < count);
    CHECK_ERRNO(syscall(SYS_sysfs, NAME, count, name), EINVAL);
    CHECK_ERRNO(syscall(SYS_sysfs, NUMBER, "no such type"), EINVAL);
    CHECK_ERRNO(syscall(SYS_sysfs, NUMBER, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_sysfs, NAME, number, KERNEL_ADDRESS), EFAULT);
    CHECK_ERRNO(syscall(SYS_sysfs, 4), EINVAL);
}
