// munmap and shmdt: taking areas and their pages away.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "vm/vm_internal.h"

enum { ENTRIES_PER_HOLD = 512 };

struct zap {
    struct address_space *space;
    struct tlb_batch *batch;
    vaddr_t next; // where to go on after a stop
    unsigned entries_left;
};

bool zap_entry_locked(struct address_space *space, struct page_entry *entry, vaddr_t address,
                      struct tlb_batch *batch)
{
    assert(spin_is_held(&space->page_table->lock));
    struct page_entry old = *entry;
    struct frame *frame = frame_from_physical(page_entry_address(old, 0));
    assert(!page_entry_is_none(old) && frame->kind != FRAME_FREE);
    *entry = page_entry_none();
    if (page_entry_is_present(old)) {
        tlb_batch_add_page(batch, address);
    }
    if (frame == zero_frame) {
        return false;
    }
    assert(atomic32_load(&frame->map_count) != 0);
    atomic64_subtract(resident_counter(space, frame), 1);
    atomic32_subtract(&frame->map_count, 1);
    return tlb_batch_add_frame(batch, frame);
}

static int zap_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    struct zap *zap = context;
    assert(level == 0);
    (void)level;
    zap->next = address + PAGE_SIZE;
    bool is_full = zap_entry_locked(zap->space, entry, address, zap->batch);
    return is_full || --zap->entries_left == 0;
}

// Resident pages only shrink here, so this is where the peak is seen.
static void note_peak(struct address_space *space)
{
    uint64_t now = atomic64_load(&space->resident_anonymous) +
                   atomic64_load(&space->resident_file) + atomic64_load(&space->resident_shared);
    space->resident_peak = MAX(space->resident_peak, now);
}

void zap_range(struct address_space *space, vaddr_t start, vaddr_t end, struct tlb_batch *batch)
{
    assert(IS_ALIGNED(start | end, PAGE_SIZE) && shared_mutex_is_held(&space->mutex));
    struct zap zap = {.space = space, .batch = batch, .next = start};
    bool is_more = true;
    note_peak(space);
    while (is_more) {
        zap.entries_left = ENTRIES_PER_HOLD;
        spin_lock(&space->page_table->lock);
        is_more = page_table_visit_locked(space->page_table, zap.next, end, zap_visit, &zap) != 0;
        spin_unlock(&space->page_table->lock);
        if (tlb_batch_is_full(batch)) {
            tlb_batch_flush(batch);
        }
    }
}

// Tables that only served [start, end): as far as the neighbours leave them alone.
static void prune(struct address_space *space, vaddr_t start, vaddr_t end, struct tlb_batch *batch)
{
    struct area *next = area_find_locked(space, start);
    struct area *previous =
        next != NULL ? area_previous_locked(next) : area_before_locked(space, end);
    vaddr_t low = previous != NULL ? previous->end : 0;
    vaddr_t high = next != NULL ? next->start : USER_TOP;
    uint64_t reach = 1UL << page_levels[1].shift;
    if (ALIGN_UP(low, reach) + reach > high) {
        return; // no whole table lies in the gap
    }
    bool is_more = true;
    while (is_more) {
        spin_lock(&space->page_table->lock);
        is_more = page_table_prune_locked(space->page_table, start, end, low, high, batch);
        spin_unlock(&space->page_table->lock);
        if (is_more) {
            tlb_batch_flush(batch);
        }
    }
}

// All but the last flush; nobody may map there before that.
static int unmap_into_batch(struct address_space *space, vaddr_t start, vaddr_t end,
                            struct tlb_batch *batch)
{
    assert(shared_mutex_is_held(&space->mutex));
    struct area *area = area_first_in_locked(space, start, end);
    if (area == NULL) {
        return 0;
    }
    // All that can fail comes first: of a range that is half unmapped no error could tell the program how far it got.
    int result = area_split_around_locked(space, start, end);
    if (result != 0) {
        return result;
    }
    while ((area = area_first_in_locked(space, start, end)) != NULL) {
        vaddr_t area_start = area->start;
        vaddr_t area_end = area->end;
        // Pages first: while it is on its cache's list, truncation finds it and them.
        zap_range(space, area_start, area_end, batch);
        area_remove_locked(area);
        area_destroy(area);
    }
    prune(space, start, end, batch);
    return 0;
}

int unmap_locked(struct address_space *space, vaddr_t start, vaddr_t end)
{
    struct tlb_batch batch;
    tlb_batch_begin(&batch, space->page_table);
    int result = unmap_into_batch(space, start, end, &batch);
    tlb_batch_flush(&batch);
    return result;
}

int address_space_unmap(struct address_space *space, vaddr_t start, size_t bytes)
{
    if (!IS_ALIGNED(start, PAGE_SIZE) || bytes == 0 || bytes > USER_TOP ||
        start > USER_TOP - ALIGN_UP(bytes, PAGE_SIZE)) {
        return -EINVAL;
    }
    struct tlb_batch batch;
    tlb_batch_begin(&batch, space->page_table);
    shared_mutex_lock(&space->mutex);
    int result = unmap_into_batch(space, start, start + ALIGN_UP(bytes, PAGE_SIZE), &batch);
    shared_mutex_share(&space->mutex); // other threads' faults need not wait for the other CPUs too
    tlb_batch_flush(&batch);
    shared_mutex_leave(&space->mutex);
    return result;
}

// Does the area show what an attachment at `base` would have put there?
static bool is_part_of(const struct area *area, vaddr_t base, const struct backing_ops *ops)
{
    return area->backing.ops == ops && area->start - base == area->offset;
}

static int unmap_attachment_locked(struct address_space *space, vaddr_t base,
                                   const struct backing_ops *ops)
{
    struct area *area = area_find_locked(space, base);
    while (area != NULL && !is_part_of(area, base, ops)) {
        area = area_next_locked(area);
    }
    if (area == NULL) {
        return -EINVAL;
    }
    const struct backing found = area->backing; // tells one attachment from the next; not followed
    vaddr_t end = base + area->cache->size_bytes;
    vaddr_t next = area->end;
    int error = unmap_locked(space, area->start, area->end);
    while (error == 0 && (area = area_find_locked(space, next)) != NULL && area->end <= end) {
        next = area->end;
        if (is_part_of(area, base, ops) && area->backing.object[0] == found.object[0] &&
            area->backing.object[1] == found.object[1]) {
            error = unmap_locked(space, area->start, area->end);
        }
    }
    return error;
}

int address_space_unmap_attachment(struct address_space *space, vaddr_t start,
                                   const struct backing_ops *ops)
{
    if (!IS_ALIGNED(start, PAGE_SIZE)) {
        return -EINVAL;
    }
    shared_mutex_lock(&space->mutex);
    int error = unmap_attachment_locked(space, start, ops);
    shared_mutex_unlock(&space->mutex);
    return error;
}
