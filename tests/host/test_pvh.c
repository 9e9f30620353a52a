/*
 * PVH start information, sound and damaged.
 *
 * host-sources: boot/pvh.c boot/early_memory.c boot/modules.c boot/memory_map.c lib/sort.c
 */
#include "support.h"

#include "arch/page.h"
#include "boot/boot_internal.h"
#include "lib/macros.h"

/* The start information in 64-bit words: magic and version, flags and module count, and so on. */
enum { START = 0x1000, TEXT = 0x1100, MODULES = 0x1200, MAP = 0x1300, MEMORY_BYTES = 0x10000 };
enum { FIELD_MODULES = 16, FIELD_TEXT = 24, FIELD_MAP = 40, FIELD_MAP_COUNT = 48 };

static struct boot_info info;

static int memory_make(void **state)
{
    host_physical_memory_add(0, MEMORY_BYTES);
    return 0;
}

static int memory_remove(void **state)
{
    host_physical_memory_remove(0, MEMORY_BYTES);
    return 0;
}

static void put(uint64_t address, uint64_t value, size_t bytes)
{
    memcpy((void *)(PHYSICAL_MAP_BASE + address), &value, bytes);
}

static void start_make(void)
{
    put(START, 0x336ec578, 4);
    put(START + 4, 1, 4);
    put(START + 12, 2, 4);
    put(START + FIELD_MODULES, MODULES, 8);
    put(START + FIELD_TEXT, TEXT, 8);
    put(START + 32, 0xe0000, 8);
    put(START + FIELD_MAP, MAP, 8);
    put(START + FIELD_MAP_COUNT, 2, 4);
    strcpy((char *)(PHYSICAL_MAP_BASE + TEXT), "quiet");
    put(MODULES, 0x800000, 8);
    put(MODULES + 8, 0x1000, 8);
    put(MODULES + 32, 0x900000, 8);
    put(MODULES + 40, 0x2000, 8);
    put(MAP, 0x100000, 8);
    put(MAP + 8, 0x700000, 8);
    put(MAP + 16, 1, 4);
    put(MAP + 24, 0x900000, 8);
    put(MAP + 32, 0x100000, 8);
    put(MAP + 40, 99, 4);
}

static bool gather(void)
{
    memset(&info, 0, sizeof(info));
    info.kernel_start = 0x100000;
    info.kernel_end = 0x200000;
    return pvh_gather(&info, START);
}

static void everything_sound_is_taken(void **state)
{
    start_make();
    assert_true(gather());
    assert_null(info.complaint);
    assert_string_equal(info.command_line, "quiet");
    assert_int_equal(info.module_count, 2);
    assert_true(info.modules[1].base == 0x900000 && info.modules[1].bytes == 0x2000);
    assert_int_equal(info.memory_count, 2);
    assert_int_equal(info.memory[0].kind, BOOT_MEMORY_USABLE);
    assert_int_equal(info.memory[1].kind, BOOT_MEMORY_RESERVED);
    assert_true(info.acpi.rsdp == 0xe0000);
}

static void pointers_out_of_reach_are_left_out(void **state)
{
    static const uint64_t addresses[] = {BOOT_EARLY_MAP_BYTES, UINT64_MAX, BIT(63),
                                         UINT64_MAX - 20};
    static const uint64_t fields[] = {FIELD_MODULES, FIELD_TEXT, FIELD_MAP};
    for (size_t i = 0; i < ARRAY_SIZE(addresses) * ARRAY_SIZE(fields); i++) {
        start_make();
        put(START + fields[i % ARRAY_SIZE(fields)], addresses[i / ARRAY_SIZE(fields)], 8);
        assert_true(gather());
        assert_non_null(info.complaint);
        assert_int_equal((info.module_count == 0) + (info.command_line[0] == '\0') +
                             (info.memory_count == 0),
                         1);
    }
}

static void other_magics_versions_and_places_are_refused(void **state)
{
    start_make();
    put(START, 0x336ec579, 4);
    assert_false(gather());
    start_make();
    put(START + 4, 0, 4);
    assert_false(gather());
    assert_false(pvh_gather(&info, BOOT_EARLY_MAP_BYTES - 8));
    assert_false(pvh_gather(&info, UINT64_MAX));
}

static void modules_that_wrap_are_refused(void **state)
{
    start_make();
    put(MODULES, UINT64_MAX - 0xfff, 8);
    put(MODULES + 40, UINT64_MAX - 0x900000 + 1, 8);
    assert_true(gather());
    assert_int_equal(info.module_count, 0);
    assert_non_null(info.complaint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_sound_is_taken),
        cmocka_unit_test(pointers_out_of_reach_are_left_out),
        cmocka_unit_test(other_magics_versions_and_places_are_refused),
        cmocka_unit_test(modules_that_wrap_are_refused),
    };
    return cmocka_run_group_tests(tests, memory_make, memory_remove);
}
