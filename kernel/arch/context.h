// Threads as the CPU sees them: saved registers, switching, and the state that user mode owns.
#pragma once

#include "arch/trap_frame.h"
#include "lib/types.h"

// Embedded as the first member of scheduler/'s struct thread.
struct arch_thread {
    // Bits that must be looked at before user code runs again; set by anybody (atomically), tested by the
    // return path without a lock. The values are scheduler/thread.h's THREAD_WORK_*.
    uint32_t work;    // [a]
    uint16_t fpu_cpu; // [o] 1 + the CPU whose registers hold (or held last) the FPU state, 0: none
    uint8_t fpu_is_edited; // [o] the memory image is being rewritten: do not load it
    uint8_t reserved;
    uint64_t stack_pointer;    // [o] while switched out
    uint64_t kernel_stack_top; // [I] one past the last byte of the kernel stack
    uint64_t user_fs_base;     // [o] valid while switched out, or by arch_user_tls_get
    uint64_t user_gs_base;     // [o]
    void *fpu_state; // [I] NULL for kernel threads; fpu_state_size() bytes, 64-byte aligned
    // The last exception that its user code raised, as signal frames show it.
    uint64_t fault_vector, fault_error_code, fault_address; // [o]
};

// Prepares a thread that starts in upcall_thread_start (arch/upcalls.h) on its own kernel stack. `fpu_state` was set by the
// caller (NULL for a thread that never runs user code) and gets its initial contents.
void arch_thread_init_kernel(struct arch_thread *thread, vaddr_t stack_top);

// Prepares a thread that starts in upcall_thread_start and, when that returns, leaves for user mode with a copy
// of `frame`. TLS bases and, if `source` is given, FPU state are copied from `source` (the current thread).
void arch_thread_init_user(struct arch_thread *thread, vaddr_t stack_top,
                           const struct trap_frame *frame, struct arch_thread *source);

// Saves `previous`, loads `next` (stacks, TLS bases, FPU, TSS stack). Interrupts are off. Returns when
// somebody switches back to `previous`. The caller has set cpu_block.current to next's thread and loaded its page table.
void arch_context_switch(struct arch_thread *previous, struct arch_thread *next);

// The frame at the top of the thread's kernel stack; meaningful for threads that run user code.
struct trap_frame *arch_user_frame(const struct arch_thread *thread);

// Leaves the current call chain and enters user mode with the current thread's user frame; interrupts may be in any
// state. Runs upcall_return_to_user first where the work word asks for it. Used by the first program of a kernel-made process.
_Noreturn void arch_enter_user(void);

// The current thread's thread-pointer (FS base) and GS base. Setting checks the address: -EPERM if not below USER_TOP.
uint64_t arch_user_fs_get(void);
uint64_t arch_user_gs_get(void);
int arch_user_fs_set(uint64_t base);
int arch_user_gs_set(uint64_t base);

// exec: clears TLS bases and gives the FPU its initial state. Current thread only.
void arch_user_state_reset(void);

// FPU: size depends on what XCR0 enables (FXSAVE: 512). Initial state is written by fpu_state_init.
size_t fpu_state_size(void);
void fpu_state_init(void *state);
// Makes the current thread's memory image current, so that another thread may copy it.
void fpu_state_sync(struct arch_thread *current);
