/*
 * Times of files: what each call updates, and utimensat and its older forms.
 */
#include "check.h"

#include <sys/time.h>
#include <utime.h>

static struct stat status_of(const char *path)
{
    struct stat status;
    CHECK_OK(lstat(path, &status));
    return status;
}

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Which of the three times differ: 1 access, 2 modification, 4 change of status. */
static int changed(const struct stat *before, const struct stat *after)
{
    return (nanoseconds(before->st_atim) != nanoseconds(after->st_atim) ? 1 : 0) |
           (nanoseconds(before->st_mtim) != nanoseconds(after->st_mtim) ? 2 : 0) |
           (nanoseconds(before->st_ctim) != nanoseconds(after->st_ctim) ? 4 : 0);
}

/* Does one thing to the file f and the directory d, 20 ms after they were last touched. */
#define CHECK_CHANGES(PATH, EXPECTED, ACTION)                                                      \
    do {                                                                                           \
        struct stat before_ = status_of(PATH);                                                     \
        sleep_ms(20);                                                                              \
        ACTION;                                                                                    \
        struct stat after_ = status_of(PATH);                                                      \
        CHECK_EQUAL(changed(&before_, &after_), EXPECTED);                                         \
    } while (0)

TEST(a_new_file_has_the_time_of_now)
{
    int64_t before = now_ns(CLOCK_REALTIME);
    make_file("f", "");
    struct stat status = status_of("f");
    CHECK(nanoseconds(status.st_mtim) > before - 50000000);
    CHECK(nanoseconds(status.st_mtim) <= now_ns(CLOCK_REALTIME));
    CHECK_EQUAL(nanoseconds(status.st_atim), nanoseconds(status.st_mtim));
    CHECK_EQUAL(nanoseconds(status.st_ctim), nanoseconds(status.st_mtim));
}

TEST(writing_changes_modification_and_status)
{
    int fd = make_open_file("f");
    CHECK_CHANGES("f", 6, CHECK_OK(write(fd, "x", 1)));
    CHECK_CHANGES("f", 0, CHECK_OK(write(fd, "x", 0)));
    CHECK_CHANGES("f", 6, CHECK_OK(ftruncate(fd, 100)));
    CHECK_CHANGES("f", 6, CHECK_OK(truncate("f", 100)));
    CHECK_CHANGES("f", 6, CHECK_OK(open("f", O_WRONLY | O_TRUNC)));
}

TEST(attributes_change_only_the_status_time)
{
    make_file("f", "");
    CHECK_CHANGES("f", 4, CHECK_OK(chmod("f", 0600)));
    CHECK_CHANGES("f", 4, CHECK_OK(chown("f", 1, 1)));
    CHECK_CHANGES("f", 4, CHECK_OK(link("f", "g")));
    CHECK_CHANGES("f", 4, CHECK_OK(unlink("g")));
    CHECK_CHANGES("f", 4, CHECK_OK(rename("f", "h")); CHECK_OK(rename("h", "f")));
}

TEST(names_change_the_times_of_their_directory)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_CHANGES("d", 6, make_file("d/f", ""));
    CHECK_CHANGES("d", 0, make_file("d/f", "more"));
    CHECK_CHANGES("d", 6, CHECK_OK(link("d/f", "d/g")));
    CHECK_CHANGES("d", 6, CHECK_OK(symlink("x", "d/s")));
    CHECK_CHANGES("d", 6, CHECK_OK(rename("d/g", "d/h")));
    CHECK_CHANGES("d", 6, CHECK_OK(mkdir("d/e", 0755)));
    CHECK_CHANGES("d", 6, CHECK_OK(rmdir("d/e")));
    CHECK_CHANGES("d", 6, CHECK_OK(unlink("d/f")));
    CHECK_CHANGES("d", 0, mkdir("d/h", 0755));
}

TEST(utimensat_sets_both_times)
{
    struct timespec times[2] = {{1000, 123456789}, {2000, 987654321}};
    make_file("f", "");
    CHECK_OK(utimensat(AT_FDCWD, "f", times, 0));
    struct stat status = status_of("f");
    CHECK_EQUAL(status.st_atim.tv_sec, 1000);
    CHECK_EQUAL(status.st_atim.tv_nsec, 123456789);
    CHECK_EQUAL(status.st_mtim.tv_sec, 2000);
    CHECK_EQUAL(status.st_mtim.tv_nsec, 987654321);
    CHECK(nanoseconds(status.st_ctim) > now_ns(CLOCK_REALTIME) - 2000000000);
}

TEST(utimensat_knows_now_and_omit)
{
    struct timespec times[2] = {{5, 0}, {6, 0}}, omit[2] = {{0, UTIME_OMIT}, {7, 0}};
    struct timespec mixed[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
    struct timespec nothing[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    make_file("f", "");
    CHECK_OK(utimensat(AT_FDCWD, "f", times, 0));
    CHECK_OK(utimensat(AT_FDCWD, "f", omit, 0));
    CHECK_EQUAL(status_of("f").st_atim.tv_sec, 5);
    CHECK_EQUAL(status_of("f").st_mtim.tv_sec, 7);
    CHECK_OK(utimensat(AT_FDCWD, "f", mixed, 0));
    CHECK(status_of("f").st_atim.tv_sec > 1000000);
    CHECK_EQUAL(status_of("f").st_mtim.tv_sec, 7);
    CHECK_CHANGES("f", 0, CHECK_OK(utimensat(AT_FDCWD, "f", nothing, 0)));
}

TEST(utimensat_of_null_means_now)
{
    struct timespec old[2] = {{5, 0}, {6, 0}};
    make_file("f", "");
    CHECK_OK(utimensat(AT_FDCWD, "f", old, 0));
    CHECK_OK(utimensat(AT_FDCWD, "f", NULL, 0));
    struct stat status = status_of("f");
    CHECK(status.st_mtim.tv_sec > 1000000);
    CHECK_EQUAL(nanoseconds(status.st_atim), nanoseconds(status.st_mtim));
}

TEST(utimensat_checks_its_arguments)
{
    struct timespec bad[2] = {{0, 1000000000}, {0, 0}}, good[2] = {{1, 0}, {1, 0}};
    make_file("f", "");
    CHECK_OK(symlink("f", "s"));
    CHECK_ERRNO(utimensat(AT_FDCWD, "f", bad, 0), EINVAL);
    CHECK_ERRNO(utimensat(AT_FDCWD, "f", good, 1 << 20), EINVAL);
    CHECK_ERRNO(utimensat(AT_FDCWD, "none", good, 0), ENOENT);
    CHECK_ERRNO(syscall(SYS_utimensat, AT_FDCWD, "f", KERNEL_ADDRESS, 0), EFAULT);
    CHECK_OK(utimensat(AT_FDCWD, "s", good, AT_SYMLINK_NOFOLLOW));
    CHECK_EQUAL(status_of("s").st_mtim.tv_sec, 1);
    CHECK(status_of("f").st_mtim.tv_sec != 1);
    CHECK_OK(syscall(SYS_utimensat, CHECK_OK(open("f", O_RDONLY)), NULL, good, 0));
    CHECK_EQUAL(status_of("f").st_mtim.tv_sec, 1);
}

TEST(times_before_1970_are_kept)
{
    struct timespec old[2] = {{-5, 100}, {-1000000000, 0}};
    make_file("f", "");
    CHECK_OK(utimensat(AT_FDCWD, "f", old, 0));
    CHECK_EQUAL(status_of("f").st_atim.tv_sec, -5);
    CHECK_EQUAL(status_of("f").st_atim.tv_nsec, 100);
    CHECK_EQUAL(status_of("f").st_mtim.tv_sec, -1000000000);
}

TEST(the_older_calls_set_times_too)
{
    struct timeval micro[2] = {{10, 5}, {20, 6}}, bad[2] = {{0, 1000000}, {0, 0}};
    struct utimbuf seconds = {30, 40};
    make_file("f", "");
    CHECK_OK(syscall(SYS_utimes, "f", micro));
    CHECK_EQUAL(nanoseconds(status_of("f").st_atim), 10000005000);
    CHECK_EQUAL(nanoseconds(status_of("f").st_mtim), 20000006000);
    CHECK_ERRNO(syscall(SYS_utimes, "f", bad), EINVAL);
    CHECK_OK(syscall(SYS_utime, "f", &seconds));
    CHECK_EQUAL(nanoseconds(status_of("f").st_mtim), 40000000000);
    CHECK_OK(syscall(SYS_futimesat, AT_FDCWD, "f", micro));
    CHECK_EQUAL(nanoseconds(status_of("f").st_atim), 10000005000);
    CHECK_OK(syscall(SYS_utime, "f", NULL));
    CHECK(status_of("f").st_mtim.tv_sec > 1000000);
}

TEST(reading_updates_an_access_time_that_is_behind)
{
    char byte;
    struct timespec old[2] = {{5, 0}, {6, 0}};
    make_file("f", "x");
    int fd = CHECK_OK(open("f", O_RDONLY));
    CHECK_OK(utimensat(AT_FDCWD, "f", old, 0));
    sleep_ms(20);
    CHECK_EQUAL(read(fd, &byte, 1), 1);
    CHECK(status_of("f").st_atim.tv_sec > 1000000);
    CHECK_CHANGES("f", 0, CHECK_EQUAL(pread(fd, &byte, 1, 0), 1));
}

TEST(o_noatime_leaves_the_access_time)
{
    char byte;
    struct timespec old[2] = {{5, 0}, {6, 0}};
    make_file("f", "x");
    int fd = CHECK_OK(open("f", O_RDONLY | O_NOATIME));
    CHECK_OK(utimensat(AT_FDCWD, "f", old, 0));
    CHECK_EQUAL(read(fd, &byte, 1), 1);
    CHECK_EQUAL(status_of("f").st_atim.tv_sec, 5);
}
