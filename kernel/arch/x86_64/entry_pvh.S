// Where a PVH loader enters (Xen's x86/HVM direct boot ABI): it finds the address in the note, and gives EBX the physical address
// of its start information. QEMU's -kernel is one.
#include "arch/x86_64/constants.h"

#define ELFNOTE_PHYS32_ENTRY 18

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad PHYSICAL(pvh_entry)

    .section .text.boot, "ax"
    .code32
    .globl pvh_entry
    .type pvh_entry, @function
pvh_entry:
    xorl %ebp, %ebp
    jmp boot_entry
    .size pvh_entry, . - pvh_entry

    .section .note.GNU-stack, "", @progbits
