// Assembly shared by the entry paths and the user copies. Only .S files include this.
#pragma once

#include "arch/x86_64/constants.h"

#define NOP_3 .byte 0x0f, 0x1f, 0x00
#define OPCODE_CLAC 0xca
#define OPCODE_STAC 0xcb

// A three-byte NOP that cpu.c turns into STAC or CLAC where the CPU has SMAP, before the text becomes read-only.
.macro smap_site opcode
771:
    NOP_3
    .pushsection .smap_sites, "a"
    .quad 771b, \opcode
    .popsection
.endm

// If an instruction in [start, end) faults on user memory, go on at `fixup`.
.macro exception_range start, end, fixup
    .pushsection .exception_table, "a"
    .quad \start, \end, \fixup
    .popsection
.endm

// Pushes the general registers in the order of struct trap_frame; origin and error code are already there.
.macro push_registers rax_value=%rax
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq \rax_value
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

.macro pop_registers
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
.endm
