/*
 * The firmware's memory map put in order, compared with a model that knows the kind of every page.
 *
 * host-sources: boot/memory_map.c lib/sort.c
 */
#include "support.h"

#include "boot/boot_internal.h"

enum { MODEL_PAGES = 256 };

static struct boot_info info;

static void ranges_are_sorted_and_apart(void)
{
    for (unsigned i = 0; i < info.memory_count; i++) {
        assert_true(info.memory[i].bytes > 0);
        if (i > 0) {
            assert_true(info.memory[i - 1].base + info.memory[i - 1].bytes <= info.memory[i].base);
        }
    }
}

static int strength(int kind)
{
    static const int strengths[] = {-1, 0, 3, 1, 2, 4};
    return strengths[kind];
}

static void model_matches(const int model[MODEL_PAGES])
{
    for (uint64_t page = 0; page < MODEL_PAGES; page++) {
        int found = 0;
        for (unsigned i = 0; i < info.memory_count; i++) {
            const struct boot_memory_range *range = &info.memory[i];
            if (page >= range->base && page < range->base + range->bytes) {
                found = range->kind;
            }
        }
        assert_int_equal(found, model[page]);
    }
}

static void overlaps_go_to_the_stronger_kind(void **state)
{
    uint64_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        int model[MODEL_PAGES] = {0};
        info.memory_count = 0;
        unsigned count = test_random(&seed) % 9;
        for (unsigned i = 0; i < count; i++) {
            uint64_t base = test_random(&seed) % 200, bytes = test_random(&seed) % 56;
            int kind = 1 + (int)(test_random(&seed) % 5);
            memory_map_add(&info, base, bytes, kind);
            for (uint64_t page = base; page < base + bytes; page++) {
                model[page] = strength(kind) > strength(model[page]) ? kind : model[page];
            }
        }
        memory_map_sanitise(&info);
        ranges_are_sorted_and_apart();
        model_matches(model);
    }
}

static void a_cap_takes_usable_memory_only(void **state)
{
    info.memory_count = 0;
    memory_map_add(&info, 0x100000, 0x900000, BOOT_MEMORY_USABLE);
    memory_map_add(&info, 0xa00000, 0x100000, BOOT_MEMORY_ACPI);
    memory_map_add(&info, 0xb00000, 0x100000, BOOT_MEMORY_USABLE);
    memory_map_cap(&info, 0x800000);
    assert_int_equal(info.memory_count, 2);
    assert_true(memory_map_usable_bytes(&info) == 0x700000);
    assert_int_equal(info.memory[1].kind, BOOT_MEMORY_ACPI);
}

static void carving_takes_a_piece_out(void **state)
{
    info.memory_count = 0;
    memory_map_add(&info, 0x100000, 0x100000, BOOT_MEMORY_USABLE);
    memory_map_carve(&info, 0x140000, 0x10000, BOOT_MEMORY_RESERVED);
    assert_int_equal(info.memory_count, 3);
    assert_true(memory_map_usable_bytes(&info) == 0xf0000);
    assert_int_equal(info.memory[1].kind, BOOT_MEMORY_RESERVED);
}

static void a_full_or_absurd_map_does_no_harm(void **state)
{
    uint64_t seed = 7;
    info.memory_count = 0;
    for (int i = 0; i < 200; i++) {
        memory_map_add(&info, test_random(&seed), test_random(&seed), 1 + i % 5);
    }
    assert_int_equal(info.memory_count, BOOT_MEMORY_RANGES_MAX);
    memory_map_sanitise(&info);
    assert_true(info.memory_count <= BOOT_MEMORY_RANGES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlaps_go_to_the_stronger_kind),
        cmocka_unit_test(a_cap_takes_usable_memory_only),
        cmocka_unit_test(carving_takes_a_piece_out),
        cmocka_unit_test(a_full_or_absurd_map_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
