// struct trap_frame of x86_64. The order is fixed by trap_entry.S and system_call_entry.S, which push it.
#pragma once

#include "arch/x86_64/constants.h"
#include "lib/types.h"

struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t origin;     // the vector, or TRAP_ORIGIN_*
    uint64_t error_code; // pushed by the CPU, 0 where it pushes none; for a system call its number
    uint64_t rip, cs, rflags, rsp, ss;
};

static inline bool trap_is_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) == 3;
}

static inline uint64_t trap_instruction_pointer(const struct trap_frame *frame)
{
    return frame->rip;
}

static inline uint64_t trap_stack_pointer(const struct trap_frame *frame)
{
    return frame->rsp;
}

static inline uint64_t trap_frame_pointer(const struct trap_frame *frame)
{
    return frame->rbp;
}

static inline bool trap_had_interrupts_on(const struct trap_frame *frame)
{
    return (frame->rflags & RFLAGS_INTERRUPT) != 0;
}

static inline long system_call_number(const struct trap_frame *frame)
{
    // The ABI ignores the upper half of the register.
    return frame->origin == TRAP_ORIGIN_SYSTEM_CALL ? (long)(uint32_t)frame->error_code : -1;
}

static inline uint64_t system_call_argument(const struct trap_frame *frame, unsigned n)
{
    switch (n) {
    case 0: return frame->rdi;
    case 1: return frame->rsi;
    case 2: return frame->rdx;
    case 3: return frame->r10;
    case 4: return frame->r8;
    default: return frame->r9;
    }
}

static inline uint64_t system_call_result(const struct trap_frame *frame)
{
    return frame->rax;
}

static inline void system_call_set_result(struct trap_frame *frame, long result)
{
    frame->rax = (uint64_t)result;
}

static inline void system_call_forget(struct trap_frame *frame)
{
    frame->origin = TRAP_ORIGIN_NONE;
}

// The instruction is two bytes long and the number goes back where the program had it.
static inline void system_call_rewind(struct trap_frame *frame)
{
    frame->rip -= 2;
    frame->rax = frame->error_code;
}

static inline void trap_set_user_entry(struct trap_frame *frame, uint64_t ip, uint64_t sp)
{
    *frame = (struct trap_frame){
        .origin = TRAP_ORIGIN_NONE,
        .rip = ip,
        .cs = SELECTOR_USER_CODE,
        .rflags = RFLAGS_INTERRUPT | RFLAGS_ALWAYS,
        .rsp = sp,
        .ss = SELECTOR_USER_DATA,
    };
}

static inline void trap_set_instruction_pointer(struct trap_frame *frame, uint64_t ip)
{
    frame->rip = ip;
}

static inline void trap_set_stack_pointer(struct trap_frame *frame, uint64_t sp)
{
    frame->rsp = sp;
}
