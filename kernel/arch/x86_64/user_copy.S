// The instructions that touch user memory. Each range is in the exception table; a fault that the upcall cannot resolve goes on
// at the fixup, which reports how much is left. SMAP and the CPU's window on user memory are open around them only.
//
// Long copies are string moves: of bytes with ERMS, else of words (TCG runs them an element a step). Short ones, for which a
// string move takes too long to start, are an unrolled loop. When a block or word faults, the byte loop runs over the rest,
// so the count is exact.

#include "arch/x86_64/entry_macros.inc"

#define EFAULT       14
#define STRING_LEAST 256 // bytes

    .text

// user_window_settle for the macro, which keeps all registers but the flags.
    .balign 16
    .globl user_window_settle_keeping
    .type user_window_settle_keeping, @function
user_window_settle_keeping:
    pushq %rbp
    movq %rsp, %rbp
    andq $-16, %rsp
    .irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r11
    pushq %\register
    .endr
    call user_window_settle
    .irp register, r11, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
    popq %\register
    .endr
    leave
    ret
    .size user_window_settle_keeping, . - user_window_settle_keeping

// size_t arch_user_copy(void *destination, const void *source, size_t bytes)
    .balign 16
    .globl arch_user_copy
    .type arch_user_copy, @function
arch_user_copy:
    user_access_begin
    movq %rdx, %rcx
    cmpq $STRING_LEAST, %rdx
    jae .Lcopy_long
    shrq $6, %rcx
    jz .Lcopy_words
.Lcopy_block:
    movq (%rsi), %r8
    movq 8(%rsi), %r9
    movq 16(%rsi), %r10
    movq 24(%rsi), %r11
    movq %r8, (%rdi)
    movq %r9, 8(%rdi)
    movq %r10, 16(%rdi)
    movq %r11, 24(%rdi)
    movq 32(%rsi), %r8
    movq 40(%rsi), %r9
    movq 48(%rsi), %r10
    movq 56(%rsi), %r11
    movq %r8, 32(%rdi)
    movq %r9, 40(%rdi)
    movq %r10, 48(%rdi)
    movq %r11, 56(%rdi)
.Lcopy_block_end:
    addq $64, %rsi
    addq $64, %rdi
    decq %rcx
    jnz .Lcopy_block
    andl $63, %edx
.Lcopy_words:
    movl %edx, %ecx
    andl $~7, %ecx
    jz .Lcopy_tail
    addq %rcx, %rsi
    addq %rcx, %rdi
    negq %rcx
.Lcopy_word:                            // RCX runs up to 0, from the ends of both
    movq (%rsi, %rcx), %r8
    movq %r8, (%rdi, %rcx)
.Lcopy_word_end:
    addq $8, %rcx
    jnz .Lcopy_word
    andl $7, %edx
.Lcopy_tail:
    testq %rdx, %rdx
    jz .Lcopy_done
.Lcopy_byte:
    movb (%rsi), %r8b
    movb %r8b, (%rdi)
.Lcopy_byte_end:
    incq %rsi
    incq %rdi
    decq %rdx
    jnz .Lcopy_byte
.Lcopy_done:
    user_access_end
    movq %rdx, %rax
    ret
.Lcopy_long:
    cmpb $0, user_copy_by_bytes
    jne .Lcopy_string
    shrq $3, %rcx
    andl $7, %edx
.Lcopy_words_string:
    rep movsq
.Lcopy_words_string_end:
    jmp .Lcopy_tail
.Lcopy_string:
    rep movsb
.Lcopy_string_end:
    movq %rcx, %rdx
    jmp .Lcopy_done
.Lcopy_block_fault:                     // RCX blocks and RDX mod 64 bytes are left
    shlq $6, %rcx
    andl $63, %edx
    addq %rcx, %rdx
    jmp .Lcopy_byte
.Lcopy_word_fault:                      // -RCX and RDX mod 8 bytes are left
    addq %rcx, %rsi
    addq %rcx, %rdi
    andl $7, %edx
    subq %rcx, %rdx
    jmp .Lcopy_byte
.Lcopy_words_string_fault:              // RCX words and RDX bytes are left
    leaq (%rdx, %rcx, 8), %rdx
    jmp .Lcopy_byte
.Lcopy_string_fault:
    movq %rcx, %rdx
    jmp .Lcopy_done
    .size arch_user_copy, . - arch_user_copy

    exception_range .Lcopy_block, .Lcopy_block_end, .Lcopy_block_fault
    exception_range .Lcopy_word, .Lcopy_word_end, .Lcopy_word_fault
    exception_range .Lcopy_byte, .Lcopy_byte_end, .Lcopy_done
    exception_range .Lcopy_words_string, .Lcopy_words_string_end, .Lcopy_words_string_fault
    exception_range .Lcopy_string, .Lcopy_string_end, .Lcopy_string_fault

// size_t arch_user_zero(void *destination, size_t bytes)
    .balign 16
    .globl arch_user_zero
    .type arch_user_zero, @function
arch_user_zero:
    user_access_begin
    xorl %eax, %eax
    movq %rsi, %rcx
    shrq $3, %rcx
    jz .Lzero_tail
.Lzero_word:
    movq %rax, (%rdi)
.Lzero_word_end:
    addq $8, %rdi
    decq %rcx
    jnz .Lzero_word
    andl $7, %esi
.Lzero_tail:
    testq %rsi, %rsi
    jz .Lzero_done
.Lzero_byte:
    movb %al, (%rdi)
.Lzero_byte_end:
    incq %rdi
    decq %rsi
    jnz .Lzero_byte
.Lzero_done:
    user_access_end
    movq %rsi, %rax
    ret
.Lzero_word_fault:
    shlq $3, %rcx
    andl $7, %esi
    addq %rcx, %rsi
    jmp .Lzero_byte
    .size arch_user_zero, . - arch_user_zero

    exception_range .Lzero_word, .Lzero_word_end, .Lzero_word_fault
    exception_range .Lzero_byte, .Lzero_byte_end, .Lzero_done

// long arch_user_copy_string(char *destination, const char *source, size_t limit)
// A word at a time while eight bytes of limit are left: ((w - 0x01..01) & ~w & 0x80..80) marks the first zero byte. A word that
// faults may only reach into the next page behind the string's end, so the byte loop decides.
    .balign 16
    .globl arch_user_copy_string
    .type arch_user_copy_string, @function
arch_user_copy_string:
    user_access_begin
    xorl %ecx, %ecx                     // bytes copied
    movq %rdx, %r10
    subq $8, %r10                       // the last offset where a word still fits
    jb .Lstring_bytes
    movabsq $0x0101010101010101, %r8
    movabsq $0x8080808080808080, %r9
.Lstring_word:
    movq (%rsi, %rcx), %rax
.Lstring_word_end:
    movq %rax, (%rdi, %rcx)
    movq %rax, %r11
    notq %r11
    subq %r8, %rax
    andq %r9, %r11
    andq %r11, %rax
    jnz .Lstring_found
    addq $8, %rcx
    cmpq %r10, %rcx
    jbe .Lstring_word
.Lstring_bytes:
    cmpq %rdx, %rcx
    jae .Lstring_too_long
.Lstring_byte:
    movb (%rsi, %rcx), %al
.Lstring_byte_end:
    movb %al, (%rdi, %rcx)
    incq %rcx
    testb %al, %al
    jnz .Lstring_bytes
    movq %rcx, %rax
    jmp .Lstring_done
.Lstring_found:
    bsfq %rax, %rax
    shrl $3, %eax
    leaq 1(%rax, %rcx), %rax
    jmp .Lstring_done
.Lstring_too_long:
    leaq 1(%rdx), %rax
    jmp .Lstring_done
.Lstring_fault:
    movq $-EFAULT, %rax
.Lstring_done:
    user_access_end
    ret
    .size arch_user_copy_string, . - arch_user_copy_string

    exception_range .Lstring_word, .Lstring_word_end, .Lstring_bytes
    exception_range .Lstring_byte, .Lstring_byte_end, .Lstring_fault

// int arch_user_load32(const uint32_t *address, uint32_t *value)
    .balign 16
    .globl arch_user_load32
    .type arch_user_load32, @function
arch_user_load32:
    user_access_begin
.Lload:
    movl (%rdi), %ecx
.Lload_end:
    movl %ecx, (%rsi)
    xorl %eax, %eax
    user_access_end
    ret
    .size arch_user_load32, . - arch_user_load32

// int arch_user_cmpxchg32(uint32_t *address, uint32_t expected, uint32_t desired, uint32_t *seen)
    .balign 16
    .globl arch_user_cmpxchg32
    .type arch_user_cmpxchg32, @function
arch_user_cmpxchg32:
    user_access_begin
    movl %esi, %eax
.Lexchange:
    lock cmpxchgl %edx, (%rdi)
.Lexchange_end:
    movl %eax, (%rcx)
    xorl %eax, %eax
    user_access_end
    ret
.Lword_fault:
    movl $-EFAULT, %eax
    user_access_end
    ret
    .size arch_user_cmpxchg32, . - arch_user_cmpxchg32

    exception_range .Lload, .Lload_end, .Lword_fault
    exception_range .Lexchange, .Lexchange_end, .Lword_fault

// int user_fpu_xsave(void *area)
// XSAVE only adds to the header, whose 64 bytes behind the legacy area must be zero before.
    .balign 16
    .globl user_fpu_xsave
    .type user_fpu_xsave, @function
user_fpu_xsave:
    user_access_begin
    xorl %ecx, %ecx
    movl $-1, %eax                      // all that XCR0 enables
    movl $-1, %edx
.Lxsave:
    movq %rcx, 512(%rdi)
    movq %rcx, 520(%rdi)
    movq %rcx, 528(%rdi)
    movq %rcx, 536(%rdi)
    movq %rcx, 544(%rdi)
    movq %rcx, 552(%rdi)
    movq %rcx, 560(%rdi)
    movq %rcx, 568(%rdi)
    xsave64 (%rdi)
.Lxsave_end:
    xorl %eax, %eax
    user_access_end
    ret
    .size user_fpu_xsave, . - user_fpu_xsave

// int user_fpu_fxsave(void *area)
    .balign 16
    .globl user_fpu_fxsave
    .type user_fpu_fxsave, @function
user_fpu_fxsave:
    user_access_begin
.Lfxsave:
    fxsave64 (%rdi)
.Lfxsave_end:
    xorl %eax, %eax
    user_access_end
    ret
    .size user_fpu_fxsave, . - user_fpu_fxsave

    exception_range .Lxsave, .Lxsave_end, .Lword_fault
    exception_range .Lfxsave, .Lfxsave_end, .Lword_fault

    .section .note.GNU-stack, "", @progbits
