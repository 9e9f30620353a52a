// Every vector from 32 on: the local APIC's own, then the lines; and deferred work on the way out.
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/cpu_block.h"
#include "arch/upcalls.h"
#include "interrupt/interrupt_internal.h"
#include "interrupt/ipi.h"
#include "interrupt/irq.h"
#include "lib/assert.h"
#include "log/boot_parameters.h"
#include "log/log.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

static PERCPU_DEFINE(uint64_t, interrupts_taken);
static PERCPU_DEFINE(uint64_t, own_counts[INTERRUPT_OWN_KINDS]);
static PERCPU_DEFINE(bool, is_from_user); // the interrupt that is being handled

static bool apic_is_usable(void)
{
    const struct boot_acpi *acpi = &boot_information.acpi;
    return cpu_has(CPU_HAS_APIC) && acpi->local_apic && acpi->io_apic_count > 0 &&
           !boot_parameters.no_apic;
}

void interrupt_init(void)
{
    preempt_set_deferred_runner(deferred_run);
    pic_init();
    if (!apic_is_usable()) {
        lines_init(&pic_controller);
        log_info("interrupt: 8259 pair");
        return;
    }
    local_apic_init();
    io_apic_init();
    lines_init(&io_apic_controller);
    log_info("interrupt: local APIC %u, %u I/O APIC", local_apic_id(),
             boot_information.acpi.io_apic_count);
}

void interrupt_cpu_init(void)
{
    local_apic_init();
    clock_event_cpu_init();
}

static void line_vector(unsigned vector)
{
    if (local_apic_is_used() && vector >= VECTOR_LINE_FIRST) {
        line_interrupt(vector - VECTOR_LINE_FIRST);
    } else if (!local_apic_is_used() && vector < VECTOR_PIC_FIRST + PIC_LINES) {
        line_interrupt(vector - VECTOR_PIC_FIRST);
    }
    // Anything else is spurious: the masked 8259's line 7 or 15, which wants no end.
}

bool interrupt_is_from_user(void)
{
    return *percpu_this(is_from_user);
}

static void own_begin(enum interrupt_own kind)
{
    local_apic_end();
    (*percpu_this(own_counts))[kind]++;
}

static void vector_handle(unsigned vector)
{
    switch (vector) {
    case VECTOR_TIMER:
        own_begin(INTERRUPT_TIMER);
        clock_event_interrupt(interrupt_is_from_user());
        break;
    case VECTOR_KICK: own_begin(INTERRUPT_KICK); break;
    case VECTOR_RESCHEDULE: // the choice itself is made on the way out
        own_begin(INTERRUPT_RESCHEDULE);
        cpu_block_set(reschedule_pending, 1);
        break;
    case VECTOR_CALL:
        own_begin(INTERRUPT_CALL);
        ipi_calls_run();
        break;
    case VECTOR_SPURIOUS: break;
    default: line_vector(vector); break;
    }
}

// A gate clears the interrupt flag and no handler sets it, so handlers do not nest; deferred work, which runs with interrupts on, is
// outside of the depth. What a handler has woken runs later: the trap's exit looks at reschedule_pending.
void upcall_interrupt(unsigned vector, struct trap_frame *frame)
{
    assert(!interrupts_are_enabled() && cpu_block_get(interrupt_depth) == 0);
    assert(vector >= VECTOR_PIC_FIRST && cpu_block_get(interrupt_off_depth) == 0);
    cpu_block_increment(interrupt_depth);
    ++*percpu_this(interrupts_taken);
    *percpu_this(is_from_user) = trap_is_from_user(frame);
    interrupts_watch_begin();
    vector_handle(vector);
    interrupts_watch_end();
    cpu_block_decrement(interrupt_depth);
    if (cpu_block_get(deferred_pending)) {
        deferred_run();
    }
}

uint64_t interrupt_own_count(enum interrupt_own kind, unsigned cpu)
{
    assert(kind < INTERRUPT_OWN_KINDS && cpu < percpu_cpu_count());
    return (*percpu_of(own_counts, cpu))[kind];
}

uint64_t interrupt_total(void)
{
    uint64_t total = 0;
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        total += *percpu_of(interrupts_taken, cpu);
    }
    return total;
}
