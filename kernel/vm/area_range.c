// Questions and changes that run over a range of areas.
#include "lib/assert.h"
#include "lib/errno.h"
#include "vm/vm_internal.h"

struct area *area_first_in_locked(struct address_space *space, vaddr_t start, vaddr_t end)
{
    assert(mutex_is_held(&space->mutex));
    struct area *area = area_find_locked(space, start);
    return area != NULL && area->start < end ? area : NULL;
}

bool area_range_is_mapped_locked(struct address_space *space, vaddr_t start, vaddr_t end)
{
    assert(mutex_is_held(&space->mutex));
    struct area *area = area_find_locked(space, start);
    while (start < end && area != NULL && area->start <= start) {
        start = area->end;
        area = area_next_locked(area);
    }
    return start >= end;
}

int area_split_around_locked(struct address_space *space, vaddr_t start, vaddr_t end)
{
    assert(mutex_is_held(&space->mutex));
    struct area *area = area_find_locked(space, start);
    if (area != NULL && area->start < start) {
        int result = area_split_locked(area, start);
        if (result != 0) {
            return result;
        }
    }
    area = area_find_locked(space, end - 1);
    if (area != NULL && area->start < end && area->end > end) {
        return area_split_locked(area, end);
    }
    return 0;
}

int area_change_range_locked(struct address_space *space, vaddr_t start, vaddr_t end, unsigned set,
                             unsigned clear)
{
    assert(mutex_is_held(&space->mutex));
    int result = area_split_around_locked(space, start, end);
    if (result != 0) {
        return result;
    }
    result = area_range_is_mapped_locked(space, start, end) ? 0 : -ENOMEM;
    struct area *area = area_first_in_locked(space, start, end);
    while (area != NULL && area->start < end) {
        area_set_flags_locked(area, (area->flags & ~clear) | set);
        area = area_next_locked(area_merge_locked(area));
    }
    return result;
}

enum { ENTRIES_PER_HOLD = 512 };

struct residency {
    uint64_t present, anonymous;
    vaddr_t next; // where to go on after a stop
    unsigned entries_left;
};

static int residency_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    struct residency *residency = context;
    (void)level;
    const struct frame *frame = frame_from_physical(page_entry_address(*entry, 0));
    if (frame != zero_frame) {
        residency->present++;
        residency->anonymous += frame->kind == FRAME_ANONYMOUS ? 1 : 0;
    }
    residency->next = address + PAGE_SIZE;
    return --residency->entries_left == 0;
}

void area_resident_locked(struct area *area, uint64_t *present_pages, uint64_t *anonymous_pages)
{
    assert(mutex_is_held(&area->space->mutex));
    struct residency residency = {.next = area->start};
    struct page_table *table = area->space->page_table;
    bool is_more = true;
    while (is_more) {
        residency.entries_left = ENTRIES_PER_HOLD;
        spin_lock(&table->lock);
        is_more = page_table_visit_locked(table, residency.next, area->end, residency_visit,
                                          &residency) != 0;
        spin_unlock(&table->lock);
    }
    *present_pages = residency.present;
    *anonymous_pages = residency.anonymous;
}
