// Per-CPU variables: every CPU has its own copy of the .percpu section; the first CPU uses the
// section itself.
#pragma once

#include "arch/cpu_block.h"
#include "lib/compiler.h"

#define PERCPU_DEFINE(type, name)  section(".percpu") type name
#define PERCPU_DECLARE(type, name) extern type name

// Address of this CPU's copy. The caller has preemption or interrupts off for as long as it uses
// the pointer.
#define percpu_this(variable)                                                                      \
    ((__typeof__(&(variable)))((uintptr_t) & (variable) + cpu_block_get(percpu_delta)))

// Address of another CPU's copy; `number` below percpu_cpu_count().
#define percpu_of(variable, number)                                                                \
    ((__typeof__(&(variable)))((uintptr_t) & (variable) + percpu_delta_of(number)))
uint64_t percpu_delta_of(unsigned number);

// CPUs that run the scheduler, from 1.
unsigned percpu_cpu_count(void);
// Adds the next CPU: `delta` is its copy's address less the section's. Returns its number. Called
// by the CPU that starts it, before the new one runs any code that has per-CPU variables.
unsigned percpu_cpu_add(uint64_t delta);

static inline unsigned cpu_number(void)
{
    return cpu_block_get(number);
}
