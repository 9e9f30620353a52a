// Pages and long user copies by AVX registers: arch/vector.h. What was in the registers waits on the stack meanwhile.

#include "arch/x86_64/entry_macros.inc"

.macro vectors_save
    subq $128, %rsp
    vmovdqu %ymm0, (%rsp)
    vmovdqu %ymm1, 32(%rsp)
    vmovdqu %ymm2, 64(%rsp)
    vmovdqu %ymm3, 96(%rsp)
.endm

.macro vectors_restore
    vmovdqu (%rsp), %ymm0
    vmovdqu 32(%rsp), %ymm1
    vmovdqu 64(%rsp), %ymm2
    vmovdqu 96(%rsp), %ymm3
    addq $128, %rsp
.endm

// 256 bytes from RSI to RDI.
.macro block_copy move
    .irp half, 0, 128
    \move \half(%rsi), %ymm0
    \move (\half + 32)(%rsi), %ymm1
    \move (\half + 64)(%rsi), %ymm2
    \move (\half + 96)(%rsi), %ymm3
    \move %ymm0, \half(%rdi)
    \move %ymm1, (\half + 32)(%rdi)
    \move %ymm2, (\half + 64)(%rdi)
    \move %ymm3, (\half + 96)(%rdi)
    .endr
.endm

    .text

// void arch_vector_zero(void *to, size_t bytes)
    .balign 16
    .globl arch_vector_zero
    .type arch_vector_zero, @function
arch_vector_zero:
    subq $32, %rsp
    vmovdqu %ymm0, (%rsp)
    vpxor %xmm0, %xmm0, %xmm0           // clears the upper half too
.Lzero_block:
    .irp place, 0, 32, 64, 96, 128, 160, 192, 224
    vmovdqa %ymm0, \place(%rdi)
    .endr
    addq $256, %rdi
    subq $256, %rsi
    jnz .Lzero_block
    vmovdqu (%rsp), %ymm0
    addq $32, %rsp
    ret
    .size arch_vector_zero, . - arch_vector_zero

// void arch_vector_copy(void *to, const void *from, size_t bytes)
    .balign 16
    .globl arch_vector_copy
    .type arch_vector_copy, @function
arch_vector_copy:
    vectors_save
.Lcopy_block:
    block_copy vmovdqa
    addq $256, %rsi
    addq $256, %rdi
    subq $256, %rdx
    jnz .Lcopy_block
    vectors_restore
    ret
    .size arch_vector_copy, . - arch_vector_copy

// size_t arch_user_copy_vector(void *to, const void *from, size_t bytes)
// A block that faults counts as not copied, whatever of it was.
    .balign 16
    .globl arch_user_copy_vector
    .type arch_user_copy_vector, @function
arch_user_copy_vector:
    user_access_begin
    vectors_save
.Luser_block:
    block_copy vmovdqu
.Luser_block_end:
    addq $256, %rsi
    addq $256, %rdi
    subq $256, %rdx
    cmpq $256, %rdx
    jae .Luser_block
.Luser_done:
    vectors_restore
    user_access_end
    movq %rdx, %rax
    ret
    .size arch_user_copy_vector, . - arch_user_copy_vector

    exception_range .Luser_block, .Luser_block_end, .Luser_done

    .section .note.GNU-stack, "", @progbits
