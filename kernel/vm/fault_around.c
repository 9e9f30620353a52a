// Fault-around: a program that touches one page of a file soon touches the next. What is in the cache
// already is mapped with it, up to 16 pages in an aligned window, which lies in one leaf table.
#include "arch/upcalls.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "vm/fault_internal.h"

enum { WINDOW_PAGES = 16 };

bool fault_may_map_writable(const struct area *area)
{
    return (area->flags & (AREA_SHARED | AREA_WRITE)) == (AREA_SHARED | AREA_WRITE) &&
           area->cache->ops->write_back == NULL;
}

// Maps the cached page at `index`, if it is there and valid. Cache and page-table lock held.
static struct frame *map_present_locked(struct fault *fault, struct page_entry *entry,
                                        uint64_t index, struct page_rights rights)
{
    assert(spin_is_held(&fault->space->page_table->lock));
    struct frame *frame = radix_lookup(&fault->area->cache->pages, index);
    if (frame == NULL || !(atomic32_load_acquire(&frame->flags) & FRAME_UP_TO_DATE)) {
        return NULL;
    }
    frame_get(frame);
    atomic32_add(&frame->map_count, 1);
    *entry = page_entry_leaf(frame_to_physical(frame), rights, 0);
    return frame;
}

void fault_map_around(struct fault *fault)
{
    const struct area *area = fault->area;
    vaddr_t window = ALIGN_DOWN(fault->address, WINDOW_PAGES * PAGE_SIZE);
    vaddr_t start = MAX(window, area->start);
    vaddr_t end = MIN(window + WINDOW_PAGES * PAGE_SIZE, area->end);
    struct page_rights rights = area_page_rights(area, fault_may_map_writable(area));
    assert(area->cache != NULL && !(fault->access & FAULT_WRITE));
    const struct frame *last = NULL;
    uint64_t mapped = 0;
    // Under the cache's lock a page that is in the tree stays there, so none is mapped that is on its way out; what truncation takes
    // out after, it finds mapped here.
    spin_lock(&area->cache->lock);
    spin_lock(&fault->space->page_table->lock);
    uint64_t size = area->cache->size_bytes;
    for (vaddr_t address = start; address < end; address += PAGE_SIZE) {
        struct page_entry *entry =
            fault->entry + ((int64_t)(address - fault->address) >> PAGE_SHIFT);
        uint64_t position = area->offset + (address - area->start);
        if (!page_entry_is_none(*entry) || position >= size) {
            continue;
        }
        const struct frame *frame =
            map_present_locked(fault, entry, position >> PAGE_SHIFT, rights);
        if (frame != NULL) {
            last = frame;
            mapped++;
        }
    }
    spin_unlock(&fault->space->page_table->lock);
    spin_unlock(&area->cache->lock);
    if (last != NULL) { // all are of one cache, so they count alike
        atomic64_add(resident_counter(fault->space, last), mapped);
    }
}
