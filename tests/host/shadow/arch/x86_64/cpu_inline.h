/*
 * What a CPU does, as far as a process can: the interrupt flag is a variable, halting is a failure.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

extern _Thread_local bool host_interrupts_enabled;

static inline void cpu_pause(void)
{
    __builtin_ia32_pause();
}

static inline void interrupts_enable(void)
{
    host_interrupts_enabled = true;
}

static inline void interrupts_disable(void)
{
    host_interrupts_enabled = false;
}

static inline bool interrupts_are_enabled(void)
{
    return host_interrupts_enabled;
}

static inline void cpu_halt_until_interrupt(void)
{
    __builtin_trap();
}

static inline _Noreturn void cpu_halt_forever(void)
{
    __builtin_trap();
}

static inline uint64_t cpu_timestamp(void)
{
    return __builtin_ia32_rdtsc();
}

static inline void memory_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void memory_barrier_read(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static inline void memory_barrier_write(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}
