// From the root pointer to the tables (ACPI 6.4, chapter 5): RSDP, RSDT or XSDT, then each table by its signature.
//
// The tables are the firmware's word and may be damaged: every length is bounded, every checksum is tested, and a table that fails is
// left out. No AML is interpreted (acpi_sleep.c scans for one object).
#include "arch/mmu.h"
#include "arch/page.h"
#include "boot/acpi_internal.h"
#include "boot/boot_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "log/log.h"

enum {
    RSDP_V1_BYTES = 20,
    RSDP_V2_BYTES = 36,
    RSDP_REVISION = 15,
    RSDP_RSDT = 16,
    RSDP_XSDT = 24,
    TABLE_LENGTH = 4,
    TABLE_BYTES_MAX = 1 << 20,
    TABLES_MAX = 128,
    BIOS_AREA = 0xe0000,
    BIOS_AREA_END = 0x100000,
    EBDA_SEGMENT_POINTER = 0x40e,
    EBDA_SCAN_BYTES = 1024,
};

static const struct {
    const char *signature;
    void (*read)(struct boot_acpi *acpi, const struct acpi_table *table);
} table_readers[] = {
    {"APIC", acpi_madt_read},
    {"FACP", acpi_fadt_read},
    {"HPET", acpi_hpet_read},
    {"SSDT", acpi_sleep_scan},
};

static const uint8_t *bytes_at(paddr_t address, size_t length)
{
    if (address == 0 || address > PHYSICAL_MAP_SIZE - length) {
        return NULL;
    }
    return (const uint8_t *)mmu_physical_map_extend(address, length, PAGE_READ);
}

// All bytes of a table, the checksum's among them, add up to 0 in eight bits (ACPI 6.4, 5.2.6).
static bool has_checksum(const uint8_t *bytes, size_t length)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return sum == 0;
}

// In two steps: the header says how long the table is, and only then is the rest mapped and its checksum tested.
struct acpi_table acpi_table_at(paddr_t address)
{
    const struct acpi_table none = {NULL, 0};
    uint32_t length;
    const uint8_t *bytes = bytes_at(address, ACPI_HEADER_BYTES);
    if (!bytes) {
        return none;
    }
    memcpy(&length, bytes + TABLE_LENGTH, sizeof(length));
    if (length < ACPI_HEADER_BYTES || length > TABLE_BYTES_MAX) {
        log_warning("acpi: the table at %#lx has no sound length", address);
        return none;
    }
    bytes = bytes_at(address, length);
    if (!bytes || !has_checksum(bytes, length)) {
        log_warning("acpi: the table at %#lx has a wrong checksum", address);
        return none;
    }
    return (struct acpi_table){bytes, length};
}

// --- root pointer ---

static bool is_rsdp(const uint8_t *bytes)
{
    return memcmp(bytes, "RSD PTR ", 8) == 0 && has_checksum(bytes, RSDP_V1_BYTES);
}

// On multiples of 16 (ACPI 6.4, 5.2.5.1).
static paddr_t rsdp_scan(paddr_t start, paddr_t end)
{
    assert(start < end && start % 16 == 0);
    const uint8_t *bytes = bytes_at(start, end - start);
    for (size_t offset = 0; bytes && offset + RSDP_V2_BYTES <= end - start; offset += 16) {
        if (is_rsdp(bytes + offset)) {
            return start + offset;
        }
    }
    return 0;
}

// The loader's word first; else the first KiB of the extended BIOS data area, and the BIOS area.
static paddr_t rsdp_find(paddr_t hint)
{
    const uint8_t *bytes = bytes_at(hint, RSDP_V2_BYTES);
    if (bytes && is_rsdp(bytes)) {
        return hint;
    }
    uint16_t segment = 0;
    const uint8_t *pointer = bytes_at(EBDA_SEGMENT_POINTER, sizeof(segment));
    if (pointer) {
        memcpy(&segment, pointer, sizeof(segment));
    }
    paddr_t ebda = (paddr_t)segment << 4;
    paddr_t found =
        ebda >= PAGE_SIZE && ebda < BIOS_AREA ? rsdp_scan(ebda, ebda + EBDA_SCAN_BYTES) : 0;
    return found ? found : rsdp_scan(BIOS_AREA, BIOS_AREA_END);
}

// --- tables ---

static void table_read(struct boot_acpi *acpi, paddr_t address)
{
    struct acpi_table table = acpi_table_at(address);
    for (size_t i = 0; table.bytes && i < ARRAY_SIZE(table_readers); i++) {
        if (acpi_has_signature(&table, table_readers[i].signature)) {
            table_readers[i].read(acpi, &table);
        }
    }
}

static void root_table_walk(struct boot_acpi *acpi, paddr_t address, size_t entry_bytes)
{
    struct acpi_table root = acpi_table_at(address);
    size_t count = root.bytes ? (root.length - ACPI_HEADER_BYTES) / entry_bytes : 0;
    for (size_t i = 0; i < MIN(count, (size_t)TABLES_MAX); i++) {
        table_read(acpi, acpi_number(&root, ACPI_HEADER_BYTES + i * entry_bytes, entry_bytes));
    }
}

static void root_pointer_follow(struct boot_acpi *acpi)
{
    const uint8_t *rsdp = bytes_at(acpi->rsdp, RSDP_V2_BYTES);
    uint64_t xsdt = 0;
    uint32_t rsdt = 0;
    if (!rsdp) {
        return;
    }
    if (rsdp[RSDP_REVISION] >= 2 && has_checksum(rsdp, RSDP_V2_BYTES)) {
        memcpy(&xsdt, rsdp + RSDP_XSDT, sizeof(xsdt));
    }
    memcpy(&rsdt, rsdp + RSDP_RSDT, sizeof(rsdt));
    // The 64-bit table where there is one: the older may be kept for systems that know no other, and may lead to older tables.
    if (xsdt) {
        root_table_walk(acpi, xsdt, sizeof(xsdt));
    } else {
        root_table_walk(acpi, rsdt, sizeof(rsdt));
    }
}

void acpi_scan(struct boot_info *info)
{
    struct boot_acpi *acpi = &info->acpi;
    acpi->has_legacy_pic = true;
    acpi->cpu_count = 1;
    acpi->rsdp = rsdp_find(acpi->rsdp);
    if (!acpi->rsdp) {
        log_info("acpi: no tables");
        return;
    }
    root_pointer_follow(acpi);
    log_info("acpi: %u CPU, %u I/O APIC, HPET %s, PM timer %#x, S5 %s", acpi->cpu_count,
             acpi->io_apic_count, acpi->hpet ? "yes" : "no", acpi->pm_timer_port,
             acpi->has_s5 ? "yes" : "no");
}
