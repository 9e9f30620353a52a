// What a single CPU can do, below any lock or thread.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

// Implemented inline by the CPU's folder:
//   void cpu_pause(void)                    hint in a spin loop
//   void cpu_halt_until_interrupt(void)     atomically enables interrupts and halts
//   _Noreturn void cpu_halt_forever(void)   interrupts off, halt
//   bool interrupts_are_enabled(void)
//   void interrupts_enable(void), interrupts_disable(void)   the raw flag; most code wants sync/preempt.h
//   uint64_t cpu_timestamp(void)            the time-stamp counter, in its own unit
//   void memory_barrier(void), memory_barrier_read(void), memory_barrier_write(void)
#include "arch/x86_64/cpu_inline.h"

// Features that the kernel uses where they are and misses nowhere. Set once by cpu_init of the first CPU.
enum cpu_feature {
    CPU_HAS_XSAVE,
    CPU_HAS_SMEP,
    CPU_HAS_SMAP,
    CPU_HAS_UMIP,
    CPU_HAS_FSGSBASE,
    CPU_HAS_RDRAND,
    CPU_HAS_RDSEED,
    CPU_HAS_HUGE_PAGES,   // 1 GiB leaves
    CPU_HAS_FAST_STRINGS, // ERMS: rep movsb is the fast copy
    CPU_HAS_INVARIANT_TSC,
    CPU_HAS_APIC,
    CPU_HAS_GLOBAL_PAGES,
    CPU_HAS_TSC_DEADLINE, // the local APIC's timer compares with the time-stamp counter
    CPU_FEATURE_COUNT
};

bool cpu_has(enum cpu_feature feature);

// Loads descriptor tables, control registers and the system-call entry of the calling CPU. The first CPU calls
// it with number 0 before anything that can fault; its cpu_block is then at GS:0.
void cpu_init(unsigned number);

// Raw values for user programs: AT_HWCAP (CPUID.1 EDX), AT_HWCAP2 (bit 1: FSGSBASE usable), AT_PLATFORM.
uint64_t cpu_user_hwcap(void);
uint64_t cpu_user_hwcap2(void);
const char *cpu_user_platform(void);

// Arms the local APIC's timer to fire when the time-stamp counter reaches `timestamp`; 0 disarms. Needs CPU_HAS_TSC_DEADLINE.
void cpu_timer_deadline_write(uint64_t timestamp);

// One hardware random word. False: the CPU has no such instruction or it had nothing to give after 10 tries.
bool cpu_random_seed(uint64_t *word);

// Description for /proc/cpuinfo. `flags` is a static text, space separated, with Linux's names.
struct cpu_description {
    char vendor[13];
    char brand[49];
    unsigned family, model, stepping;
    unsigned physical_address_bits, virtual_address_bits;
    unsigned cache_line_bytes;
    const char *flags;
};
const struct cpu_description *cpu_describe(void);
