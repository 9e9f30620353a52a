/*
 * Sizes of files: truncate, ftruncate, fallocate, holes, and the limit on file sizes.
 */
#include "check.h"

#include <sched.h>
#include <sys/resource.h>

static struct stat status_of(const char *path)
{
    struct stat status;
    CHECK_OK(stat(path, &status));
    return status;
}

TEST(truncation_cuts_and_grows_with_zeroes)
{
    char text[16];
    make_file("f", "abcdef");
    CHECK_OK(truncate("f", 3));
    CHECK_OK(truncate("f", 6));
    CHECK_EQUAL(read_file("f", text, sizeof(text)), 6);
    CHECK(memcmp(text, "abc\0\0\0", 6) == 0);
}

TEST(ftruncate_leaves_the_position)
{
    int fd = make_open_file("f");
    CHECK_EQUAL(write(fd, "abcdef", 6), 6);
    CHECK_OK(ftruncate(fd, 2));
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 6);
    CHECK_EQUAL(write(fd, "z", 1), 1);
    CHECK_EQUAL(status_of("f").st_size, 7);
}

TEST(truncate_errors)
{
    int ends[2];
    make_file("f", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(pipe(ends));
    CHECK_ERRNO(truncate("f", -1), EINVAL);
    CHECK_ERRNO(truncate("d", 0), EISDIR);
    CHECK_ERRNO(truncate("none", 0), ENOENT);
    CHECK_ERRNO(truncate("f/x", 0), ENOTDIR);
    CHECK_ERRNO(ftruncate(CHECK_OK(open("f", O_RDONLY)), 0), EINVAL);
    CHECK_ERRNO(ftruncate(CHECK_OK(open("d", O_RDONLY)), 0), EINVAL);
    CHECK_ERRNO(ftruncate(ends[1], 0), EINVAL);
    CHECK_ERRNO(ftruncate(900, 0), EBADF);
    CHECK_ERRNO(ftruncate(CHECK_OK(open("f", O_RDWR)), -1), EINVAL);
    CHECK_OK(mkfifo("p", 0600));
    CHECK_ERRNO(truncate("p", 0), EINVAL);
}

TEST(a_cut_page_is_cleared_to_its_end)
{
    char text[8];
    int fd = make_open_file("f");
    CHECK_EQUAL(pwrite(fd, "secret", 6, 100), 6);
    CHECK_OK(ftruncate(fd, 102));
    CHECK_OK(ftruncate(fd, PAGE));
    CHECK_EQUAL(pread(fd, text, 6, 100), 6);
    CHECK(memcmp(text, "se\0\0\0\0", 6) == 0);
}

TEST(huge_files_without_data_cost_nothing)
{
    CHECK_OK(close(make_open_file("f")));
    CHECK_OK(truncate("f", (off_t)1 << 40));
    CHECK_EQUAL(status_of("f").st_size, (off_t)1 << 40);
    CHECK_EQUAL(status_of("f").st_blocks, 0);
}

TEST(fallocate_makes_room_and_may_keep_the_size)
{
    int fd = make_open_file("f");
    CHECK_OK(fallocate(fd, 0, 0, 10000));
    CHECK_EQUAL(status_of("f").st_size, 10000);
    CHECK_EQUAL(status_of("f").st_blocks, 24);
    CHECK_OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 20000));
    CHECK_EQUAL(status_of("f").st_size, 10000);
    CHECK_OK(fallocate(fd, 0, 0, 5));
    CHECK_EQUAL(status_of("f").st_size, 10000);
}

TEST(fallocate_punches_holes)
{
    char page[PAGE];
    int fd = make_open_file("f");
    memset(page, 'x', sizeof(page));
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(write(fd, page, PAGE), PAGE);
    }
    CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE - 10, PAGE + 20));
    CHECK_EQUAL(status_of("f").st_size, 4 * PAGE);
    CHECK_EQUAL(status_of("f").st_blocks, 24);
    CHECK_EQUAL(pread(fd, page, PAGE, 0), PAGE);
    CHECK(page[PAGE - 11] == 'x' && page[PAGE - 10] == 0);
    CHECK_EQUAL(pread(fd, page, PAGE, 2 * PAGE), PAGE);
    CHECK(page[9] == 0 && page[10] == 'x');
    CHECK_EQUAL(lseek(fd, 0, SEEK_HOLE), PAGE);
}

TEST(fallocate_errors)
{
    int ends[2];
    int fd = make_open_file("f");
    CHECK_OK(pipe(ends));
    CHECK_ERRNO(fallocate(fd, 0, -1, 10), EINVAL);
    CHECK_ERRNO(fallocate(fd, 0, 0, 0), EINVAL);
    CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10), EOPNOTSUPP);
    CHECK_ERRNO(fallocate(fd, 0, INT64_MAX, 10), EFBIG);
    CHECK_ERRNO(fallocate(CHECK_OK(open("f", O_RDONLY)), 0, 0, 10), EBADF);
    CHECK_ERRNO(fallocate(ends[1], 0, 0, 10), ESPIPE);
    CHECK_ERRNO(fallocate(CHECK_OK(open(".", O_RDONLY)), 0, 0, 10), EBADF);
}

static void limit_files_to(rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};
    CHECK_OK(setrlimit(RLIMIT_FSIZE, &limit));
}

TEST(the_file_size_limit_cuts_and_then_refuses)
{
    int fd = make_open_file("f");
    limit_files_to(100);
    signal(SIGXFSZ, SIG_IGN);
    CHECK_EQUAL(pwrite(fd, (char[60]){0}, 60, 60), 40);
    CHECK_ERRNO(pwrite(fd, "x", 1, 100), EFBIG);
    CHECK_ERRNO(ftruncate(fd, 101), EFBIG);
    CHECK_OK(ftruncate(fd, 100));
    CHECK_OK(ftruncate(fd, 10));
    CHECK_ERRNO(fallocate(fd, 0, 50, 51), EFBIG);
    CHECK_ERRNO(fallocate(fd, FALLOC_FL_KEEP_SIZE, 101, 1), EFBIG);
    CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 200, 1000));
    CHECK_OK(fallocate(fd, 0, 50, 50));
}

enum { LIMIT_ROUNDS = 60, LIMIT_WRITERS = 3, PART_BYTES = 200000, LIMIT_BYTES = 300000 };

/* Where an append begins is known only when it is the writer's turn, and so is what the limit leaves of it. */
TEST(the_file_size_limit_holds_among_writers_at_once)
{
    limit_files_to(LIMIT_BYTES);
    signal(SIGXFSZ, SIG_IGN);
    char *bytes = CHECK_OK(mmap(NULL, PART_BYTES, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
    for (int round = 0; round < LIMIT_ROUNDS; round++) {
        pid_t children[LIMIT_WRITERS];
        struct stat status;
        int fd = CHECK_OK(open("f", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600));
        for (int i = 0; i < LIMIT_WRITERS; i++) {
            children[i] = CHECK_OK(fork());
            if (children[i] == 0) {
                sched_yield();
                _exit(write(fd, bytes, PART_BYTES) == 0);
            }
        }
        for (int i = 0; i < LIMIT_WRITERS; i++) {
            CHECK_EXITED(children[i], 0);
        }
        CHECK_OK(fstat(fd, &status));
        CHECK_EQUAL(status.st_size, LIMIT_BYTES);
        CHECK_OK(close(fd));
    }
}

TEST(the_file_size_limit_kills_by_default)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        int fd = make_open_file("f");
        limit_files_to(10);
        signal(SIGXFSZ, SIG_DFL);
        CHECK_EQUAL(pwrite(fd, "0123456789abc", 13, 0), 10);
        CHECK_EQUAL(pwrite(fd, "x", 1, 10), -1);
        _exit(0);
    }
    CHECK_KILLED(child, SIGXFSZ);
    child = CHECK_OK(fork());
    if (child == 0) {
        limit_files_to(10);
        signal(SIGXFSZ, SIG_DFL);
        CHECK_EQUAL(fallocate(make_open_file("g"), 0, 5, 6), -1);
        _exit(0);
    }
    CHECK_KILLED(child, SIGXFSZ);
}

TEST(a_file_ends_at_the_largest_offset)
{
    struct stat status;
    int fd = (int)CHECK_OK(open("f", O_CREAT | O_WRONLY | O_APPEND, 0600));
    CHECK_OK(ftruncate(fd, INT64_MAX - 1));
    CHECK_EQUAL(write(fd, "abc", 3), 1);
    CHECK_ERRNO(write(fd, "abc", 3), EINVAL);
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_size, INT64_MAX);
}

TEST(holes_read_as_zeroes_over_many_pages)
{
    static char block[100000];
    int fd = make_open_file("f");
    CHECK_EQUAL(pwrite(fd, "end", 3, 90000), 3);
    memset(block, 1, sizeof(block));
    CHECK_EQUAL(pread(fd, block, sizeof(block), 0), 90003);
    for (int i = 0; i < 90000; i++) {
        CHECK(block[i] == 0);
    }
}
