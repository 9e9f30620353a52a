/*
 * open and openat: flags, errors, what is made and with which permissions.
 */
#include "check.h"

#include <sys/mount.h>

static mode_t mode_of(const char *path)
{
    struct stat status;
    CHECK_OK(lstat(path, &status));
    return status.st_mode;
}

TEST(a_missing_name_is_enoent)
{
    CHECK_ERRNO(open("none", O_RDONLY), ENOENT);
    CHECK_ERRNO(open("none/f", O_RDWR | O_CREAT, 0600), ENOENT);
    CHECK_ERRNO(open("", O_RDONLY), ENOENT);
    CHECK_ERRNO(open("", O_RDWR | O_CREAT, 0600), ENOENT);
}

TEST(a_file_is_made_under_the_umask)
{
    umask(027);
    CHECK_OK(open("f", O_WRONLY | O_CREAT, 0777));
    CHECK_EQUAL(mode_of("f"), S_IFREG | 0750);
    CHECK_OK(open("g", O_WRONLY | O_CREAT, 07666));
    CHECK_EQUAL(mode_of("g"), S_IFREG | 07640);
}

TEST(an_existing_file_keeps_its_mode_and_content)
{
    char text[8];
    make_file("f", "keep");
    CHECK_OK(chmod("f", 0604));
    CHECK_OK(open("f", O_WRONLY | O_CREAT, 0777));
    CHECK_EQUAL(mode_of("f"), S_IFREG | 0604);
    read_file("f", text, sizeof(text));
    CHECK_TEXT(text, "keep");
}

TEST(exclusive_creation_refuses_any_name_that_is_there)
{
    make_file("f", "");
    CHECK_OK(symlink("nowhere", "dangling"));
    CHECK_ERRNO(open("f", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    CHECK_ERRNO(open(".", O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    CHECK_ERRNO(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    CHECK_OK(open("new", O_WRONLY | O_CREAT | O_EXCL, 0600));
}

TEST(creation_goes_through_a_dangling_link)
{
    CHECK_OK(symlink("target", "link"));
    CHECK_OK(open("link", O_WRONLY | O_CREAT, 0600));
    CHECK(S_ISREG(mode_of("target")));
    CHECK(S_ISLNK(mode_of("link")));
}

TEST(a_new_file_without_write_permission_can_be_written_by_its_maker)
{
    int fd = CHECK_OK(open("f", O_RDWR | O_CREAT, 0));
    CHECK_EQUAL(write(fd, "x", 1), 1);
    CHECK_EQUAL(mode_of("f"), S_IFREG);
}

TEST(truncation_on_open_empties_the_file)
{
    make_file("f", "content");
    int fd = CHECK_OK(open("f", O_WRONLY | O_TRUNC));
    CHECK_EQUAL(lseek(fd, 0, SEEK_END), 0);
}

TEST(directories_open_only_for_reading)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(open("d", O_RDONLY));
    CHECK_ERRNO(open("d", O_WRONLY), EISDIR);
    CHECK_ERRNO(open("d", O_RDWR), EISDIR);
    CHECK_ERRNO(open("d", O_RDONLY | O_CREAT, 0600), EISDIR);
    CHECK_ERRNO(open("d/", O_RDONLY | O_CREAT, 0600), EISDIR);
    CHECK_ERRNO(open("d", O_RDONLY | O_TRUNC), EISDIR);
}

TEST(o_directory_wants_a_directory)
{
    make_file("f", "");
    CHECK_OK(symlink("f", "s"));
    CHECK_ERRNO(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERRNO(open("s", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_OK(open(".", O_RDONLY | O_DIRECTORY));
}

TEST(a_trailing_slash_wants_a_directory)
{
    make_file("f", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(symlink("d", "s"));
    CHECK_OK(open("d/", O_RDONLY));
    CHECK_OK(open("d///", O_RDONLY));
    CHECK_OK(open("s/", O_RDONLY));
    CHECK_ERRNO(open("f/", O_RDONLY), ENOTDIR);
    CHECK_ERRNO(open("f/x", O_RDONLY), ENOTDIR);
    CHECK_ERRNO(open("new/", O_WRONLY | O_CREAT, 0600), EISDIR);
    CHECK_ERRNO(open("none/", O_RDONLY), ENOENT);
}

TEST(o_nofollow_refuses_a_link_at_the_end_only)
{
    make_file("f", "");
    CHECK_OK(symlink("f", "s"));
    CHECK_OK(symlink(".", "here"));
    CHECK_ERRNO(open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_ERRNO(open("s", O_WRONLY | O_CREAT | O_NOFOLLOW, 0600), ELOOP);
    CHECK_OK(open("here/f", O_RDONLY | O_NOFOLLOW));
    CHECK_ERRNO(open("here", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
}

TEST(o_path_gives_a_handle_without_access)
{
    char byte;
    struct stat status;
    make_file("f", "hello");
    CHECK_OK(symlink("f", "s"));
    int fd = CHECK_OK(open("f", O_PATH));
    CHECK_ERRNO(read(fd, &byte, 1), EBADF);
    CHECK_ERRNO(write(fd, &byte, 1), EBADF);
    CHECK_ERRNO(syscall(SYS_fchmod, fd, 0600), EBADF);
    CHECK_ERRNO(ftruncate(fd, 0), EBADF);
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_size, 5);
    CHECK_EQUAL(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
    int link = CHECK_OK(open("s", O_PATH | O_NOFOLLOW));
    CHECK_OK(fstat(link, &status));
    CHECK(S_ISLNK(status.st_mode));
    CHECK_ERRNO(open("none", O_PATH | O_CREAT, 0600), ENOENT);
}

TEST(openat_starts_at_its_directory)
{
    CHECK_OK(mkdir("d", 0755));
    make_file("d/f", "");
    int d = CHECK_OK(open("d", O_RDONLY)), f = CHECK_OK(open("d/f", O_RDONLY));
    CHECK_OK(openat(d, "f", O_RDONLY));
    CHECK_ERRNO(openat(d, "d/f", O_RDONLY), ENOENT);
    CHECK_ERRNO(openat(f, "x", O_RDONLY), ENOTDIR);
    CHECK_ERRNO(openat(900, "f", O_RDONLY), EBADF);
    CHECK_OK(openat(900, "/dev/null", O_RDONLY));
    CHECK_OK(openat(AT_FDCWD, "d/f", O_RDONLY));
    CHECK_ERRNO(openat(d, "", O_RDONLY), ENOENT);
}

TEST(an_unnamed_file_can_be_made_and_named)
{
    char text[8], path[64];
    int fd = CHECK_OK(open(".", O_TMPFILE | O_RDWR, 0600));
    struct stat status;
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_nlink, 0);
    CHECK_EQUAL(write(fd, "hi", 2), 2);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    CHECK_OK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    read_file("named", text, sizeof(text));
    CHECK_TEXT(text, "hi");
    CHECK_ERRNO(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
}

TEST(creat_truncates_and_writes_only)
{
    make_file("f", "hello");
    int fd = CHECK_OK(creat("f", 0600));
    CHECK_EQUAL(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
    CHECK_EQUAL(lseek(fd, 0, SEEK_END), 0);
}

TEST(names_in_bad_memory_give_efault)
{
    char *edge = edge_of_memory(3);
    memcpy(edge, "abc", 3);
    CHECK_ERRNO(syscall(SYS_open, NULL, O_RDONLY), EFAULT);
    CHECK_ERRNO(syscall(SYS_open, KERNEL_ADDRESS, O_RDONLY), EFAULT);
    CHECK_ERRNO(syscall(SYS_open, NON_CANONICAL, O_RDONLY), EFAULT);
    CHECK_ERRNO(syscall(SYS_open, edge, O_RDONLY), EFAULT);
    memcpy(edge, "zz", 3);
    CHECK_ERRNO(syscall(SYS_open, edge, O_RDONLY), ENOENT);
}

TEST(names_have_two_limits)
{
    static char name[5000];
    memset(name, 'a', sizeof(name) - 1);
    CHECK_ERRNO(open(name, O_RDONLY), ENAMETOOLONG);
    name[256] = '\0';
    CHECK_ERRNO(open(name, O_RDONLY), ENAMETOOLONG);
    CHECK_ERRNO(open(name, O_WRONLY | O_CREAT, 0600), ENAMETOOLONG);
    name[255] = '\0';
    CHECK_ERRNO(open(name, O_RDONLY), ENOENT);
    CHECK_OK(open(name, O_WRONLY | O_CREAT, 0600));
}

TEST(a_path_of_4095_bytes_is_walked_and_one_more_is_too_long)
{
    static char path[4100];
    make_file("f", "");
    for (size_t i = 0; i < 4094; i += 2) {
        memcpy(path + i, "./", 2);
    }
    memcpy(path + 4094, "f", 2);
    CHECK_OK(open(path, O_RDONLY));
    memcpy(path + 4094, "/f", 3);
    CHECK_ERRNO(open(path, O_RDONLY), ENAMETOOLONG);
}

TEST(devices_that_do_not_exist_give_enxio)
{
    CHECK_OK(mknod("c", S_IFCHR | 0600, 0xfe0fe));
    CHECK_ERRNO(open("c", O_RDONLY), ENXIO);
    CHECK_OK(mknod("b", S_IFBLK | 0600, 0xfe0fe));
    CHECK_ERRNO(open("b", O_RDONLY), ENXIO);
    CHECK_OK(mknod("null", S_IFCHR | 0600, (1 << 8) | 3));
    CHECK_EQUAL(write(CHECK_OK(open("null", O_WRONLY)), "x", 1), 1);
}

TEST(write_access_to_a_running_program_is_busy)
{
    char path[PATH_MAX];
    ssize_t length = CHECK_OK(readlink("/proc/self/exe", path, sizeof(path) - 1));
    path[length] = '\0';
    CHECK_ERRNO(open(path, O_WRONLY), ETXTBSY);
    CHECK_ERRNO(open(path, O_RDWR), ETXTBSY);
    CHECK_ERRNO(truncate(path, 0), ETXTBSY);
    CHECK_OK(open(path, O_RDONLY));
}

struct how {
    uint64_t flags, mode, resolve, beyond;
};

static long open_how(const char *name, uint64_t flags, uint64_t mode, size_t bytes)
{
    struct how how = {.flags = flags, .mode = mode};
    return syscall(SYS_openat2, AT_FDCWD, name, &how, bytes);
}

TEST(openat2_opens_and_refuses_what_it_does_not_know)
{
    struct how longer = {.flags = O_RDONLY, .beyond = 1};
    CHECK_OK(open_how("new", O_CREAT | O_WRONLY, 0600, 24));
    CHECK_OK(open_how("new", O_RDONLY | O_CLOEXEC, 0, 32));
    CHECK_ERRNO(open_how("none", O_RDONLY, 0, 24), ENOENT);
    CHECK_ERRNO(open_how("new", O_RDONLY, 0600, 24), EINVAL);
    CHECK_ERRNO(open_how("new", O_CREAT | O_WRONLY, 0x10000, 24), EINVAL);
    CHECK_ERRNO(open_how("new", 1UL << 40, 0, 24), EINVAL);
    CHECK_ERRNO(open_how("new", O_PATH | O_RDWR, 0, 24), EINVAL);
    CHECK_ERRNO(open_how("new", O_RDONLY, 0, 16), EINVAL);
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "new", &longer, 32), E2BIG);
    longer = (struct how){.resolve = 1UL << 30};
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "new", &longer, 24), EINVAL);
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "new", KERNEL_ADDRESS, 24), EFAULT);
}

TEST(a_description_at_the_end_of_the_address_space_is_refused)
{
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, ".", (void *)-24L, 64), EFAULT);
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, ".", (void *)-1L, 24), EFAULT);
}

enum { NO_XDEV = 1, NO_MAGIC_LINKS = 2, NO_SYMLINKS = 4, BENEATH = 8, IN_ROOT = 16 };

static int open_within(int folder, const char *name, uint64_t flags, uint64_t resolve)
{
    uint64_t how[3] = {flags, (flags & O_CREAT) != 0 ? 0600 : 0, resolve};
    return (int)syscall(SYS_openat2, folder, name, how, sizeof(how));
}

TEST(openat2_stays_beneath)
{
    CHECK_OK(mkdir("jail", 0755));
    CHECK_OK(mkdir("jail/sub", 0755));
    make_file("outside", "x");
    make_file("jail/inside", "x");
    CHECK_OK(symlink("../inside", "jail/sub/good"));
    CHECK_OK(symlink("../../outside", "jail/sub/bad"));
    CHECK_OK(symlink("/inside", "jail/absolute"));
    int jail = CHECK_OK(open("jail", O_RDONLY | O_DIRECTORY));
    CHECK_OK(open_within(jail, "sub/../inside", O_RDONLY, BENEATH));
    CHECK_OK(open_within(jail, "sub/good", O_RDONLY, BENEATH));
    CHECK_OK(open_within(jail, "made", O_RDWR | O_CREAT, BENEATH));
    CHECK_ERRNO(open_within(jail, "../outside", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERRNO(open_within(jail, "..", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERRNO(open_within(jail, "sub/bad", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERRNO(open_within(jail, "absolute", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERRNO(open_within(jail, "/inside", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERRNO(open_within(jail, "../made", O_RDWR | O_CREAT, BENEATH), EXDEV);
    CHECK_OK(open_within(jail, "/inside", O_RDONLY, IN_ROOT));
    CHECK_OK(open_within(jail, "absolute", O_RDONLY, IN_ROOT));
    CHECK_OK(open_within(jail, "../../inside", O_RDONLY, IN_ROOT));
    CHECK_ERRNO(open_within(jail, "sub/bad", O_RDONLY, IN_ROOT), ENOENT);
    CHECK_ERRNO(open_within(jail, "inside", O_RDONLY, IN_ROOT | BENEATH), EINVAL);
    CHECK_ERRNO(open_within(jail, "inside", O_RDONLY, 64), EINVAL);
}

TEST(openat2_follows_no_links_where_it_is_so_asked)
{
    make_file("file", "x");
    CHECK_OK(mkdir("folder", 0755));
    CHECK_OK(symlink("file", "link"));
    CHECK_OK(symlink(".", "here"));
    CHECK_OK(open_within(AT_FDCWD, "file", O_RDONLY, NO_SYMLINKS));
    CHECK_ERRNO(open_within(AT_FDCWD, "link", O_RDONLY, NO_SYMLINKS), ELOOP);
    CHECK_ERRNO(open_within(AT_FDCWD, "here/file", O_RDONLY, NO_SYMLINKS), ELOOP);
    CHECK_OK(open_within(AT_FDCWD, "here/link", O_RDONLY, NO_MAGIC_LINKS));
    CHECK_ERRNO(open_within(AT_FDCWD, "/proc/self/cwd/file", O_RDONLY, NO_MAGIC_LINKS), ELOOP);
    CHECK_ERRNO(open_within(AT_FDCWD, "/proc/self/exe", O_RDONLY, NO_MAGIC_LINKS), ELOOP);
    CHECK_OK(open_within(AT_FDCWD, "/proc/self/cwd/file", O_RDONLY, 0));
    CHECK_OK(open_within(AT_FDCWD, "/proc/self/comm", O_RDONLY, NO_MAGIC_LINKS));
    int proc = CHECK_OK(open("/proc", O_RDONLY | O_DIRECTORY));
    CHECK_OK(open_within(proc, "self/comm", O_RDONLY, BENEATH));
}

/* Where it may have to make the file, open looks the last name up by itself. */
TEST(openat2_restricts_the_last_link_of_what_it_may_make)
{
    char magic[32];
    CHECK_OK(mkdir("jail", 0755));
    make_file("outside", "x");
    make_file("jail/inside", "x");
    CHECK_OK(symlink("../outside", "jail/bad"));
    CHECK_OK(symlink("/made", "jail/absolute"));
    CHECK_OK(symlink("/proc/version", "jail/version"));
    CHECK_OK(symlink("inside", "jail/good"));
    int jail = CHECK_OK(open("jail", O_RDONLY | O_DIRECTORY));
    int outside = CHECK_OK(open("outside", O_RDWR));
    snprintf(magic, sizeof(magic), "/proc/self/fd/%d", outside);
    CHECK_OK(open_within(jail, "good", O_RDWR | O_CREAT, BENEATH | NO_XDEV | NO_MAGIC_LINKS));
    CHECK_ERRNO(open_within(jail, "bad", O_RDWR | O_CREAT, BENEATH), EXDEV);
    CHECK_ERRNO(open_within(jail, "absolute", O_RDWR | O_CREAT, BENEATH), EXDEV);
    CHECK_ERRNO(open_within(jail, "bad", O_RDWR | O_CREAT, NO_SYMLINKS), ELOOP);
    CHECK_ERRNO(open_within(jail, "version", O_RDONLY | O_CREAT, NO_XDEV), EXDEV);
    CHECK_ERRNO(open_within(jail, magic, O_RDWR | O_CREAT, NO_MAGIC_LINKS), ELOOP);
    CHECK_OK(open_within(jail, magic, O_RDWR | O_CREAT, 0));
    CHECK_OK(open_within(jail, "absolute", O_RDWR | O_CREAT, IN_ROOT));
    CHECK_OK(access("jail/made", F_OK));
}

TEST(openat2_makes_nothing_on_another_mount)
{
    CHECK_OK(mkdir("place", 0755));
    make_file("file", "below");
    make_file("place/file", "above");
    CHECK_OK(mount("place/file", "file", NULL, MS_BIND, NULL));
    CHECK_ERRNO(open_within(AT_FDCWD, "file", O_RDWR | O_CREAT, NO_XDEV), EXDEV);
    CHECK_OK(close(CHECK_OK(open_within(AT_FDCWD, "file", O_RDWR | O_CREAT, 0))));
    CHECK_OK(umount("file"));
}

TEST(openat2_stays_on_its_mount)
{
    CHECK_OK(open_within(AT_FDCWD, ".", O_RDONLY, NO_XDEV));
    CHECK_ERRNO(open_within(AT_FDCWD, "/proc/version", O_RDONLY, NO_XDEV), EXDEV);
    CHECK_ERRNO(open_within(AT_FDCWD, "../..", O_RDONLY, NO_XDEV), EXDEV);
    int proc = CHECK_OK(open("/proc", O_RDONLY));
    CHECK_OK(open_within(proc, "version", O_RDONLY, NO_XDEV));
    CHECK_ERRNO(open_within(proc, "self/cwd", O_RDONLY, NO_XDEV), EXDEV);
}
