// Where a Multiboot2 loader enters (Multiboot2 Specification 2.0): it finds the header in the first 32 KiB of the file, gives EAX its
// magic and EBX the physical address of its information (boot/multiboot2.c). GRUB is one, by BIOS and by UEFI.
//
// The header asks for nothing that a loader may refuse to start without: a framebuffer is welcome, text will do.
#include "arch/x86_64/constants.h"

#define HEADER_MAGIC 0xe85250d6
#define ARCHITECTURE_I386 0             // entered in 32-bit protected mode
#define HEADER_BYTES (header_end - header)

#define TAG_END 0
#define TAG_INFORMATION_REQUEST 1
#define TAG_ENTRY_ADDRESS 3
#define TAG_FRAMEBUFFER 5
#define TAG_MODULE_ALIGNMENT 6          // modules start on pages
#define IS_OPTIONAL 1

#define WANT_COMMAND_LINE 1
#define WANT_MODULES 3
#define WANT_MEMORY_MAP 6
#define WANT_FRAMEBUFFER 8
#define WANT_OLD_RSDP 14
#define WANT_RSDP 15

// A tag begins at a multiple of eight; its size leaves the padding out.
.macro tag_begin type, flags, bytes
    .balign 8
    .word \type, \flags
    .long \bytes
.endm

    .section .multiboot2, "a", @progbits
    .balign 8
header:
    .long HEADER_MAGIC, ARCHITECTURE_I386, HEADER_BYTES
    .long -(HEADER_MAGIC + ARCHITECTURE_I386 + HEADER_BYTES)
    tag_begin TAG_INFORMATION_REQUEST, IS_OPTIONAL, 32
    .long WANT_COMMAND_LINE, WANT_MODULES, WANT_MEMORY_MAP, WANT_FRAMEBUFFER, WANT_OLD_RSDP, WANT_RSDP
    tag_begin TAG_ENTRY_ADDRESS, 0, 12
    .long PHYSICAL(multiboot2_entry)
    tag_begin TAG_FRAMEBUFFER, IS_OPTIONAL, 20
    .long 1024, 768, 32                 // what is preferred
    tag_begin TAG_MODULE_ALIGNMENT, IS_OPTIONAL, 8
    tag_begin TAG_END, 0, 8
header_end:

    .section .text.boot, "ax"
    .code32
    .globl multiboot2_entry
    .type multiboot2_entry, @function
multiboot2_entry:
    movl %eax, %ebp
    jmp boot_entry
    .size multiboot2_entry, . - multiboot2_entry

    .section .note.GNU-stack, "", @progbits
