// Interrupts between CPUs (Intel SDM 3A, 10.6). Calls of a function wait for their end, so a sender has one under way at most and
// needs no memory: each CPU has a box with a place for every sender, and a bit for each place that is filled. Who finds no bit set
// sends the interrupt; the receiver takes all bits at once, so several senders may share one interrupt.
//
// No lock. A sender has its interrupts on while it waits, since two CPUs may call each other.
#include "interrupt/ipi.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/cpu_block.h"
#include "interrupt/interrupt_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "sync/atomic.h"
#include "sync/percpu.h"

struct call {
    void (*run)(void *argument); // [I]
    void *argument;              // [I]
    struct atomic64 waiting;     // [a] a bit for each CPU that has not run it yet
};

struct call_box {
    struct atomic64 senders;     // [a] a bit for each place that is filled
    struct call *calls[CPU_MAX]; // [o] its sender's, until the bit is set
};

static PERCPU_DEFINE(struct call_box, call_box);
static uint8_t apic_ids[CPU_MAX]; // [I] before the CPU starts

bool ipi_is_possible(void)
{
    return local_apic_is_used();
}

void ipi_cpu_set_apic(unsigned cpu, uint8_t apic)
{
    assert(cpu != 0 && cpu < CPU_MAX);
    apic_ids[cpu] = apic;
}

uint8_t ipi_cpu_apic(unsigned cpu)
{
    assert(cpu < CPU_MAX);
    return cpu == 0 ? boot_information.acpi.cpu_apic_ids[0] : apic_ids[cpu];
}

static void send(unsigned cpu, uint32_t command)
{
    local_apic_send(ipi_cpu_apic(cpu), command);
}

void ipi_reschedule(unsigned cpu)
{
    assert(cpu != cpu_number());
    send(cpu, VECTOR_RESCHEDULE);
}

void ipi_call(uint64_t cpus, void (*run)(void *argument), void *argument)
{
    struct call call = {run, argument, ATOMIC_INIT(cpus)};
    unsigned own = cpu_number();
    assert(interrupts_are_enabled() && cpu_block_get(preempt_count) != 0);
    assert((cpus & BIT(own)) == 0 && (cpus & ~percpu_cpu_mask()) == 0);
    for (uint64_t rest = cpus; rest; rest &= rest - 1) {
        unsigned cpu = (unsigned)__builtin_ctzll(rest);
        struct call_box *box = percpu_of(call_box, cpu);
        box->calls[own] = &call; // before the bit, which is a full barrier, makes it the receiver's
        if (atomic64_set_bits(&box->senders, BIT(own)) == 0) {
            send(cpu, VECTOR_CALL);
        }
    }
    while (atomic64_load_acquire(&call.waiting)) {
        cpu_pause();
    }
}

void ipi_calls_run(void)
{
    struct call_box *box = percpu_this(call_box);
    uint64_t senders = atomic64_exchange(&box->senders, 0);
    for (; senders; senders &= senders - 1) {
        struct call *call = box->calls[__builtin_ctzll(senders)];
        assert((atomic64_load(&call->waiting) & BIT(cpu_number())) != 0);
        call->run(call->argument);
        atomic64_clear_bits(&call->waiting, BIT(cpu_number())); // the call may be gone from here on
    }
}

void ipi_stop_others(void)
{
    for (unsigned cpu = 0; local_apic_is_used() && cpu < percpu_cpu_count(); cpu++) {
        if (cpu != cpu_number()) {
            send(cpu, IPI_NMI);
        }
    }
}

void ipi_cpu_reset(uint8_t apic)
{
    local_apic_send(apic, IPI_INIT);
}

void ipi_cpu_launch(uint8_t apic, paddr_t page)
{
    local_apic_send(apic, IPI_STARTUP | (uint32_t)(page >> PAGE_SHIFT));
}
