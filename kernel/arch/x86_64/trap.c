// Every trap's way through C: interrupts go up at once, exceptions are decoded and go to the program or to panic; then what has
// to happen before the interrupted code goes on.
//
// Called by trap_entry.S and system_call_entry.S with interrupts off, and returns with interrupts off.
#include "arch/cpu.h"
#include "arch/fault.h"
#include "arch/page.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/registers.h"
#include "lib/assert.h"

// The program's fault. Sleeps, so interrupts are on; user code always had them on.
static void user_exception(struct trap_frame *frame, const struct fault_info *info)
{
    struct arch_thread *current = arch_thread_current();
    current->fault_vector = info->vector;
    current->fault_error_code = info->error_code;
    if (info->vector == VECTOR_PAGE_FAULT) {
        current->fault_address = info->address;
    }
    interrupts_enable();
    // A page fault that vm cannot resolve has queued its signal already; only kernel addresses are left.
    bool is_user_page = info->vector == VECTOR_PAGE_FAULT && info->address < USER_TOP;
    if (!is_user_page || !upcall_page_fault(frame, info)) {
        upcall_user_exception(frame, info);
    }
    interrupts_disable();
}

static bool user_copy_fault_resolve(struct trap_frame *frame, const struct fault_info *info)
{
    if (info->vector != VECTOR_PAGE_FAULT || info->address >= USER_TOP) {
        return false;
    }
    if (trap_had_interrupts_on(frame)) {
        interrupts_enable();
    }
    bool is_resolved = upcall_page_fault(frame, info);
    interrupts_disable();
    return is_resolved;
}

// A fault of the kernel's own code is the end, except in the few instructions that touch user memory: there the program's page is
// brought in and the instruction starts again, or it goes on at its fixup, which reports how much is left.
static void kernel_exception(struct trap_frame *frame, const struct fault_info *info)
{
    uint64_t fixup = exception_table_find(frame->rip);
    if (!fixup) {
        upcall_kernel_exception(frame, info, fault_reason(frame, info));
    }
    if (!user_copy_fault_resolve(frame, info)) {
        frame->rip = fixup;
    }
}

// CR2 is read before interrupts come on: the next page fault overwrites it.
static void exception_handle(struct trap_frame *frame)
{
    struct fault_info info;
    assert(!interrupts_are_enabled());
    fault_decode(&info, frame, frame->origin == VECTOR_PAGE_FAULT ? cr2_read() : 0);
    if (fault_is_fatal(info.vector)) {
        upcall_kernel_exception(frame, &info, fault_reason(frame, &info));
    }
    if (trap_is_from_user(frame)) {
        user_window_close(); // what follows may take long: a fault that reads from a disk, a signal
        user_exception(frame, &info);
    } else {
        kernel_exception(frame, &info);
    }
}

// What was interrupted with an open window, user code or a user copy, finds it open again: meanwhile other threads may have run
// here, or this one may have moved to another CPU.
void trap_dispatch(struct trap_frame *frame)
{
    bool was_window_open = user_window_is_open();
    assert(was_window_open || !trap_is_from_user(frame));
    if (likely(frame->origin >= VECTOR_EXTERNAL_FIRST)) {
        upcall_interrupt((unsigned)frame->origin, frame);
    } else {
        exception_handle(frame);
    }
    trap_finish(frame);
    if (was_window_open) {
        user_window_open();
    }
}

// On a stack of its own, in the kernel: there is no other thread to switch to and no signal to send.
void trap_dispatch_own_stack(struct trap_frame *frame)
{
    struct fault_info info;
    fault_decode(&info, frame, 0);
    upcall_kernel_exception(frame, &info, fault_reason(frame, &info));
}

static bool is_preemptible(const struct trap_frame *frame)
{
    return cpu_block_get(reschedule_pending) && cpu_block_get(preempt_count) == 0 &&
           cpu_block_get(interrupt_off_depth) == 0 && cpu_block_get(interrupt_depth) == 0 &&
           trap_had_interrupts_on(frame);
}

// Towards user mode both questions are asked again after each answer, with interrupts off: a signal that comes while another is
// delivered, or a choice while that one slept, would else wait for the next trap.
void trap_finish(struct trap_frame *frame)
{
    assert(!interrupts_are_enabled());
    if (!trap_is_from_user(frame)) {
        if (is_preemptible(frame)) {
            upcall_reschedule();
        }
        return;
    }
    for (;;) {
        if (cpu_block_get(reschedule_pending)) {
            upcall_reschedule();
        }
        if (!READ_ONCE(arch_thread_current()->work)) {
            break;
        }
        interrupts_enable();
        upcall_return_to_user(frame);
        interrupts_disable();
    }
}
