/*
 * The rest of memory: brk, the stack, mremap, madvise, mincore, msync, mlock.
 */
#include "fault.h"

#include <sys/resource.h>

static char *break_at(void *address)
{
    return (char *)syscall(SYS_brk, address);
}

TEST(brk_grows_and_shrinks_and_new_memory_is_zero)
{
    char *start = break_at(NULL);
    CHECK(break_at(start + 3 * PAGE + 5) == start + 3 * PAGE + 5);
    for (int i = 0; i < 3 * PAGE; i += 100) {
        CHECK_EQUAL(start[i], 0);
        start[i] = 1;
    }
    CHECK(break_at(start) == start);
    CHECK_EQUAL(fault_of_read((char *)(((uintptr_t)start + PAGE) & ~(PAGE - 1UL))), SIGSEGV);
    CHECK(break_at(start + PAGE) == start + PAGE);
    CHECK_EQUAL(start[PAGE - 1], 0);
}

TEST(a_refused_brk_returns_the_old_one)
{
    char *start = break_at(NULL);
    CHECK(break_at((void *)8) == start);
    CHECK(break_at(KERNEL_ADDRESS) == start);
    struct rlimit limit = {PAGE, PAGE};
    CHECK_OK(setrlimit(RLIMIT_DATA, &limit));
    CHECK(break_at(start + (1 << 20)) == start);
}

TEST(brk_does_not_run_into_a_mapping)
{
    char *start = break_at(NULL);
    char *above = (char *)(((uintptr_t)start + 10 * PAGE) & ~(PAGE - 1UL));
    CHECK_OK(mmap(above, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    CHECK(break_at(above + PAGE) == start);
}

__attribute__((noinline)) static int use_stack(int depth)
{
    volatile char block[PAGE];
    block[0] = (char)depth;
    return depth == 0 ? 0 : use_stack(depth - 1) + (block[0] == (char)depth);
}

TEST(the_stack_grows_on_demand)
{
    CHECK_EQUAL(use_stack(1000), 1000);
}

TEST(the_stack_ends_at_its_limit)
{
    struct rlimit limit = {1 << 20, 1 << 20};
    CHECK_OK(setrlimit(RLIMIT_STACK, &limit));
    CHECK_EQUAL(use_stack(200), 200);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        use_stack(1000);
        _exit(0);
    }
    CHECK_KILLED(child, SIGSEGV);
}

static void limit_to(int resource, rlim_t bytes)
{
    struct rlimit limit = {bytes, bytes};
    CHECK_OK(setrlimit(resource, &limit));
}

static void grow_locked_stack(void)
{
    limit_to(RLIMIT_STACK, 64 << 20);
    CHECK_OK(mlockall(MCL_CURRENT));
    limit_to(RLIMIT_MEMLOCK, 4 << 20);
    CHECK_EQUAL(use_stack(2000), 2000); /* root may */
    limit_to(RLIMIT_MEMLOCK, 16 << 20);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(NOBODY);
        CHECK_OK(mlockall(MCL_CURRENT));
        use_stack(6000);
        _exit(0);
    }
    CHECK_KILLED(child, SIGSEGV);
}

TEST(a_locked_stack_ends_at_the_limit_for_locks)
{
    CHECK_IN_CHILD(grow_locked_stack);
}

static char other_stack[65536];

static void on_overflow(int signal, siginfo_t *info, void *context)
{
    (void)context;
    char here;
    CHECK(&here > other_stack && &here < other_stack + sizeof(other_stack));
    CHECK_EQUAL(signal, SIGSEGV);
    CHECK(info->si_addr != NULL);
    _exit(7);
}

TEST(a_stack_overflow_is_handled_on_the_other_stack)
{
    struct rlimit limit = {1 << 20, 1 << 20};
    stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof(other_stack)};
    struct sigaction action = {.sa_sigaction = on_overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    CHECK_OK(setrlimit(RLIMIT_STACK, &limit));
    CHECK_OK(sigaltstack(&stack, NULL));
    CHECK_OK(sigaction(SIGSEGV, &action, NULL));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        use_stack(100000);
        _exit(0);
    }
    CHECK_EXITED(child, 7);
}

TEST(mremap_grows_in_place_or_moves_with_the_content)
{
    char *pages = map_pages(4);
    memset(pages, 3, 4 * PAGE);
    CHECK_OK(munmap(pages + 2 * PAGE, 2 * PAGE));
    CHECK(mremap(pages, 2 * PAGE, 4 * PAGE, 0) == pages);
    CHECK(pages[2 * PAGE - 1] == 3 && pages[2 * PAGE] == 0);
    CHECK_OK(
        mmap(pages + 3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    CHECK_ERRNO(mremap(pages, 3 * PAGE, 8 * PAGE, 0), ENOMEM);
    char *moved = CHECK_OK(mremap(pages, 3 * PAGE, 8 * PAGE, MREMAP_MAYMOVE));
    CHECK(moved != pages);
    CHECK(moved[0] == 3 && moved[2 * PAGE - 1] == 3 && moved[7 * PAGE] == 0);
    CHECK_EQUAL(fault_of_read(pages), SIGSEGV);
}

TEST(mremap_shrinks_and_frees_the_rest)
{
    char *pages = map_pages(4);
    CHECK(mremap(pages, 4 * PAGE, PAGE, 0) == pages);
    CHECK_EQUAL(fault_of_read(pages), 0);
    CHECK_EQUAL(fault_of_read(pages + PAGE), SIGSEGV);
}

TEST(mremap_to_a_fixed_place_replaces_it)
{
    char *pages = map_pages(2), *target = map_pages(2);
    memset(pages, 5, 2 * PAGE);
    char *moved = mremap(pages, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(moved == target);
    CHECK_EQUAL(target[PAGE + 1], 5);
    CHECK_EQUAL(fault_of_read(pages), SIGSEGV);
}

TEST(mremap_errors)
{
    char *pages = map_pages(2);
    CHECK_ERRNO(mremap(pages + 1, PAGE, PAGE, 0), EINVAL);
    CHECK_ERRNO(mremap(pages, PAGE, 0, 0), EINVAL);
    CHECK_ERRNO(mremap(pages, PAGE, PAGE, 64), EINVAL);
    CHECK_ERRNO(mremap(pages, PAGE, PAGE, MREMAP_FIXED, pages), EINVAL);
    CHECK_ERRNO(mremap(unmapped_address(), PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
}

/* By number: the C library hands the address over only with MREMAP_FIXED. */
static char *remap(char *from, size_t old_bytes, size_t new_bytes, int flags, char *to)
{
    return (char *)syscall(SYS_mremap, from, old_bytes, new_bytes, (long)flags, to);
}

enum { MOVE = 1, FIXED = 2, DONT_UNMAP = 4 };

TEST(mremap_can_leave_the_old_range_empty)
{
    char *pages = map_pages(4), *target = map_pages(4);
    memset(pages, 'x', 4 * PAGE);
    char *moved = CHECK_OK(remap(pages, 4 * PAGE, 4 * PAGE, MOVE | DONT_UNMAP, NULL));
    CHECK(moved[0] == 'x' && moved[4 * PAGE - 1] == 'x');
    CHECK(pages[0] == 0 && pages[4 * PAGE - 1] == 0);
    pages[5] = 'q';
    CHECK(remap(pages, 4 * PAGE, 4 * PAGE, MOVE | FIXED | DONT_UNMAP, target) == target);
    CHECK(target[5] == 'q' && pages[5] == 0 && moved[5] == 'x');
    CHECK_ERRNO(remap(pages, 4 * PAGE, 2 * PAGE, MOVE | DONT_UNMAP, NULL), EINVAL);
    CHECK_ERRNO(remap(pages, 4 * PAGE, 8 * PAGE, MOVE | DONT_UNMAP, NULL), EINVAL);
    CHECK_ERRNO(remap(pages, 4 * PAGE, 4 * PAGE, DONT_UNMAP, NULL), EINVAL);
    CHECK_ERRNO(remap(pages, 4 * PAGE, 4 * PAGE, MOVE | DONT_UNMAP, target + 1), EINVAL);
    CHECK_ERRNO(remap(pages, 4 * PAGE, 4 * PAGE, MOVE | FIXED | DONT_UNMAP, pages + PAGE), EINVAL);
}

TEST(a_file_that_is_moved_and_left_shows_its_own_bytes_again)
{
    make_file("f", "hello");
    char *memory = CHECK_OK(
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, CHECK_OK(open("f", O_RDONLY)), 0));
    memory[0] = 'J';
    char *moved = CHECK_OK(remap(memory, PAGE, PAGE, MOVE | DONT_UNMAP, NULL));
    CHECK(moved[0] == 'J' && memory[0] == 'h');
}

TEST(mremap_of_no_bytes_shows_shared_memory_again)
{
    char *shared =
        CHECK_OK(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    shared[PAGE] = 's';
    char *again = CHECK_OK(remap(shared + PAGE, 0, 2 * PAGE, MOVE, NULL));
    CHECK(again[0] == 's');
    again[1] = 'a';
    CHECK(shared[PAGE + 1] == 'a');
    CHECK_OK(munmap(shared, 4 * PAGE));
    CHECK(again[1] == 'a');
    char *target = map_pages(2);
    CHECK(remap(again, 0, PAGE, MOVE | FIXED, target) == target);
    CHECK(target[1] == 'a');
    CHECK_ERRNO(remap(again, 0, PAGE, 0, NULL), ENOMEM);
    CHECK_ERRNO(remap(again, 0, PAGE, MOVE | DONT_UNMAP, NULL), EINVAL);
    CHECK_ERRNO(remap(map_pages(1), 0, PAGE, MOVE, NULL), EINVAL);
    CHECK_ERRNO(remap(unmapped_address(), 0, PAGE, MOVE, NULL), EFAULT);
}

TEST(mremap_keeps_a_file_mapping_with_its_file)
{
    int fd = make_open_file("f");
    CHECK_OK(ftruncate(fd, 4 * PAGE));
    CHECK_EQUAL(pwrite(fd, "z", 1, 3 * PAGE), 1);
    char *memory = CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    memory = CHECK_OK(mremap(memory, PAGE, 4 * PAGE, MREMAP_MAYMOVE));
    CHECK_EQUAL(memory[3 * PAGE], 'z');
}

TEST(dontneed_brings_zeroes_or_the_file_back)
{
    char *pages = map_pages(2);
    memset(pages, 1, 2 * PAGE);
    CHECK_OK(madvise(pages, PAGE, MADV_DONTNEED));
    CHECK(pages[0] == 0 && pages[PAGE] == 1);
    make_file("f", "hello");
    char *file = CHECK_OK(
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, CHECK_OK(open("f", O_RDONLY)), 0));
    file[0] = 'j';
    CHECK_OK(madvise(file, PAGE, MADV_DONTNEED));
    CHECK_EQUAL(file[0], 'h');
}

TEST(madvise_checks_its_arguments)
{
    char *pages = map_pages(1);
    CHECK_OK(madvise(pages, PAGE, MADV_NORMAL));
    CHECK_OK(madvise(pages, PAGE, MADV_WILLNEED));
    CHECK_OK(madvise(pages, 0, MADV_DONTNEED));
    CHECK_ERRNO(madvise(pages, PAGE, 999), EINVAL);
    CHECK_ERRNO(madvise(pages + 1, PAGE, MADV_DONTNEED), EINVAL);
    CHECK_ERRNO(madvise(unmapped_address(), PAGE, MADV_DONTNEED), ENOMEM);
}

TEST(mincore_tells_what_is_in_memory)
{
    unsigned char there[3];
    char *pages = map_pages(3);
    pages[PAGE] = 1;
    CHECK_OK(mincore(pages, 3 * PAGE, there));
    CHECK_EQUAL(there[0] & 1, 0);
    CHECK_EQUAL(there[1] & 1, 1);
    CHECK_ERRNO(mincore(pages + 1, PAGE, there), EINVAL);
    CHECK_ERRNO(mincore(unmapped_address(), PAGE, there), ENOMEM);
    CHECK_ERRNO(mincore(pages, PAGE, KERNEL_ADDRESS), EFAULT);
}

TEST(msync_checks_its_arguments)
{
    int fd = make_open_file("f");
    CHECK_OK(ftruncate(fd, PAGE));
    char *memory = CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    memory[0] = 1;
    CHECK_OK(msync(memory, PAGE, MS_ASYNC));
    CHECK_ERRNO(msync(memory, PAGE, MS_ASYNC | MS_SYNC), EINVAL);
    CHECK_ERRNO(msync(memory + 1, PAGE, MS_SYNC), EINVAL);
    CHECK_ERRNO(msync(memory, PAGE, 64), EINVAL);
    CHECK_ERRNO(msync(unmapped_address(), PAGE, MS_SYNC), ENOMEM);
}

TEST(mlock_brings_pages_in)
{
    unsigned char there[2];
    char *pages = map_pages(2);
    CHECK_OK(mlock(pages, 2 * PAGE));
    CHECK_OK(mincore(pages, 2 * PAGE, there));
    CHECK(there[0] & there[1] & 1);
    CHECK_OK(munlock(pages, 2 * PAGE));
    CHECK_ERRNO(mlock(unmapped_address(), PAGE), ENOMEM);
}

TEST(much_memory_comes_and_goes)
{
    for (int round = 0; round < 40; round++) {
        size_t size = 8 << 20;
        char *memory = map_pages(size / PAGE);
        for (size_t at = 0; at < size; at += PAGE) {
            memory[at] = (char)round;
        }
        CHECK_OK(munmap(memory, size));
    }
}
