// MADT (processors and interrupt controllers), HPET and FADT (power, PM timer, reset), by their offsets in ACPI 6.4, chapter 5.
#include "boot/acpi_internal.h"
#include "lib/macros.h"

// --- MADT ---

enum {
    MADT_LOCAL_APIC = 36,
    MADT_FLAGS = 40,
    MADT_ENTRIES = 44,
    MADT_PCAT_COMPATIBLE = 1,
    ENTRY_LOCAL_APIC = 0,
    ENTRY_IO_APIC = 1,
    ENTRY_OVERRIDE = 2,
    ENTRY_LOCAL_APIC_ADDRESS = 5,
    CPU_ENABLED = 1,
    POLARITY_LOW = 3,
    TRIGGER_LEVEL = 3,
};

// The booting CPU is entered by apic_order_fix, once the local APIC tells who it is; here they stand in the table's order.
static void local_apic_entry(struct boot_acpi *acpi, const struct acpi_table *madt, size_t at)
{
    bool is_enabled = acpi_number(madt, at + 4, 4) & CPU_ENABLED;
    if (is_enabled && acpi->cpu_count < CPU_MAX) {
        acpi->cpu_apic_ids[acpi->cpu_count++] = (uint8_t)acpi_number(madt, at + 3, 1);
    } else if (is_enabled) {
        acpi->cpus_too_many++;
    }
}

static void io_apic_entry(struct boot_acpi *acpi, const struct acpi_table *madt, size_t at)
{
    if (acpi->io_apic_count < BOOT_IO_APICS_MAX) {
        unsigned i = acpi->io_apic_count++;
        acpi->io_apics[i].id = (uint8_t)acpi_number(madt, at + 2, 1);
        acpi->io_apics[i].base = acpi_number(madt, at + 4, 4);
        acpi->io_apics[i].first_interrupt = (uint32_t)acpi_number(madt, at + 8, 4);
    }
}

static void override_entry(struct boot_acpi *acpi, const struct acpi_table *madt, size_t at)
{
    if (acpi->override_count < BOOT_OVERRIDES_MAX) {
        unsigned flags = (unsigned)acpi_number(madt, at + 8, 2);
        acpi->overrides[acpi->override_count++] = (struct boot_interrupt_override){
            .isa_line = (uint8_t)acpi_number(madt, at + 3, 1),
            .global_interrupt = (uint32_t)acpi_number(madt, at + 4, 4),
            .is_active_low = (flags & 3) == POLARITY_LOW,
            .is_level = ((flags >> 2) & 3) == TRIGGER_LEVEL,
        };
    }
}

static void local_apic_address_entry(struct boot_acpi *acpi, const struct acpi_table *madt,
                                     size_t at)
{
    acpi->local_apic = acpi_number(madt, at + 4, 8);
}

static void (*const madt_entries[])(struct boot_acpi *acpi, const struct acpi_table *madt,
                                    size_t at) = {
    [ENTRY_LOCAL_APIC] = local_apic_entry,
    [ENTRY_IO_APIC] = io_apic_entry,
    [ENTRY_OVERRIDE] = override_entry,
    [ENTRY_LOCAL_APIC_ADDRESS] = local_apic_address_entry,
};

void acpi_madt_read(struct boot_acpi *acpi, const struct acpi_table *madt)
{
    acpi->local_apic = acpi_number(madt, MADT_LOCAL_APIC, 4);
    acpi->has_legacy_pic = acpi_number(madt, MADT_FLAGS, 4) & MADT_PCAT_COMPATIBLE;
    acpi->cpu_count = acpi->cpus_too_many = 0;
    size_t at = MADT_ENTRIES;
    while (at + 2 <= madt->length) {
        size_t type = acpi_number(madt, at, 1), length = acpi_number(madt, at + 1, 1);
        if (length < 2 || length > madt->length - at) {
            break;
        }
        if (type < ARRAY_SIZE(madt_entries) && madt_entries[type]) {
            madt_entries[type](acpi, madt, at);
        }
        at += length;
    }
    acpi->cpu_count = MAX(acpi->cpu_count, 1U);
}

// --- HPET ---

enum { HPET_REGISTERS = 40 };

void acpi_hpet_read(struct boot_acpi *acpi, const struct acpi_table *hpet)
{
    struct acpi_register registers = acpi_register_at(hpet, HPET_REGISTERS);
    if (registers.space == ACPI_SPACE_MEMORY) {
        acpi->hpet = registers.address;
    }
}

// --- FADT ---

enum {
    FADT_DSDT = 40,
    FADT_PM1A_CONTROL = 64,
    FADT_PM1B_CONTROL = 68,
    FADT_PM_TIMER = 76,
    FADT_FLAGS = 112,
    FADT_RESET_REGISTER = 116,
    FADT_RESET_VALUE = 128,
    FADT_X_DSDT = 140,
    FADT_SLEEP_CONTROL = 244,
};
#define FADT_FLAG_TIMER_32BIT      BIT(8)
#define FADT_FLAG_RESET            BIT(10)
#define FADT_FLAG_HARDWARE_REDUCED BIT(20)

static void sleep_register_read(struct boot_acpi *acpi, const struct acpi_table *fadt)
{
    struct acpi_register control = acpi_register_at(fadt, FADT_SLEEP_CONTROL);
    if (control.space == ACPI_SPACE_MEMORY) {
        acpi->sleep_control_register = control.address;
    } else if (control.space == ACPI_SPACE_IO) {
        acpi->sleep_control_port = (uint16_t)control.address;
    }
}

static void reset_register_read(struct boot_acpi *acpi, const struct acpi_table *fadt)
{
    struct acpi_register reset = acpi_register_at(fadt, FADT_RESET_REGISTER);
    acpi->reset_value = (uint8_t)acpi_number(fadt, FADT_RESET_VALUE, 1);
    if (reset.space == ACPI_SPACE_MEMORY) {
        acpi->reset_register = reset.address;
    } else if (reset.space == ACPI_SPACE_IO) {
        acpi->reset_port = (uint16_t)reset.address;
    }
}

void acpi_fadt_read(struct boot_acpi *acpi, const struct acpi_table *fadt)
{
    uint64_t flags = acpi_number(fadt, FADT_FLAGS, 4);
    if (flags & FADT_FLAG_HARDWARE_REDUCED) {
        sleep_register_read(acpi, fadt);
    } else {
        acpi->pm1a_control_port = (uint16_t)acpi_number(fadt, FADT_PM1A_CONTROL, 4);
        acpi->pm1b_control_port = (uint16_t)acpi_number(fadt, FADT_PM1B_CONTROL, 4);
        acpi->pm_timer_port = (uint16_t)acpi_number(fadt, FADT_PM_TIMER, 4);
        acpi->pm_timer_is_32bit = (flags & FADT_FLAG_TIMER_32BIT) != 0;
    }
    if (flags & FADT_FLAG_RESET) {
        reset_register_read(acpi, fadt);
    }
    paddr_t dsdt = acpi_number(fadt, FADT_X_DSDT, 8);
    struct acpi_table definition = acpi_table_at(dsdt ? dsdt : acpi_number(fadt, FADT_DSDT, 4));
    if (definition.bytes) {
        acpi_sleep_scan(acpi, &definition);
    }
}
