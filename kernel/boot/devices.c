// Registers that lower floors use by address: mapped here, before memory/ takes over, into the physical map without caching.
#include "arch/mmu.h"
#include "arch/port_io.h"
#include "boot/boot_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"

enum { APIC_ID = 0x20 };

// What cannot be mapped is not there for anybody.
static void registers_map(paddr_t *base)
{
    if (*base && !mmu_physical_map_extend(*base, PAGE_SIZE, PAGE_WRITE | PAGE_UNCACHED)) {
        *base = 0;
    }
}

// The MADT lists CPUs in any order; number 0 is the one that runs this.
static void booting_cpu_first(struct boot_acpi *acpi)
{
    assert(acpi->cpu_count >= 1 && acpi->cpu_count <= CPU_MAX);
    uint8_t own = (uint8_t)(mmio_read32(PHYSICAL_MAP_BASE + acpi->local_apic + APIC_ID) >> 24);
    for (unsigned i = 1; i < acpi->cpu_count; i++) {
        if (acpi->cpu_apic_ids[i] == own) {
            acpi->cpu_apic_ids[i] = acpi->cpu_apic_ids[0];
        }
    }
    acpi->cpu_apic_ids[0] = own;
}

void boot_devices_map(struct boot_info *info)
{
    struct boot_acpi *acpi = &info->acpi;
    registers_map(&acpi->local_apic);
    registers_map(&acpi->hpet);
    registers_map(&acpi->sleep_control_register);
    registers_map(&acpi->reset_register);
    for (unsigned i = 0; i < acpi->io_apic_count; i++) {
        registers_map(&acpi->io_apics[i].base);
    }
    if (acpi->local_apic) {
        booting_cpu_first(acpi);
    }
}

void boot_tables_reserve(struct boot_info *info)
{
    paddr_t base;
    uint64_t bytes;
    mmu_boot_tables_finish(&base, &bytes);
    memory_map_carve(info, base, bytes, BOOT_MEMORY_RESERVED);
}
