/*
 * Descriptors: numbers, copies, flags, ranges, limits.
 */
#include "check.h"

#include <sys/resource.h>

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

TEST(the_lowest_free_number_is_given)
{
    int a = CHECK_OK(open("/dev/null", O_RDONLY)), b = CHECK_OK(dup(a)), c = CHECK_OK(dup(a));
    CHECK_EQUAL(b, a + 1);
    CHECK_EQUAL(c, a + 2);
    CHECK_OK(close(b));
    CHECK_EQUAL(dup(c), b);
}

TEST(copies_share_position_and_status_flags)
{
    make_file("f", "hello");
    int a = CHECK_OK(open("f", O_RDWR)), b = CHECK_OK(dup(a));
    CHECK_EQUAL(lseek(a, 3, SEEK_SET), 3);
    CHECK_EQUAL(lseek(b, 0, SEEK_CUR), 3);
    CHECK_OK(fcntl(b, F_SETFL, O_APPEND));
    CHECK(fcntl(a, F_GETFL) & O_APPEND);
}

TEST(copies_do_not_share_close_on_exec)
{
    int a = CHECK_OK(open("/dev/null", O_RDONLY | O_CLOEXEC)), b = CHECK_OK(dup(a));
    CHECK_EQUAL(fcntl(a, F_GETFD), FD_CLOEXEC);
    CHECK_EQUAL(fcntl(b, F_GETFD), 0);
    CHECK_OK(fcntl(b, F_SETFD, FD_CLOEXEC));
    CHECK_OK(fcntl(a, F_SETFD, 0));
    CHECK_EQUAL(fcntl(a, F_GETFD), 0);
    CHECK_EQUAL(fcntl(b, F_GETFD), FD_CLOEXEC);
}

TEST(dup2_replaces_and_keeps_the_same_number)
{
    char text[8];
    make_file("f", "one");
    make_file("g", "two");
    int f = CHECK_OK(open("f", O_RDONLY)), g = CHECK_OK(open("g", O_RDONLY));
    CHECK_EQUAL(dup2(f, g), g);
    CHECK_EQUAL(read(g, text, 3), 3);
    CHECK(memcmp(text, "one", 3) == 0);
    CHECK_EQUAL(dup2(f, f), f);
    CHECK_ERRNO(dup2(900, 900), EBADF);
    CHECK_ERRNO(dup2(900, f), EBADF);
    CHECK(is_open(f));
    CHECK_ERRNO(dup2(f, -1), EBADF);
    CHECK_ERRNO(dup2(f, 1 << 30), EBADF);
    CHECK_EQUAL(dup2(f, 500), 500);
}

TEST(dup3_wants_two_numbers_and_takes_close_on_exec)
{
    int a = CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_ERRNO(dup3(a, a, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_dup3, a, a + 1, O_APPEND), EINVAL);
    CHECK_EQUAL(dup3(a, 60, O_CLOEXEC), 60);
    CHECK_EQUAL(fcntl(60, F_GETFD), FD_CLOEXEC);
    CHECK_ERRNO(dup3(901, 61, 0), EBADF);
}

TEST(dupfd_starts_at_the_number_given)
{
    int a = CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_EQUAL(fcntl(a, F_DUPFD, 100), 100);
    CHECK_EQUAL(fcntl(a, F_DUPFD_CLOEXEC, 100), 101);
    CHECK_EQUAL(fcntl(101, F_GETFD), FD_CLOEXEC);
    CHECK_EQUAL(fcntl(100, F_GETFD), 0);
    CHECK_ERRNO(fcntl(a, F_DUPFD, -1), EINVAL);
    CHECK_ERRNO(fcntl(a, F_DUPFD, 1 << 30), EINVAL);
}

TEST(getfl_tells_how_it_was_opened)
{
    make_file("f", "");
    int fd = CHECK_OK(open("f", O_WRONLY | O_APPEND | O_NONBLOCK | O_TRUNC | O_CREAT | O_CLOEXEC));
    int flags = CHECK_OK(fcntl(fd, F_GETFL));
    CHECK_EQUAL(flags & ~0100000, O_WRONLY | O_APPEND | O_NONBLOCK);
}

TEST(setfl_changes_only_what_it_may)
{
    make_file("f", "");
    int fd = CHECK_OK(open("f", O_RDONLY));
    CHECK_OK(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK | O_CREAT));
    CHECK_EQUAL(fcntl(fd, F_GETFL) & ~0100000, O_NONBLOCK);
    CHECK_OK(fcntl(fd, F_SETFL, 0));
    CHECK_EQUAL(fcntl(fd, F_GETFL) & ~0100000, O_RDONLY);
}

TEST(unknown_fcntl_commands_are_invalid)
{
    int fd = CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_ERRNO(fcntl(fd, 9999, 0), EINVAL);
    CHECK_ERRNO(fcntl(901, F_GETFD), EBADF);
    CHECK_ERRNO(fcntl(901, 9999), EBADF);
}

TEST(close_range_closes_the_range_and_nothing_else)
{
    int null = CHECK_OK(open("/dev/null", O_RDONLY));
    for (int fd = 50; fd < 60; fd++) {
        CHECK_EQUAL(dup2(null, fd), fd);
    }
    CHECK_OK(syscall(SYS_close_range, 52, 55, 0));
    for (int fd = 50; fd < 60; fd++) {
        CHECK_EQUAL(is_open(fd), fd < 52 || fd > 55);
    }
    CHECK_OK(syscall(SYS_close_range, 50, UINT_MAX, 0));
    CHECK(!is_open(59));
    CHECK(is_open(null));
}

TEST(close_range_can_set_close_on_exec)
{
    int fd = CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_OK(syscall(SYS_close_range, fd, fd, 4));
    CHECK_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_ERRNO(syscall(SYS_close_range, 5, 4, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_close_range, 5, 6, 64), EINVAL);
}

TEST(the_limit_of_open_files_holds)
{
    struct rlimit limit = {20, 20};
    int null = CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
    int last = null;
    for (int i = 0; i < 20 && last < 19; i++) {
        last = CHECK_OK(dup(null));
    }
    CHECK_EQUAL(last, 19);
    CHECK_ERRNO(dup(null), EMFILE);
    CHECK_ERRNO(open("/dev/null", O_RDONLY), EMFILE);
    CHECK_ERRNO(pipe((int[2]){0, 0}), EMFILE);
    CHECK_ERRNO(dup2(null, 20), EBADF);
    CHECK_ERRNO(fcntl(null, F_DUPFD, 20), EINVAL);
    CHECK_ERRNO(fcntl(null, F_DUPFD, 19), EMFILE);
}

TEST(lowering_the_limit_keeps_what_is_open)
{
    struct rlimit limit = {10, 10};
    int null = CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_EQUAL(dup2(null, 200), 200);
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
    CHECK(is_open(200));
    CHECK_EQUAL(write(CHECK_OK(open("f", O_WRONLY | O_CREAT, 0600)), "x", 1), 1);
    CHECK_OK(close(200));
}

TEST(a_thousand_descriptors_can_be_open)
{
    struct rlimit limit;
    CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
    CHECK(limit.rlim_cur >= 1024);
    int null = CHECK_OK(open("/dev/null", O_RDONLY));
    for (int fd = null + 1; fd < 1024; fd++) {
        CHECK_EQUAL(dup(null), fd);
    }
    CHECK_EQUAL(dup2(null, 700), 700);
}

TEST(a_child_has_copies_that_share_the_position)
{
    make_file("f", "hello");
    int fd = CHECK_OK(open("f", O_RDONLY));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_EQUAL(lseek(fd, 4, SEEK_SET), 4);
        CHECK_OK(close(fd));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 4);
}

TEST(two_opens_have_two_positions)
{
    make_file("f", "hello");
    int a = CHECK_OK(open("f", O_RDONLY)), b = CHECK_OK(open("f", O_RDONLY));
    CHECK_EQUAL(lseek(a, 3, SEEK_SET), 3);
    CHECK_EQUAL(lseek(b, 0, SEEK_CUR), 0);
}

TEST(a_closed_descriptor_is_gone)
{
    int fd = CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_OK(close(fd));
    CHECK_ERRNO(close(fd), EBADF);
    CHECK_ERRNO(fcntl(fd, F_GETFD), EBADF);
}

TEST(the_upper_half_of_a_descriptor_argument_is_ignored)
{
    int fd = CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_EQUAL(syscall(SYS_fcntl, (1L << 40) | fd, F_GETFD, 0), 0);
}

TEST(a_file_keeps_how_long_its_content_is_expected_to_live)
{
    enum { GET_HINT = 1035, SET_HINT = 1036 };
    uint64_t hint = 77;
    int fd = make_open_file("f"), other = CHECK_OK(open("f", O_RDONLY));
    CHECK_OK(fcntl(fd, GET_HINT, &hint));
    CHECK_EQUAL(hint, 0);
    hint = 5;
    CHECK_OK(fcntl(other, SET_HINT, &hint));
    hint = 6;
    CHECK_ERRNO(fcntl(fd, SET_HINT, &hint), EINVAL);
    hint = 1UL << 32;
    CHECK_ERRNO(fcntl(fd, SET_HINT, &hint), EINVAL);
    CHECK_OK(fcntl(fd, GET_HINT, &hint));
    CHECK_EQUAL(hint, 5);
    CHECK_ERRNO(fcntl(fd, SET_HINT, NON_CANONICAL), EFAULT);
    CHECK_ERRNO(fcntl(CHECK_OK(open("f", O_PATH)), GET_HINT, &hint), EBADF);
}
