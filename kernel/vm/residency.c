// mincore: which pages of a range are in memory.
//
// A page counts when it is mapped here, or when its object has it in the cache.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "vm/vm_internal.h"

struct presence {
    vaddr_t start;
    uint8_t *vector;
};

static int presence_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    const struct presence *presence = context;
    assert(address >= presence->start);
    (void)entry;
    (void)level;
    presence->vector[(address - presence->start) >> PAGE_SHIFT] = 1;
    return 0;
}

static void mark_cached(const struct area *area, vaddr_t start, vaddr_t end, uint8_t *vector)
{
    for (vaddr_t address = start; address < end; address += PAGE_SIZE) {
        uint64_t index = (area->offset + (address - area->start)) >> PAGE_SHIFT;
        struct frame *frame = page_cache_find(area->cache, index);
        if (frame != NULL) {
            vector[(address - start) >> PAGE_SHIFT] = 1;
            frame_put(frame);
        }
    }
}

int address_space_residency(struct address_space *space, vaddr_t start, size_t pages,
                            uint8_t *vector)
{
    if (!IS_ALIGNED(start, PAGE_SIZE) || pages > BYTES_TO_PAGES(USER_TOP) ||
        !map_range_is_valid(start, pages * PAGE_SIZE)) {
        return IS_ALIGNED(start, PAGE_SIZE) ? -ENOMEM : -EINVAL;
    }
    vaddr_t end = start + pages * PAGE_SIZE;
    shared_mutex_lock(&space->mutex);
    if (!area_range_is_mapped_locked(space, start, end)) {
        shared_mutex_unlock(&space->mutex);
        return -ENOMEM;
    }
    memset(vector, 0, pages);
    const struct presence presence = {start, vector};
    spin_lock(&space->page_table->lock);
    page_table_visit_locked(space->page_table, start, end, presence_visit,
                            (void *)(uintptr_t)&presence);
    spin_unlock(&space->page_table->lock);
    struct area *area = area_first_in_locked(space, start, end);
    for (; area != NULL && area->start < end; area = area_next_locked(area)) {
        vaddr_t low = MAX(start, area->start);
        if (area->cache != NULL) {
            mark_cached(area, low, MIN(end, area->end), vector + ((low - start) >> PAGE_SHIFT));
        }
    }
    shared_mutex_unlock(&space->mutex);
    return 0;
}
