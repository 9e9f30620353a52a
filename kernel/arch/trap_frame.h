// The registers of interrupted code, as the entry code saves them on the kernel stack. A thread's user frame
// always stands at the very top of its kernel stack (arch_user_frame in arch/context.h).
#pragma once

#include "lib/types.h"

#include "arch/x86_64/trap_frame_layout.h" // struct trap_frame; inline accessors:
//   bool trap_is_from_user(const struct trap_frame *)
//   uint64_t trap_instruction_pointer(f), trap_stack_pointer(f), trap_frame_pointer(f)
//   bool trap_had_interrupts_on(f)
//   long system_call_number(f)              as the program asked for it (-1: this frame is no system call)
//   uint64_t system_call_argument(f, n)     n in 0..5
//   uint64_t system_call_result(f); void system_call_set_result(f, long)
//   void system_call_forget(f)              the frame no longer counts as a system call (after restart handling)
//   void system_call_rewind(f)              makes the program issue the same call again
//   void trap_set_user_entry(f, ip, sp)     a clean register set for a freshly loaded program
//   void trap_set_instruction_pointer(f, ip)
//   void trap_set_stack_pointer(f, sp)
