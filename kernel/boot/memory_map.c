// The firmware's memory map put in order: sorted, without overlap, capped. A firmware may list ranges in any order and twice.
#include "arch/page.h"
#include "boot/boot_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/sort.h"
#include "lib/string.h"

// Where two ranges overlap the stronger kind wins: usable gives way to everything.
static const uint8_t kind_strength[] = {
    [BOOT_MEMORY_USABLE] = 0,   [BOOT_MEMORY_ACPI] = 1, [BOOT_MEMORY_NVS] = 2,
    [BOOT_MEMORY_RESERVED] = 3, [BOOT_MEMORY_BAD] = 4,
};

static paddr_t range_end(const struct boot_memory_range *range)
{
    return range->base + range->bytes;
}

// UEFI firmware lists neighbours apart, by dozens.
static bool last_range_extend(struct boot_info *info, paddr_t base, uint64_t bytes,
                              enum boot_memory_kind kind)
{
    if (info->memory_count == 0) {
        return false;
    }
    struct boot_memory_range *last = &info->memory[info->memory_count - 1];
    if (last->kind != kind || range_end(last) != base) {
        return false;
    }
    last->bytes += bytes;
    return true;
}

void memory_map_add(struct boot_info *info, paddr_t base, uint64_t bytes,
                    enum boot_memory_kind kind)
{
    assert(kind < sizeof(kind_strength));
    bytes = MIN(bytes, UINT64_MAX - base);
    if (bytes == 0 || last_range_extend(info, base, bytes, kind) ||
        info->memory_count == BOOT_MEMORY_RANGES_MAX) {
        return;
    }
    info->memory[info->memory_count++] = (struct boot_memory_range){base, bytes, kind};
}

void memory_map_add_e820(struct boot_info *info, paddr_t base, uint64_t bytes, uint32_t type)
{
    static const uint8_t kinds[] = {
        [1] = BOOT_MEMORY_USABLE, [2] = BOOT_MEMORY_RESERVED, [3] = BOOT_MEMORY_ACPI,
        [4] = BOOT_MEMORY_NVS,    [5] = BOOT_MEMORY_BAD,
    };
    bool is_known = type > 0 && type < ARRAY_SIZE(kinds);
    memory_map_add(info, base, bytes, is_known ? kinds[type] : BOOT_MEMORY_RESERVED);
}

static int compare_bases(const void *left, const void *right, void *context)
{
    const struct boot_memory_range *a = left, *b = right;
    (void)context;
    return (a->base > b->base) - (a->base < b->base);
}

static void map_sort(struct boot_info *info)
{
    sort_array(info->memory, info->memory_count, sizeof(info->memory[0]), compare_bases, NULL);
}

static void range_remove(struct boot_info *info, unsigned index)
{
    assert(index < info->memory_count);
    info->memory_count--;
    memmove(&info->memory[index], &info->memory[index + 1],
            (info->memory_count - index) * sizeof(info->memory[0]));
}

// `first` starts before or with `second` and reaches into it: one of them is cut. What of `first` lies behind `second` becomes a
// range of its own.
static void overlap_settle(struct boot_info *info, struct boot_memory_range *first,
                           struct boot_memory_range *second)
{
    assert(first->base <= second->base && range_end(first) > second->base);
    if (kind_strength[second->kind] <= kind_strength[first->kind]) {
        paddr_t end = range_end(second);
        second->base = MIN(range_end(first), end);
        second->bytes = end - second->base;
        return;
    }
    if (range_end(first) > range_end(second)) {
        memory_map_add(info, range_end(second), range_end(first) - range_end(second), first->kind);
    }
    first->bytes = second->base - first->base;
}

static void map_clip(struct boot_info *info)
{
    for (unsigned i = 0; i < info->memory_count; i++) {
        struct boot_memory_range *range = &info->memory[i];
        uint64_t room = range->base < PHYSICAL_MAP_SIZE ? PHYSICAL_MAP_SIZE - range->base : 0;
        range->bytes = MIN(range->bytes, room);
    }
}

static void empty_ranges_remove(struct boot_info *info)
{
    for (unsigned i = 0; i < info->memory_count;) {
        if (info->memory[i].bytes == 0) {
            range_remove(info, i);
        } else {
            i++;
        }
    }
}

// Settles the first overlap of two neighbours. True: there was one, and the map is to be sorted again.
static bool neighbours_settle(struct boot_info *info)
{
    for (unsigned i = 0; i + 1 < info->memory_count; i++) {
        if (range_end(&info->memory[i]) > info->memory[i + 1].base) {
            overlap_settle(info, &info->memory[i], &info->memory[i + 1]);
            return true;
        }
    }
    return false;
}

// Each step shortens, removes or splits a range, so this ends; the bound is for a map that filled up.
void memory_map_sanitise(struct boot_info *info)
{
    map_clip(info);
    for (unsigned steps = 0; steps < 8 * BOOT_MEMORY_RANGES_MAX; steps++) {
        empty_ranges_remove(info);
        map_sort(info);
        if (!neighbours_settle(info)) {
            break;
        }
    }
}

void memory_map_cap(struct boot_info *info, uint64_t limit)
{
    for (unsigned i = 0; i < info->memory_count; i++) {
        struct boot_memory_range *range = &info->memory[i];
        if (range->kind != BOOT_MEMORY_USABLE || range_end(range) <= limit) {
            continue;
        }
        range->bytes = range->base < limit ? limit - range->base : 0;
    }
    memory_map_sanitise(info);
}

void memory_map_carve(struct boot_info *info, paddr_t base, uint64_t bytes,
                      enum boot_memory_kind kind)
{
    memory_map_add(info, base, bytes, kind);
    memory_map_sanitise(info);
}

uint64_t memory_map_usable_bytes(const struct boot_info *info)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < info->memory_count; i++) {
        total += info->memory[i].kind == BOOT_MEMORY_USABLE ? info->memory[i].bytes : 0;
    }
    return total;
}
