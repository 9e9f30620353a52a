/*
 * Memory mappings: where they go, what is refused, what is seen beyond the end of a file, and that
 * areas are cut and joined without losing a page.
 */
#include "check.h"

#include <setjmp.h>

static sigjmp_buf back;
static volatile int caught;

static void catch_signal(int number)
{
    caught = number;
    siglongjmp(back, 1);
}

/* The signal that reading or writing the byte raises; 0: none. */
static int touch(volatile char *address, bool is_write)
{
    signal(SIGSEGV, catch_signal);
    signal(SIGBUS, catch_signal);
    caught = 0;
    if (sigsetjmp(back, 1) == 0) {
        char byte = *address;
        if (is_write) {
            *address = byte;
        }
    }
    return caught;
}

static char *anonymous(size_t pages, int rights)
{
    return CHECK_OK(mmap(NULL, pages * PAGE, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int file_of(size_t bytes)
{
    int fd = CHECK_OK(open("data", O_RDWR | O_CREAT | O_TRUNC, 0600));
    for (size_t i = 0; i < bytes; i++) {
        char byte = (char)('a' + i / PAGE);
        CHECK_EQUAL(write(fd, &byte, 1), 1);
    }
    return fd;
}

TEST(bad_mmap_arguments_are_refused)
{
    CHECK_ERRNO(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
    CHECK_ERRNO(mmap((void *)123, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                EINVAL);
    CHECK_ERRNO(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1),
                EINVAL);
    CHECK_ERRNO(mmap(NULL, 1UL << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    CHECK_ERRNO(
        mmap((void *)(1UL << 60), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
        ENOMEM);
    CHECK_ERRNO(munmap((void *)1, PAGE), EINVAL);
    CHECK_ERRNO(munmap((void *)0x10000000, 0), EINVAL);
    char *page = anonymous(1, PROT_READ);
    CHECK_ERRNO(
        mmap(page, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
        EEXIST);
}

TEST(a_hole_in_the_middle_leaves_both_ends)
{
    char *area = anonymous(6, PROT_READ | PROT_WRITE);
    memset(area, 'x', 6 * PAGE);
    CHECK_OK(munmap(area + 2 * PAGE, 2 * PAGE));
    CHECK_EQUAL(touch(area + 2 * PAGE - 1, true), 0);
    CHECK_EQUAL(touch(area + 2 * PAGE, false), SIGSEGV);
    CHECK_EQUAL(touch(area + 4 * PAGE - 1, false), SIGSEGV);
    CHECK_EQUAL(touch(area + 4 * PAGE, true), 0);
    CHECK_EQUAL(area[5 * PAGE], 'x');
    CHECK_OK(munmap(area, 6 * PAGE));
    CHECK_OK(munmap(area, 6 * PAGE)); /* nothing there: no error */
}

TEST(protection_splits_and_joins)
{
    char *area = anonymous(5, PROT_READ | PROT_WRITE);
    memset(area, 'y', 5 * PAGE);
    CHECK_OK(mprotect(area + PAGE, 3 * PAGE, PROT_READ));
    CHECK_EQUAL(touch(area + PAGE, true), SIGSEGV);
    CHECK_EQUAL(touch(area + 4 * PAGE, true), 0);
    CHECK_OK(mprotect(area + 2 * PAGE, PAGE, PROT_NONE));
    CHECK_EQUAL(touch(area + 2 * PAGE, false), SIGSEGV);
    int pipes[2];
    CHECK_OK(pipe(pipes));
    CHECK_ERRNO(write(pipes[1], area + 2 * PAGE, 10), EFAULT);
    CHECK_OK(mprotect(area, 5 * PAGE, PROT_READ | PROT_WRITE));
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(area[i * PAGE], 'y');
        CHECK_EQUAL(touch(area + i * PAGE, true), 0);
    }
    CHECK_OK(munmap(area + 3 * PAGE, PAGE));
    CHECK_ERRNO(mprotect(area, 5 * PAGE, PROT_READ), ENOMEM);
    CHECK_EQUAL(touch(area + 2 * PAGE, true), SIGSEGV); /* what came before the hole has changed */
    CHECK_ERRNO(syscall(SYS_mprotect, area + 1, PAGE, PROT_READ), EINVAL); /* musl's aligns it */
    CHECK_OK(syscall(SYS_mprotect, area, 0, PROT_READ));
}

TEST(a_private_mapping_ends_with_zeroes_and_then_a_bus_error)
{
    int fd = file_of(PAGE + 100);
    char *area = CHECK_OK(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    CHECK_EQUAL(area[0], 'a');
    CHECK_EQUAL(area[PAGE + 99], 'b');
    CHECK_EQUAL(area[PAGE + 100], 0);
    CHECK_EQUAL(area[2 * PAGE - 1], 0);
    CHECK_EQUAL(touch(area + 2 * PAGE, false), SIGBUS);
    CHECK_EQUAL(touch(area + 3 * PAGE, true), SIGBUS);
    area[5] = 'Z';
    char byte;
    CHECK_EQUAL(pread(fd, &byte, 1, 5), 1);
    CHECK_EQUAL(byte, 'a');
    CHECK_EQUAL(pwrite(fd, "Q", 1, 6), 1);
    CHECK_EQUAL(area[6], 'a'); /* the page is our own by now */
    CHECK_EQUAL(pwrite(fd, "Q", 1, PAGE + 6), 1);
    CHECK_EQUAL(area[PAGE + 6], 'Q');
}

TEST(a_shared_mapping_is_the_file)
{
    int fd = file_of(2 * PAGE);
    char *area = CHECK_OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    area[10] = 'S';
    char byte;
    CHECK_EQUAL(pread(fd, &byte, 1, 10), 1);
    CHECK_EQUAL(byte, 'S');
    CHECK_EQUAL(pwrite(fd, "T", 1, PAGE + 1), 1);
    CHECK_EQUAL(area[PAGE + 1], 'T');
    CHECK_OK(msync(area, 2 * PAGE, MS_SYNC));
    CHECK_OK(ftruncate(fd, PAGE));
    CHECK_EQUAL(touch(area + PAGE, false), SIGBUS);
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    CHECK_EQUAL(touch(area + PAGE, false), 0);
    CHECK_EQUAL(area[PAGE + 1], 0);
}

TEST(a_file_opened_for_reading_cannot_be_written_through_a_shared_mapping)
{
    close(file_of(PAGE));
    int fd = CHECK_OK(open("data", O_RDONLY));
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
    char *area = CHECK_OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    CHECK_ERRNO(mprotect(area, PAGE, PROT_READ | PROT_WRITE), EACCES);
    char *own = CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    own[0] = 'w';
    CHECK_EQUAL(area[0], 'a');
}

TEST(memory_is_shared_with_a_child_only_where_asked)
{
    char *own = anonymous(1, PROT_READ | PROT_WRITE);
    char *both =
        CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    own[0] = both[0] = 1;
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        own[0] = both[0] = 2;
        _exit(0);
    }
    CHECK_OK(waitpid(child, NULL, 0));
    CHECK_EQUAL(own[0], 1);
    CHECK_EQUAL(both[0], 2);
}

TEST(remapping_grows_shrinks_and_moves)
{
    char *area = anonymous(4, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 4; i++) {
        area[i * PAGE] = (char)(i + 1);
    }
    CHECK_EQUAL((long)CHECK_OK(mremap(area, 4 * PAGE, 2 * PAGE, 0)), (long)area);
    CHECK_EQUAL(touch(area + 2 * PAGE, false), SIGSEGV);
    char *target = anonymous(8, PROT_READ);
    char *moved = CHECK_OK(mremap(area, 2 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target));
    CHECK_EQUAL((long)moved, (long)target);
    CHECK_EQUAL(moved[PAGE], 2);
    CHECK_EQUAL(moved[4 * PAGE], 0);
    moved[4 * PAGE] = 9;
    CHECK_EQUAL(touch(area, false), SIGSEGV);
    CHECK_ERRNO(mremap(moved, 5 * PAGE, 6 * PAGE, 0), ENOMEM);
    CHECK_ERRNO(mremap(area, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
    CHECK_ERRNO(mremap(moved + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EINVAL);
    CHECK_ERRNO(mremap(moved, PAGE, 0, MREMAP_MAYMOVE), EINVAL);
}

TEST(advice_is_taken_or_refused)
{
    char *area = anonymous(3, PROT_READ | PROT_WRITE);
    memset(area, 'q', 3 * PAGE);
    CHECK_OK(madvise(area + PAGE, PAGE, MADV_DONTNEED));
    CHECK_EQUAL(area[0], 'q');
    CHECK_EQUAL(area[PAGE], 0);
    CHECK_OK(madvise(area, 3 * PAGE, MADV_WILLNEED));
    CHECK_ERRNO(madvise(area, 3 * PAGE, 77), EINVAL);
    CHECK_ERRNO(madvise(area + 1, PAGE, MADV_DONTNEED), EINVAL);
    CHECK_OK(munmap(area + PAGE, PAGE));
    CHECK_ERRNO(madvise(area, 3 * PAGE, MADV_DONTNEED), ENOMEM);
    CHECK_EQUAL(area[2 * PAGE], 0); /* done all the same */
}

TEST(the_break_moves_and_forgets)
{
    long start = syscall(SYS_brk, 0);
    CHECK_EQUAL(syscall(SYS_brk, start + 3 * PAGE + 5), start + 3 * PAGE + 5);
    char *memory = (char *)start;
    memory[3 * PAGE] = 7;
    CHECK_EQUAL(syscall(SYS_brk, start), start);
    CHECK_EQUAL(syscall(SYS_brk, start + 4 * PAGE), start + 4 * PAGE);
    CHECK_EQUAL(memory[3 * PAGE], 0);
    CHECK_EQUAL(syscall(SYS_brk, 5), start + 4 * PAGE);
    CHECK_EQUAL(syscall(SYS_brk, 1L << 60), start + 4 * PAGE);
}

static __attribute__((noinline)) int deep(int levels)
{
    volatile char room[3000];
    room[0] = (char)levels;
    return levels == 0 ? 0 : deep(levels - 1) + (room[0] == (char)levels);
}

TEST(the_stack_grows_by_itself)
{
    CHECK_EQUAL(deep(1500), 1500);
}

TEST(residency_is_told)
{
    unsigned char vector[3];
    char *area = anonymous(3, PROT_READ | PROT_WRITE);
    area[PAGE] = 1;
    CHECK_OK(mincore(area, 3 * PAGE, vector));
    CHECK_EQUAL(vector[0] & 1, 0);
    CHECK_EQUAL(vector[1] & 1, 1);
    CHECK_ERRNO(mincore(area + 1, PAGE, vector), EINVAL);
    CHECK_OK(munmap(area + 2 * PAGE, PAGE));
    CHECK_ERRNO(mincore(area, 3 * PAGE, vector), ENOMEM);
}

TEST(reads_of_untouched_memory_are_zero_and_writes_then_stay)
{
    char *area = anonymous(64, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 64; i++) {
        CHECK_EQUAL(area[i * PAGE + i], 0);
    }
    for (int i = 0; i < 64; i++) {
        area[i * PAGE] = (char)i;
    }
    for (int i = 0; i < 64; i++) {
        CHECK_EQUAL(area[i * PAGE], i);
        CHECK_EQUAL(area[i * PAGE + 1], 0);
    }
}

static long show_part(void *start, size_t bytes, int protection, size_t page)
{
    return syscall(SYS_remap_file_pages, start, bytes, protection, page, 0);
}

TEST(a_shared_mapping_can_show_another_part)
{
    int fd = make_open_file("f");
    for (int i = 0; i < 4; i++) {
        char letter = (char)('a' + i);
        CHECK_EQUAL(pwrite(fd, &letter, 1, i * PAGE), 1);
    }
    char *place = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    volatile char *area = place;
    CHECK(place != MAP_FAILED);
    CHECK_OK(show_part(place + 5, 2 * PAGE + 7, 0, 2)); /* rounded down, both */
    CHECK_EQUAL(area[0], 'c');
    CHECK_EQUAL(area[PAGE], 'd');
    CHECK_EQUAL(area[2 * PAGE], 'c');
    area[PAGE] = 'x';
    CHECK_EQUAL(area[3 * PAGE], 'x');
    CHECK_OK(mprotect(place, 4 * PAGE, PROT_READ));
    CHECK_OK(show_part(place, PAGE, 0, 1));
    CHECK_EQUAL(area[0], 'b');
    CHECK_OK(mprotect(place, PAGE, PROT_READ | PROT_WRITE));
}

TEST(what_is_not_shared_shows_no_other_part)
{
    char *shared = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    CHECK_OK(show_part(shared, PAGE, 0, 1));
    CHECK_ERRNO(show_part(shared, PAGE, PROT_READ, 1), EINVAL);
    CHECK_ERRNO(show_part(shared, 0, 0, 1), EINVAL);
    CHECK_ERRNO(show_part(shared, PAGE, 0, (size_t)-1), EINVAL);
    CHECK_ERRNO(show_part(anonymous(1, PROT_READ), PAGE, 0, 0), EINVAL);
    CHECK_ERRNO(show_part(unmapped_address(), PAGE, 0, 0), EINVAL);
    CHECK_OK(munmap(shared + PAGE, PAGE));
    CHECK_ERRNO(show_part(shared, 2 * PAGE, 0, 0), EINVAL);
}
