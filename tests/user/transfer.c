/*
 * read, write and their relatives: counts, positions, limits, and what a bad buffer gives.
 */
#include "check.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

static int file_of(const char *text)
{
    make_file("f", text);
    return CHECK_OK(open("f", O_RDWR));
}

TEST(read_returns_what_is_left_and_then_zero)
{
    char buffer[16];
    int fd = file_of("hello");
    CHECK_EQUAL(read(fd, buffer, 3), 3);
    CHECK_EQUAL(read(fd, buffer, sizeof(buffer)), 2);
    CHECK_EQUAL(buffer[0], 'l');
    CHECK_EQUAL(read(fd, buffer, sizeof(buffer)), 0);
}

TEST(read_of_zero_bytes_leaves_the_position)
{
    int fd = file_of("hello");
    CHECK_EQUAL(read(fd, NULL, 0), 0);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 0);
}

TEST(write_moves_the_position_and_grows_the_file)
{
    struct stat status;
    int fd = file_of("");
    CHECK_EQUAL(write(fd, "abc", 3), 3);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 3);
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_size, 3);
}

TEST(write_only_and_read_only_descriptors_refuse_the_other)
{
    char byte;
    make_file("f", "x");
    int reading = CHECK_OK(open("f", O_RDONLY)), writing = CHECK_OK(open("f", O_WRONLY));
    CHECK_ERRNO(write(reading, "a", 1), EBADF);
    CHECK_ERRNO(read(writing, &byte, 1), EBADF);
    CHECK_ERRNO(pread(writing, &byte, 1, 0), EBADF);
    CHECK_ERRNO(pwrite(reading, "a", 1, 0), EBADF);
}

TEST(descriptors_that_are_not_open_give_ebadf)
{
    char byte;
    CHECK_ERRNO(read(-1, &byte, 1), EBADF);
    CHECK_ERRNO(read(900, &byte, 1), EBADF);
    CHECK_ERRNO(write(INT_MAX, &byte, 1), EBADF);
    CHECK_ERRNO(close(-1), EBADF);
    CHECK_ERRNO(lseek(900, 0, SEEK_SET), EBADF);
    CHECK_ERRNO(fsync(900), EBADF);
}

TEST(reading_a_directory_gives_eisdir)
{
    char byte;
    int fd = CHECK_OK(open(".", O_RDONLY));
    CHECK_ERRNO(read(fd, &byte, 1), EISDIR);
    CHECK_ERRNO(pread(fd, &byte, 1, 0), EISDIR);
    CHECK_ERRNO(write(fd, &byte, 1), EBADF);
}

TEST(append_writes_at_the_end_whatever_the_position)
{
    char text[16];
    make_file("f", "abc");
    int fd = CHECK_OK(open("f", O_RDWR | O_APPEND));
    CHECK_EQUAL(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQUAL(write(fd, "de", 2), 2);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 5);
    CHECK_EQUAL(pwrite(fd, "f", 1, 0), 1);
    read_file("f", text, sizeof(text));
    CHECK_TEXT(text, "abcdef");
}

TEST(pread_and_pwrite_leave_the_position)
{
    char text[8] = "";
    int fd = file_of("hello");
    CHECK_EQUAL(pwrite(fd, "EL", 2, 1), 2);
    CHECK_EQUAL(pread(fd, text, 5, 0), 5);
    CHECK_TEXT(text, "hELlo");
    CHECK_EQUAL(pread(fd, text, 5, 5), 0);
    CHECK_EQUAL(pread(fd, text, 5, 100), 0);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 0);
}

TEST(negative_offsets_are_invalid)
{
    char byte;
    int fd = file_of("hello");
    CHECK_ERRNO(pread(fd, &byte, 1, -1), EINVAL);
    CHECK_ERRNO(pwrite(fd, &byte, 1, -1), EINVAL);
    CHECK_ERRNO(pwrite(fd, &byte, 1, INT64_MIN), EINVAL);
}

TEST(seek_goes_from_start_position_and_end)
{
    int fd = file_of("hello");
    CHECK_EQUAL(lseek(fd, 2, SEEK_SET), 2);
    CHECK_EQUAL(lseek(fd, 2, SEEK_CUR), 4);
    CHECK_EQUAL(lseek(fd, -1, SEEK_END), 4);
    CHECK_EQUAL(lseek(fd, 100, SEEK_END), 105);
    CHECK_ERRNO(lseek(fd, -6, SEEK_END), EINVAL);
    CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERRNO(lseek(fd, 0, 9), EINVAL);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 105);
    CHECK_EQUAL(lseek(fd, INT64_MAX, SEEK_SET), INT64_MAX);
    CHECK_ERRNO(lseek(fd, 1, SEEK_CUR), EINVAL);
}

TEST(seek_finds_data_and_holes)
{
    int fd = file_of("");
    CHECK_EQUAL(pwrite(fd, "x", 1, 2 * PAGE), 1);
    CHECK_EQUAL(lseek(fd, 0, SEEK_HOLE), 0);
    CHECK_EQUAL(lseek(fd, 0, SEEK_DATA), 2 * PAGE);
    CHECK_EQUAL(lseek(fd, 2 * PAGE, SEEK_HOLE), 2 * PAGE + 1);
    CHECK_ERRNO(lseek(fd, 2 * PAGE + 1, SEEK_DATA), ENXIO);
    CHECK_ERRNO(lseek(fd, 2 * PAGE + 1, SEEK_HOLE), ENXIO);
}

TEST(a_pipe_has_no_position)
{
    int ends[2];
    char byte;
    CHECK_OK(pipe(ends));
    CHECK_ERRNO(lseek(ends[0], 0, SEEK_CUR), ESPIPE);
    CHECK_ERRNO(pread(ends[0], &byte, 1, 0), ESPIPE);
    CHECK_ERRNO(pwrite(ends[1], &byte, 1, 0), ESPIPE);
}

TEST(a_write_past_the_end_leaves_zeroes_between)
{
    char text[16];
    int fd = file_of("ab");
    CHECK_EQUAL(lseek(fd, 6, SEEK_SET), 6);
    CHECK_EQUAL(write(fd, "z", 1), 1);
    CHECK_EQUAL(pread(fd, text, sizeof(text), 0), 7);
    CHECK(memcmp(text, "ab\0\0\0\0z", 7) == 0);
}

TEST(readv_fills_one_part_after_the_other)
{
    char a[3], b[4], c[8];
    struct iovec parts[] = {{a, 3}, {NULL, 0}, {b, 4}, {c, 8}};
    int fd = file_of("abcdefghij");
    CHECK_EQUAL(readv(fd, parts, 4), 10);
    CHECK(memcmp(a, "abc", 3) == 0 && memcmp(b, "defg", 4) == 0 && memcmp(c, "hij", 3) == 0);
}

TEST(writev_writes_the_parts_as_one)
{
    char text[16];
    struct iovec parts[] = {{"one", 3}, {"", 0}, {"two", 3}};
    int fd = file_of("");
    CHECK_EQUAL(writev(fd, parts, 3), 6);
    read_file("f", text, sizeof(text));
    CHECK_TEXT(text, "onetwo");
}

TEST(preadv_and_pwritev_take_an_offset)
{
    char a[2], b[2];
    struct iovec in[] = {{"XY", 2}, {"Z", 1}}, out[] = {{a, 2}, {b, 2}};
    int fd = file_of("abcdefg");
    CHECK_EQUAL(pwritev(fd, in, 2, 2), 3);
    CHECK_EQUAL(preadv(fd, out, 2, 1), 4);
    CHECK(memcmp(a, "bX", 2) == 0 && memcmp(b, "YZ", 2) == 0);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 0);
}

TEST(vectors_have_limits)
{
    static struct iovec many[1025];
    char byte;
    struct iovec bad = {&byte, (size_t)-1};
    int fd = file_of("x");
    CHECK_ERRNO(readv(fd, many, 1025), EINVAL);
    CHECK_ERRNO(readv(fd, many, -1), EINVAL);
    CHECK_EQUAL(readv(fd, many, 1024), 0);
    CHECK_EQUAL(readv(fd, many, 0), 0);
    CHECK_ERRNO(readv(fd, &bad, 1), EINVAL);
    CHECK_ERRNO(readv(fd, NULL, 1), EFAULT);
}

TEST(read_into_a_bad_buffer_gives_efault)
{
    int fd = file_of("hello");
    CHECK_ERRNO(read(fd, NULL, 1), EFAULT);
    CHECK_ERRNO(read(fd, unmapped_address(), 1), EFAULT);
    CHECK_ERRNO(read(fd, KERNEL_ADDRESS, 1), EFAULT);
    CHECK_ERRNO(read(fd, NON_CANONICAL, 1), EFAULT);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 0);
}

TEST(write_from_a_bad_buffer_gives_efault)
{
    struct stat status;
    int fd = file_of("");
    CHECK_ERRNO(write(fd, NULL, 1), EFAULT);
    CHECK_ERRNO(write(fd, unmapped_address(), 1), EFAULT);
    CHECK_ERRNO(write(fd, KERNEL_ADDRESS, 1), EFAULT);
    CHECK_ERRNO(write(fd, NON_CANONICAL, 1), EFAULT);
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_size, 0);
}

TEST(a_length_that_wraps_the_address_space_gives_efault)
{
    char byte;
    int fd = file_of("hello");
    CHECK_ERRNO(read(fd, (void *)(uintptr_t)0x7ffffffff000, SSIZE_MAX), EFAULT);
    CHECK_ERRNO(syscall(SYS_read, fd, &byte, (size_t)-1), EFAULT);
    CHECK_ERRNO(syscall(SYS_write, fd, &byte, (size_t)-1), EFAULT);
}

TEST(a_read_that_meets_the_edge_of_memory_returns_what_fits)
{
    int fd = file_of("hello, world");
    char *edge = edge_of_memory(5);
    CHECK_EQUAL(read(fd, edge, 12), 5);
    CHECK(memcmp(edge, "hello", 5) == 0);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 5);
}

TEST(a_write_that_meets_the_edge_of_memory_returns_what_fits)
{
    char text[16];
    char *edge = edge_of_memory(5);
    int fd = file_of("");
    memcpy(edge, "hello", 5);
    CHECK_EQUAL(write(fd, edge, 12), 5);
    read_file("f", text, sizeof(text));
    CHECK_TEXT(text, "hello");
}

TEST(reading_into_read_only_memory_gives_efault)
{
    char *page = map_pages(1);
    CHECK_OK(mprotect(page, PAGE, PROT_READ));
    CHECK_ERRNO(read(file_of("hello"), page, 5), EFAULT);
}

TEST(sendfile_copies_and_moves_the_right_position)
{
    char text[16];
    off_t from = 1;
    int in = file_of("hello"), out = make_open_file("g");
    CHECK_EQUAL(sendfile(out, in, &from, 3), 3);
    CHECK_EQUAL(from, 4);
    CHECK_EQUAL(lseek(in, 0, SEEK_CUR), 0);
    CHECK_EQUAL(sendfile(out, in, NULL, 100), 5);
    CHECK_EQUAL(lseek(in, 0, SEEK_CUR), 5);
    read_file("g", text, sizeof(text));
    CHECK_TEXT(text, "ellhello");
    CHECK_EQUAL(sendfile(out, in, NULL, 100), 0);
}

TEST(sendfile_refuses_what_it_cannot_do)
{
    off_t negative = -1;
    int ends[2];
    int in = file_of("hello"), reading = CHECK_OK(open("f", O_RDONLY));
    CHECK_OK(pipe(ends));
    CHECK_ERRNO(sendfile(reading, in, NULL, 1), EBADF);
    CHECK_ERRNO(sendfile(ends[1], -1, NULL, 1), EBADF);
    CHECK_ERRNO(sendfile(ends[1], in, &negative, 1), EINVAL);
    CHECK_ERRNO(sendfile(ends[1], in, NON_CANONICAL, 1), EFAULT);
    CHECK_EQUAL(sendfile(ends[1], in, NULL, 5), 5);
}

TEST(large_files_keep_their_offsets)
{
    struct stat status;
    char byte;
    off_t far = (off_t)5 << 30;
    int fd = file_of("");
    CHECK_EQUAL(pwrite(fd, "!", 1, far), 1);
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_size, far + 1);
    CHECK_EQUAL(pread(fd, &byte, 1, far), 1);
    CHECK_EQUAL(byte, '!');
    CHECK(status.st_blocks <= 16);
}

TEST(fsync_and_fdatasync_accept_files_and_directories_and_refuse_pipes)
{
    int ends[2];
    CHECK_OK(fsync(file_of("x")));
    CHECK_OK(fdatasync(file_of("x")));
    CHECK_OK(fsync(CHECK_OK(open(".", O_RDONLY))));
    CHECK_OK(pipe(ends));
    CHECK_ERRNO(fsync(ends[0]), EINVAL);
}

TEST(dev_null_and_zero_behave)
{
    char bytes[4] = "abc";
    int null = CHECK_OK(open("/dev/null", O_RDWR)), zero = CHECK_OK(open("/dev/zero", O_RDWR));
    CHECK_EQUAL(read(null, bytes, 4), 0);
    CHECK_EQUAL(write(null, bytes, 4), 4);
    CHECK_EQUAL(read(zero, bytes, 4), 4);
    CHECK(memcmp(bytes, "\0\0\0\0", 4) == 0);
    CHECK_EQUAL(write(zero, bytes, 4), 4);
    int full = CHECK_OK(open("/dev/full", O_RDWR));
    CHECK_ERRNO(write(full, bytes, 4), ENOSPC);
    CHECK_EQUAL(read(full, bytes, 4), 4);
}

static long write_flagged(int fd, const char *text, long position, int flags)
{
    struct iovec part = {(char *)(uintptr_t)text, strlen(text)};
    return syscall(SYS_pwritev2, fd, &part, 1, position, 0, flags);
}

TEST(a_single_write_can_append)
{
    enum { APPEND = 0x10, SYNCED = 4, UNKNOWN = 0x80 };
    char text[32];
    int ends[2], fd = file_of("hello"), reading = CHECK_OK(open("f", O_RDONLY));
    CHECK_EQUAL(write_flagged(fd, "AB", 1, APPEND), 2);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 0);
    CHECK_EQUAL(write_flagged(fd, "CD", -1, APPEND | SYNCED), 2);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 9);
    read_file("f", text, sizeof(text));
    CHECK_TEXT(text, "helloABCD");
    CHECK_ERRNO(write_flagged(fd, "x", -2, APPEND), EINVAL);
    CHECK_ERRNO(write_flagged(reading, "x", 0, UNKNOWN), EBADF);
    CHECK_ERRNO(write_flagged(fd, "x", 0, UNKNOWN), EOPNOTSUPP);
    CHECK_EQUAL(write_flagged(fd, "", 0, UNKNOWN), 0);
    CHECK_OK(pipe(ends));
    CHECK_EQUAL(write_flagged(ends[1], "xy", -1, APPEND), 2);
    CHECK_ERRNO(write_flagged(ends[1], "xy", 0, APPEND), ESPIPE);
}
