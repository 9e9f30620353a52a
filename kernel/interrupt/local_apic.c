// The local APIC of the calling CPU (Intel SDM 3A, chapter 11): end of interrupt, interrupts to itself and
// to others, the one-shot timer.
// TSC-deadline mode is untested: QEMU's emulation has none.
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/port_io.h"
#include "interrupt/interrupt_internal.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "sync/preempt.h"

enum {
    APIC_ID = 0x20,
    APIC_TASK_PRIORITY = 0x80,
    APIC_END = 0xb0,
    APIC_SPURIOUS = 0xf0,
    APIC_COMMAND_LOW = 0x300,
    APIC_COMMAND_HIGH = 0x310,
    APIC_TIMER = 0x320,
    APIC_LINT0 = 0x350,
    APIC_LINT1 = 0x360,
    APIC_ERROR = 0x370,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,
    SPURIOUS_ENABLE = 0x100,
    ENTRY_MASKED = 0x10000,
    ENTRY_NMI = 0x400,
    TIMER_DEADLINE = 0x40000,
    COMMAND_SELF = 0x40000,
    COMMAND_IS_PENDING = 0x1000,
    DESTINATION_SHIFT = 24,
    DIVIDE_BY_1 = 0xb,
};

static vaddr_t base; // [I] 0: not used

bool local_apic_is_used(void)
{
    return base != 0;
}

static void apic_write(unsigned number, uint32_t value)
{
    assert(base != 0);
    mmio_write32(base + number, value);
}

void local_apic_init(void)
{
    assert(boot_information.acpi.local_apic != 0 && !interrupts_are_enabled());
    base = device_address(boot_information.acpi.local_apic);
    apic_write(APIC_TASK_PRIORITY, 0);    // every vector gets through
    apic_write(APIC_LINT0, ENTRY_MASKED); // the 8259 is silent
    apic_write(APIC_LINT1, ENTRY_NMI);
    apic_write(APIC_ERROR, ENTRY_MASKED);
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(APIC_TIMER, VECTOR_TIMER);
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
}

// Sent before the handler's work, except for lines: it opens the way for the next interrupt of this priority, which stays pending in
// the APIC until the CPU lets interrupts in again. A line's end comes after its handlers, or a level that still stands would
// interrupt at once.
void local_apic_end(void)
{
    apic_write(APIC_END, 0);
}

void local_apic_kick(void)
{
    apic_write(APIC_COMMAND_LOW, COMMAND_SELF | VECTOR_KICK);
}

// The two halves of one command: no interrupt of this CPU may send another in between.
void local_apic_send(uint8_t apic, uint32_t command)
{
    assert(base != 0);
    interrupts_block();
    while (mmio_read32(base + APIC_COMMAND_LOW) & COMMAND_IS_PENDING) {
        cpu_pause();
    }
    apic_write(APIC_COMMAND_HIGH, (uint32_t)apic << DESTINATION_SHIFT);
    apic_write(APIC_COMMAND_LOW, command);
    interrupts_unblock();
}

uint8_t local_apic_id(void)
{
    return (uint8_t)(mmio_read32(base + APIC_ID) >> 24);
}

void local_apic_timer_start(uint32_t count)
{
    apic_write(APIC_TIMER_INITIAL, count);
}

uint32_t local_apic_timer_count(void)
{
    return mmio_read32(base + APIC_TIMER_CURRENT);
}

void local_apic_timer_deadline_mode(void)
{
    apic_write(APIC_TIMER, TIMER_DEADLINE | VECTOR_TIMER);
    memory_barrier(); // the mode must be set before the first deadline is written
}
