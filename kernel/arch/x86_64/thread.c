// Threads as the CPU sees them: the first stack of a new thread, the switch, and the thread pointers (FS and GS base).
//
// The user's FS base is in its register and GS base in the swapped-out bank while the thread runs. With FSGSBASE the program may
// change them by itself, so they are read back; without, arch_prctl is the only way and the saved values are the truth.
#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/page.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/registers.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"

enum { CALLEE_SAVED_REGISTERS = 6 };

struct trap_frame *arch_user_frame(const struct arch_thread *thread)
{
    return (struct trap_frame *)thread->kernel_stack_top - 1;
}

// Below the user frame: what context_switch_stacks pops, then the return address.
static void first_stack_prepare(struct arch_thread *thread, vaddr_t stack_top)
{
    assert(stack_top % 16 == 0);
    thread->kernel_stack_top = stack_top;
    uint64_t *stack = (uint64_t *)(void *)arch_user_frame(thread);
    *--stack =
        0; // arch_thread_entry is entered as if by a call: this is where its return address would be
    *--stack = (uint64_t)arch_thread_entry;
    for (unsigned i = 0; i < CALLEE_SAVED_REGISTERS; i++) {
        *--stack = 0;
    }
    thread->stack_pointer = (uint64_t)stack;
    thread->fpu_cpu = 0;
    thread->fpu_is_edited = 0;
}

void arch_thread_init_kernel(struct arch_thread *thread, vaddr_t stack_top)
{
    first_stack_prepare(thread, stack_top);
    thread->user_fs_base = 0;
    thread->user_gs_base = 0;
    memset(arch_user_frame(thread), 0, sizeof(struct trap_frame));
    if (thread->fpu_state) {
        fpu_state_init(thread->fpu_state);
    }
}

void arch_thread_init_user(struct arch_thread *thread, vaddr_t stack_top,
                           const struct trap_frame *frame, struct arch_thread *source)
{
    assert(trap_is_from_user(frame) && thread->fpu_state != NULL);
    assert(source == NULL ||
           source == arch_thread_current()); // its bases are read from the registers
    first_stack_prepare(thread, stack_top);
    *arch_user_frame(thread) = *frame;
    if (!source) {
        thread->user_fs_base = 0;
        thread->user_gs_base = 0;
        fpu_state_init(thread->fpu_state);
        return;
    }
    thread->user_fs_base = arch_user_fs_get();
    thread->user_gs_base = arch_user_gs_get();
    fpu_state_sync(source);
    memcpy(thread->fpu_state, source->fpu_state, fpu_state_size());
}

static void bases_read(struct arch_thread *thread)
{
    if (cpu_has(CPU_HAS_FSGSBASE)) {
        thread->user_fs_base = fs_base_read();
        thread->user_gs_base = user_gs_base_read();
    }
}

static void bases_write(const struct arch_thread *thread)
{
    if (cpu_has(CPU_HAS_FSGSBASE)) {
        fs_base_write(thread->user_fs_base);
        user_gs_base_write(thread->user_gs_base);
    } else {
        msr_write(MSR_FS_BASE, thread->user_fs_base);
        msr_write(MSR_KERNEL_GS_BASE, thread->user_gs_base);
    }
}

// Kernel threads have no bases: those of the last user thread stay in the registers meanwhile, so every user thread that is
// left saves and every one that is entered loads.
void arch_context_switch(struct arch_thread *previous, struct arch_thread *next)
{
    assert(!interrupts_are_enabled() && next->stack_pointer != 0);
    if (previous->fpu_state) {
        bases_read(previous);
    }
    if (next->fpu_state) {
        bases_write(next);
    }
    fpu_switch(previous, next);
    cpu_block_set(kernel_stack_top, next->kernel_stack_top);
    task_state_set_stack(cpu_block_get(number), next->kernel_stack_top);
    context_switch_stacks(&previous->stack_pointer, next->stack_pointer);
}

// Reads and writes of the running thread's bases must not be torn apart by a switch.
static bool interrupts_save(void)
{
    bool were_on = interrupts_are_enabled();
    interrupts_disable();
    return were_on;
}

static void interrupts_restore(bool were_on)
{
    if (were_on) {
        interrupts_enable();
    }
}

uint64_t arch_user_fs_get(void)
{
    bool were_on = interrupts_save();
    struct arch_thread *current = arch_thread_current();
    bases_read(current);
    interrupts_restore(were_on);
    return current->user_fs_base;
}

uint64_t arch_user_gs_get(void)
{
    bool were_on = interrupts_save();
    struct arch_thread *current = arch_thread_current();
    bases_read(current);
    interrupts_restore(were_on);
    return current->user_gs_base;
}

static void bases_set(uint64_t fs_base, uint64_t gs_base)
{
    bool were_on = interrupts_save();
    struct arch_thread *current = arch_thread_current();
    current->user_fs_base = fs_base;
    current->user_gs_base = gs_base;
    bases_write(current);
    interrupts_restore(were_on);
}

int arch_user_fs_set(uint64_t base)
{
    if (base >= USER_TOP) {
        return -EPERM;
    }
    bases_set(base, arch_user_gs_get());
    return 0;
}

int arch_user_gs_set(uint64_t base)
{
    if (base >= USER_TOP) {
        return -EPERM;
    }
    bases_set(arch_user_fs_get(), base);
    return 0;
}

void arch_user_state_reset(void)
{
    bases_set(0, 0);
    fpu_registers_init();
}
