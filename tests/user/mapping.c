/*
 * mmap and munmap: anonymous and file mappings, private and shared, hints and fixed places, errors.
 */
#include "fault.h"

#include <sys/resource.h>

static char *map_file(int fd, size_t size, int protection, int flags, off_t offset)
{
    return CHECK_OK(mmap(NULL, size, protection, flags, fd, offset));
}

static int file_of_pages(const char *path, int pages)
{
    char page[PAGE];
    int fd = make_open_file(path);
    for (int i = 0; i < pages; i++) {
        memset(page, 'a' + i, sizeof(page));
        CHECK_EQUAL(write(fd, page, PAGE), PAGE);
    }
    return fd;
}

TEST(anonymous_memory_is_zero_and_writable)
{
    char *memory = map_pages(100);
    for (size_t i = 0; i < 100 * PAGE; i += 997) {
        CHECK(memory[i] == 0);
        memory[i] = 1;
    }
    CHECK_OK(munmap(memory, 100 * PAGE));
    CHECK_EQUAL(fault_of_read(memory), SIGSEGV);
}

TEST(lengths_are_rounded_up_to_pages)
{
    char *memory =
        CHECK_OK(mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    memory[PAGE - 1] = 1;
    CHECK_EQUAL((uintptr_t)memory % PAGE, 0);
    CHECK_OK(munmap(memory, 1));
    CHECK_EQUAL(fault_of_read(memory + PAGE - 1), SIGSEGV);
}

TEST(mmap_errors)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = file_of_pages("f", 1);
    CHECK_ERRNO(mmap(NULL, 0, PROT_READ, flags, -1, 0), EINVAL);
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_mmap, 1, PAGE, PROT_READ, flags | MAP_FIXED, -1, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_mmap, NULL, (size_t)-PAGE, PROT_READ, flags, -1, 0), ENOMEM);
    CHECK_ERRNO(syscall(SYS_mmap, NULL, (size_t)-1, PROT_READ, flags, -1, 0), ENOMEM);
    CHECK_ERRNO(syscall(SYS_mmap, NULL, 1UL << 48, PROT_READ, flags, -1, 0), ENOMEM);
    CHECK_ERRNO(syscall(SYS_mmap, KERNEL_ADDRESS, PAGE, PROT_READ, flags | MAP_FIXED, -1, 0),
                ENOMEM);
    CHECK_ERRNO(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, 900, 0), EBADF);
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0), EINVAL);
}

TEST(mmap_of_a_file_needs_its_rights)
{
    file_of_pages("f", 1);
    int reading = CHECK_OK(open("f", O_RDONLY)), writing = CHECK_OK(open("f", O_WRONLY));
    int both = PROT_READ | PROT_WRITE;
    CHECK_ERRNO(mmap(NULL, PAGE, both, MAP_SHARED, reading, 0), EACCES);
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, writing, 0), EACCES);
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writing, 0), EACCES);
    CHECK_OK(mmap(NULL, PAGE, both, MAP_PRIVATE, reading, 0));
    char *shared = CHECK_OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reading, 0));
    CHECK_ERRNO(mprotect(shared, PAGE, both), EACCES);
}

TEST(directories_and_pipes_cannot_be_mapped)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    int folder = CHECK_OK(open(".", O_RDONLY));
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, folder, 0), ENODEV);
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0), ENODEV);
}

TEST(a_file_mapping_shows_the_file_and_outlives_the_descriptor)
{
    int fd = file_of_pages("f", 3);
    char *memory = map_file(fd, 2 * PAGE, PROT_READ, MAP_PRIVATE, PAGE);
    CHECK_OK(close(fd));
    CHECK_OK(unlink("f"));
    CHECK(memory[0] == 'b' && memory[PAGE] == 'c' && memory[2 * PAGE - 1] == 'c');
}

TEST(private_writes_stay_private)
{
    char byte;
    int fd = file_of_pages("f", 1);
    char *memory = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
    memory[0] = 'X';
    CHECK_EQUAL(pread(fd, &byte, 1, 0), 1);
    CHECK_EQUAL(byte, 'a');
    CHECK_EQUAL(memory[1], 'a');
}

TEST(shared_writes_and_file_writes_are_one)
{
    char byte;
    int fd = file_of_pages("f", 1);
    char *memory = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    char *again = map_file(fd, PAGE, PROT_READ, MAP_SHARED, 0);
    memory[5] = 'X';
    CHECK_EQUAL(pread(fd, &byte, 1, 5), 1);
    CHECK_EQUAL(byte, 'X');
    CHECK_EQUAL(again[5], 'X');
    CHECK_EQUAL(pwrite(fd, "Y", 1, 6), 1);
    CHECK_EQUAL(memory[6], 'Y');
    CHECK_OK(msync(memory, PAGE, MS_SYNC));
}

TEST(the_rest_of_the_last_page_is_zero_and_beyond_is_a_bus_error)
{
    int fd = make_open_file("f");
    CHECK_EQUAL(write(fd, "abc", 3), 3);
    char *memory = map_file(fd, 2 * PAGE, PROT_READ, MAP_PRIVATE, 0);
    CHECK(memory[2] == 'c' && memory[3] == 0 && memory[PAGE - 1] == 0);
    CHECK_EQUAL(fault_of_read(memory + PAGE), SIGBUS);
    CHECK_EQUAL(fault_info.si_code, BUS_ADRERR);
    CHECK(fault_info.si_addr == memory + PAGE);
}

TEST(cutting_a_file_takes_its_mapped_pages_away)
{
    int fd = file_of_pages("f", 2);
    char *memory = map_file(fd, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    memory[PAGE] = 'x';
    CHECK_OK(ftruncate(fd, PAGE));
    CHECK_EQUAL(fault_of_read(memory + PAGE), SIGBUS);
    CHECK_EQUAL(memory[0], 'a');
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    CHECK_EQUAL(memory[PAGE], 0);
}

TEST(a_system_call_into_cut_pages_gives_efault)
{
    int fd = make_open_file("f"), zero = CHECK_OK(open("/dev/zero", O_RDONLY));
    char *memory = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    CHECK_ERRNO(read(zero, memory, 1), EFAULT);
    CHECK_ERRNO(write(CHECK_OK(open("g", O_WRONLY | O_CREAT, 0600)), memory, 1), EFAULT);
}

TEST(fixed_replaces_what_is_there)
{
    char *memory = map_pages(3);
    memset(memory, 1, 3 * PAGE);
    char *middle = CHECK_OK(
        mmap(memory + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    CHECK(middle == memory + PAGE);
    CHECK(memory[PAGE - 1] == 1 && middle[0] == 0 && memory[2 * PAGE] == 1);
    CHECK_EQUAL(fault_of_write(middle), SIGSEGV);
}

TEST(fixed_noreplace_refuses_what_is_there)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | 0x100000;
    char *memory = map_pages(2);
    CHECK_ERRNO(mmap(memory, PAGE, PROT_READ, flags, -1, 0), EEXIST);
    CHECK_OK(munmap(memory, PAGE));
    CHECK(mmap(memory, PAGE, PROT_READ, flags, -1, 0) == memory);
}

TEST(a_free_hint_is_taken_and_a_used_one_is_not)
{
    char *memory = map_pages(8);
    CHECK_OK(munmap(memory + 2 * PAGE, PAGE));
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    CHECK(mmap(memory + 2 * PAGE, PAGE, PROT_READ, flags, -1, 0) == memory + 2 * PAGE);
    char *other = CHECK_OK(mmap(memory, PAGE, PROT_READ, flags, -1, 0));
    CHECK(other < memory || other >= memory + 8 * PAGE);
}

TEST(unmapping_the_middle_keeps_both_ends)
{
    char *memory = map_pages(5);
    memset(memory, 7, 5 * PAGE);
    CHECK_OK(munmap(memory + PAGE, 3 * PAGE));
    CHECK(memory[0] == 7 && memory[4 * PAGE] == 7);
    CHECK_EQUAL(fault_of_read(memory + PAGE), SIGSEGV);
    CHECK_EQUAL(fault_of_read(memory + 4 * PAGE - 1), SIGSEGV);
}

TEST(munmap_of_several_areas_and_of_nothing)
{
    char *memory = map_pages(4);
    CHECK_OK(mprotect(memory + PAGE, PAGE, PROT_READ));
    CHECK_OK(munmap(memory + 2 * PAGE, PAGE));
    CHECK_OK(munmap(memory, 4 * PAGE));
    CHECK_OK(munmap(memory, 4 * PAGE));
    CHECK_EQUAL(fault_of_read(memory + 3 * PAGE), SIGSEGV);
    CHECK_ERRNO(munmap(memory + 1, PAGE), EINVAL);
    CHECK_ERRNO(munmap(memory, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_munmap, KERNEL_ADDRESS, PAGE), EINVAL);
}

TEST(shared_anonymous_memory_is_shared_with_children)
{
    volatile char *memory =
        CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        memory[10] = 42;
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(memory[10], 42);
}

TEST(private_memory_is_copied_on_write_after_fork)
{
    volatile char *memory = map_pages(2);
    memory[0] = 1;
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_EQUAL(memory[0], 1);
        memory[0] = 2;
        memory[PAGE] = 3;
        CHECK_EQUAL(memory[0], 2);
        _exit(0);
    }
    memory[1] = 9;
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(memory[0], 1);
    CHECK_EQUAL(memory[PAGE], 0);
}

TEST(the_zero_device_maps_as_memory)
{
    int fd = CHECK_OK(open("/dev/zero", O_RDWR));
    char *private = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
    CHECK_EQUAL(private[100], 0);
    private[100] = 1;
}

TEST(the_address_space_limit_holds)
{
    struct rlimit limit = {64 << 20, 64 << 20};
    CHECK_OK(setrlimit(RLIMIT_AS, &limit));
    CHECK_ERRNO(mmap(NULL, 100 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    CHECK_OK(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static rlim_t data_bytes(void)
{
    static char text[8192];
    read_file("/proc/self/status", text, sizeof(text));
    char *line = strstr(text, "\nVmData:");
    CHECK(line != NULL);
    return (rlim_t)atol(line + 8) << 10;
}

TEST(a_reserved_range_can_be_used_under_the_data_limit)
{
    const int private = MAP_PRIVATE | MAP_ANONYMOUS, rights = PROT_READ | PROT_WRITE;
    char *range = CHECK_OK(mmap(NULL, 64 * PAGE, PROT_NONE, private, -1, 0));
    CHECK_OK(munmap(range + 32 * PAGE, 32 * PAGE));
    rlim_t bytes = data_bytes() + 4 * PAGE;
    CHECK_OK(setrlimit(RLIMIT_DATA, &(struct rlimit){bytes, bytes}));
    CHECK_ERRNO(mmap(range, 64 * PAGE, rights, private | MAP_FIXED, -1, 0), ENOMEM);
    CHECK_EQUAL(fault_of_read(range), SIGSEGV);
    CHECK_EQUAL(fault_info.si_code, SEGV_ACCERR); /* still there */
    CHECK(mmap(range, 16 * PAGE, rights, private | MAP_FIXED, -1, 0) == range);
    range[15 * PAGE] = 1;
    CHECK_ERRNO(mmap(NULL, PAGE, rights, private, -1, 0), ENOMEM);
}

TEST(pages_can_be_read_as_file_and_written_as_memory_at_once)
{
    char text[8] = "";
    int fd = file_of_pages("f", 2);
    char *memory = map_file(fd, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    CHECK_EQUAL(pread(fd, memory, PAGE, PAGE), PAGE);
    CHECK_EQUAL(memory[0], 'b');
    CHECK_EQUAL(pwrite(fd, memory, 4, PAGE + 4), 4);
    CHECK_EQUAL(pread(fd, text, 4, 0), 4);
    CHECK_TEXT(text, "bbbb");
}

TEST(a_reserved_range_without_rights_faults)
{
    char *memory = CHECK_OK(
        mmap(NULL, (size_t)1 << 32, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    CHECK_EQUAL(fault_of_read(memory + 12345), SIGSEGV);
    CHECK_EQUAL(fault_info.si_code, SEGV_ACCERR);
    CHECK_OK(munmap(memory, (size_t)1 << 32));
}
