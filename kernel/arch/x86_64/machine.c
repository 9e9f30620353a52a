// Power: off through ACPI's sleep registers, reset through the FADT, the keyboard controller, or a triple fault (ACPI 6.4,
// chapters 4.8 and 7.4).
#include "arch/machine.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/port_io.h"
#include "lib/types.h"

enum {
    SLEEP_ENABLE_PM1 = 1 << 13,
    SLEEP_TYPE_SHIFT_PM1 = 10,
    SLEEP_ENABLE_REGISTER = 1 << 5,
    SLEEP_TYPE_SHIFT_REGISTER = 2,
    KEYBOARD_COMMAND = 0x64,
    KEYBOARD_RESET = 0xfe,
    DEBUG_EXIT = 0xf4,
};

// boot/ has put both registers into the physical map.
static vaddr_t register_address(paddr_t address)
{
    return PHYSICAL_MAP_BASE + address;
}

static uint16_t pm1_sleep_value(uint8_t type)
{
    return (uint16_t)(SLEEP_ENABLE_PM1 | type << SLEEP_TYPE_SHIFT_PM1);
}

// Every register that the firmware names is tried: which one works differs by machine, and the wrong ones do nothing. Returning means
// that none did.
void machine_power_off(void)
{
    const struct boot_acpi *acpi = &boot_information.acpi;
    if (!acpi->has_s5) {
        return;
    }
    uint8_t sleep_value =
        (uint8_t)(SLEEP_ENABLE_REGISTER | acpi->s5_type_a << SLEEP_TYPE_SHIFT_REGISTER);
    if (acpi->sleep_control_register) {
        mmio_write8(register_address(acpi->sleep_control_register), sleep_value);
    }
    if (acpi->sleep_control_port) {
        port_write8(acpi->sleep_control_port, sleep_value);
    }
    if (acpi->pm1a_control_port) {
        port_write16(acpi->pm1a_control_port, pm1_sleep_value(acpi->s5_type_a));
    }
    if (acpi->pm1b_control_port) {
        port_write16(acpi->pm1b_control_port, pm1_sleep_value(acpi->s5_type_b));
    }
}

// An exception without a descriptor table: the third fault resets the CPU.
static _Noreturn void triple_fault(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((__packed__)) empty = {0, 0};
    __asm__ volatile("lidt %0\n\tint3" : : "m"(empty));
    cpu_halt_forever();
}

_Noreturn void machine_reboot(void)
{
    const struct boot_acpi *acpi = &boot_information.acpi;
    interrupts_disable();
    if (acpi->reset_register) {
        mmio_write8(register_address(acpi->reset_register), acpi->reset_value);
    }
    if (acpi->reset_port) {
        port_write8(acpi->reset_port, acpi->reset_value);
    }
    port_write8(KEYBOARD_COMMAND, KEYBOARD_RESET);
    for (unsigned i = 0; i < 1000; i++) {
        port_delay();
    }
    triple_fault();
}

void machine_debug_exit(unsigned status)
{
    if (port_read32(DEBUG_EXIT) == 0) {
        port_write32(DEBUG_EXIT, status);
    }
}
