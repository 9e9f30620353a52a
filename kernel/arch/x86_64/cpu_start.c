// Another CPU's way from reset to C: what entry_cpu.S finds, and the first C code on the CPU's own stack (Intel SDM 3A, 8.4).
#include "arch/cpu_start.h"
#include "arch/cpu.h"
#include "arch/cpu_block.h"
#include "arch/x86_64/arch_internal.h"
#include "lib/assert.h"
#include "lib/string.h"

// [l] by who starts CPUs, until the CPU has told that it runs
uint64_t cpu_start_root, cpu_start_stack;
uint32_t cpu_start_number;

void cpu_start_prepare(const struct cpu_start *start, paddr_t page)
{
    assert_always(page % PAGE_SIZE == 0 && page < 0x100000);
    cpu_start_root = start->root;
    cpu_start_stack = start->stack_top;
    cpu_start_number = start->number;
    exception_stacks_set(start->number, start->exception_stacks);
    cpu_block_of(start->number)->percpu_delta = start->percpu_delta;
    memcpy((void *)(PHYSICAL_MAP_BASE + page), cpu_trampoline_start,
           (size_t)(cpu_trampoline_end - cpu_trampoline_start));
}

_Noreturn void cpu_start_entry(unsigned number)
{
    cpu_init(number);
    upcall_cpu_start();
}
