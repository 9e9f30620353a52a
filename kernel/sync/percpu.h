// Per-CPU variables: every CPU has its own copy of the section; the first CPU uses the section
// itself. Each starts as zeros on every CPU: the compiler refuses another initial value, so a copy
// is zeroed memory.
#pragma once

#include "arch/cpu_block.h"
#include "arch/page.h"
#include "lib/compiler.h"

#define PERCPU_DEFINE(type, name)  section(".bss.percpu") type name
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
// The CPU that is started next will have this number, `delta` being its copy's address less the
// section's. It does not count yet: if it never comes, the number goes to the next. One caller at a
// time, before the new CPU runs any code that has per-CPU variables.
unsigned percpu_cpu_prepare(uint64_t delta);
// From here on it counts: its per-CPU variables are ready for everybody.
void percpu_cpu_publish(unsigned number);
// A bit for each CPU that counts.
static inline uint64_t percpu_cpu_mask(void)
{
    return UINT64_MAX >> (CPU_MAX - percpu_cpu_count());
}

static inline unsigned cpu_number(void)
{
    return cpu_block_get(number);
}
