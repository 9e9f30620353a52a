// The first code of a CPU that another one starts: a start-up interrupt puts it into real mode at the first byte of a page.
//
// The code between cpu_trampoline_start and cpu_trampoline_end is copied there. It goes from real mode to long mode in one step,
// on the tables that the first CPU began with, which show the first 4 GiB at their own addresses; then on to the kernel's page
// table, the stack that was prepared, and C.
#include "arch/x86_64/constants.h"

    .section .rodata
    .code16
    .globl cpu_trampoline_start, cpu_trampoline_end
cpu_trampoline_start:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl .Ldescriptor - cpu_trampoline_start
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $PHYSICAL(early_tables), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $(EFER_LONG_MODE | EFER_NO_EXECUTE | EFER_SYSCALL), %eax
    wrmsr
    movl $(CR0_PAGING | CR0_WRITE_PROTECT | CR0_NUMERIC_ERROR | CR0_PROTECTION), %eax
    movl %eax, %cr0
    ljmpl $SELECTOR_KERNEL_CODE, $PHYSICAL(cpu_long_mode)
.Ldescriptor:
    .word EARLY_GDT_BYTES - 1
    .long PHYSICAL(early_gdt)
cpu_trampoline_end:

    .section .text.boot, "ax"
    .code64
    .type cpu_long_mode, @function
cpu_long_mode:
    movl $SELECTOR_KERNEL_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movq $.Lhigh, %rax
    jmp *%rax
.Lhigh:
    movq cpu_start_root, %rax
    movq %rax, %cr3
    movq cpu_start_stack, %rsp
    movl cpu_start_number, %edi
    xorl %ebp, %ebp
    call cpu_start_entry
1:  hlt
    jmp 1b
    .size cpu_long_mode, . - cpu_long_mode

    .section .note.GNU-stack, "", @progbits
