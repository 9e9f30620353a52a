/*
 * Address spaces on the real CPU: the test loads one and touches its memory as the kernel touches a
 * program's.
 *
 * Kernel threads have no process behind them, so nobody resolves their faults: each test faults in by
 * hand and then checks what the CPU allows, by user copies that need no fault.
 */
#include "kernel_test.h"

#include "arch/upcalls.h"
#include "lib/errno.h"
#include "memory/user_copy.h"
#include "scheduler/thread.h"
#include "sync/preempt.h"
#include "vm/address_space.h"

#define BASE    0x40000000UL
#define RW      (AREA_READ | AREA_WRITE)
#define MAY_ALL (AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXECUTE)

static const struct address_space_layout layout = {
    .map_base = 0x7ffff0000000UL,
    .stack_top = 0x7ffffffff000UL,
};

static struct address_space *space_make(size_t pages, unsigned flags)
{
    struct address_space *space = address_space_create(&layout);
    const struct map_request request = {
        .address = BASE, .bytes = pages * PAGE_SIZE, .flags = flags | MAY_ALL, .is_fixed = true};
    vaddr_t result;
    if (space != NULL && address_space_map(space, &request, &result) != 0) {
        address_space_put(space);
        return NULL;
    }
    return space;
}

// Loads a space's tables; with preemption off they stay loaded, and faults are not resolved.
static void space_enter(struct address_space *space)
{
    preempt_disable();
    interrupts_block();
    page_table_activate(space->page_table);
    interrupts_unblock();
}

static void space_leave(void)
{
    interrupts_block();
    page_table_activate(&kernel_page_table);
    interrupts_unblock();
    preempt_enable();
}

static int peek(vaddr_t address, uint64_t *value)
{
    return user_copy_in(value, (const void __user *)address, sizeof(*value));
}

static int poke(vaddr_t address, uint64_t value)
{
    return user_copy_out((void __user *)address, &value, sizeof(value));
}

KERNEL_TEST(memory_is_reached_only_after_its_fault)
{
    struct address_space *space = space_make(4, RW);
    KT_ASSERT(space != NULL);
    uint64_t value = 1;
    space_enter(space);
    int before = peek(BASE, &value);
    space_leave();
    int fault = address_space_fault(space, BASE, FAULT_READ);
    space_enter(space);
    int read = peek(BASE, &value);
    int written = poke(BASE, 5);
    space_leave();
    address_space_put(space);
    KT_ASSERT(before == -EFAULT);
    KT_ASSERT(fault == 0 && read == 0 && value == 0);
    KT_ASSERT(written == -EFAULT); // the shared page of zeros
}

KERNEL_TEST(rights_are_what_the_cpu_enforces)
{
    struct address_space *space = space_make(3, RW);
    KT_ASSERT(space != NULL);
    uint64_t value;
    int result = address_space_fault(space, BASE, FAULT_WRITE);
    space_enter(space);
    int write_allowed = poke(BASE, 42);
    space_leave();
    result |= address_space_protect(space, BASE, PAGE_SIZE, AREA_READ);
    space_enter(space);
    int write_refused = poke(BASE, 43);
    int read_allowed = peek(BASE, &value);
    space_leave();
    result |= address_space_protect(space, BASE, PAGE_SIZE, 0);
    space_enter(space);
    int read_refused = peek(BASE, &value);
    space_leave();
    result |= address_space_protect(space, BASE, PAGE_SIZE, RW);
    space_enter(space);
    int read_again = peek(BASE, &value);
    space_leave();
    address_space_put(space);
    KT_ASSERT(result == 0);
    KT_ASSERT(write_allowed == 0 && write_refused == -EFAULT);
    KT_ASSERT(read_allowed == 0 && read_refused == -EFAULT);
    KT_ASSERT(read_again == 0 && value == 42);
}

KERNEL_TEST(fork_copies_on_write_on_both_sides)
{
    struct address_space *parent = space_make(2, RW);
    struct address_space *child = NULL;
    KT_ASSERT(parent != NULL);
    uint64_t in_parent = 0, in_child = 0;
    int result = address_space_fault(parent, BASE, FAULT_WRITE);
    space_enter(parent);
    result |= poke(BASE, 100);
    space_leave();
    result |= address_space_clone(parent, &child);
    KT_ASSERT(result == 0 && child != NULL);
    space_enter(parent);
    int parent_write = poke(BASE, 101); // read-only since the fork
    space_leave();
    result |= address_space_fault(child, BASE, FAULT_WRITE);
    space_enter(child);
    result |= poke(BASE, 200);
    space_leave();
    result |= address_space_fault(parent, BASE, FAULT_WRITE);
    space_enter(parent);
    result |= peek(BASE, &in_parent);
    result |= poke(BASE, 102);
    space_leave();
    space_enter(child);
    result |= peek(BASE, &in_child);
    space_leave();
    address_space_put(parent);
    address_space_put(child);
    KT_ASSERT(parent_write == -EFAULT);
    KT_ASSERT(result == 0);
    KT_ASSERT(in_parent == 100 && in_child == 200);
}

KERNEL_TEST(unmapped_memory_is_gone_at_once)
{
    struct address_space *space = space_make(8, RW);
    KT_ASSERT(space != NULL);
    uint64_t value;
    int result = 0;
    for (vaddr_t i = 0; i < 8; i++) {
        result |= address_space_fault(space, BASE + i * PAGE_SIZE, FAULT_WRITE);
    }
    space_enter(space);
    for (vaddr_t i = 0; i < 8; i++) {
        result |= poke(BASE + i * PAGE_SIZE, i); // all in the TLB now
    }
    space_leave();
    result |= address_space_unmap(space, BASE + 2 * PAGE_SIZE, 3 * PAGE_SIZE);
    space_enter(space);
    bool is_right = true;
    for (vaddr_t i = 0; i < 8; i++) {
        bool is_hole = i >= 2 && i < 5;
        is_right = is_right && peek(BASE + i * PAGE_SIZE, &value) == (is_hole ? -EFAULT : 0);
    }
    space_leave();
    address_space_put(space);
    KT_ASSERT(result == 0);
    KT_ASSERT(is_right);
}

static uint64_t viewers_of(const struct address_space *space, vaddr_t page)
{
    return page_table_viewers(space->page_table, page, page + PAGE_SIZE, BIT(cpu_number()));
}

// Two pages in different slots of the root: one that the CPU has asked for, one that it has not.
static bool view_is_right(struct address_space *space, vaddr_t asked, vaddr_t other)
{
    struct page_table *table = space->page_table;
    uint64_t value, this_cpu = BIT(cpu_number());
    bool was_seen = peek(asked, &value) == 0 && peek(other, &value) == 0;
    bool sees_nothing_before = viewers_of(space, other) == this_cpu && !page_table_has_views(table);
    bool is_wider = page_table_widen_view(table, asked, true);
    bool sees_one = peek(asked, &value) == 0 && peek(other, &value) == -EFAULT &&
                    viewers_of(space, asked) == this_cpu && viewers_of(space, other) == 0;
    bool is_wide_enough = !page_table_widen_view(table, asked, true);
    bool is_wider_again = page_table_widen_view(table, other, false);
    bool sees_both = peek(asked, &value) == 0 && peek(other, &value) == 0 &&
                     viewers_of(space, other) == this_cpu;
    interrupts_block();
    upcall_flush_user();
    interrupts_unblock();
    bool sees_none = peek(asked, &value) == -EFAULT && peek(other, &value) == -EFAULT &&
                     (viewers_of(space, asked) | viewers_of(space, other)) == 0;
    return was_seen && sees_nothing_before && is_wider && sees_one && is_wide_enough &&
           is_wider_again && sees_both && sees_none;
}

KERNEL_TEST(a_cpu_with_a_view_sees_what_it_asked_for_and_is_flushed_for_that_alone)
{
    const vaddr_t other = BASE + 5 * (1UL << page_levels[PAGE_LEVELS - 1].shift);
    struct address_space *space = space_make(1, RW);
    KT_ASSERT(space != NULL);
    const struct map_request request = {
        .address = other, .bytes = PAGE_SIZE, .flags = RW | MAY_ALL, .is_fixed = true};
    vaddr_t place;
    int result = address_space_map(space, &request, &place);
    result |= address_space_fault(space, BASE, FAULT_WRITE);
    result |= address_space_fault(space, other, FAULT_WRITE);
    space_enter(space);
    bool is_right = result == 0 && view_is_right(space, BASE, other);
    space_leave();
    address_space_put(space);
    KT_ASSERT(result == 0);
    KT_ASSERT(is_right);
}

KERNEL_TEST(an_address_space_gives_everything_back)
{
    size_t free_before = 0;
    for (unsigned round = 0; round < 4; round++) {
        struct address_space *space = space_make(600, RW);
        KT_ASSERT(space != NULL);
        for (vaddr_t i = 0; i < 600; i += 3) {
            KT_ASSERT(address_space_fault(space, BASE + i * PAGE_SIZE, FAULT_WRITE) == 0);
        }
        address_space_put(space);
        if (round == 1) {
            free_before = frame_free_count();
        }
    }
    KT_ASSERT(frame_free_count() + 16 >= free_before);
}
