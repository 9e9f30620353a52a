// What the CPU calls: the only functions that the arch folder calls upward. Each names the folder that implements it.
#pragma once

#include "arch/boot_info.h"
#include "arch/trap_frame.h"
#include "lib/types.h"

// Why an exception was raised, decoded from the CPU's vector and error code.
enum fault_access { FAULT_READ = 1, FAULT_WRITE = 2, FAULT_EXECUTE = 4 };

struct fault_info {
    unsigned vector;
    uint64_t error_code;
    vaddr_t address; // faulting address for page faults, else the instruction pointer
    unsigned access; // FAULT_* for page faults, else 0
    bool is_present; // page fault on a present page: a protection violation
    int signal;      // what a user program gets: SIGSEGV, SIGFPE, ...
    int signal_code; // si_code
};

/* in: process/. A page fault at a user address, from user mode or from a user copy in the kernel; interrupts are on
   unless the kernel had them off. True: resolved, or (user mode) a signal is pending: go on. False: the kernel's copy
   cannot proceed (bad address, or the code may not sleep); the CPU code then uses its exception table. */
bool upcall_page_fault(struct trap_frame *frame, const struct fault_info *fault);

/* in: memory/. All of user memory has to leave this CPU's TLB. Interrupts are off. */
void upcall_flush_user(void);

/* in: process/. Any other exception raised by user code. Interrupts are on. Queues info->signal. */
void upcall_user_exception(struct trap_frame *frame, const struct fault_info *fault);

/* in: syscall/. Interrupts are on. Result is stored in the frame. */
void upcall_system_call(struct trap_frame *frame);

/* in: process/. On the way to user mode with work bits set, interrupts on; signals are delivered here. Called again until
   no bit is set. */
void upcall_return_to_user(struct trap_frame *frame);

/* in: interrupt/. A vector of 32 or more. Interrupts are off. */
void upcall_interrupt(unsigned vector, struct trap_frame *frame);

/* in: scheduler/. Choose a thread again: called at interrupt exit and by sync/ when the preempt count falls to 0, both
   only when cpu_block.reschedule_pending is set. Interrupts are off and stay off across the call. */
void upcall_reschedule(void);

/* in: scheduler/. First code of every new thread, on its own stack, interrupts off, the run queue still locked by the
   switch. For kernel threads it does not return. */
void upcall_thread_start(void);

/* in: log/. The kernel itself raised an exception that no exception table entry covers. */
_Noreturn void upcall_kernel_exception(struct trap_frame *frame, const struct fault_info *fault,
                                       const char *why);

/* in: boot/. Fills *info (but for the ACPI part and the stages) from the loader's start information at a physical address,
   of which the physical map shows BOOT_EARLY_MAP_BYTES. The magic tells the boot protocol: 0 for PVH. Interrupts are off. */
void upcall_boot_gather(struct boot_info *info, paddr_t start_information, uint32_t loader_magic);

/* in: boot/. The first C code with the kernel's own page tables; does not return. */
_Noreturn void upcall_boot(struct boot_info *info);

/* in: boot/. The first C code of every other CPU, on its own stack, interrupts off; does not return. */
_Noreturn void upcall_cpu_start(void);
