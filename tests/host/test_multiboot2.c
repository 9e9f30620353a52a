/*
 * Multiboot2 information, sound and damaged. It stands at the very end of what is mapped, so that a read behind it is a fault.
 *
 * host-sources: boot/multiboot2.c boot/early_memory.c boot/modules.c boot/memory_map.c lib/sort.c
 */
#include "support.h"

#include "arch/page.h"
#include "boot/boot_internal.h"
#include "lib/macros.h"
#include "multiboot2_information.h"

enum { KERNEL_START = 0x100000, KERNEL_END = 0x200000 };

static const uint64_t memory_base = 0x40000000, memory_bytes = 1 << 20;
static struct information sample;
static struct boot_info info;

static int memory_make(void **state)
{
    host_physical_memory_add(memory_base, memory_bytes);
    return 0;
}

static int memory_remove(void **state)
{
    host_physical_memory_remove(memory_base, memory_bytes);
    return 0;
}

/* Gathers from the first `length` bytes of the sample. */
static bool gather(size_t length)
{
    uint64_t address = memory_base + memory_bytes - length;
    memcpy((void *)(PHYSICAL_MAP_BASE + address), sample.bytes, length);
    memset(&info, 0, sizeof(info));
    info.kernel_start = KERNEL_START;
    info.kernel_end = KERNEL_END;
    bool result = multiboot2_gather(&info, address);
    memory_map_sanitise(&info);
    return result;
}

static bool gather_one(uint32_t type, const void *content, uint32_t bytes)
{
    information_begin(&sample);
    information_tag(&sample, type, content, bytes);
    information_end(&sample);
    return gather(sample.length);
}

/* What the rest of the kernel relies on, whatever the loader said. */
static void result_is_sound(void)
{
    assert_true(strnlen(info.command_line, BOOT_COMMAND_LINE_MAX) < BOOT_COMMAND_LINE_MAX);
    assert_true(info.module_count <= BOOT_MODULES_MAX);
    for (unsigned i = 0; i < info.module_count; i++) {
        const struct boot_module *module = &info.modules[i];
        assert_true(module->bytes > 0 && module->base < PHYSICAL_MAP_SIZE);
        assert_true(module->base >= KERNEL_END || module->base + module->bytes <= KERNEL_START);
    }
    for (unsigned i = 0; i < info.memory_count; i++) {
        const struct boot_memory_range *range = &info.memory[i];
        assert_true(range->bytes > 0 && range->base + range->bytes <= PHYSICAL_MAP_SIZE);
    }
    const struct boot_framebuffer *screen = &info.framebuffer;
    assert_true(screen->pitch_bytes >= (uint64_t)screen->width * screen->bits_per_pixel / 8);
}

static void everything_sound_is_taken(void **state)
{
    information_sound(&sample);
    assert_true(gather(sample.length));
    assert_null(info.complaint);
    assert_string_equal(info.loader, "Multiboot2");
    assert_string_equal(info.command_line, "console=ttyS0 quiet");
    assert_int_equal(info.module_count, 2);
    assert_true(info.modules[1].base == 0xff000000 && info.modules[1].bytes == 0x1234);
    assert_int_equal(info.memory_count, 3);
    assert_int_equal(info.memory[1].kind, BOOT_MEMORY_RESERVED);
    assert_true(info.framebuffer.base == 0xfd000000 && info.framebuffer.red_shift == 16);
    assert_int_equal(info.framebuffer.pitch_bytes, 4096);
    assert_memory_equal(info.acpi.rsdp_copy, "RSD PTR new:123456789abcdefghijklmno", 36);
    assert_true(info.acpi.rsdp == (uintptr_t)info.acpi.rsdp_copy - KERNEL_IMAGE_BASE);
}

static void the_older_rsdp_serves_alone_and_never_replaces_the_newer(void **state)
{
    assert_true(gather_one(TAG_OLD_RSDP, "RSD PTR old:12345678", 20));
    assert_memory_equal(info.acpi.rsdp_copy, "RSD PTR old:12345678\0\0\0\0", 24);
    information_begin(&sample);
    information_tag(&sample, TAG_RSDP, "RSD PTR new:123456789abcdefghijklmno", 36);
    information_tag(&sample, TAG_OLD_RSDP, "RSD PTR old:12345678", 20);
    information_end(&sample);
    assert_true(gather(sample.length));
    assert_memory_equal(info.acpi.rsdp_copy, "RSD PTR new:", 12);
}

static void cut_anywhere_it_gives_what_came_before(void **state)
{
    information_sound(&sample);
    for (size_t length = 0; length < sample.length; length++) {
        uint32_t total = (uint32_t)length;
        memcpy(sample.bytes, &total, sizeof(total));
        bool is_taken = length >= 8 && gather(length);
        assert_true(is_taken == (length >= 8));
        result_is_sound();
        assert_true(length < 8 || info.complaint);
        assert_true(length < 36 || info.command_line[0] == 'c');
    }
}

static void impossible_totals_and_places_are_refused(void **state)
{
    information_sound(&sample);
    static const uint32_t totals[] = {0, 7, (16 << 20) + 1, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(totals); i++) {
        memcpy(sample.bytes, &totals[i], sizeof(totals[i]));
        assert_false(gather(sample.length));
    }
    assert_false(multiboot2_gather(&info, BOOT_EARLY_MAP_BYTES - 4));
    assert_false(multiboot2_gather(&info, BOOT_EARLY_MAP_BYTES));
    assert_false(multiboot2_gather(&info, UINT64_MAX - 3));
}

static void a_tag_size_that_makes_no_sense_ends_the_list(void **state)
{
    static const uint32_t sizes[] = {0, 7, 2000, 0x7fffffff, 0xfffffff8, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        information_begin(&sample);
        information_tag(&sample, TAG_COMMAND_LINE, "first", 6);
        size_t place = sample.length + 4;
        information_tag(&sample, TAG_MODULE, "12345678", 8);
        information_end(&sample);
        memcpy(sample.bytes + place, &sizes[i], sizeof(sizes[i]));
        assert_true(gather(sample.length));
        assert_string_equal(info.command_line, "first");
        assert_int_equal(info.module_count, 0);
        assert_non_null(info.complaint);
    }
}

static void tags_too_short_for_their_kind_are_left_out(void **state)
{
    static const struct {
        uint32_t type, least;
    } kinds[] = {{TAG_MODULE, 8},
                 {TAG_MEMORY_MAP, 8},
                 {TAG_FRAMEBUFFER, 22},
                 {TAG_OLD_RSDP, 20},
                 {TAG_RSDP, 36}};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        for (uint32_t bytes = 0; bytes < kinds[i].least; bytes++) {
            assert_true(gather_one(kinds[i].type,
                                   "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
                                   "\1\1\1\1\1\1\1\1\1\1\1\1",
                                   bytes));
            assert_non_null(info.complaint);
            assert_true(info.module_count == 0 && info.memory_count == 0 && info.acpi.rsdp == 0);
        }
    }
}

static void modules_in_the_way_are_refused(void **state)
{
    static const uint32_t modules[][2] = {
        {0x1ff000, 0x201000}, {0, 0xffffffff}, {0x300000, 0x200000}, {0x150000, 0x160000}};
    for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
        assert_true(gather_one(TAG_MODULE, modules[i], 8));
        assert_int_equal(info.module_count, 0);
        assert_non_null(info.complaint);
    }
    information_begin(&sample);
    for (uint32_t i = 0; i < 2 * BOOT_MODULES_MAX; i++) {
        uint32_t module[] = {0x1000000 + i * 0x800, 0x1001000 + i * 0x800};
        information_tag(&sample, TAG_MODULE, module, sizeof(module));
    }
    information_end(&sample);
    assert_true(gather(sample.length));
    assert_int_equal(info.module_count, BOOT_MODULES_MAX);
    assert_true(info.modules[1].base == 0x1001000);
}

static void a_memory_map_of_other_entry_sizes_is_read_by_its_own(void **state)
{
    uint32_t map[2 + 3 * 8] = {32, 1};
    for (uint32_t i = 0; i < 3; i++) {
        struct test_memory_entry entry = {0x200000 * i, 0x100000, 1, 0};
        memcpy(&map[2 + 8 * i], &entry, sizeof(entry));
    }
    assert_true(gather_one(TAG_MEMORY_MAP, map, sizeof(map) - 4));
    assert_int_equal(info.memory_count, 2);
    static const uint32_t sizes[] = {0, 16, 23, 4097, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        map[0] = sizes[i];
        assert_true(gather_one(TAG_MEMORY_MAP, map, sizeof(map)));
        assert_int_equal(info.memory_count, 0);
        assert_non_null(info.complaint);
    }
}

static void framebuffers_that_cannot_be_are_left_out(void **state)
{
    struct test_framebuffer bad[7];
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        bad[i] = sound_framebuffer;
    }
    bad[0].depth = 8;
    bad[1].pitch = 4092;
    bad[2].base = UINT64_MAX - 4096;
    bad[3].colours[0] = 25;
    bad[4].width = 0;
    bad[5].width = 0x40000001;
    bad[6].colours[5] = 5;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_true(gather_one(TAG_FRAMEBUFFER, &bad[i], sizeof(bad[i])));
        assert_true(info.framebuffer.base == 0);
        assert_non_null(info.complaint);
    }
    struct test_framebuffer text = {0xb8000, 160, 80, 25, 16, 2, 0, {0}};
    assert_true(gather_one(TAG_FRAMEBUFFER, &text, 24));
    assert_true(info.framebuffer.base == 0);
    assert_null(info.complaint);
}

static void a_text_without_an_end_is_cut(void **state)
{
    char text[6000];
    memset(text, 'x', sizeof(text));
    assert_true(gather_one(TAG_COMMAND_LINE, text, 16));
    assert_int_equal(strlen(info.command_line), 16);
    assert_true(gather_one(TAG_COMMAND_LINE, text, sizeof(text)));
    assert_int_equal(strlen(info.command_line), BOOT_COMMAND_LINE_MAX - 1);
}

static void random_damage_does_no_harm(void **state)
{
    uint64_t seed = 3;
    for (int round = 0; round < 30000; round++) {
        information_sound(&sample);
        for (unsigned i = 0; i <= test_random(&seed) % 6; i++) {
            size_t place = 4 + test_random(&seed) % (sample.length - 4);
            sample.bytes[place] = (uint8_t)test_random(&seed);
        }
        assert_true(gather(sample.length));
        result_is_sound();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_sound_is_taken),
        cmocka_unit_test(the_older_rsdp_serves_alone_and_never_replaces_the_newer),
        cmocka_unit_test(cut_anywhere_it_gives_what_came_before),
        cmocka_unit_test(impossible_totals_and_places_are_refused),
        cmocka_unit_test(a_tag_size_that_makes_no_sense_ends_the_list),
        cmocka_unit_test(tags_too_short_for_their_kind_are_left_out),
        cmocka_unit_test(modules_in_the_way_are_refused),
        cmocka_unit_test(a_memory_map_of_other_entry_sizes_is_read_by_its_own),
        cmocka_unit_test(framebuffers_that_cannot_be_are_left_out),
        cmocka_unit_test(a_text_without_an_end_is_cut),
        cmocka_unit_test(random_damage_does_no_harm),
    };
    return cmocka_run_group_tests(tests, memory_make, memory_remove);
}
