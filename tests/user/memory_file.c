/*
 * Files of memory without a name.
 */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

static int make(const char *name, unsigned flags)
{
    return (int)CHECK_OK(syscall(SYS_memfd_create, name, flags));
}

TEST(a_memory_file_is_read_and_written)
{
    struct stat status;
    char text[8] = "";
    int fd = make("one", 0);
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_mode, S_IFREG | 0777);
    CHECK_EQUAL(status.st_nlink, 0);
    CHECK_EQUAL(status.st_size, 0);
    CHECK_EQUAL(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    CHECK_EQUAL(fcntl(fd, F_GETFD), 0);
    CHECK_EQUAL(write(fd, "abcdef", 6), 6);
    CHECK_EQUAL(pread(fd, text, 3, 2), 3);
    CHECK_TEXT(text, "cde");
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    CHECK_OK(fstat(fd, &status));
    CHECK_EQUAL(status.st_size, 2 * PAGE);
}

TEST(a_memory_file_is_shared_by_mapping)
{
    int fd = make("shared", MFD_CLOEXEC);
    CHECK_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_OK(ftruncate(fd, PAGE));
    char *bytes = CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        memcpy(bytes, "child", 6);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_TEXT(bytes, "child");
}

TEST(proc_names_a_memory_file)
{
    char link[64], text[64] = "";
    int fd = make("the name", 0);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    CHECK(readlink(link, text, sizeof(text) - 1) > 0);
    CHECK_TEXT(text, "/memfd:the name (deleted)");
    CHECK_EQUAL(write(fd, "xyz", 3), 3);
    int again = CHECK_OK(open(link, O_RDONLY));
    CHECK_EQUAL(read(again, text, 3), 3);
    CHECK(memcmp(text, "xyz", 3) == 0);
}

TEST(two_memory_files_may_have_one_name)
{
    struct stat first, second;
    int one = make("same", 0), other = make("same", 0);
    CHECK_OK(fstat(one, &first));
    CHECK_OK(fstat(other, &second));
    CHECK(first.st_ino != second.st_ino);
    CHECK_EQUAL(first.st_dev, second.st_dev);
}

static atomic_int sealed_fd, mapper_result;

// Maps the file for writing again and again. Who has it mapped so must find it unsealed.
static void *map_until_sealed(void *argument)
{
    int fd = atomic_load(&sealed_fd), both = PROT_READ | PROT_WRITE;
    (void)argument;
    for (;;) {
        void *bytes = mmap(NULL, PAGE, both, MAP_SHARED, fd, 0);
        if (bytes == MAP_FAILED) {
            atomic_store(&mapper_result, errno);
            return NULL;
        }
        if ((fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE) != 0) {
            atomic_store(&mapper_result, -1);
            return NULL;
        }
        munmap(bytes, PAGE);
    }
}

TEST(no_mapping_escapes_a_seal_against_writing)
{
    for (int round = 0; round < 50; round++) {
        pthread_t mapper;
        int fd = make("sealed", MFD_ALLOW_SEALING), result;
        CHECK_OK(ftruncate(fd, PAGE));
        atomic_store(&sealed_fd, fd);
        CHECK(pthread_create(&mapper, NULL, map_until_sealed, NULL) == 0);
        while ((result = fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)) != 0) {
            CHECK_EQUAL(errno, EBUSY);
        }
        CHECK(pthread_join(mapper, NULL) == 0);
        CHECK_EQUAL(atomic_load(&mapper_result), EPERM);
        CHECK_OK(close(fd));
    }
}

static char *map_file(int fd, int protection, int flags)
{
    return CHECK_OK(mmap(NULL, 2 * PAGE, protection, flags, fd, 0));
}

TEST(advice_to_remove_makes_a_hole_in_the_file)
{
    int fd = make("removed", 0);
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    char *bytes = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
    memset(bytes, 'x', 2 * PAGE);
    CHECK_OK(madvise(bytes + PAGE, PAGE, MADV_REMOVE));
    CHECK_EQUAL(bytes[0], 'x');
    CHECK_EQUAL(bytes[PAGE], 0);
    bytes[PAGE] = 'y';
    CHECK_OK(munmap(bytes, PAGE));
    CHECK_ERRNO(madvise(bytes, 2 * PAGE, MADV_REMOVE), ENOMEM); /* the rest is done */
    CHECK_EQUAL(bytes[PAGE], 0);
    char *unwritten = map_file(fd, PROT_READ, MAP_SHARED);
    CHECK_OK(madvise(unwritten, PAGE, MADV_REMOVE)); /* the descriptor may write, and that counts */
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    unwritten = map_file(CHECK_OK(open(path, O_RDONLY)), PROT_READ, MAP_SHARED);
    CHECK_ERRNO(madvise(unwritten, PAGE, MADV_REMOVE), EACCES);
    CHECK_ERRNO(madvise(map_file(fd, PROT_WRITE, MAP_PRIVATE), PAGE, MADV_REMOVE), EACCES);
    CHECK_ERRNO(madvise(map_pages(1), PAGE, MADV_REMOVE), EINVAL);
    bytes = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
    CHECK_OK(mlock(bytes, PAGE));
    CHECK_ERRNO(madvise(bytes, PAGE, MADV_REMOVE), EINVAL);
}

TEST(advice_to_remove_holds_to_the_seals)
{
    int fd = make("sealed", MFD_ALLOW_SEALING);
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    char *bytes = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
    bytes[0] = 'x';
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    CHECK_ERRNO(madvise(bytes, PAGE, MADV_REMOVE), EPERM);
    CHECK_EQUAL(bytes[0], 'x');
    bytes[0] = 'y'; /* what was mapped before may still be written */
}

TEST(memory_file_errors)
{
    char name[252];
    memset(name, 'n', sizeof(name));
    name[249] = '\0';
    CHECK_OK(syscall(SYS_memfd_create, name, 0));
    name[249] = 'n';
    name[250] = '\0';
    CHECK_ERRNO(syscall(SYS_memfd_create, name, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_memfd_create, "x", 0x100), EINVAL);
    CHECK_ERRNO(syscall(SYS_memfd_create, KERNEL_ADDRESS, 0), EFAULT);
    CHECK_OK(syscall(SYS_memfd_create, "", 0));
}
