/*
 * What must end in a panic that says what happened: every exception that kernel code can raise by itself, a stack that overflows,
 * and (in debug kernels) mistakes with heap memory and locks. One a boot, by name: test_crashes.py reads what the kernel says.
 */
#include "kernel_test.h"

#include "arch/cpu.h"
#include "arch/machine.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "log/log.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "scheduler/thread.h"
#include "sync/lock_ranks.h"
#include "sync/preempt.h"
#include "sync/spinlock.h"

enum { BLOCK_BYTES = 100, BLOCK_CLASS_BYTES = 128 };

// Something that the compiler knows nothing about.
static void *hide(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer));
    return pointer;
}

// At the end of a function: the call before it leaves the function in the backtrace.
static inline void not_a_tail_call(void)
{
    __asm__ volatile("");
}

// ---- exceptions ----------------------------------------------------------------------------------

KERNEL_CRASH(crash_divide_error)
{
    __asm__ volatile("xorl %%ecx, %%ecx\n\tmovl $1, %%eax\n\tcltd\n\tidivl %%ecx" ::
                         : "eax", "ecx", "edx");
}

KERNEL_CRASH(crash_debug)
{
    __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop" ::: "memory"); // single step
}

KERNEL_CRASH(crash_breakpoint)
{
    __asm__ volatile("int3");
}

KERNEL_CRASH(crash_overflow)
{
    __asm__ volatile("int $4");
}

KERNEL_CRASH(crash_bound_range)
{
    __asm__ volatile("int $5");
}

KERNEL_CRASH(crash_invalid_opcode)
{
    __asm__ volatile("ud2");
}

KERNEL_CRASH(crash_device_not_available)
{
    uint64_t cr0;
    __asm__ volatile("movq %%cr0, %0\n\torq $8, %0\n\tmovq %0, %%cr0\n\tfninit" : "=&r"(cr0));
}

KERNEL_CRASH(crash_double_fault)
{
    __asm__ volatile("xorl %%esp, %%esp\n\tpushq %%rax" ::: "memory");
}

KERNEL_CRASH(crash_general_protection)
{
    *(volatile char *)hide((void *)0x4000000000000000UL) = 0;
}

KERNEL_CRASH(crash_null_pointer)
{
    *(volatile char *)hide((void *)8) = 0;
}

KERNEL_CRASH(crash_read_only)
{
    *(volatile char *)hide((void *)kernel_rodata_start) = 0;
}

KERNEL_CRASH(crash_no_execute)
{
    static char data[16];
    ((void (*)(void))hide(data))();
}

KERNEL_CRASH(crash_x87)
{
    static const uint16_t control = 0x37b; // zero divide is not masked
    __asm__ volatile("clts\n\tfninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait"
                     :
                     : "m"(control));
}

// ---- the stack -----------------------------------------------------------------------------------

static noinline unsigned recurse(unsigned depth)
{
    volatile char room[200];
    room[0] = (char)depth;
    return depth == UINT32_MAX ? 0 : recurse(depth + 1) + (unsigned)room[0];
}

KERNEL_CRASH(crash_stack_overflow)
{
    log_info("test: the result is %u", recurse(0));
}

// ---- heap and locks, which debug kernels watch -----------------------------------------------------

KERNEL_CRASH(crash_heap_overrun)
{
    char *block = hide(heap_alloc(BLOCK_BYTES));
    block[BLOCK_CLASS_BYTES] = 1;
    heap_free(block);
    not_a_tail_call();
}

KERNEL_CRASH(crash_heap_use_after_free)
{
    char *block = hide(heap_alloc(BLOCK_BYTES));
    heap_free(block);
    block[BLOCK_BYTES / 2] = 1;
    (void)hide(heap_alloc(BLOCK_BYTES));
}

KERNEL_CRASH(crash_heap_double_free)
{
    void *block = hide(heap_alloc(BLOCK_BYTES));
    heap_free(block);
    heap_free(block);
    not_a_tail_call();
}

static struct spinlock early_lock = SPINLOCK_INIT(LOCK_RANK_SIGNAL);
static struct spinlock late_lock = SPINLOCK_INIT(LOCK_RANK_HEAP);

KERNEL_CRASH(crash_lock_order)
{
    spin_lock(&late_lock);
    spin_lock(&early_lock);
    not_a_tail_call();
}

KERNEL_CRASH(crash_lock_twice)
{
    spin_lock(&late_lock);
    spin_lock(&late_lock);
    not_a_tail_call();
}

KERNEL_CRASH(crash_sleep_without_preemption)
{
    preempt_disable();
    (void)thread_sleep_until(clock_monotonic_ns() + NS_PER_MS, false);
    not_a_tail_call();
}

// ---- what is only complained about -------------------------------------------------------------------

static noinline void dawdle(void)
{
    uint64_t end = clock_monotonic_ns() + 800 * NS_PER_MS;
    interrupts_block();
    while (clock_monotonic_ns() < end) {
        cpu_pause();
    }
    interrupts_unblock();
    not_a_tail_call();
}

KERNEL_CRASH(complaint_interrupts_off)
{
    dawdle();
    not_a_tail_call();
}
