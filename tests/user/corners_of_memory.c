/*
 * Corners of mappings and of files in memory: what test suites ask beside the usual way.
 */
#include "check.h"

#include <sys/mount.h>
#include <sys/resource.h>

#define MADV_DONTNEED_LOCKED 24

/* A call's value as the kernel gave it: negative errno where it failed. */
static long told(long value)
{
    return value == -1 ? -errno : value;
}
#define CHECK_GIVES(CALL, SEEN)                                                                    \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK_EQUAL(told((long)(CALL)), SEEN);                                                     \
    } while (0)

static void *map_anonymous(size_t bytes, int flags)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
}

TEST(anonymous_objects_are_not_asked_for_more)
{
    CHECK_GIVES(map_anonymous(PAGE, MAP_SHARED_VALIDATE), -EINVAL);
    CHECK_GIVES(map_anonymous(PAGE, MAP_SHARED | MAP_GROWSDOWN), -EINVAL);
    CHECK_OK(map_anonymous(PAGE, MAP_PRIVATE | MAP_GROWSDOWN));
}

TEST(a_mapping_ends_where_files_do)
{
    int fd = make_open_file("file");
    CHECK_GIVES(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0x7ffffffffffff000), -EOVERFLOW);
}

TEST(zeros_can_be_shared)
{
    int fd = CHECK_OK(open("/dev/zero", O_RDWR));
    char *shared = CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        shared[0] = 7;
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(shared[0], 7);
}

TEST(lengths_that_wrap_are_none)
{
    char *pages = map_pages(1);
    CHECK_OK(msync(pages, (size_t)-1, MS_SYNC));
    CHECK_OK(mlock(pages, (size_t)-1));
    CHECK_GIVES(munmap(pages, (size_t)-PAGE), -EINVAL);
}

TEST(locked_pages_can_be_thrown_away_on_request)
{
    char *pages = map_pages(1);
    pages[0] = 5;
    CHECK_OK(mlock(pages, PAGE));
    CHECK_GIVES(madvise(pages, PAGE, MADV_DONTNEED), -EINVAL);
    CHECK_OK(madvise(pages, PAGE, MADV_DONTNEED_LOCKED));
    CHECK_EQUAL(pages[0], 0);
}

TEST(a_place_is_not_cleared_for_what_the_limits_forbid)
{
    enum { LIMIT = 64 << 20, SMALL = 1 << 20, LARGE = 80 << 20 };
    const struct rlimit limit = {LIMIT, LIMIT};
    char *small = CHECK_OK(map_anonymous(SMALL, MAP_PRIVATE));
    small[0] = 3;
    CHECK_OK(setrlimit(RLIMIT_AS, &limit));
    CHECK_GIVES(mmap(small, LARGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                -ENOMEM);
    CHECK_EQUAL(small[0], 3);
    CHECK_OK(mmap(small, SMALL, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    CHECK_EQUAL(small[0], 0);
}

TEST(writing_through_a_mapping_moves_the_times)
{
    struct stat before, after;
    int fd = make_open_file("file");
    CHECK_OK(ftruncate(fd, PAGE));
    char *pages = CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    CHECK_OK(fstat(fd, &before));
    sleep_ms(20);
    pages[0] = 1;
    CHECK_OK(msync(pages, PAGE, MS_SYNC));
    CHECK_OK(fstat(fd, &after));
    CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
          after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
    CHECK_EQUAL(after.st_mtim.tv_nsec, after.st_ctim.tv_nsec);
}

static int make_memory_file(unsigned flags)
{
    return (int)CHECK_OK(syscall(SYS_memfd_create, "sealed", flags));
}

TEST(seals_are_for_files_made_for_them)
{
    int plain = make_memory_file(0), sealable = make_memory_file(MFD_ALLOW_SEALING);
    CHECK_GIVES(fcntl(plain, F_GET_SEALS), F_SEAL_SEAL);
    CHECK_GIVES(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW), -EPERM);
    CHECK_GIVES(fcntl(make_open_file("file"), F_GET_SEALS), F_SEAL_SEAL);
    CHECK_GIVES(fcntl(CHECK_OK(open("/proc/version", O_RDONLY)), F_GET_SEALS), -EINVAL);
    CHECK_GIVES(fcntl(sealable, F_GET_SEALS), 0);
    CHECK_GIVES(fcntl(sealable, F_ADD_SEALS, 0x100), -EINVAL);
    CHECK_OK(fcntl(sealable, F_ADD_SEALS, F_SEAL_SEAL));
    CHECK_GIVES(fcntl(sealable, F_ADD_SEALS, F_SEAL_GROW), -EPERM);
}

TEST(a_sealed_size_stays)
{
    int fd = make_memory_file(MFD_ALLOW_SEALING);
    CHECK_OK(ftruncate(fd, 10));
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    CHECK_GIVES(ftruncate(fd, 5), -EPERM);
    CHECK_OK(ftruncate(fd, 20));
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    CHECK_GIVES(ftruncate(fd, 21), -EPERM);
    CHECK_GIVES(pwrite(fd, "abcd", 4, 18), -EPERM);
    CHECK_GIVES(pwrite(fd, "abcd", 4, 16), 4);
    CHECK_GIVES(fallocate(fd, 0, 0, 30), -EPERM);
    CHECK_OK(ftruncate(fd, 20));
    CHECK_GIVES(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW);
}

TEST(sealed_contents_stay)
{
    int fd = make_memory_file(MFD_ALLOW_SEALING);
    CHECK_OK(ftruncate(fd, PAGE));
    char *shared = CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    CHECK_GIVES(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -EBUSY);
    CHECK_OK(munmap(shared, PAGE));
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    CHECK_GIVES(write(fd, "x", 1), -EPERM);
    CHECK_GIVES(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), -EPERM);
    CHECK_GIVES(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), -EPERM);
    shared = CHECK_OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    CHECK_GIVES(mprotect(shared, PAGE, PROT_READ | PROT_WRITE), -EACCES);
    CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
}

TEST(a_mapping_keeps_a_file_system_writable)
{
    CHECK_OK(mkdir("place", 0755));
    CHECK_OK(mount("t", "place", "tmpfs", 0, NULL));
    int fd = make_open_file("place/file");
    CHECK_OK(ftruncate(fd, PAGE));
    char *pages = CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    CHECK_OK(close(fd));
    CHECK_GIVES(mount(NULL, "place", NULL, MS_REMOUNT | MS_RDONLY, NULL), -EBUSY);
    CHECK_OK(munmap(pages, PAGE));
    CHECK_OK(mount(NULL, "place", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    CHECK_OK(mount(NULL, "place", NULL, MS_REMOUNT | MS_BIND, NULL));
    CHECK_GIVES(open("place/file", O_RDWR), -EROFS);
    CHECK_OK(mount(NULL, "place", NULL, MS_REMOUNT, NULL));
    CHECK_OK(close(CHECK_OK(open("place/file", O_RDWR))));
    CHECK_OK(umount("place"));
}

TEST(the_memory_of_a_process_is_a_file)
{
    static volatile int value = 77;
    int fd = CHECK_OK(open("/proc/self/mem", O_RDWR)), seen = 0;
    CHECK_EQUAL(pread(fd, &seen, sizeof(seen), (off_t)(uintptr_t)&value), sizeof(seen));
    CHECK_EQUAL(seen, 77);
    seen = 88;
    CHECK_EQUAL(pwrite(fd, &seen, sizeof(seen), (off_t)(uintptr_t)&value), sizeof(seen));
    CHECK_EQUAL(value, 88);
    CHECK_GIVES(pread(fd, &seen, sizeof(seen), 0), -EIO);
    become_user(1000);
    CHECK_ERRNO(open("/proc/1/mem", O_RDONLY), EACCES);
}
