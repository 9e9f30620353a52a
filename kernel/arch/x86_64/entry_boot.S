// From the loader's 32-bit protected mode to the C code: the part that all boot protocols share.
//
// In: paging off, flat segments, EBX the physical address of what the loader says, EBP the magic of its protocol (0: PVH, whose
// magic stands in memory). Makes tables that map the first 4 GiB at 0 (for this code) and in the physical map (the loader's
// data may lie anywhere below 4 GiB), and the first GiB under the image's addresses; goes to long mode, clears .bss, and
// calls arch_start on the boot stack.
#include "arch/x86_64/constants.h"

#define LARGE_LEAF 0x83                // present, writable, 2 MiB
#define TABLE_LINK 0x3
#define DIRECTORIES 4                  // a GiB each
#define PHYSICAL_MAP_SLOT 273          // bits 47-39 of PHYSICAL_MAP_BASE
#define IMAGE_ROOT_SLOT 511
#define IMAGE_DIRECTORY_SLOT 510

    .section .text.boot, "ax"
    .code32
    .globl boot_entry
    .type boot_entry, @function
boot_entry:
    cld
    cli
    movl $PHYSICAL(boot_stack_top), %esp
    movl %ebx, %esi                     // CPUID takes EBX

    movl $0x80000001, %eax              // without long mode and NX there is nothing to run on
    cpuid
    movl %edx, %eax
    andl $0x20100000, %eax
    cmpl $0x20100000, %eax
    jne .Lno_long_mode

    movl $PHYSICAL(early_tables), %edi
    xorl %eax, %eax
    movl $(3 * 4096 / 4), %ecx
    rep stosl

    movl $PHYSICAL(early_directories), %edi
    movl $LARGE_LEAF, %eax
    movl $(DIRECTORIES * 512), %ecx
1:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b

    movl $(PHYSICAL(early_directories) + TABLE_LINK), %eax
    movl %eax, PHYSICAL(early_high) + 8 * IMAGE_DIRECTORY_SLOT
    movl $PHYSICAL(early_low), %edi
    movl $DIRECTORIES, %ecx
1:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    loop 1b

    movl $(PHYSICAL(early_low) + TABLE_LINK), %eax
    movl %eax, PHYSICAL(early_tables)
    movl %eax, PHYSICAL(early_tables) + 8 * PHYSICAL_MAP_SLOT
    movl $(PHYSICAL(early_high) + TABLE_LINK), PHYSICAL(early_tables) + 8 * IMAGE_ROOT_SLOT

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
    lgdt PHYSICAL(early_descriptor)
    ljmp $SELECTOR_KERNEL_CODE, $PHYSICAL(.Llong_mode)

// "No long mode" on COM1, and the end: nothing else of the kernel can run on this CPU.
.Lno_long_mode:
    movl $PHYSICAL(.Lno_long_mode_text), %esi
    movw $0x3f8, %dx
1:  lodsb                               // the start information is not needed any more
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  hlt
    jmp 2b

.Lno_long_mode_text:
    .asciz "Astra needs a 64-bit CPU with NX.\r\n"

    .code64
.Llong_mode:
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
    movq $boot_stack_top, %rsp
    movq $kernel_bss_start, %rdi
    movq $kernel_bss_end, %rcx
    subq %rdi, %rcx
    shrq $3, %rcx
    xorl %eax, %eax
    rep stosq
    movl %esi, %edi                     // start information
    movl %ebp, %esi                     // the protocol's magic
    xorl %ebp, %ebp
    call arch_start
1:  hlt
    jmp 1b
    .size boot_entry, . - boot_entry

    .section .rodata
    .balign 8
    .globl early_gdt
early_gdt:
    .quad 0
    .quad 0
    .quad 0x00af9b000000ffff            // kernel code, 64-bit
    .quad 0x00cf93000000ffff            // kernel data
early_descriptor:
    .word EARLY_GDT_BYTES - 1
    .quad PHYSICAL(early_gdt)

// Used until paging.c has built the final tables, and by each other CPU on its way to them.
    .section .noinit, "aw", @nobits
    .balign 4096
    .globl early_tables
early_tables:
    .skip 4096
early_low:
    .skip 4096
early_high:
    .skip 4096
early_directories:
    .skip DIRECTORIES * 4096
    .globl boot_stack, boot_stack_top
boot_stack:
    .skip BOOT_STACK_BYTES
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
