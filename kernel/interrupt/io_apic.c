// I/O APICs (82093AA data sheet): lines 0-15 are ISA lines, routed as the MADT's overrides say; from 16 on a line is a global
// interrupt of PCI's kind (level, active low). All go to the CPU that booted.
#include "arch/boot_info.h"
#include "arch/port_io.h"
#include "interrupt/interrupt_internal.h"
#include "lib/assert.h"

enum {
    REGISTER_SELECT = 0x00,
    REGISTER_WINDOW = 0x10,
    REGISTER_VERSION = 1,
    REGISTER_REDIRECTION = 0x10,
    ENTRY_ACTIVE_LOW = 1 << 13,
    ENTRY_LEVEL = 1 << 15,
    ENTRY_MASKED = 1 << 16,
    DESTINATION_SHIFT = 24,
    ISA_LINES = 16,
};

// Where a line arrives.
struct pin {
    vaddr_t chip;
    unsigned number;
    uint32_t mode; // ENTRY_* bits
};

// A register is chosen by one store and moved by the next access, so two users would mix theirs up: the routing lock is held, or it
// is boot.
static uint32_t chip_read(vaddr_t chip, unsigned number)
{
    mmio_write32(chip + REGISTER_SELECT, number);
    return mmio_read32(chip + REGISTER_WINDOW);
}

static void chip_write(vaddr_t chip, unsigned number, uint32_t value)
{
    mmio_write32(chip + REGISTER_SELECT, number);
    mmio_write32(chip + REGISTER_WINDOW, value);
}

static unsigned chip_pins(vaddr_t chip)
{
    return ((chip_read(chip, REGISTER_VERSION) >> 16) & 0xff) + 1;
}

static void pin_write(const struct pin *pin, uint32_t high, uint32_t low)
{
    assert(pin->chip != 0 && pin->number < chip_pins(pin->chip));
    // The half with the mask bit last: the pin must not be open while its destination is still the old one.
    chip_write(pin->chip, REGISTER_REDIRECTION + 2 * pin->number + 1, high);
    chip_write(pin->chip, REGISTER_REDIRECTION + 2 * pin->number, low);
}

static bool global_interrupt_find(uint32_t interrupt, struct pin *pin)
{
    const struct boot_acpi *acpi = &boot_information.acpi;
    for (unsigned i = 0; i < acpi->io_apic_count; i++) {
        vaddr_t chip = device_address(acpi->io_apics[i].base);
        uint32_t first = acpi->io_apics[i].first_interrupt;
        if (interrupt >= first && interrupt - first < chip_pins(chip)) {
            pin->chip = chip;
            pin->number = interrupt - first;
            return true;
        }
    }
    return false;
}

static bool line_find(unsigned line, struct pin *pin)
{
    const struct boot_acpi *acpi = &boot_information.acpi;
    assert(line < LINES_MAX);
    if (line >= ISA_LINES) {
        pin->mode = ENTRY_LEVEL | ENTRY_ACTIVE_LOW;
        return global_interrupt_find(line, pin);
    }
    for (unsigned i = 0; i < acpi->override_count; i++) {
        const struct boot_interrupt_override *override = &acpi->overrides[i];
        // The usual one: the PIT's line 0 arrives at pin 2, where a PC's 8259 had its cascade.
        if (override->isa_line == line) {
            pin->mode = (override->is_active_low ? ENTRY_ACTIVE_LOW : 0) |
                        (override->is_level ? ENTRY_LEVEL : 0);
            return global_interrupt_find(override->global_interrupt, pin);
        }
    }
    pin->mode = 0;
    return global_interrupt_find(line, pin);
}

static bool io_apic_has_line(unsigned line)
{
    struct pin pin;
    return line < LINES_MAX && line_find(line, &pin);
}

static void io_apic_unmask(unsigned line)
{
    struct pin pin;
    if (line_find(line, &pin)) {
        uint32_t destination = (uint32_t)boot_information.acpi.cpu_apic_ids[0] << DESTINATION_SHIFT;
        pin_write(&pin, destination, pin.mode | (VECTOR_LINE_FIRST + line));
    }
}

static void io_apic_mask(unsigned line)
{
    struct pin pin;
    if (line_find(line, &pin)) {
        pin_write(&pin, 0, ENTRY_MASKED);
    }
}

static void io_apic_end(unsigned line)
{
    (void)line;
    local_apic_end();
}

static void io_apic_describe(unsigned line, unsigned *number, bool *is_level)
{
    struct pin pin = {0};
    bool is_found = line_find(line, &pin);
    assert(is_found);
    (void)is_found;
    *number = pin.number;
    *is_level = (pin.mode & ENTRY_LEVEL) != 0;
}

void io_apic_init(void)
{
    const struct boot_acpi *acpi = &boot_information.acpi;
    for (unsigned i = 0; i < acpi->io_apic_count; i++) {
        struct pin pin = {.chip = device_address(acpi->io_apics[i].base)};
        unsigned pins = chip_pins(pin.chip);
        for (pin.number = 0; pin.number < pins; pin.number++) {
            pin_write(&pin, 0, ENTRY_MASKED);
        }
    }
}

const struct interrupt_controller io_apic_controller = {
    .name = "IO-APIC",
    .lines = LINES_MAX,
    .has_line = io_apic_has_line,
    .unmask = io_apic_unmask,
    .mask = io_apic_mask,
    .end = io_apic_end,
    .describe = io_apic_describe,
};
