/*
 * Making and removing names: mkdir, rmdir, unlink, link, symlink, readlink, mknod.
 */
#include "check.h"

#include <sys/sysmacros.h>

static struct stat status_of(const char *path)
{
    struct stat status;
    CHECK_OK(lstat(path, &status));
    return status;
}

TEST(mkdir_makes_an_empty_directory_under_the_umask)
{
    umask(027);
    CHECK_OK(mkdir("d", 0777));
    CHECK_EQUAL(status_of("d").st_mode, S_IFDIR | 0750);
    CHECK_EQUAL(status_of("d").st_nlink, 2);
    CHECK_OK(mkdir("sticky", 01777));
    CHECK_EQUAL(status_of("sticky").st_mode, S_IFDIR | 01750);
    CHECK_OK(mkdir("slash/", 0700));
}

TEST(mkdir_errors)
{
    make_file("f", "");
    CHECK_OK(symlink("nowhere", "dangling"));
    CHECK_ERRNO(mkdir("f", 0700), EEXIST);
    CHECK_ERRNO(mkdir(".", 0700), EEXIST);
    CHECK_ERRNO(mkdir("..", 0700), EEXIST);
    CHECK_ERRNO(mkdir("/", 0700), EEXIST);
    CHECK_ERRNO(mkdir("dangling", 0700), EEXIST);
    CHECK_ERRNO(mkdir("dangling/", 0700), EEXIST);
    CHECK_ERRNO(mkdir("none/d", 0700), ENOENT);
    CHECK_ERRNO(mkdir("f/d", 0700), ENOTDIR);
    CHECK_ERRNO(mkdir("", 0700), ENOENT);
    CHECK_ERRNO(mkdir("none/.", 0700), ENOENT);
}

TEST(a_subdirectory_raises_the_link_count_of_its_parent)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mkdir("d/a", 0755));
    CHECK_OK(mkdir("d/b", 0755));
    make_file("d/f", "");
    CHECK_EQUAL(status_of("d").st_nlink, 4);
    CHECK_OK(rmdir("d/a"));
    CHECK_EQUAL(status_of("d").st_nlink, 3);
}

TEST(rmdir_errors)
{
    make_file("f", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(symlink("d", "s"));
    make_file("d/x", "");
    CHECK_ERRNO(rmdir("d"), ENOTEMPTY);
    CHECK_ERRNO(rmdir("f"), ENOTDIR);
    CHECK_ERRNO(rmdir("s"), ENOTDIR);
    CHECK_ERRNO(rmdir("s/"), ENOTDIR);
    CHECK_ERRNO(rmdir("none"), ENOENT);
    CHECK_ERRNO(rmdir("."), EINVAL);
    CHECK_ERRNO(rmdir("d/."), EINVAL);
    CHECK_ERRNO(rmdir(".."), ENOTEMPTY);
    CHECK_ERRNO(rmdir("d/.."), ENOTEMPTY);
    CHECK_ERRNO(rmdir("/"), EBUSY);
    CHECK_OK(unlink("d/x"));
    CHECK_OK(rmdir("d/"));
    CHECK_ERRNO(lstat("d", &(struct stat){0}), ENOENT);
}

TEST(a_removed_directory_that_is_still_in_use_takes_no_names)
{
    CHECK_OK(mkdir("d", 0755));
    int d = CHECK_OK(open("d", O_RDONLY));
    CHECK_OK(chdir("d"));
    CHECK_OK(rmdir("../d"));
    CHECK_ERRNO(open("f", O_WRONLY | O_CREAT, 0600), ENOENT);
    CHECK_ERRNO(mkdir("e", 0700), ENOENT);
    CHECK_ERRNO(openat(d, "f", O_WRONLY | O_CREAT, 0600), ENOENT);
    struct stat status;
    CHECK_OK(fstat(d, &status));
    CHECK_EQUAL(status.st_nlink, 0);
    CHECK_OK(chdir(".."));
}

TEST(unlink_removes_the_name_and_the_open_file_lives_on)
{
    char text[8] = "";
    struct stat status;
    make_file("f", "alive");
    int fd = CHECK_OK(open("f", O_RDWR));
    CHECK_OK(unlink("f"));
    CHECK_ERRNO(open("f", O_RDONLY), ENOENT);
    CHECK_EQUAL(read(fd, text, 8), 5);
    CHECK_TEXT(text, "alive");
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_nlink, 0);
}

TEST(unlink_errors)
{
    make_file("f", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(symlink("d", "s"));
    CHECK_ERRNO(unlink("none"), ENOENT);
    CHECK_ERRNO(unlink("d"), EISDIR);
    CHECK_ERRNO(unlink("d/"), EISDIR);
    CHECK_ERRNO(unlink("."), EISDIR);
    CHECK_ERRNO(unlink(".."), EISDIR);
    CHECK_ERRNO(unlink("/"), EISDIR);
    CHECK_ERRNO(unlink("f/"), ENOTDIR);
    CHECK_ERRNO(unlink("f/x"), ENOTDIR);
    CHECK_ERRNO(unlink("none/"), ENOENT);
    CHECK_ERRNO(unlink(""), ENOENT);
    CHECK_ERRNO(unlink("s/"), ENOTDIR);
    CHECK_OK(unlink("s"));
}

TEST(unlinkat_removes_directories_with_a_flag_only)
{
    CHECK_OK(mkdir("d", 0755));
    make_file("f", "");
    int here = CHECK_OK(open(".", O_RDONLY));
    CHECK_ERRNO(unlinkat(here, "d", 0), EISDIR);
    CHECK_ERRNO(unlinkat(here, "f", AT_REMOVEDIR), ENOTDIR);
    CHECK_ERRNO(unlinkat(here, "f", 1), EINVAL);
    CHECK_ERRNO(unlinkat(900, "f", 0), EBADF);
    CHECK_OK(unlinkat(here, "d", AT_REMOVEDIR));
    CHECK_OK(unlinkat(here, "f", 0));
}

TEST(a_hard_link_is_the_same_file)
{
    char text[8];
    make_file("a", "one");
    CHECK_OK(link("a", "b"));
    CHECK_EQUAL(status_of("a").st_ino, status_of("b").st_ino);
    CHECK_EQUAL(status_of("a").st_nlink, 2);
    make_file("b", "two");
    read_file("a", text, sizeof(text));
    CHECK_TEXT(text, "two");
    CHECK_OK(unlink("a"));
    CHECK_EQUAL(status_of("b").st_nlink, 1);
}

TEST(link_errors)
{
    make_file("f", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK_ERRNO(link("none", "x"), ENOENT);
    CHECK_ERRNO(link("f", "f"), EEXIST);
    CHECK_ERRNO(link("f", "d"), EEXIST);
    CHECK_ERRNO(link("d", "x"), EPERM);
    CHECK_ERRNO(link("f", "none/x"), ENOENT);
    CHECK_ERRNO(link("f", "f/x"), ENOTDIR);
    CHECK_ERRNO(link("f", "x/"), ENOENT);
    CHECK_ERRNO(link("f/", "x"), ENOTDIR);
    CHECK_ERRNO(link("f", "/dev/not-there"), EXDEV);
}

TEST(linkat_follows_a_link_only_when_told)
{
    make_file("f", "");
    CHECK_OK(symlink("f", "s"));
    CHECK_OK(linkat(AT_FDCWD, "s", AT_FDCWD, "a", 0));
    CHECK(S_ISLNK(status_of("a").st_mode));
    CHECK_OK(linkat(AT_FDCWD, "s", AT_FDCWD, "b", AT_SYMLINK_FOLLOW));
    CHECK(S_ISREG(status_of("b").st_mode));
    CHECK_ERRNO(linkat(AT_FDCWD, "f", AT_FDCWD, "c", AT_REMOVEDIR), EINVAL);
    int fd = CHECK_OK(open("f", O_RDONLY));
    CHECK_OK(linkat(fd, "", AT_FDCWD, "c", AT_EMPTY_PATH));
    CHECK_EQUAL(status_of("c").st_ino, status_of("f").st_ino);
}

TEST(a_symbolic_link_holds_its_text)
{
    char text[16];
    CHECK_OK(symlink("any text", "s"));
    CHECK_EQUAL(readlink("s", text, sizeof(text)), 8);
    CHECK(memcmp(text, "any text", 8) == 0);
    CHECK_EQUAL(readlink("s", text, 3), 3);
    CHECK_EQUAL(status_of("s").st_size, 8);
    CHECK_EQUAL(status_of("s").st_mode, S_IFLNK | 0777);
    CHECK_EQUAL(status_of("s").st_nlink, 1);
}

TEST(symlink_errors)
{
    static char text[5000];
    make_file("f", "");
    CHECK_ERRNO(symlink("x", "f"), EEXIST);
    CHECK_ERRNO(symlink("", "s"), ENOENT);
    CHECK_ERRNO(symlink("x", ""), ENOENT);
    CHECK_ERRNO(symlink("x", "none/s"), ENOENT);
    CHECK_ERRNO(symlink("x", "s/"), ENOENT);
    CHECK_ERRNO(symlink("x", "."), EEXIST);
    memset(text, 'x', 4096);
    CHECK_ERRNO(symlink(text, "long"), ENAMETOOLONG);
    text[4095] = '\0';
    CHECK_OK(symlink(text, "long"));
    CHECK_EQUAL(readlink("long", text, sizeof(text)), 4095);
    CHECK_ERRNO(open("long", O_RDONLY), ENAMETOOLONG);
}

TEST(readlink_errors)
{
    char text[8];
    make_file("f", "");
    CHECK_OK(symlink("f", "s"));
    CHECK_ERRNO(readlink("f", text, 8), EINVAL);
    CHECK_ERRNO(readlink(".", text, 8), EINVAL);
    CHECK_ERRNO(readlink("none", text, 8), ENOENT);
    CHECK_ERRNO(readlink("s/", text, 8), ENOTDIR);
    CHECK_ERRNO(readlink("f/x", text, 8), ENOTDIR);
    CHECK_ERRNO(syscall(SYS_readlink, "s", text, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_readlink, "s", text, -1), EINVAL);
    CHECK_ERRNO(syscall(SYS_readlink, "s", KERNEL_ADDRESS, 8), EFAULT);
    int fd = CHECK_OK(open("s", O_PATH | O_NOFOLLOW));
    CHECK_EQUAL(syscall(SYS_readlinkat, fd, "", text, 8), 1);
}

TEST(links_lead_through_directories)
{
    char text[8];
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mkdir("d/e", 0755));
    make_file("d/f", "deep");
    CHECK_OK(symlink("d/e", "s"));
    CHECK_OK(symlink("../f", "d/e/up"));
    read_file("s/up", text, sizeof(text));
    CHECK_TEXT(text, "deep");
    read_file("s/../f", text, sizeof(text));
    CHECK_TEXT(text, "deep");
}

TEST(forty_links_are_followed_and_one_more_is_a_loop)
{
    char name[16], target[16];
    make_file("l0", "");
    for (int i = 1; i <= 41; i++) {
        snprintf(name, sizeof(name), "l%d", i);
        snprintf(target, sizeof(target), "l%d", i - 1);
        CHECK_OK(symlink(target, name));
    }
    CHECK_OK(open("l40", O_RDONLY));
    CHECK_ERRNO(open("l41", O_RDONLY), ELOOP);
    CHECK_OK(symlink("loop", "loop"));
    CHECK_ERRNO(open("loop", O_RDONLY), ELOOP);
    CHECK_ERRNO(stat("loop", &(struct stat){0}), ELOOP);
    CHECK_ERRNO(mkdir("loop/x", 0700), ELOOP);
    CHECK_ERRNO(mkdir("loop", 0700), EEXIST);
}

TEST(mknod_makes_every_kind)
{
    umask(0);
    CHECK_OK(mknod("f", S_IFREG | 0644, 0));
    CHECK_OK(mknod("g", 0640, 0));
    CHECK_OK(mknod("p", S_IFIFO | 0600, 0));
    CHECK_OK(mknod("s", S_IFSOCK | 0600, 0));
    CHECK_OK(mknod("c", S_IFCHR | 0600, makedev(1, 3)));
    CHECK_OK(mknod("b", S_IFBLK | 0600, makedev(7, 300)));
    CHECK_EQUAL(status_of("g").st_mode, S_IFREG | 0640);
    CHECK_EQUAL(status_of("p").st_mode, S_IFIFO | 0600);
    CHECK_EQUAL(status_of("s").st_mode, S_IFSOCK | 0600);
    CHECK_EQUAL(status_of("c").st_rdev, makedev(1, 3));
    CHECK_EQUAL(status_of("b").st_rdev, makedev(7, 300));
    CHECK_ERRNO(open("s", O_RDONLY), ENXIO);
}

TEST(mknod_errors)
{
    make_file("f", "");
    CHECK_ERRNO(mknod("f", S_IFREG | 0644, 0), EEXIST);
    CHECK_ERRNO(mknod("d", S_IFDIR | 0755, 0), EPERM);
    CHECK_ERRNO(mknod("l", S_IFLNK | 0755, 0), EINVAL);
    CHECK_ERRNO(mknod("x/", S_IFREG | 0755, 0), ENOENT);
    CHECK_ERRNO(mknod("none/x", S_IFREG | 0755, 0), ENOENT);
}

static void make_device(void)
{
    become_user(NOBODY);
    CHECK_ERRNO(mknod("c", S_IFCHR | 0600, makedev(1, 3)), EPERM);
    CHECK_OK(mknod("p", S_IFIFO | 0600, 0));
}

TEST(a_user_makes_fifos_but_no_devices)
{
    CHECK_IN_CHILD(make_device);
}

TEST(names_of_any_bytes_are_kept)
{
    const char *names[] = {"\xff\xfe", "a b", "\n", "-rf", "...", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        make_file(names[i], names[i]);
        CHECK_EQUAL(status_of(names[i]).st_size, strlen(names[i]));
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CHECK_OK(unlink(names[i]));
    }
}

TEST(names_of_255_bytes_are_the_longest)
{
    static char name[300];
    memset(name, 'n', 256);
    CHECK_ERRNO(mkdir(name, 0755), ENAMETOOLONG);
    CHECK_ERRNO(symlink("x", name), ENAMETOOLONG);
    CHECK_ERRNO(unlink(name), ENAMETOOLONG);
    CHECK_ERRNO(mknod(name, S_IFREG, 0), ENAMETOOLONG);
    name[255] = '\0';
    CHECK_OK(mkdir(name, 0755));
    CHECK_OK(rmdir(name));
}

TEST(the_root_is_its_own_parent)
{
    CHECK_EQUAL(status_of("/").st_ino, status_of("/..").st_ino);
    CHECK_EQUAL(status_of("/../../dev").st_ino, status_of("/dev").st_ino);
    CHECK_EQUAL(status_of("//dev//./").st_ino, status_of("/dev").st_ino);
}

TEST(deep_trees_work)
{
    for (int i = 0; i < 100; i++) {
        CHECK_OK(mkdir("d", 0755));
        CHECK_OK(chdir("d"));
    }
    make_file("bottom", "");
    for (int i = 0; i < 100; i++) {
        CHECK_OK(chdir(".."));
    }
    CHECK_OK(open("d/d/d/d/d/d/d/d", O_RDONLY));
}

static void open_handle_as_nobody(void)
{
    become_user(NOBODY);
    CHECK_ERRNO(syscall(SYS_open_by_handle_at, -1, NON_CANONICAL, 0), EPERM);
}

TEST(a_file_system_without_handles_gives_none)
{
    struct {
        uint32_t bytes;
        int32_t type;
        char rest[128];
    } handle = {.bytes = 128};
    int mount, fd = CHECK_OK(open("/proc/version", O_RDONLY));
    CHECK_ERRNO(syscall(SYS_name_to_handle_at, AT_FDCWD, "/proc/version", &handle, &mount, 0),
                EOPNOTSUPP);
    CHECK_ERRNO(syscall(SYS_name_to_handle_at, fd, "", &handle, &mount, AT_EMPTY_PATH), EOPNOTSUPP);
    CHECK_ERRNO(syscall(SYS_name_to_handle_at, AT_FDCWD, "none", &handle, &mount, 0), ENOENT);
    CHECK_ERRNO(syscall(SYS_name_to_handle_at, -1, "f", &handle, &mount, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_name_to_handle_at, AT_FDCWD, "f", &handle, &mount, 1), EINVAL);
    handle.bytes = 8;
    CHECK_ERRNO(syscall(SYS_open_by_handle_at, fd, &handle, 0), ESTALE);
    CHECK_ERRNO(syscall(SYS_open_by_handle_at, -1, &handle, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_open_by_handle_at, fd, NULL, 0), EFAULT);
    handle.bytes = 129;
    CHECK_ERRNO(syscall(SYS_open_by_handle_at, fd, &handle, 0), EINVAL);
    CHECK_IN_CHILD(open_handle_as_nobody);
}
