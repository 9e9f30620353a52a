// What boot's page tables promise: W^X over the image and its alias, and names for addresses.
#include "kernel_test.h"

#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/machine.h"
#include "arch/page.h"
#include "lib/string.h"
#include "log/backtrace.h"
#include "log/symbols.h"
#include "memory/page_table.h"

static unsigned rights_at(vaddr_t address)
{
    struct page_entry entry;
    unsigned level;
    if (!page_table_translate(&kernel_page_table, address, &entry, &level)) {
        return 0;
    }
    return page_entry_rights(entry).bits & (PAGE_READ | PAGE_WRITE | PAGE_EXECUTE | PAGE_USER);
}

static void section_has_rights(const char *start, const char *end, unsigned rights)
{
    for (const char *page = start; page < end; page += PAGE_SIZE) {
        KT_ASSERT(rights_at((vaddr_t)page) == rights);
    }
}

KERNEL_TEST(no_page_of_the_image_is_writable_and_executable)
{
    section_has_rights(kernel_text_start, kernel_text_end, PAGE_READ | PAGE_EXECUTE);
    section_has_rights(kernel_rodata_start, kernel_rodata_end, PAGE_READ);
    section_has_rights(kernel_data_start, kernel_image_end, PAGE_READ | PAGE_WRITE);
}

KERNEL_TEST(the_physical_map_shows_the_image_without_write_or_execute)
{
    vaddr_t text = PHYSICAL_MAP_BASE + boot_information.kernel_start;
    KT_ASSERT(rights_at(text) == PAGE_READ);
    KT_ASSERT(rights_at(PHYSICAL_MAP_BASE + boot_information.kernel_end) ==
              (PAGE_READ | PAGE_WRITE));
}

KERNEL_TEST(all_usable_memory_is_in_the_physical_map)
{
    for (unsigned i = 0; i < boot_information.memory_count; i++) {
        const struct boot_memory_range *range = &boot_information.memory[i];
        if (range->kind == BOOT_MEMORY_USABLE) {
            KT_ASSERT(rights_at(PHYSICAL_MAP_BASE + range->base) & PAGE_READ);
            KT_ASSERT(rights_at(PHYSICAL_MAP_BASE + range->base + range->bytes - 1) & PAGE_READ);
        }
    }
    KT_ASSERT(rights_at(0x1000) == 0);
}

static noinline size_t addresses_collect(uint64_t *addresses, size_t limit)
{
    size_t count = backtrace_collect((uint64_t)__builtin_frame_address(0), addresses, limit);
    barrier();
    return count;
}

KERNEL_TEST(a_backtrace_names_its_callers)
{
    uint64_t addresses[4];
    char text[80];
    KT_ASSERT(addresses_collect(addresses, ARRAY_SIZE(addresses)) >= 2);
    symbol_describe(addresses[0], text, sizeof(text));
    KT_ASSERT(string_has_prefix(text, "a_backtrace_names_its_callers+"));
    KT_ASSERT(symbol_find("symbol_find") == (uint64_t)symbol_find);
    KT_ASSERT(symbol_find("no_such_function") == 0);
}

KERNEL_TEST(the_cpu_is_described_with_linux_names)
{
    const struct cpu_description *cpu = cpu_describe();
    KT_ASSERT(strlen(cpu->vendor) == 12);
    KT_ASSERT(string_has_prefix(cpu->flags, "fpu "));
    KT_ASSERT(cpu->physical_address_bits >= 36 && cpu->virtual_address_bits >= 48);
}
