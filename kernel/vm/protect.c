// mprotect: new rights for a range of areas and for the pages that are there.
//
// A page is made writable here only if it is this program's alone; all others stay read-only until a
// write asks for a copy or marks them dirty. Without any right the entries are hidden: not present,
// but they keep their pages.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "vm/fault_internal.h"
#include "vm/vm_internal.h"

enum { ENTRIES_PER_HOLD = 512 };

struct protection {
    const struct area *area;
    struct tlb_batch *batch;
    vaddr_t next;
    unsigned entries_left;
};

static bool may_write_now(const struct area *area, const struct frame *frame, struct page_entry old)
{
    if (!(area->flags & AREA_WRITE) || frame == zero_frame) {
        return false;
    }
    if (area->flags & AREA_SHARED) {
        return page_entry_is_writable(old) || fault_may_map_writable(area);
    }
    return frame->kind == FRAME_ANONYMOUS && refcount_read(&frame->references) == 1;
}

static int protect_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    struct protection *protection = context;
    const struct area *area = protection->area;
    assert(level == 0 && address >= area->start && address < area->end);
    (void)level;
    struct page_entry old = *entry;
    struct frame *frame = frame_from_physical(page_entry_address(old, 0));
    struct page_rights rights = area_page_rights(area, may_write_now(area, frame, old));
    struct page_entry new = page_entry_leaf(page_entry_address(old, 0), rights, 0);
    *entry = (area->flags & AREA_RIGHTS) ? new : page_entry_hidden(new);
    if (page_entry_is_present(old)) {
        tlb_batch_add_page(protection->batch, address);
    }
    protection->next = address + PAGE_SIZE;
    return --protection->entries_left == 0;
}

static void protect_pages(const struct area *area, struct tlb_batch *batch)
{
    assert(shared_mutex_is_held(&area->space->mutex));
    struct page_table *table = area->space->page_table;
    struct protection protection = {.area = area, .batch = batch, .next = area->start};
    bool is_more = true;
    while (is_more) {
        protection.entries_left = ENTRIES_PER_HOLD;
        spin_lock(&table->lock);
        is_more = page_table_visit_locked(table, protection.next, area->end, protect_visit,
                                          &protection) != 0;
        spin_unlock(&table->lock);
    }
}

// Would `rights` go beyond what the area may have?
static bool is_forbidden(const struct area *area, unsigned rights)
{
    return ((rights & AREA_READ) && !(area->flags & AREA_MAY_READ)) ||
           ((rights & AREA_WRITE) && !(area->flags & AREA_MAY_WRITE)) ||
           ((rights & AREA_EXECUTE) && !(area->flags & AREA_MAY_EXECUTE));
}

// One area, already cut to the range. Returns what the area has become part of.
static int protect_area(struct area **area, unsigned rights, struct tlb_batch *batch)
{
    unsigned flags = ((*area)->flags & ~(unsigned)AREA_RIGHTS) | rights;
    if (is_forbidden(*area, rights)) {
        return -EACCES;
    }
    // Mapped without the right to write it counted for nothing: RLIMIT_DATA would else be got around in two steps.
    bool becomes_data = (rights & AREA_WRITE) && !((*area)->flags & (AREA_WRITE | AREA_SHARED));
    uint64_t bytes = (*area)->end - (*area)->start;
    if (becomes_data && map_check_data_limits_locked((*area)->space, bytes, flags) != 0) {
        return -ENOMEM;
    }
    if (flags != (*area)->flags) {
        area_set_flags_locked(*area, flags);
        protect_pages(*area, batch);
    }
    *area = area_merge_locked(*area);
    return 0;
}

static int protect_locked(struct address_space *space, vaddr_t start, vaddr_t end, unsigned rights)
{
    assert(shared_mutex_is_held(&space->mutex));
    struct area *area = area_first_in_locked(space, start, end);
    if (area != NULL && (rights & AREA_GROWS_DOWN)) {
        if (!(area->flags & AREA_GROWS_DOWN)) {
            return -EINVAL;
        }
        start = area->start;
        rights &= AREA_RIGHTS;
    }
    if (area == NULL || area->start > start) {
        return -ENOMEM;
    }
    int result = area_split_around_locked(space, start, end);
    if (result != 0) {
        return result;
    }
    struct tlb_batch batch;
    tlb_batch_begin(&batch, space->page_table);
    area = area_find_locked(space, start);
    while (result == 0 && start < end) {
        if (area == NULL || area->start > start) {
            result = -ENOMEM; // a hole: what lies before it has changed
            break;
        }
        vaddr_t next = area->end;
        result = protect_area(&area, rights, &batch);
        start = next;
        area = area_find_locked(space, next);
    }
    // What was cut and has not changed becomes one again.
    area = area_find_locked(space, start);
    if (area != NULL) {
        (void)area_merge_locked(area);
    }
    area = area_find_locked(space, end);
    if (area != NULL) {
        (void)area_merge_locked(area);
    }
    tlb_batch_flush(&batch);
    return result;
}

int address_space_protect(struct address_space *space, vaddr_t start, size_t bytes, unsigned rights)
{
    if (!IS_ALIGNED(start, PAGE_SIZE) ||
        (rights & ~(unsigned)(AREA_RIGHTS | AREA_GROWS_DOWN)) != 0) {
        return -EINVAL;
    }
    uint64_t length = ALIGN_UP(bytes, PAGE_SIZE);
    if (length < bytes || !map_range_is_valid(start, length)) {
        return -ENOMEM;
    }
    if (length == 0) {
        return 0;
    }
    shared_mutex_lock(&space->mutex);
    int result = protect_locked(space, start, start + length, rights);
    shared_mutex_unlock(&space->mutex);
    return result;
}
