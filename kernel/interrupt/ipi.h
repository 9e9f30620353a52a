// Interrupts between CPUs: choose again, run a function, stop for good; and those that start a CPU.
#pragma once

#include "arch/page.h"
#include "lib/compiler.h"
#include "lib/types.h"

// Can CPUs send each other interrupts at all? (Without local APICs only the first one runs.)
bool ipi_is_possible(void);

// The local APIC of CPU `cpu`: set before that CPU starts; the first one's is known.
void ipi_cpu_set_apic(unsigned cpu, uint8_t apic);
uint8_t ipi_cpu_apic(unsigned cpu);

// Makes another CPU choose a thread again. Any context.
void ipi_reschedule(unsigned cpu);

// Runs `run` on each CPU of the mask (not the calling one), in an interrupt there, and returns when all have. What was written
// before is seen by it. Interrupts are on, no spin lock is held, preemption is off.
void ipi_call(uint64_t cpus, void (*run)(void *argument), void *argument);

// Stops every other CPU where it stands, whatever it does: for the panic.
void ipi_stop_others(void);

// INIT: the CPU waits for its start, whatever it did.
void ipi_cpu_reset(uint8_t apic);
// Starts it in real mode at a page below 1 MiB; one that runs already takes no notice.
void ipi_cpu_launch(uint8_t apic, paddr_t page);
// The first of a new CPU's own steps: its local APIC and its clock event.
void interrupt_cpu_init(void);
