/*
 * mprotect, and which signal with which code each kind of forbidden access raises.
 */
#include "fault.h"

#include <sys/resource.h>

TEST(a_read_of_nothing_is_segv_maperr)
{
    char *address = unmapped_address();
    CHECK_EQUAL(fault_of_read(address), SIGSEGV);
    CHECK_EQUAL(fault_info.si_code, SEGV_MAPERR);
    CHECK(fault_info.si_addr == address);
    CHECK_EQUAL(fault_of_read(NULL), SIGSEGV);
    CHECK(fault_info.si_addr == NULL);
}

TEST(a_write_to_read_only_memory_is_segv_accerr)
{
    char *page = map_pages(1);
    page[0] = 5;
    CHECK_OK(mprotect(page, PAGE, PROT_READ));
    CHECK_EQUAL(fault_of_write(page + 17), SIGSEGV);
    CHECK_EQUAL(fault_info.si_code, SEGV_ACCERR);
    CHECK(fault_info.si_addr == page + 17);
    CHECK_EQUAL(page[0], 5);
}

TEST(memory_without_execute_cannot_be_called)
{
    char *page = map_pages(1);
    page[0] = (char)0xc3;
    CHECK_EQUAL(fault_of_call(page), SIGSEGV);
    CHECK_EQUAL(fault_info.si_code, SEGV_ACCERR);
    CHECK_OK(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
    CHECK_EQUAL(fault_of_call(page), 0);
}

TEST(kernel_addresses_fault_as_unmapped)
{
    CHECK_EQUAL(fault_of_read(KERNEL_ADDRESS), SIGSEGV);
    CHECK_EQUAL(fault_info.si_code, SEGV_MAPERR);
    CHECK(fault_info.si_addr == KERNEL_ADDRESS);
    CHECK_EQUAL(fault_of_write(KERNEL_ADDRESS), SIGSEGV);
    CHECK_EQUAL(fault_of_call(KERNEL_ADDRESS), SIGSEGV);
}

TEST(program_text_is_read_only)
{
    CHECK_EQUAL(fault_of_write((void *)(uintptr_t)main), SIGSEGV);
    CHECK_EQUAL(fault_info.si_code, SEGV_ACCERR);
}

TEST(the_stack_cannot_be_executed)
{
    volatile unsigned char code[16] = {0xc3};
    CHECK_EQUAL(fault_of_call((void *)code), SIGSEGV);
}

TEST(mprotect_changes_part_of_an_area)
{
    char *pages = map_pages(3);
    memset(pages, 1, 3 * PAGE);
    CHECK_OK(mprotect(pages + PAGE, PAGE, PROT_NONE));
    CHECK_EQUAL(fault_of_read(pages + PAGE), SIGSEGV);
    CHECK_EQUAL(fault_info.si_code, SEGV_ACCERR);
    CHECK_EQUAL(fault_of_write(pages + PAGE - 1), 0);
    CHECK_EQUAL(fault_of_write(pages + 2 * PAGE), 0);
    CHECK_OK(mprotect(pages, 3 * PAGE, PROT_READ | PROT_WRITE));
    CHECK_EQUAL(pages[PAGE + 5], 1);
}

TEST(mprotect_errors)
{
    char *pages = map_pages(2);
    CHECK_ERRNO(syscall(SYS_mprotect, pages + 1, PAGE, PROT_READ), EINVAL);
    CHECK_ERRNO(syscall(SYS_mprotect, pages, PAGE, 0x100), EINVAL);
    CHECK_OK(syscall(SYS_mprotect, pages, 0, PROT_READ));
    CHECK_OK(munmap(pages + PAGE, PAGE));
    CHECK_ERRNO(mprotect(pages, 2 * PAGE, PROT_READ), ENOMEM);
    CHECK_EQUAL(fault_of_write(pages), SIGSEGV);
    CHECK_ERRNO(syscall(SYS_mprotect, KERNEL_ADDRESS, PAGE, PROT_READ), ENOMEM);
    CHECK_ERRNO(syscall(SYS_mprotect, pages, (size_t)-PAGE, PROT_READ), ENOMEM);
}

TEST(the_limit_of_data_counts_what_becomes_writable)
{
    enum { BYTES = 16 << 20 };
    char *none = mmap(NULL, BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(none != MAP_FAILED);
    struct rlimit limit = {BYTES / 2, BYTES / 2};
    CHECK_OK(setrlimit(RLIMIT_DATA, &limit));
    CHECK_ERRNO(mprotect(none, BYTES, PROT_READ | PROT_WRITE), ENOMEM);
    CHECK_OK(mprotect(none, PAGE, PROT_READ | PROT_WRITE));
    CHECK_OK(mprotect(none, BYTES, PROT_READ));
}

TEST(unprotected_memory_can_be_written_privately_after_a_shared_read)
{
    make_file("f", "hello");
    char *page =
        CHECK_OK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, CHECK_OK(open("f", O_RDONLY)), 0));
    CHECK_EQUAL(page[0], 'h');
    CHECK_OK(mprotect(page, PAGE, PROT_READ | PROT_WRITE));
    page[0] = 'j';
    CHECK_EQUAL(page[0], 'j');
}

TEST(a_fault_without_handler_kills)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        *(volatile char *)unmapped_address() = 1;
        _exit(0);
    }
    CHECK_KILLED(child, SIGSEGV);
}

TEST(a_blocked_or_ignored_fault_kills_all_the_same)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        sigset_t all;
        sigfillset(&all);
        signal(SIGSEGV, SIG_IGN);
        sigprocmask(SIG_BLOCK, &all, NULL);
        *(volatile char *)unmapped_address() = 1;
        _exit(0);
    }
    CHECK_KILLED(child, SIGSEGV);
}

TEST(protection_keys_are_there_or_said_not_to_be)
{
    char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    CHECK_ERRNO(syscall(SYS_pkey_alloc, 1, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_pkey_alloc, 0, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_pkey_free, 16), EINVAL);
    CHECK_OK(syscall(SYS_pkey_mprotect, page, PAGE, PROT_READ | PROT_WRITE, -1));
    page[0] = 1;
    CHECK_ERRNO(syscall(SYS_pkey_mprotect, page, PAGE, PROT_READ, 16), EINVAL);
    CHECK_ERRNO(syscall(SYS_pkey_mprotect, page, PAGE, PROT_READ, 1), EINVAL);
    long key = syscall(SYS_pkey_alloc, 0, 0);
    CHECK(key > 0 || errno == ENOSPC);
}
