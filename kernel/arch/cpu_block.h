// The block that stands at GS:0 on every CPU while it runs kernel code.
//
// The entry code and the lock primitives need these words in one instruction, so they are fields of one
// structure and not per-CPU variables (sync/percpu.h builds those on `percpu_delta`). Every field is only
// touched by its own CPU, but for `number` and `self`, which never change, and the two of the window on user memory.
#pragma once

#include "lib/types.h"

struct thread;

struct cpu_block {
    struct cpu_block *self;       // [I] address of this block
    struct thread *current;       // the running thread, set by arch_context_switch's caller
    uint64_t kernel_stack_top;    // where SYSCALL and interrupts from user mode start
    uint64_t user_stack_scratch;  // the user's RSP for the first instructions of SYSCALL
    uint64_t percpu_delta;        // [I] this CPU's copy of the per-CPU section less the section
    uint32_t preempt_count;       // more than 0: this thread must not be preempted
    uint32_t interrupt_off_depth; // nested interrupts_block() calls
    uint32_t interrupt_depth;     // 1 in an interrupt handler, 0 otherwise
    uint32_t number;              // [I] 0 for the CPU that booted
    uint8_t interrupts_were_on;   // state to restore when interrupt_off_depth falls to 0
    uint8_t reschedule_pending;   // the run queue wants this CPU to choose again
    uint8_t deferred_pending;     // deferred work is queued on this CPU
    uint8_t user_window_is_open;  // [a] this CPU may touch user memory now: arch/user_access.h
    uint8_t reserved[4];
    uint64_t user_flush_owed; // [a] what it has to flush from its TLB before it does; 0: nothing
    uint64_t arch_private[8]; // for the implementation in arch/<cpu>/
};

#include "arch/x86_64/cpu_block_inline.h" // cpu_block(), cpu_block_get(field), cpu_block_set(field, value),
                                          // cpu_block_increment/decrement(field)
