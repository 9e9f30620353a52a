/*
 * ACPI tables, sound and damaged. Physical memory is an array; every mapping is a copy of exactly the
 * bytes asked for, so that the sanitizer sees a read behind a table's end.
 *
 * host-sources: boot/acpi.c boot/acpi_tables.c boot/acpi_sleep.c
 */
#include "support.h"

#include "arch/mmu.h"
#include "arch/page.h"
#include "boot/boot_internal.h"

enum { MEMORY_BYTES = 1 << 20, MAPPINGS_MAX = 4096 };
enum { RSDP = 0xe0000, XSDT = 0x1000, MADT = 0x2000, FADT = 0x3000, DSDT = 0x4000, HPET = 0x5000 };

static uint8_t memory[MEMORY_BYTES];
static void *mappings[MAPPINGS_MAX];
static unsigned mapping_count;
static struct boot_info info;

vaddr_t mmu_physical_map_extend(paddr_t base, uint64_t bytes, unsigned bits)
{
    assert_true(mapping_count < MAPPINGS_MAX);
    uint8_t *copy = calloc(1, bytes);
    for (uint64_t i = 0; i < bytes && base + i < MEMORY_BYTES; i++) {
        copy[i] = memory[base + i];
    }
    mappings[mapping_count++] = copy;
    return (vaddr_t)copy;
}

static void mappings_free(void)
{
    while (mapping_count > 0) {
        free(mappings[--mapping_count]);
    }
}

static void put(size_t address, uint64_t value, size_t bytes)
{
    memcpy(memory + address, &value, bytes);
}

static void checksum_set(size_t address, size_t length, size_t place)
{
    uint8_t sum = 0;
    memory[address + place] = 0;
    for (size_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + memory[address + i]);
    }
    memory[address + place] = (uint8_t)-sum;
}

static void table_finish(size_t address, const char *signature, size_t length)
{
    memcpy(memory + address, signature, 4);
    put(address + 4, length, 4);
    checksum_set(address, length, 9);
}

static void madt_make(void)
{
    static const uint8_t entries[] = {
        0, 8,  0, 3, 1, 0, 0,    0,                   // a CPU, id 3
        0, 8,  1, 4, 0, 0, 0,    0,                   // one that is off
        1, 12, 9, 0, 0, 0, 0xc0, 0xfe, 0,    0, 0, 0, // I/O APIC 9 at 0xfec00000
        2, 10, 0, 0, 2, 0, 0,    0,    0,    0,       // line 0 -> 2
        2, 10, 0, 9, 9, 0, 0,    0,    0x0f, 0,       // line 9: level, low
    };
    put(MADT + 36, 0xfee00000, 4);
    put(MADT + 40, 1, 4);
    memcpy(memory + MADT + 44, entries, sizeof(entries));
    table_finish(MADT, "APIC", 44 + sizeof(entries));
}

static void fadt_make(void)
{
    put(FADT + 40, DSDT, 4);
    put(FADT + 64, 0x604, 4);
    put(FADT + 76, 0x608, 4);
    put(FADT + 112, 1 << 10, 4);
    put(FADT + 116, 1, 1);
    put(FADT + 120, 0xcf9, 8);
    put(FADT + 128, 0x0f, 1);
    table_finish(FADT, "FACP", 244);
}

static void tables_make(void)
{
    static const uint8_t sleep_package[] = {0x08, '_',  'S', '5',  '_', 0x12, 6,
                                            4,    0x0a, 5,   0x00, 0,   0};
    memset(memory, 0, sizeof(memory));
    memset(&info, 0, sizeof(info));
    memcpy(memory + RSDP, "RSD PTR ", 8);
    memory[RSDP + 15] = 2;
    put(RSDP + 24, XSDT, 8);
    checksum_set(RSDP, 20, 8);
    checksum_set(RSDP, 36, 32);
    put(XSDT + 36, MADT, 8);
    put(XSDT + 44, FADT, 8);
    put(XSDT + 52, HPET, 8);
    table_finish(XSDT, "XSDT", 60);
    madt_make();
    fadt_make();
    memcpy(memory + DSDT + 60, sleep_package, sizeof(sleep_package));
    table_finish(DSDT, "DSDT", 60 + sizeof(sleep_package));
    put(HPET + 44, 0xfed00000, 8);
    table_finish(HPET, "HPET", 56);
}

static void sound_tables_are_read(void **state)
{
    tables_make();
    acpi_scan(&info);
    const struct boot_acpi *acpi = &info.acpi;
    assert_true(acpi->rsdp == RSDP);
    assert_true(acpi->local_apic == 0xfee00000);
    assert_int_equal(acpi->cpu_count, 1);
    assert_int_equal(acpi->cpu_apic_ids[0], 3);
    assert_int_equal(acpi->io_apic_count, 1);
    assert_true(acpi->io_apics[0].base == 0xfec00000);
    assert_int_equal(acpi->override_count, 2);
    assert_true(acpi->overrides[1].is_level && acpi->overrides[1].is_active_low);
    assert_true(acpi->hpet == 0xfed00000);
    assert_int_equal(acpi->pm1a_control_port, 0x604);
    assert_int_equal(acpi->pm_timer_port, 0x608);
    assert_int_equal(acpi->reset_port, 0xcf9);
    assert_true(acpi->has_s5);
    assert_int_equal(acpi->s5_type_a, 5);
    assert_int_equal(acpi->s5_type_b, 0);
    mappings_free();
}

static void cpus_beyond_the_most_are_counted(void **state)
{
    tables_make();
    size_t length = 44;
    for (unsigned apic = 0; apic < CPU_MAX + 3; apic++, length += 8) {
        put(MADT + length, 0x0800, 2); /* a local APIC's entry */
        put(MADT + length + 2, 0, 1);
        put(MADT + length + 3, apic, 1);
        put(MADT + length + 4, apic != 5, 4); /* one may be plugged in later */
    }
    table_finish(MADT, "APIC", length);
    acpi_scan(&info);
    assert_int_equal(info.acpi.cpu_count, CPU_MAX);
    assert_int_equal(info.acpi.cpus_too_many, 2);
    assert_int_equal(info.acpi.cpu_apic_ids[5], 6);
    mappings_free();
}

static void no_tables_leave_the_defaults(void **state)
{
    memset(memory, 0, sizeof(memory));
    memset(&info, 0, sizeof(info));
    acpi_scan(&info);
    assert_int_equal(info.acpi.cpu_count, 1);
    assert_true(info.acpi.has_legacy_pic);
    assert_false(info.acpi.has_s5);
    mappings_free();
}

static void a_wrong_checksum_leaves_the_table_out(void **state)
{
    tables_make();
    memory[MADT + 50]++;
    acpi_scan(&info);
    assert_int_equal(info.acpi.io_apic_count, 0);
    assert_true(info.acpi.has_s5);
    mappings_free();
}

static void checksums_repair(void)
{
    static const size_t tables[] = {XSDT, MADT, FADT, DSDT, HPET};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        uint32_t length;
        memcpy(&length, memory + tables[i] + 4, 4);
        if (length >= 36 && length < 0x1000) {
            checksum_set(tables[i], length, 9);
        }
    }
}

// Damage with right checksums: the readers themselves must hold.
static void damage_is_survived(void **state)
{
    uint64_t seed = 42;
    for (int round = 0; round < 3000; round++) {
        tables_make();
        for (int i = 0; i <= round % 8; i++) {
            size_t table = XSDT + 0x1000 * (test_random(&seed) % 5);
            memory[table + 4 + test_random(&seed) % 120] = (uint8_t)test_random(&seed);
        }
        checksums_repair();
        acpi_scan(&info);
        assert_in_range(info.acpi.cpu_count, 1, CPU_MAX);
        assert_in_range(info.acpi.io_apic_count, 0, BOOT_IO_APICS_MAX);
        mappings_free();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_tables_are_read),
        cmocka_unit_test(cpus_beyond_the_most_are_counted),
        cmocka_unit_test(no_tables_leave_the_defaults),
        cmocka_unit_test(a_wrong_checksum_leaves_the_table_out),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
