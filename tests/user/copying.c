/*
 * Copying between files in the kernel, and vectors with flags.
 */
#include "check.h"

#include <sys/mount.h>
#include <sys/uio.h>

static ssize_t copy(int in, off_t *in_at, int out, off_t *out_at, size_t bytes)
{
    return syscall(SYS_copy_file_range, in, in_at, out, out_at, bytes, 0);
}

static void check_text(const char *path, const char *expected)
{
    char text[256];
    read_file(path, text, sizeof(text));
    CHECK_TEXT(text, expected);
}

TEST(a_range_is_copied_by_the_files_positions)
{
    make_file("from", "0123456789");
    int in = CHECK_OK(open("from", O_RDONLY)), out = make_open_file("to");
    CHECK_OK(lseek(in, 2, SEEK_SET));
    CHECK_EQUAL(copy(in, NULL, out, NULL, 4), 4);
    CHECK_EQUAL(copy(in, NULL, out, NULL, 100), 4);
    CHECK_EQUAL(copy(in, NULL, out, NULL, 100), 0);
    CHECK_EQUAL(lseek(in, 0, SEEK_CUR), 10);
    CHECK_EQUAL(lseek(out, 0, SEEK_CUR), 8);
    check_text("to", "23456789");
}

TEST(a_range_is_copied_by_positions_of_its_own)
{
    make_file("from", "0123456789");
    int in = CHECK_OK(open("from", O_RDONLY)), out = make_open_file("to");
    off_t in_at = 6, out_at = 1;
    CHECK_EQUAL(write(out, "abcdefgh", 8), 8);
    CHECK_EQUAL(copy(in, &in_at, out, &out_at, 3), 3);
    CHECK_EQUAL(in_at, 9);
    CHECK_EQUAL(out_at, 4);
    CHECK_EQUAL(lseek(in, 0, SEEK_CUR), 0);
    CHECK_EQUAL(lseek(out, 0, SEEK_CUR), 8);
    check_text("to", "a678efgh");
}

TEST(a_file_can_be_copied_within_itself)
{
    int fd = make_open_file("one");
    off_t from = 0, to = 4;
    CHECK_EQUAL(write(fd, "abcd", 4), 4);
    CHECK_EQUAL(copy(fd, &from, fd, &to, 4), 4);
    check_text("one", "abcdabcd");
    from = 0;
    to = 2;
    CHECK_ERRNO(copy(fd, &from, fd, &to, 4), EINVAL);
}

TEST(copying_errors)
{
    int pipe_ends[2];
    make_file("from", "0123456789");
    int in = CHECK_OK(open("from", O_RDONLY)), out = make_open_file("to");
    int folder = CHECK_OK(open(".", O_RDONLY)), end = CHECK_OK(open("from", O_WRONLY | O_APPEND));
    CHECK_OK(pipe(pipe_ends));
    CHECK_ERRNO(copy(99, NULL, out, NULL, 1), EBADF);
    CHECK_ERRNO(copy(in, NULL, 99, NULL, 1), EBADF);
    CHECK_ERRNO(copy(in, NULL, in, NULL, 1), EBADF);
    CHECK_ERRNO(copy(in, NULL, end, NULL, 1), EBADF);
    CHECK_ERRNO(copy(folder, NULL, out, NULL, 1), EISDIR);
    CHECK_ERRNO(copy(in, NULL, pipe_ends[1], NULL, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_copy_file_range, in, NULL, out, NULL, 1, 1), EINVAL);
    CHECK_ERRNO(copy(in, KERNEL_ADDRESS, out, NULL, 1), EFAULT);
}

TEST(file_systems_are_not_copied_between)
{
    CHECK_OK(mkdir("other", 0755));
    CHECK_OK(mount("none", "other", "tmpfs", 0, NULL));
    make_file("from", "0123456789");
    int in = CHECK_OK(open("from", O_RDONLY)), out = make_open_file("other/to");
    CHECK_ERRNO(copy(in, NULL, out, NULL, 1), EXDEV);
    CHECK_OK(close(out));
    CHECK_OK(umount("other"));
}

enum {
    WISH_FOR_PRIORITY = 1,
    WRITE_DATA_THROUGH = 2,
    WRITE_ALL_THROUGH = 4
}; /* RWF_HIPRI, RWF_DSYNC, RWF_SYNC */

TEST(preadv2_and_pwritev2_have_a_position_or_use_the_files)
{
    char first[2], second[2];
    struct iovec parts[2] = {{"ab", 2}, {"cd", 2}}, back[2] = {{first, 2}, {second, 2}};
    int fd = make_open_file("file");
    CHECK_EQUAL(syscall(SYS_pwritev2, fd, parts, 2, -1L, 0, 0), 4);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 4);
    CHECK_EQUAL(syscall(SYS_pwritev2, fd, parts, 2, 2L, 0, 0), 4);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 4);
    CHECK_EQUAL(syscall(SYS_preadv2, fd, back, 2, 1L, 0, 0), 4);
    CHECK(memcmp(first, "ba", 2) == 0 && memcmp(second, "bc", 2) == 0);
    CHECK_EQUAL(syscall(SYS_preadv2, fd, back, 2, -1L, 0, 0), 2);
    check_text("file", "ababcd");
    CHECK_ERRNO(syscall(SYS_preadv2, fd, back, 2, 0L, 0, 0x40000000), EOPNOTSUPP);
    CHECK_EQUAL(syscall(SYS_preadv2, fd, back, 2, 0L, 0, WISH_FOR_PRIORITY), 4);
    CHECK_EQUAL(syscall(SYS_pwritev2, fd, parts, 2, 0L, 0, WRITE_ALL_THROUGH), 4);
    CHECK_EQUAL(syscall(SYS_pwritev2, fd, parts, 2, 0L, 0, WRITE_DATA_THROUGH | WISH_FOR_PRIORITY),
                4);
    CHECK_ERRNO(syscall(SYS_preadv2, fd, back, 2, -2L, 0, 0), EINVAL);
}

TEST(no_file_shares_anothers_blocks)
{
    const unsigned long clone_file = 0x40049409; /* FICLONE */
    make_file("from", "0123456789");
    int in = CHECK_OK(open("from", O_RDONLY)), out = make_open_file("to");
    CHECK_ERRNO(syscall(SYS_ioctl, out, clone_file, in), EOPNOTSUPP);
    CHECK_ERRNO(syscall(SYS_ioctl, out, clone_file, -1), EBADF);
}

TEST(a_range_can_be_written_back)
{
    int ends[2];
    int fd = make_open_file("f");
    CHECK_EQUAL(write(fd, "hello", 5), 5);
    for (unsigned flags = 0; flags < 8; flags++) {
        CHECK_OK(syscall(SYS_sync_file_range, fd, 0L, 0L, flags));
    }
    CHECK_OK(syscall(SYS_sync_file_range, fd, 100L, 4096L, 2));
    CHECK_ERRNO(syscall(SYS_sync_file_range, fd, 0L, 0L, 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_sync_file_range, fd, -1L, 1L, 2), EINVAL);
    CHECK_ERRNO(syscall(SYS_sync_file_range, fd, 1L, -1L, 2), EINVAL);
    CHECK_ERRNO(syscall(SYS_sync_file_range, fd, LONG_MAX, 1L, 2), EINVAL);
    CHECK_ERRNO(syscall(SYS_sync_file_range, 999, 0L, 0L, 2), EBADF);
    CHECK_OK(pipe(ends));
    CHECK_ERRNO(syscall(SYS_sync_file_range, ends[1], 0L, 0L, 2), ESPIPE);
}

TEST(reading_ahead_wants_a_file_that_can_be_read)
{
    int ends[2];
    int fd = make_open_file("f");
    CHECK_OK(syscall(SYS_readahead, fd, 0L, 4096L));
    CHECK_ERRNO(syscall(SYS_readahead, open("f", O_WRONLY), 0L, 4096L), EBADF);
    CHECK_ERRNO(syscall(SYS_readahead, open(".", O_RDONLY), 0L, 4096L), EINVAL);
    CHECK_ERRNO(syscall(SYS_readahead, 999, 0L, 4096L), EBADF);
    CHECK_OK(pipe(ends));
    CHECK_ERRNO(syscall(SYS_readahead, ends[0], 0L, 4096L), EINVAL);
}
