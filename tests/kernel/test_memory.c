/*
 * What memory/ promises on the real CPU: the rights of the kernel's own mappings, guards, stacks,
 * and user copies that survive a bad address.
 */
#include "kernel_test.h"

#include "arch/machine.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "memory/page_copy.h"
#include "memory/page_table.h"
#include "memory/user_copy.h"

// The rights of the kernel's mapping of `address`; 0: none.
static unsigned kernel_rights(vaddr_t address)
{
    struct page_entry entry;
    unsigned level;
    if (!page_table_translate(&kernel_page_table, address, &entry, &level)) {
        return 0;
    }
    return page_entry_rights(entry).bits & (PAGE_READ | PAGE_WRITE | PAGE_EXECUTE | PAGE_USER);
}

KERNEL_TEST(kernel_text_is_not_writable_and_data_not_executable)
{
    KT_ASSERT(kernel_rights((vaddr_t)kernel_text_start) == (PAGE_READ | PAGE_EXECUTE));
    KT_ASSERT(kernel_rights((vaddr_t)kernel_rodata_start) == PAGE_READ);
    KT_ASSERT(kernel_rights((vaddr_t)kernel_data_start) == (PAGE_READ | PAGE_WRITE));
    KT_ASSERT(kernel_rights((vaddr_t)kernel_bss_end - PAGE_SIZE) == (PAGE_READ | PAGE_WRITE));
}

KERNEL_TEST(the_physical_map_is_never_executable)
{
    struct frame *frame = frame_alloc(0, FRAME_KERNEL, 0);
    KT_ASSERT(frame != NULL);
    unsigned rights = kernel_rights((vaddr_t)frame_to_virtual(frame));
    frame_put(frame);
    KT_ASSERT(rights == (PAGE_READ | PAGE_WRITE));
    KT_ASSERT((kernel_rights(PHYSICAL_MAP_BASE + 0x100000) & PAGE_EXECUTE) == 0);
}

KERNEL_TEST(a_kernel_stack_has_a_guard_below_it)
{
    vaddr_t stack = kernel_stack_alloc();
    KT_ASSERT(stack != 0);
    KT_ASSERT(kernel_rights(stack) == (PAGE_READ | PAGE_WRITE));
    KT_ASSERT(kernel_rights(stack + KERNEL_STACK_BYTES - 1) == (PAGE_READ | PAGE_WRITE));
    KT_ASSERT(kernel_rights(stack - 1) == 0);
    KT_ASSERT(kernel_stack_is_guard(stack - 1));
    KT_ASSERT(!kernel_stack_is_guard(stack));
    memset((void *)stack, 0x11, KERNEL_STACK_BYTES);
    kernel_stack_free(stack);
}

KERNEL_TEST(many_stacks_come_and_go)
{
    enum { STACKS = 40 };
    static vaddr_t stacks[STACKS];
    for (unsigned i = 0; i < STACKS; i++) {
        stacks[i] = kernel_stack_alloc();
        KT_ASSERT(stacks[i] != 0);
        *(volatile uint64_t *)stacks[i] = i;
    }
    for (unsigned i = 0; i < STACKS; i++) {
        KT_ASSERT(*(volatile uint64_t *)stacks[i] == i);
        kernel_stack_free(stacks[i]);
    }
}

KERNEL_TEST(a_mapped_buffer_is_zero_and_guarded_and_comes_back)
{
    size_t free_before = 0;
    for (unsigned round = 0; round < 3; round++) {
        uint8_t *buffer = kernel_map_alloc(100 * PAGE_SIZE - 5);
        KT_ASSERT(buffer != NULL);
        for (size_t i = 0; i < 100 * PAGE_SIZE; i += 512) {
            KT_ASSERT(buffer[i] == 0);
        }
        KT_ASSERT(kernel_rights((vaddr_t)buffer - 1) == 0);
        KT_ASSERT(kernel_rights((vaddr_t)buffer + 100 * PAGE_SIZE) == 0);
        memset(buffer, 0xff, 100 * PAGE_SIZE);
        kernel_map_free(buffer);
        KT_ASSERT(kernel_rights((vaddr_t)buffer) == 0);
        if (round == 0) {
            free_before = frame_free_count();
        }
    }
    KT_ASSERT(frame_free_count() + 8 >= free_before);
}

KERNEL_TEST(a_device_mapping_keeps_the_offset)
{
    vaddr_t registers = kernel_map_device(0xfee00020, 16);
    KT_ASSERT(registers != 0);
    KT_ASSERT(registers % PAGE_SIZE == 0x20);
    struct page_entry entry;
    unsigned level;
    KT_ASSERT(page_table_translate(&kernel_page_table, registers, &entry, &level));
    KT_ASSERT(page_entry_address(entry, level) == 0xfee00000);
    KT_ASSERT(page_entry_rights(entry).bits & PAGE_UNCACHED);
    kernel_unmap_device(registers, 16);
    KT_ASSERT(kernel_rights(registers) == 0);
}

KERNEL_TEST(user_copies_survive_bad_addresses)
{
    char buffer[16] = "unchanged";
    void __user *nowhere = (void __user *)0x5000;
    void __user *kernel = (void __user *)(uintptr_t)buffer;
    KT_ASSERT(user_copy_in(buffer, nowhere, 8) == -EFAULT);
    KT_ASSERT(user_copy_out(nowhere, buffer, 8) == -EFAULT);
    KT_ASSERT(user_copy_out(kernel, "overwritten", 8) == -EFAULT);
    KT_ASSERT(user_zero(kernel, 8) == -EFAULT);
    KT_ASSERT(user_copy_string(buffer, nowhere, 8) == -EFAULT);
    KT_ASSERT(user_copy_in(buffer, (void __user *)(USER_TOP - 4), 8) == -EFAULT);
    KT_ASSERT(user_copy_in(buffer, (void __user *)~7UL, 16) == -EFAULT);
    KT_ASSERT(strcmp(buffer, "unchanged") == 0);
}

KERNEL_TEST(pages_are_cleared_and_copied_whole)
{
    struct frame *first = frame_alloc(1, FRAME_KERNEL, 0);
    KT_ASSERT(first != NULL);
    uint8_t *from = frame_to_virtual(first);
    uint8_t *to = from + PAGE_SIZE;
    for (size_t i = 0; i < PAGE_SIZE; i++) {
        from[i] = (uint8_t)(i * 7 + i / 256);
    }
    page_copy(to, from);
    bool is_same = memcmp(from, to, PAGE_SIZE) == 0;
    page_zero(from, 2);
    bool is_zero = true;
    for (size_t i = 0; i < 2 * PAGE_SIZE; i++) {
        is_zero = is_zero && from[i] == 0;
    }
    frame_put(first);
    KT_ASSERT(is_same);
    KT_ASSERT(is_zero);
}
