// From the firmware's memory map to the buddy: which frames there are, where their records stand,
// and what boot gives back later.
//
// Of each usable range, the kernel's image, the boot modules, the lowest pages and the records
// themselves are left out. The records are one array over all frames from 0 to the highest usable
// one, taken from the top of the highest range that holds it whole: low memory stays free for who
// needs it. Nothing of it is cleared; buddy.c tells why that is enough.
#include "lib/assert.h"
#include "lib/macros.h"
#include "log/log.h"
#include "log/panic.h"
#include "memory/frame.h"
#include "memory/frame_internal.h"

// Real-mode vectors, the BIOS data area, and room for the code that starts other CPUs.
#define LOW_RESERVED_FRAMES 16

enum { RANGES_MAX = BOOT_MEMORY_RANGES_MAX + BOOT_MODULES_MAX + 8, FRAMES_LEAST = 512 };

struct frame *frame_records;
size_t frame_record_count;

struct frame_range {
    size_t first, end;
};

// Usable memory in order, and what is to be cut out of it. Kept for frame_is_valid.
static struct frame_range memory_ranges[RANGES_MAX]; // [I]
static size_t memory_range_count;                    // [I]

// Takes [cut.first, cut.end) out of the list; a range cut in its middle becomes two. With the list full the upper part is given up:
// memory that is not used, where the other way would be memory used twice.
static size_t ranges_cut(struct frame_range *ranges, size_t count, struct frame_range cut)
{
    for (size_t i = 0; i < count; i++) {
        struct frame_range range = ranges[i];
        if (cut.first >= range.end || cut.end <= range.first) {
            continue;
        }
        ranges[i].end = MAX(cut.first, range.first);
        if (cut.end < range.end && count < RANGES_MAX) {
            for (size_t k = count; k > i + 1; k--) {
                ranges[k] = ranges[k - 1];
            }
            ranges[i + 1] = (struct frame_range){cut.end, range.end};
            count++;
        }
    }
    return count;
}

// Partly covered frames counted: nobody else may have them.
static struct frame_range range_around(paddr_t base, uint64_t bytes)
{
    return (struct frame_range){base >> PAGE_SHIFT, (base + bytes + PAGE_SIZE - 1) >> PAGE_SHIFT};
}

static void ranges_collect(const struct boot_info *info)
{
    for (unsigned i = 0; i < info->memory_count; i++) {
        const struct boot_memory_range *range = &info->memory[i];
        size_t first = (range->base + PAGE_SIZE - 1) >> PAGE_SHIFT;
        size_t end = (range->base + range->bytes) >> PAGE_SHIFT;
        if (range->kind == BOOT_MEMORY_USABLE && first < end) {
            assert(memory_range_count == 0 || first >= memory_ranges[memory_range_count - 1].end);
            memory_ranges[memory_range_count++] = (struct frame_range){first, end};
        }
    }
    struct frame_range low = {0, LOW_RESERVED_FRAMES};
    memory_range_count = ranges_cut(memory_ranges, memory_range_count, low);
}

static struct frame_range records_place(const struct frame_range *ranges, size_t count)
{
    size_t bytes = frame_record_count * sizeof(struct frame);
    size_t frames = (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
    for (size_t i = count; i > 0; i--) {
        const struct frame_range *range = &ranges[i - 1];
        if (range->end - range->first >= frames && range->end > range->first) {
            return (struct frame_range){range->end - frames, range->end};
        }
    }
    panic("memory: no room for %zu KiB of frame records", bytes >> 10);
}

// Below the low mark reclaim starts; the last quarter of that is for those who free memory (page tables of a dying program's last
// faults, what write-back needs), so that they never wait for themselves.
static void marks_set(void)
{
    size_t total = frame_buddy.total_frames;
    frame_buddy.low_mark = CLAMP(total / 64, (size_t)48, (size_t)4096);
    frame_buddy.reserve = frame_buddy.low_mark / 4;
}

void frame_init(const struct boot_info *info)
{
    static struct frame_range ranges[RANGES_MAX];
    ranges_collect(info);
    size_t count = memory_range_count;
    for (size_t i = 0; i < count; i++) {
        ranges[i] = memory_ranges[i];
        frame_record_count = MAX(frame_record_count, ranges[i].end);
    }
    struct frame_range image =
        range_around(info->kernel_start, info->kernel_end - info->kernel_start);
    count = ranges_cut(ranges, count, image);
    for (unsigned i = 0; i < info->module_count; i++) {
        count =
            ranges_cut(ranges, count, range_around(info->modules[i].base, info->modules[i].bytes));
    }
    struct frame_range records = records_place(ranges, count);
    frame_records = physical_to_virtual((paddr_t)records.first << PAGE_SHIFT);
    count = ranges_cut(ranges, count, records);

    buddy_init();
    for (unsigned i = 0; i < info->module_count; i++) {
        struct frame_range module = range_around(info->modules[i].base, info->modules[i].bytes);
        buddy_announce_range(module.first, MIN(module.end, frame_record_count));
    }
    for (size_t i = 0; i < count; i++) {
        buddy_announce_range(ranges[i].first, ranges[i].end);
    }
    for (size_t i = 0; i < count; i++) {
        buddy_give_range(ranges[i].first, ranges[i].end);
    }
    frame_buddy.total_frames = frame_buddy.free_frames;
    marks_set();
    if (frame_buddy.total_frames < FRAMES_LEAST) {
        panic("memory: %zu KiB are free after boot: too little to go on",
              frame_buddy.total_frames * (PAGE_SIZE >> 10));
    }
}

bool frame_is_valid(paddr_t address)
{
    size_t number = address >> PAGE_SHIFT;
    for (size_t i = 0; i < memory_range_count; i++) {
        if (number >= memory_ranges[i].first && number < memory_ranges[i].end) {
            return true;
        }
    }
    return false;
}

void frame_release_boot_range(paddr_t base, uint64_t bytes)
{
    struct frame_range around = range_around(base, bytes);
    struct frame_range inside = {(base + PAGE_SIZE - 1) >> PAGE_SHIFT,
                                 (base + bytes) >> PAGE_SHIFT};
    if (inside.first >= inside.end || !frame_is_valid((paddr_t)inside.first << PAGE_SHIFT) ||
        !frame_is_valid((paddr_t)(inside.end - 1) << PAGE_SHIFT)) {
        return; // a module outside of what mem= left
    }
    // A module may end inside of the highest frame's successor, which has no record.
    for (size_t i = around.first; i < MIN(around.end, frame_record_count); i++) {
        frame_records[i].kind = FRAME_RESERVED;
    }
    spin_lock(&frame_buddy.lock);
    frame_buddy.total_frames += inside.end - inside.first;
    spin_unlock(&frame_buddy.lock);
    buddy_give_range(inside.first, inside.end);
}
