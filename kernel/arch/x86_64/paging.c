// The kernel's own page tables, built once on the early ones: the image with W^X, and all memory that the firmware reports at
// PHYSICAL_MAP_BASE with the largest leaves that fit.
//
// The frames of the tables come from one run of usable memory behind the kernel, below the end of the early mapping and clear of
// the loader's modules; its used part is reported by mmu_boot_tables_finish, so that memory/ never sees it. The image's text
// and read-only data are read-only in the physical map too.
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/machine.h"
#include "arch/mmu.h"
#include "arch/x86_64/arch_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"

enum {
    TABLES_SPARE = 24,
    TABLES_FOR_EXTENSION = 6, // a MiB may cross a border of each level
};

static const unsigned image_rights = PAGE_READ | PAGE_GLOBAL;

// [I] after mmu_boot_tables_finish
static struct {
    paddr_t base, next, end;
} table_pool;
static paddr_t root;

struct mapping {
    vaddr_t virtual;
    paddr_t physical;
    uint64_t bytes; // left to map
    struct page_rights rights;
};

static struct page_entry *table_at(paddr_t table)
{
    return (struct page_entry *)(PHYSICAL_MAP_BASE + table);
}

static paddr_t table_alloc(void)
{
    paddr_t table = table_pool.next;
    assert_always(table < table_pool.end);
    table_pool.next += PAGE_SIZE;
    memset(table_at(table), 0, PAGE_SIZE);
    return table;
}

static void mapping_advance(struct mapping *mapping, uint64_t bytes)
{
    bytes = MIN(bytes, mapping->bytes);
    mapping->virtual += bytes;
    mapping->physical += bytes;
    mapping->bytes -= bytes;
}

static bool leaf_fits(const struct mapping *mapping, unsigned level)
{
    uint64_t span = BIT(page_levels[level].shift);
    return page_levels[level].can_be_leaf && mapping->bytes >= span &&
           IS_ALIGNED(mapping->virtual | mapping->physical, span);
}

// Fills one table from the mapping's first address to the table's end. What is mapped already stays.
static void table_fill(paddr_t table, unsigned level, struct mapping *mapping)
{
    assert(level < PAGE_LEVELS && table % PAGE_SIZE == 0);
    uint64_t span = BIT(page_levels[level].shift);
    unsigned index =
        (unsigned)(mapping->virtual >> page_levels[level].shift) & (page_levels[level].entries - 1);
    for (; index < page_levels[level].entries && mapping->bytes; index++) {
        struct page_entry *entry = &table_at(table)[index];
        if (page_entry_is_none(*entry) && leaf_fits(mapping, level)) {
            *entry = page_entry_leaf(mapping->physical, mapping->rights, level);
        }
        if (page_entry_is_leaf(*entry, level)) {
            mapping_advance(mapping, span - (mapping->virtual & (span - 1)));
            continue;
        }
        if (page_entry_is_none(*entry)) {
            *entry = page_entry_table(table_alloc());
        }
        table_fill(page_entry_address(*entry, level), level - 1, mapping);
    }
}

static void map_range(vaddr_t virtual, paddr_t physical, uint64_t bytes, unsigned rights)
{
    struct mapping mapping = {virtual, physical, bytes, {rights}};
    table_fill(root, PAGE_LEVELS - 1, &mapping);
}

static void physical_map_add(paddr_t start, paddr_t end, unsigned rights)
{
    map_range(PHYSICAL_MAP_BASE + start, start, end - start, rights | PAGE_READ | PAGE_GLOBAL);
}

// Whole 2 MiB steps: the corners of a range hold firmware data or nothing.
static void physical_map_add_rounded(paddr_t base, uint64_t bytes)
{
    physical_map_add(ALIGN_DOWN(base, MiB(2)), ALIGN_UP(base + bytes, MiB(2)), PAGE_WRITE);
}

static paddr_t image_physical(const char *symbol)
{
    return (paddr_t)symbol - KERNEL_IMAGE_BASE;
}

static void image_section_map(const char *start, const char *end, unsigned rights)
{
    map_range((vaddr_t)start, image_physical(start), (uint64_t)(end - start),
              image_rights | rights);
}

// Text and read-only data stand in the physical map a second time; a writable twin would make the first one's rights worth nothing.
static void image_map(void)
{
    image_section_map(kernel_text_start, kernel_text_end, PAGE_EXECUTE);
    image_section_map(kernel_rodata_start, kernel_rodata_end, 0);
    image_section_map(kernel_data_start, kernel_image_end, PAGE_WRITE);

    paddr_t start = image_physical(kernel_image_start), end = image_physical(kernel_image_end);
    paddr_t writable = image_physical(kernel_rodata_end);
    physical_map_add(ALIGN_DOWN(start, MiB(2)), start, PAGE_WRITE);
    physical_map_add(start, writable, 0);
    physical_map_add(writable, ALIGN_UP(end, MiB(2)), PAGE_WRITE);
}

static void memory_map_all(const struct boot_info *info)
{
    for (unsigned i = 0; i < info->memory_count; i++) {
        const struct boot_memory_range *range = &info->memory[i];
        if (range->kind != BOOT_MEMORY_RESERVED && range->kind != BOOT_MEMORY_BAD) {
            physical_map_add_rounded(range->base, range->bytes);
        }
    }
    for (unsigned i = 0; i < info->module_count; i++) {
        physical_map_add_rounded(info->modules[i].base, info->modules[i].bytes);
    }
}

// --- where the tables stand ---

// Enough for a directory per GiB and range; what is left over goes back.
static uint64_t pool_bytes_needed(const struct boot_info *info)
{
    uint64_t tables = TABLES_SPARE + (image_physical(kernel_image_end) >> 21);
    for (unsigned i = 0; i < info->memory_count; i++) {
        uint64_t gigabytes = info->memory[i].bytes >> 30;
        tables += 2 + (cpu_has(CPU_HAS_HUGE_PAGES) ? gigabytes >> 9 : gigabytes + (gigabytes >> 9));
    }
    return tables * PAGE_SIZE;
}

// The first address from `start` on at which `bytes` touch no module.
static paddr_t skip_modules(const struct boot_info *info, paddr_t start, uint64_t bytes)
{
    for (unsigned i = 0; i < info->module_count;) {
        const struct boot_module *module = &info->modules[i];
        if (start < module->base + module->bytes && module->base < start + bytes) {
            start = ALIGN_UP(module->base + module->bytes, PAGE_SIZE);
            i = 0;
        } else {
            i++;
        }
    }
    return start;
}

static void pool_place(const struct boot_info *info)
{
    uint64_t bytes = pool_bytes_needed(info);
    for (unsigned i = 0; i < info->memory_count; i++) {
        const struct boot_memory_range *range = &info->memory[i];
        paddr_t start =
            skip_modules(info, MAX(ALIGN_UP(range->base, PAGE_SIZE), info->kernel_end), bytes);
        paddr_t end = MIN(range->base + range->bytes, BOOT_EARLY_MAP_BYTES);
        if (range->kind == BOOT_MEMORY_USABLE && start < end && end - start >= bytes) {
            table_pool.base = table_pool.next = start;
            table_pool.end = start + bytes;
            return;
        }
    }
    assert_always(table_pool.base != 0);
}

void kernel_tables_build(const struct boot_info *info)
{
    pool_place(info);
    root = table_alloc();
    image_map();
    memory_map_all(info);
    mmu_root_load(root);
    tlb_flush_all_local();
}

vaddr_t mmu_physical_map_extend(paddr_t base, uint64_t bytes, unsigned bits)
{
    if (table_pool.end - table_pool.next < TABLES_FOR_EXTENSION * PAGE_SIZE) {
        return 0;
    }
    physical_map_add(ALIGN_DOWN(base, PAGE_SIZE), ALIGN_UP(base + bytes, PAGE_SIZE), bits);
    return PHYSICAL_MAP_BASE + base;
}

void mmu_boot_tables_finish(paddr_t *base, uint64_t *bytes)
{
    *base = table_pool.base;
    *bytes = table_pool.next - table_pool.base;
    table_pool.end = table_pool.next;
}
