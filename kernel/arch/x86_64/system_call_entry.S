// SYSCALL: one save of the registers, one call, and SYSRET where that is safe.
//
// SYSRET restores RIP from RCX and the flags from R11 and faults in kernel mode on a non-canonical RCX, so it is only used
// when the frame still says what SYSCALL left there; any frame that was changed (signal, exec) leaves by IRET.

#include "arch/x86_64/constants.h"
#include "arch/x86_64/entry_macros.inc"

#define ENOSYS 38

    .section .text.entry, "ax"
    .balign 16
    .globl system_call_entry
    .type system_call_entry, @function
system_call_entry:
    swapgs
    movq %rsp, %gs:BLOCK_USER_STACK_SCRATCH
    movq %gs:BLOCK_KERNEL_STACK_TOP, %rsp
    user_window_close
    pushq $SELECTOR_USER_DATA
    pushq %gs:BLOCK_USER_STACK_SCRATCH
    pushq %r11
    pushq $SELECTOR_USER_CODE
    pushq %rcx
    pushq %rax
    pushq $TRAP_ORIGIN_SYSTEM_CALL
    push_registers $-ENOSYS
    sti
    xorl %ebp, %ebp
    movq %rsp, %rdi
    call upcall_system_call
    cli
    movq %gs:BLOCK_CURRENT, %rax
    cmpl $0, THREAD_WORK(%rax)
    jne user_return
    user_window_open
    movq FRAME_RIP(%rsp), %rcx
    cmpq %rcx, FRAME_RCX(%rsp)
    jne trap_return
    movq FRAME_RFLAGS(%rsp), %rdx
    cmpq %rdx, FRAME_R11(%rsp)
    jne trap_return
    testl $(RFLAGS_RESUME | RFLAGS_TRAP), %edx
    jnz trap_return
    shrq $47, %rcx
    jnz trap_return
    cmpq $SELECTOR_USER_CODE, FRAME_CS(%rsp)
    jne trap_return
    pop_registers
    movq (FRAME_RSP - FRAME_ORIGIN)(%rsp), %rsp
    swapgs
    sysretq
    .size system_call_entry, . - system_call_entry

// The end of every way to user mode whose frame stands at RSP, with work to do first: interrupts off.
    .balign 16
    .type user_return, @function
user_return:
    movq %rsp, %rdi
    call trap_finish
    user_window_open
    jmp trap_return
    .size user_return, . - user_return

// First instructions of a new thread: arch_context_switch "returns" here.
    .balign 16
    .globl arch_thread_entry
    .type arch_thread_entry, @function
arch_thread_entry:
    xorl %ebp, %ebp
    call upcall_thread_start
    // A user thread comes back and leaves by the frame at the top of its stack.
    // falls through
    .globl arch_enter_user
    .type arch_enter_user, @function
arch_enter_user:
    cli
    movq %gs:BLOCK_KERNEL_STACK_TOP, %rsp
    subq $FRAME_BYTES, %rsp
    xorl %ebp, %ebp
    jmp user_return
    .size arch_thread_entry, . - arch_thread_entry

// SYSCALL from 32-bit code: there are no 32-bit system calls. Nothing of the kernel's is loaded, interrupts are off.
    .balign 16
    .globl system_call_entry_32
    .type system_call_entry_32, @function
system_call_entry_32:
    movl $-ENOSYS, %eax
    sysretl
    .size system_call_entry_32, . - system_call_entry_32

// void context_switch_stacks(uint64_t *save_pointer, uint64_t load_pointer)
    .text
    .balign 16
    .globl context_switch_stacks
    .type context_switch_stacks, @function
context_switch_stacks:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size context_switch_stacks, . - context_switch_stacks

    .section .note.GNU-stack, "", @progbits
