/*
 * Permissions as a user without privilege meets them, and the calls that change them.
 */
#include "check.h"

#include <grp.h>

static mode_t mode_of(const char *path)
{
    struct stat status;
    CHECK_OK(stat(path, &status));
    return status.st_mode & 07777;
}

static void make_owned(const char *path, uid_t user, gid_t group, mode_t mode)
{
    make_file(path, "text");
    CHECK_OK(chown(path, user, group));
    CHECK_OK(chmod(path, mode));
}

/* Runs the rest of the test in a child as this user; the caller tests for 0 and must _exit. */
static void as_user(uid_t user, void (*function)(void))
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(user);
        function();
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(chmod_sets_all_twelve_bits)
{
    make_file("f", "");
    CHECK_OK(chmod("f", 07777));
    CHECK_EQUAL(mode_of("f"), 07777);
    CHECK_OK(chmod("f", 0));
    CHECK_EQUAL(mode_of("f"), 0);
    CHECK_OK(fchmod(CHECK_OK(open("f", O_RDONLY)), 0640));
    CHECK_EQUAL(mode_of("f"), 0640);
    CHECK_OK(symlink("f", "s"));
    CHECK_OK(chmod("s", 0600));
    CHECK_EQUAL(mode_of("f"), 0600);
    CHECK_ERRNO(chmod("none", 0600), ENOENT);
    CHECK_ERRNO(syscall(SYS_fchmodat, 900, "f", 0600), EBADF);
}

TEST(chown_sets_owner_group_or_one_of_them)
{
    struct stat status;
    make_file("f", "");
    CHECK_OK(chown("f", 5, 6));
    CHECK_OK(chown("f", -1, 7));
    CHECK_OK(chown("f", 8, -1));
    CHECK_OK(stat("f", &status));
    CHECK_EQUAL(status.st_uid, 8);
    CHECK_EQUAL(status.st_gid, 7);
    CHECK_OK(symlink("f", "s"));
    CHECK_OK(lchown("s", 11, 12));
    CHECK_OK(lstat("s", &status));
    CHECK_EQUAL(status.st_uid, 11);
    CHECK_OK(fchown(CHECK_OK(open("f", O_RDONLY)), 13, 14));
    CHECK_OK(fchownat(AT_FDCWD, "s", 15, 16, AT_SYMLINK_NOFOLLOW));
    CHECK_OK(stat("s", &status));
    CHECK_EQUAL(status.st_uid, 13);
    CHECK_ERRNO(fchownat(AT_FDCWD, "s", 1, 1, 1 << 20), EINVAL);
}

TEST(chown_clears_the_set_id_bits_of_files)
{
    make_owned("f", 5, 5, 06755);
    CHECK_OK(chown("f", 6, 6));
    CHECK_EQUAL(mode_of("f"), 0755);
    CHECK_OK(chmod("f", 02745));
    CHECK_OK(chown("f", 7, 7));
    CHECK_EQUAL(mode_of("f"), 02745);
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(chmod("d", 06755));
    CHECK_OK(chown("d", 7, 7));
    CHECK_EQUAL(mode_of("d"), 06755);
}

static void owner_class(void)
{
    CHECK_ERRNO(open("mine", O_RDONLY), EACCES);
    CHECK_OK(open("mine", O_WRONLY));
    CHECK_ERRNO(open("mine", O_RDWR), EACCES);
}

TEST(only_the_first_class_that_fits_counts)
{
    make_owned("mine", NOBODY, NOBODY, 0277);
    as_user(NOBODY, owner_class);
}

static void other_class(void)
{
    CHECK_OK(open("theirs", O_RDONLY));
    CHECK_ERRNO(open("theirs", O_WRONLY), EACCES);
    CHECK_ERRNO(open("theirs", O_RDONLY | O_TRUNC), EACCES);
    CHECK_ERRNO(truncate("theirs", 0), EACCES);
    CHECK_ERRNO(access("theirs", W_OK), EACCES);
    CHECK_OK(access("theirs", R_OK));
}

TEST(others_get_the_last_three_bits)
{
    make_owned("theirs", 5, 5, 0774);
    as_user(NOBODY, other_class);
}

TEST(a_supplementary_group_counts_as_group)
{
    make_owned("f", 0, 77, 0640);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        gid_t groups[] = {76, 77};
        CHECK_OK(setgroups(2, groups));
        CHECK_OK(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY));
        CHECK_OK(open("f", O_RDONLY));
        CHECK_ERRNO(open("f", O_WRONLY), EACCES);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

static void closed_directory(void)
{
    struct stat status;
    CHECK_ERRNO(open("closed/f", O_RDONLY), EACCES);
    CHECK_ERRNO(stat("closed/f", &status), EACCES);
    CHECK_ERRNO(stat("closed/none", &status), EACCES);
    CHECK_ERRNO(chdir("closed"), EACCES);
    CHECK_OK(open("closed", O_RDONLY));
    CHECK_OK(open("walk/f", O_RDONLY));
    CHECK_ERRNO(open("walk", O_RDONLY), EACCES);
    CHECK_OK(chdir("walk"));
}

TEST(a_directory_needs_search_permission_to_walk_and_read_to_list)
{
    CHECK_OK(mkdir("closed", 0744));
    CHECK_OK(mkdir("walk", 0711));
    make_file("closed/f", "");
    make_file("walk/f", "");
    as_user(NOBODY, closed_directory);
}

static void change_names(void)
{
    CHECK_ERRNO(open("d/new", O_WRONLY | O_CREAT, 0600), EACCES);
    CHECK_ERRNO(mkdir("d/new", 0700), EACCES);
    CHECK_ERRNO(mkdir("d/f", 0700), EEXIST);
    CHECK_ERRNO(unlink("d/f"), EACCES);
    CHECK_ERRNO(unlink("d/none"), ENOENT);
    CHECK_ERRNO(rmdir("d/sub"), EACCES);
    CHECK_ERRNO(rename("d/f", "d/g"), EACCES);
    CHECK_ERRNO(link("d/f", "d/g"), EACCES);
    CHECK_ERRNO(symlink("x", "d/g"), EACCES);
    CHECK_ERRNO(mkfifo("d/g", 0600), EACCES);
    CHECK_OK(open("d/f", O_WRONLY | O_CREAT, 0600));
}

TEST(changing_names_needs_write_permission_on_the_directory)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mkdir("d/sub", 0755));
    make_file("d/f", "");
    CHECK_OK(chmod("d/f", 0666));
    as_user(NOBODY, change_names);
}

static void sticky_names(void)
{
    CHECK_ERRNO(unlink("d/theirs"), EPERM);
    CHECK_ERRNO(rename("d/theirs", "d/x"), EPERM);
    CHECK_OK(open("d/own", O_WRONLY | O_CREAT, 0600));
    CHECK_ERRNO(rename("d/own", "d/theirs"), EPERM);
    CHECK_OK(rename("d/own", "d/renamed"));
    CHECK_OK(unlink("d/renamed"));
}

TEST(in_a_sticky_directory_only_owners_remove)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(chmod("d", 01777));
    make_owned("d/theirs", 5, 5, 0666);
    as_user(NOBODY, sticky_names);
}

TEST(a_set_group_id_directory_passes_its_group_on)
{
    struct stat status;
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(chown("d", 0, 55));
    CHECK_OK(chmod("d", 02755));
    make_file("d/f", "");
    CHECK_OK(mkdir("d/sub", 0755));
    CHECK_OK(stat("d/f", &status));
    CHECK_EQUAL(status.st_gid, 55);
    CHECK_OK(stat("d/sub", &status));
    CHECK_EQUAL(status.st_gid, 55);
    CHECK_EQUAL(status.st_mode & 07777, 02755);
}

static void not_the_owner(void)
{
    CHECK_ERRNO(chmod("theirs", 0777), EPERM);
    CHECK_ERRNO(chown("theirs", NOBODY, NOBODY), EPERM);
    CHECK_ERRNO(chown("mine", 5, -1), EPERM);
    CHECK_ERRNO(chown("mine", -1, 5), EPERM);
    CHECK_OK(chown("mine", NOBODY, NOBODY));
    CHECK_OK(chmod("mine", 0711));
    CHECK_ERRNO(utimensat(AT_FDCWD, "theirs", NULL, 0), EACCES);
    struct timespec times[2] = {{1, 0}, {1, 0}};
    CHECK_ERRNO(utimensat(AT_FDCWD, "theirs", times, 0), EPERM);
}

TEST(only_the_owner_changes_mode_and_owner)
{
    make_owned("theirs", 5, 5, 0644);
    make_owned("mine", NOBODY, NOBODY, 0644);
    as_user(NOBODY, not_the_owner);
}

static void foreign_group(void)
{
    CHECK_OK(chmod("mine", 02755));
    CHECK_EQUAL(mode_of("mine"), 0755);
}

TEST(set_group_id_of_a_foreign_group_is_dropped)
{
    make_owned("mine", NOBODY, 5, 0755);
    as_user(NOBODY, foreign_group);
}

static void write_to_it(void)
{
    int fd = CHECK_OK(open("f", O_WRONLY));
    CHECK_EQUAL(write(fd, "x", 1), 1);
    CHECK_EQUAL(mode_of("f"), 0777);
}

TEST(writing_by_a_user_clears_the_set_id_bits)
{
    make_owned("f", 5, 5, 06777);
    as_user(NOBODY, write_to_it);
}

static void keep_access(void)
{
    char text[8];
    CHECK_OK(chmod("mine", 0600));
    int fd = CHECK_OK(open("mine", O_RDWR));
    CHECK_OK(chmod("mine", 0));
    CHECK_EQUAL(read(fd, text, 4), 4);
    CHECK_EQUAL(write(fd, "x", 1), 1);
    CHECK_ERRNO(open("mine", O_RDONLY), EACCES);
}

TEST(an_open_descriptor_keeps_its_rights)
{
    make_owned("mine", NOBODY, NOBODY, 0600);
    as_user(NOBODY, keep_access);
}

TEST(root_may_read_all_and_execute_only_what_anybody_may)
{
    make_owned("f", 5, 5, 0);
    CHECK_OK(open("f", O_RDWR));
    CHECK_ERRNO(access("f", X_OK), EACCES);
    CHECK_OK(mkdir("d", 0));
    CHECK_OK(chdir("d"));
}

TEST(umask_returns_the_old_one_and_keeps_nine_bits)
{
    CHECK_EQUAL(umask(07077), 022);
    CHECK_EQUAL(umask(0), 077);
}

static void created_as_user(void)
{
    struct stat status;
    CHECK_OK(open("made", O_WRONLY | O_CREAT, 0600));
    CHECK_OK(stat("made", &status));
    CHECK_EQUAL(status.st_uid, NOBODY);
    CHECK_EQUAL(status.st_gid, NOBODY);
}

TEST(what_a_user_makes_belongs_to_him)
{
    as_user(NOBODY, created_as_user);
}
