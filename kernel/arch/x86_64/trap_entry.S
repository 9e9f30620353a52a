// Exceptions and interrupts: 256 stubs, the common entry, the entry of the vectors with stacks of their own, and the way back.
//
// Every entry leaves a struct trap_frame on the stack. GS: SWAPGS exactly when the interrupted code was user code, which CS
// tells, except for NMI, double fault, machine check and debug. Those may hit in the few instructions where CS is the kernel's
// and GS still the user's, so they take the CPU's block from the top word of their own stack.
//
// IRET itself faults when user code had jumped to a non-canonical address just before it was interrupted. That fault arrives from
// the kernel's CS with the user's GS and registers, and is turned into a general protection of the user code.

#include "arch/x86_64/constants.h"
#include "arch/x86_64/entry_macros.inc"

#define VECTOR_GENERAL_PROTECTION 13

    .section .text.entry, "ax"

// Stubs are 16 bytes each, so that the descriptor table is computed. Vectors with an error code of the CPU push none.
    .balign 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector != 8 && vector != 10 && vector != 11 && vector != 12 && vector != 13 && vector != 14 && vector != 17 && \
        vector != 21 && vector != 29 && vector != 30
    pushq $0
    .endif
    pushq $vector
    .if vector == 1 || vector == 2 || vector == 8 || vector == 18
    jmp trap_entry_own_stack
    .else
    jmp trap_entry
    .endif
    .set vector, vector + 1
    .endr

    .balign 16
    .globl trap_entry
    .type trap_entry, @function
trap_entry:
    testb $3, 24(%rsp)                  // CS, above origin, error code and RIP
    jz .Lfrom_kernel
    swapgs
.Lsave:
    push_registers
    cld
    smap_site OPCODE_CLAC
    testb $3, FRAME_CS(%rsp)
    jz 2f                               // interrupted kernel code: the chain of frames goes on
    xorl %ebp, %ebp
2:  movq %rsp, %rdi
    call trap_dispatch
    // falls through
    .globl trap_return
trap_return:
    pop_registers
    addq $16, %rsp                      // origin, error code
    testb $3, 8(%rsp)
    jz 1f
    swapgs
1:
.Luser_iret:
    iretq

.Lfrom_kernel:
    cmpq $.Luser_iret, 16(%rsp)
    jne .Lsave
    swapgs
    movq 40(%rsp), %rsp                 // where IRET found RIP to SS
    pushq $0
    pushq $VECTOR_GENERAL_PROTECTION
    jmp .Lsave
    .size trap_entry, . - trap_entry

    .balign 16
    .type trap_entry_own_stack, @function
trap_entry_own_stack:
    push_registers
    cld
    smap_site OPCODE_CLAC
    movq %rsp, %rdi
    cmpq $8, FRAME_ORIGIN(%rsp)         // a double fault trusts no other stack
    je .Lstay
    testb $3, FRAME_CS(%rsp)
    jz .Lstay
    // From user code it is an ordinary trap: move the frame to the thread's stack and leave this one.
    swapgs
    movq %gs:BLOCK_KERNEL_STACK_TOP, %rdi
    subq $FRAME_BYTES, %rdi
    movq %rsp, %rsi
    movq %rdi, %rsp
    movl $FRAME_WORDS, %ecx
    rep movsq
    xorl %ebp, %ebp
    movq %rsp, %rdi
    call trap_dispatch
    jmp trap_return
.Lstay:
    movl $MSR_GS_BASE, %ecx
    rdmsr
    movl %eax, %r12d                    // preserved by the call
    movl %edx, %r13d
    movq %rsp, %rax
    orq $(EXCEPTION_STACK_BYTES - 1), %rax
    movq -7(%rax), %rax                 // the top word: address of the block
    movq %rax, %rdx
    shrq $32, %rdx
    wrmsr
    call trap_dispatch_own_stack
    movl $MSR_GS_BASE, %ecx
    movl %r12d, %eax
    movl %r13d, %edx
    wrmsr
    pop_registers
    addq $16, %rsp
    iretq
    .size trap_entry_own_stack, . - trap_entry_own_stack

    .section .note.GNU-stack, "", @progbits
