/*
 * /proc/<pid>/maps and smaps: one line per area, names padded to column 73 as Linux has them, and in smaps what the area has in
 * memory; smaps_rollup is the sum. See proc(5).
 */
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "uapi/device_number.h"
#include "uapi/limits.h"
#include "vm/address_space.h"

enum { NAME_COLUMN = 73, NUMBERS_BYTES = 104 };

static const char *area_name(const struct area *area, char *buffer)
{
    if (area->special_name != NULL) {
        return area->special_name;
    }
    if ((area->flags & AREA_HEAP) != 0) {
        return "[heap]";
    }
    if ((area->flags & AREA_STACK) != 0) {
        return "[stack]";
    }
    if (area->backing.ops == NULL ||
        area->backing.ops->describe(&area->backing, buffer, PATH_MAX) < 0) {
        return "";
    }
    return buffer;
}

static void add_area(struct text_buffer *text, const struct area *area, char *buffer)
{
    uint64_t device = 0;
    uint64_t inode = 0;
    char line[NUMBERS_BYTES]; /* large numbers reach beyond the column, and must stay whole */
    bool has_offset = area->cache != NULL && area->special_name == NULL;
    if (area->backing.ops != NULL && area->backing.ops->identify != NULL) {
        area->backing.ops->identify(&area->backing, &device, &inode);
    }
    int length = format_string(
        line, sizeof(line), "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ",
        (unsigned long long)area->start, (unsigned long long)area->end,
        (area->flags & AREA_READ) != 0 ? 'r' : '-', (area->flags & AREA_WRITE) != 0 ? 'w' : '-',
        (area->flags & AREA_EXECUTE) != 0 ? 'x' : '-', (area->flags & AREA_SHARED) != 0 ? 's' : 'p',
        has_offset ? (unsigned long long)area->offset : 0ULL, device_number_major(device),
        device_number_minor(device), (unsigned long long)inode);
    const char *name = area_name(area, buffer);
    assert(length < NUMBERS_BYTES && area->start < area->end);
    text_add(text, line, (size_t)length);
    for (int column = length; name[0] != '\0' && column < NAME_COLUMN; column++) {
        text_add_char(text, ' ');
    }
    text_add_string(text, name);
    text_add_char(text, '\n');
}

static void add_kib(struct text_buffer *text, const char *name, uint64_t kib)
{
    text_format(text, "%-16s%8llu kB\n", name, (unsigned long long)kib);
}

static uint64_t pages_kib(uint64_t pages)
{
    return pages * (PAGE_SIZE / 1024);
}

static uint64_t share_kib(uint64_t share)
{
    return share >> (AREA_SHARE_SHIFT + 10);
}

/* What smaps and smaps_rollup have in common. Huge pages and swap are not there. */
static void add_usage(struct text_buffer *text, const struct area_usage *usage, bool is_rollup,
                      uint64_t locked_share)
{
    static const char *const nothing[] = {
        "LazyFree:",       "AnonHugePages:",   "ShmemPmdMapped:", "FilePmdMapped:",
        "Shared_Hugetlb:", "Private_Hugetlb:", "Swap:",           "SwapPss:",
    };
    add_kib(text, "Rss:", pages_kib(usage->present));
    add_kib(text, "Pss:", share_kib(usage->share));
    add_kib(text, "Pss_Dirty:", share_kib(usage->share_dirty));
    if (is_rollup) {
        add_kib(text, "Pss_Anon:", share_kib(usage->share_anonymous));
        add_kib(text, "Pss_File:", share_kib(usage->share_file));
        add_kib(text, "Pss_Shmem:", share_kib(usage->share_memory));
    }
    add_kib(text, "Shared_Clean:", pages_kib(usage->shared_clean));
    add_kib(text, "Shared_Dirty:", pages_kib(usage->shared_dirty));
    add_kib(text, "Private_Clean:", pages_kib(usage->private_clean));
    add_kib(text, "Private_Dirty:", pages_kib(usage->private_dirty));
    add_kib(text, "Referenced:", pages_kib(usage->referenced));
    add_kib(text, "Anonymous:", pages_kib(usage->anonymous));
    for (size_t i = 0; i < ARRAY_SIZE(nothing); i++) {
        add_kib(text, nothing[i], 0);
    }
    add_kib(text, "Locked:", share_kib(locked_share));
}

static void add_flags(struct text_buffer *text, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {
        {AREA_READ, "rd"},        {AREA_WRITE, "wr"},        {AREA_EXECUTE, "ex"},
        {AREA_SHARED, "sh"},      {AREA_MAY_READ, "mr"},     {AREA_MAY_WRITE, "mw"},
        {AREA_MAY_EXECUTE, "me"}, {AREA_GROWS_DOWN, "gd"},   {AREA_LOCKED, "lo"},
        {AREA_NO_FORK, "dc"},     {AREA_WIPE_ON_FORK, "wf"}, {AREA_NO_RESERVE, "nr"},
    };
    text_add_string(text, "VmFlags: ");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if ((flags & names[i].flag) != 0) {
            text_format(text, "%s ", names[i].name);
        }
    }
    text_add_char(text, '\n');
}

static void add_area_usage(struct text_buffer *text, struct area *area, char *buffer)
{
    struct area_usage usage = {0};
    add_area(text, area, buffer);
    area_usage_add_locked(area, &usage);
    add_kib(text, "Size:", (area->end - area->start) / 1024);
    add_kib(text, "KernelPageSize:", PAGE_SIZE / 1024);
    add_kib(text, "MMUPageSize:", PAGE_SIZE / 1024);
    add_usage(text, &usage, false, (area->flags & AREA_LOCKED) != 0 ? usage.share : 0);
    text_add_string(text, "THPeligible:    0\n");
    add_flags(text, area->flags);
}

typedef void area_writer(struct text_buffer *text, struct area *area, char *buffer);

static int add_areas_locked(struct address_space *space, uint64_t *cursor, struct text_buffer *text,
                            area_writer *write_area, char *buffer)
{
    assert(shared_mutex_is_held(&space->mutex));
    for (struct area *area = area_find_locked(space, *cursor); area != NULL;
         area = area_next_locked(area)) {
        size_t before = text->used;
        write_area(text, area, buffer);
        if (text_is_full(text)) {
            text->used = before;
            return GENERATED_MORE;
        }
        *cursor = area->end;
    }
    return 0;
}

/* The cursor is an address: whatever is mapped and unmapped between two pieces, each part of the space is told once. */
static int show_areas(const struct generated_key *key, uint64_t *cursor, struct text_buffer *text,
                      area_writer *write_area)
{
    struct address_space *space = proc_bound_space_get(key);
    if (space == NULL) {
        return 0;
    }
    int result = -ENOMEM;
    char *buffer = heap_alloc(PATH_MAX);
    if (buffer != NULL) {
        shared_mutex_lock(&space->mutex);
        result = add_areas_locked(space, cursor, text, write_area, buffer);
        shared_mutex_unlock(&space->mutex);
    }
    heap_free(buffer);
    address_space_put(space);
    return result;
}

static void add_plain_area(struct text_buffer *text, struct area *area, char *buffer)
{
    add_area(text, area, buffer);
}

int proc_show_maps(const struct generated_key *key, uint64_t *cursor, struct text_buffer *text)
{
    return show_areas(key, cursor, text, add_plain_area);
}

int proc_show_smaps(const struct generated_key *key, uint64_t *cursor, struct text_buffer *text)
{
    return show_areas(key, cursor, text, add_area_usage);
}

/* A process that has ended has no sum to show, as on Linux. */
int proc_show_smaps_rollup(const struct generated_key *key, struct text_buffer *text)
{
    struct address_space *space = proc_bound_space_get(key);
    if (space == NULL) {
        return -ESRCH;
    }
    struct area_usage usage = {0};
    uint64_t locked_share = 0;
    vaddr_t start = 0, end = 0;
    shared_mutex_lock(&space->mutex);
    struct area *area = area_find_locked(space, 0);
    start = area != NULL ? area->start : 0;
    for (; area != NULL; area = area_next_locked(area)) {
        uint64_t before = usage.share;
        area_usage_add_locked(area, &usage);
        locked_share += (area->flags & AREA_LOCKED) != 0 ? usage.share - before : 0;
        end = area->end;
    }
    shared_mutex_unlock(&space->mutex);
    address_space_put(space);
    text_format(text, "%08llx-%08llx ---p 00000000 00:00 0%30s[rollup]\n",
                (unsigned long long)start, (unsigned long long)end, "");
    add_usage(text, &usage, true, locked_share);
    return 0;
}
