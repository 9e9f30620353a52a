/*
 * /proc/<pid>/maps: one line per area, names padded to column 73 as Linux has them.
 */
#include "kernelfs/proc_internal.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "uapi/device_number.h"
#include "uapi/limits.h"
#include "vm/address_space.h"

enum { NAME_COLUMN = 73 };

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
    char line[NAME_COLUMN + 1];
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
    text_add(text, line, (size_t)MIN(length, NAME_COLUMN));
    for (int column = length; name[0] != '\0' && column < NAME_COLUMN; column++) {
        text_add_char(text, ' ');
    }
    text_add_string(text, name);
    text_add_char(text, '\n');
}

int proc_show_maps(const struct generated_key *key, struct text_buffer *text)
{
    struct address_space *space = proc_bound_space_get(key);
    if (space == NULL) {
        return 0;
    }
    char *buffer = heap_alloc(PATH_MAX);
    if (buffer != NULL) {
        mutex_lock(&space->mutex);
        for (struct area *area = area_find_locked(space, 0); area != NULL;
             area = area_next_locked(area)) {
            add_area(text, area, buffer);
        }
        mutex_unlock(&space->mutex);
    }
    heap_free(buffer);
    address_space_put(space);
    return buffer == NULL ? -ENOMEM : 0;
}
