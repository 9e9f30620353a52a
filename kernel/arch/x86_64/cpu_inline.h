// The instructions behind arch/cpu.h.
#pragma once

#include "arch/x86_64/constants.h"
#include "lib/compiler.h"
#include "lib/types.h"

static inline void cpu_pause(void)
{
    __asm__ volatile("pause" ::: "memory");
}

static inline void interrupts_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

static inline void interrupts_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}

static inline bool interrupts_are_enabled(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags) : : "memory");
    return (flags & RFLAGS_INTERRUPT) != 0;
}

// STI takes effect after the following instruction, so no interrupt can slip between the two.
static inline void cpu_halt_until_interrupt(void)
{
    __asm__ volatile("sti\n\thlt" ::: "memory");
}

static inline _Noreturn void cpu_halt_forever(void)
{
    for (;;) {
        __asm__ volatile("cli\n\thlt" ::: "memory");
    }
}

static inline uint64_t cpu_timestamp(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return ((uint64_t)high << 32) | low;
}

static inline void memory_barrier(void)
{
    __asm__ volatile("mfence" ::: "memory");
}

static inline void memory_barrier_read(void)
{
    __asm__ volatile("lfence" ::: "memory");
}

static inline void memory_barrier_write(void)
{
    __asm__ volatile("sfence" ::: "memory");
}
