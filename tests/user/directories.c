/*
 * getdents64 and getdents, and the working directory: chdir, fchdir, getcwd, chroot.
 */
#include "check.h"

#include <dirent.h>

struct entry {
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

static int list(const char *path, char names[][64], int limit)
{
    int count = 0;
    DIR *folder = opendir(path);
    CHECK(folder != NULL);
    for (struct dirent *entry; count < limit && (entry = readdir(folder)); count++) {
        snprintf(names[count], 64, "%.63s", entry->d_name);
    }
    closedir(folder);
    return count;
}

static void make_numbered(const char *folder, int count)
{
    char path[64];
    CHECK_OK(mkdir(folder, 0755));
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/n%03d", folder, i);
        make_file(path, "");
    }
}

TEST(an_empty_directory_holds_dot_and_dot_dot)
{
    char names[8][64];
    CHECK_OK(mkdir("d", 0755));
    CHECK_EQUAL(list("d", names, 8), 2);
    CHECK_TEXT(names[0], ".");
    CHECK_TEXT(names[1], "..");
}

TEST(the_newest_name_comes_first)
{
    char names[8][64];
    CHECK_OK(mkdir("d", 0755));
    make_file("d/one", "");
    make_file("d/two", "");
    CHECK_OK(mkdir("d/three", 0755));
    CHECK_EQUAL(list("d", names, 8), 5);
    CHECK_TEXT(names[2], "three");
    CHECK_TEXT(names[3], "two");
    CHECK_TEXT(names[4], "one");
}

TEST(entries_tell_inode_and_type)
{
    char buffer[1024];
    struct stat status;
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mkdir("d/dir", 0755));
    make_file("d/file", "");
    CHECK_OK(symlink("x", "d/link"));
    CHECK_OK(mkfifo("d/fifo", 0600));
    int fd = CHECK_OK(open("d", O_RDONLY)), seen = 0;
    long size = CHECK_OK(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));
    for (long at = 0; at < size; seen++) {
        struct entry *entry = (void *)(buffer + at);
        CHECK_OK(fstatat(fd, entry->name, &status, AT_SYMLINK_NOFOLLOW));
        CHECK_EQUAL(entry->inode, status.st_ino);
        CHECK_EQUAL(entry->type, IFTODT(status.st_mode));
        CHECK_EQUAL(entry->length % 8, 0);
        at += entry->length;
    }
    CHECK_EQUAL(seen, 6);
    CHECK_EQUAL(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)), 0);
}

TEST(a_small_buffer_gives_all_in_pieces)
{
    char buffer[64];
    int names = 0;
    make_numbered("d", 40);
    int fd = CHECK_OK(open("d", O_RDONLY));
    for (;;) {
        long size = CHECK_OK(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));
        if (size == 0) {
            break;
        }
        for (long at = 0; at < size; at += ((struct entry *)(void *)(buffer + at))->length) {
            names++;
        }
    }
    CHECK_EQUAL(names, 42);
}

TEST(a_buffer_too_small_for_one_entry_is_invalid)
{
    char buffer[8];
    int fd = CHECK_OK(open(".", O_RDONLY));
    CHECK_ERRNO(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)), EINVAL);
    CHECK_ERRNO(syscall(SYS_getdents64, fd, KERNEL_ADDRESS, 1000), EFAULT);
    CHECK_ERRNO(syscall(SYS_getdents64, 900, buffer, 8), EBADF);
    make_file("f", "");
    fd = CHECK_OK(open("f", O_RDONLY));
    CHECK_ERRNO(syscall(SYS_getdents64, fd, buffer, 8), ENOTDIR);
}

TEST(all_names_can_be_removed_while_reading)
{
    int removed = 0;
    make_numbered("d", 60);
    DIR *folder = opendir("d");
    CHECK(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == 'n') {
            CHECK_OK(unlinkat(dirfd(folder), entry->d_name, 0));
            removed++;
        }
    }
    CHECK_EQUAL(removed, 60);
    CHECK_OK(rmdir("d"));
}

TEST(names_removed_between_small_reads_hide_no_others)
{
    char buffer[64];
    int removed = 0;
    make_numbered("d", 30);
    int fd = CHECK_OK(open("d", O_RDONLY));
    for (long size; (size = CHECK_OK(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)))) > 0;) {
        for (long at = 0; at < size;) {
            struct entry *entry = (void *)(buffer + at);
            if (entry->name[0] == 'n') {
                CHECK_OK(unlinkat(fd, entry->name, 0));
                removed++;
            }
            at += entry->length;
        }
    }
    CHECK_EQUAL(removed, 30);
}

TEST(rewinding_reads_again)
{
    char names[8][64], again[64];
    CHECK_OK(mkdir("d", 0755));
    make_file("d/f", "");
    DIR *folder = opendir("d");
    CHECK(folder && readdir(folder) && readdir(folder) && readdir(folder));
    CHECK(!readdir(folder));
    make_file("d/g", "");
    rewinddir(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder)); count++) {
        snprintf(again, sizeof(again), "%.63s", entry->d_name);
    }
    CHECK_EQUAL(count, 4);
    CHECK_EQUAL(list("d", names, 8), 4);
}

TEST(a_cursor_can_be_kept_and_gone_back_to)
{
    make_numbered("d", 10);
    DIR *folder = opendir("d");
    for (int i = 0; i < 5; i++) {
        CHECK(readdir(folder) != NULL);
    }
    long place = telldir(folder);
    char name[64];
    snprintf(name, sizeof(name), "%.63s", readdir(folder)->d_name);
    while (readdir(folder)) {}
    seekdir(folder, place);
    CHECK_TEXT(readdir(folder)->d_name, name);
}

TEST(seeking_in_a_directory_has_rules)
{
    int fd = CHECK_OK(open(".", O_RDONLY));
    CHECK_EQUAL(lseek(fd, 0, SEEK_SET), 0);
    CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERRNO(lseek(fd, 0, 77), EINVAL);
}

TEST(old_getdents_puts_the_type_last)
{
    char buffer[512];
    CHECK_OK(mkdir("d", 0755));
    make_file("d/f", "");
    int fd = CHECK_OK(open("d", O_RDONLY));
    long size = CHECK_OK(syscall(SYS_getdents, fd, buffer, sizeof(buffer)));
    long at = 0;
    while (at < size) {
        uint16_t length;
        memcpy(&length, buffer + at + 16, sizeof(length));
        const char *name = buffer + at + 18;
        CHECK_EQUAL(buffer[at + length - 1], name[0] == '.' ? DT_DIR : DT_REG);
        at += length;
    }
    CHECK_EQUAL(at, size);
}

TEST(chdir_and_getcwd_agree)
{
    char before[PATH_MAX], after[PATH_MAX], expected[PATH_MAX + 8];
    CHECK(getcwd(before, sizeof(before)));
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(chdir("d"));
    CHECK(getcwd(after, sizeof(after)));
    snprintf(expected, sizeof(expected), "%s/d", before);
    CHECK_TEXT(after, expected);
    CHECK_OK(chdir("/"));
    CHECK_EQUAL(syscall(SYS_getcwd, after, 2), 2);
    CHECK_TEXT(after, "/");
}

TEST(chdir_errors)
{
    make_file("f", "");
    CHECK_ERRNO(chdir("none"), ENOENT);
    CHECK_ERRNO(chdir("f"), ENOTDIR);
    CHECK_ERRNO(chdir("f/."), ENOTDIR);
    CHECK_ERRNO(chdir(""), ENOENT);
    CHECK_ERRNO(syscall(SYS_chdir, NULL), EFAULT);
    CHECK_ERRNO(fchdir(CHECK_OK(open("f", O_RDONLY))), ENOTDIR);
    CHECK_ERRNO(fchdir(900), EBADF);
}

TEST(fchdir_goes_back)
{
    char before[PATH_MAX], after[PATH_MAX];
    int here = CHECK_OK(open(".", O_PATH));
    CHECK(getcwd(before, sizeof(before)));
    CHECK_OK(chdir("/dev"));
    CHECK_OK(fchdir(here));
    CHECK(getcwd(after, sizeof(after)));
    CHECK_TEXT(after, before);
}

TEST(getcwd_errors)
{
    char path[PATH_MAX];
    CHECK_ERRNO(syscall(SYS_getcwd, path, 1), ERANGE);
    CHECK_ERRNO(syscall(SYS_getcwd, path, 0), ERANGE);
    CHECK_ERRNO(syscall(SYS_getcwd, KERNEL_ADDRESS, 100), EFAULT);
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(chdir("d"));
    CHECK_OK(rmdir("../d"));
    CHECK_ERRNO(syscall(SYS_getcwd, path, sizeof(path)), ENOENT);
}

static void live_in_root(void)
{
    char path[PATH_MAX];
    CHECK_OK(mkdir("root", 0755));
    make_file("root/inside", "");
    make_file("outside", "");
    CHECK_OK(chroot("root"));
    CHECK_OK(open("/inside", O_RDONLY));
    CHECK_OK(open("outside", O_RDONLY));
    CHECK_OK(syscall(SYS_getcwd, path, sizeof(path)));
    CHECK(strncmp(path, "(unreachable)/", 14) == 0);
    CHECK_OK(chdir("/"));
    CHECK_OK(open("../../../inside", O_RDONLY));
    CHECK_ERRNO(open("/outside", O_RDONLY), ENOENT);
    CHECK_OK(symlink("/inside", "link"));
    CHECK_OK(open("link", O_RDONLY));
    CHECK_OK(syscall(SYS_getcwd, path, sizeof(path)));
    CHECK_TEXT(path, "/");
}

TEST(chroot_moves_the_root_and_not_the_working_directory)
{
    CHECK_IN_CHILD(live_in_root);
}

static void chroot_as_user(void)
{
    become_user(NOBODY);
    CHECK_ERRNO(chroot("."), EPERM);
}

TEST(chroot_needs_privilege_and_a_directory)
{
    make_file("f", "");
    CHECK_ERRNO(chroot("f"), ENOTDIR);
    CHECK_ERRNO(chroot("none"), ENOENT);
    CHECK_IN_CHILD(chroot_as_user);
}

TEST(a_child_has_its_own_working_directory)
{
    char before[PATH_MAX], after[PATH_MAX];
    CHECK(getcwd(before, sizeof(before)));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(chdir("/"));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK(getcwd(after, sizeof(after)));
    CHECK_TEXT(after, before);
}
