// munmap and shmdt: taking areas and their pages away.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "vm/vm_internal.h"

enum {
    ENTRIES_PER_HOLD = 512,
    SHORT_BYTES =
        16 * PAGE_SIZE, // less is over before another thread's fault could have used the time
    TABLES_KEPT = 256,  // by a program whose threads have slots of their own, which are often empty
};

struct zap {
    struct address_space *space;
    struct tlb_batch *batch;
    vaddr_t next; // where to go on after a stop
    unsigned entries_left;
};

bool zap_entry_locked(struct address_space *space, struct page_entry *entry, struct page_entry new,
                      vaddr_t address, struct tlb_batch *batch)
{
    assert(spin_is_held(&space->page_table->lock));
    struct page_entry old = *entry;
    struct frame *frame = frame_from_physical(page_entry_address(old, 0));
    assert(!page_entry_is_none(old) && frame->kind != FRAME_FREE);
    WRITE_ONCE(entry->value, new.value);
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
    bool is_full = zap_entry_locked(zap->space, entry, page_entry_none(), address, zap->batch);
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
    assert(IS_ALIGNED(start | end, PAGE_SIZE) && shared_mutex_is_steady(&space->mutex));
    struct zap zap = {.space = space, .batch = batch, .next = start};
    bool is_more = true;
    note_peak(space);
    while (is_more) {
        if (tlb_batch_is_full(batch)) {
            tlb_batch_flush(batch);
        }
        zap.entries_left = ENTRIES_PER_HOLD;
        spin_lock(&space->page_table->lock);
        is_more = page_table_visit_locked(space->page_table, zap.next, end, zap_visit, &zap) != 0 &&
                  zap.next < end;
        spin_unlock(&space->page_table->lock);
    }
}

// What is being unmapped. Its areas are out of the tree: faults find nothing there, and nobody may map there before the end.
struct unmapping {
    struct address_space *space;
    vaddr_t start, end;
    vaddr_t gap_start, gap_end; // where nothing is mapped any more
    struct area *areas;         // linked by their nodes' left, highest first
};

static struct area *next_unmapped(const struct area *area)
{
    return rb_entry_or_null(area->node.left, struct area, node);
}

static int unmap_begin_locked(struct unmapping *unmapping)
{
    struct address_space *space = unmapping->space;
    assert(shared_mutex_is_held(&space->mutex));
    struct area *area = area_first_in_locked(space, unmapping->start, unmapping->end);
    if (area == NULL) {
        return 0;
    }
    // All that can fail comes first: of a range that is half unmapped no error could tell the program how far it got.
    int result = area_split_around_locked(space, unmapping->start, unmapping->end);
    if (result != 0) {
        return result;
    }
    area = area->start < unmapping->start ? area_next_locked(area) : area;
    const struct area *previous = area_previous_locked(area);
    unmapping->gap_start = previous != NULL ? previous->end : 0;
    while (area != NULL && area->start < unmapping->end) {
        struct area *next = area_next_locked(area);
        area_remove_locked(area);
        area->node.left = unmapping->areas != NULL ? &unmapping->areas->node : NULL;
        unmapping->areas = area;
        area = next;
    }
    unmapping->gap_end = area != NULL ? area->start : USER_TOP;
    return 0;
}

// Tables that only served what is unmapped: as far as the neighbours leave them alone.
static void prune(const struct unmapping *unmapping, struct tlb_batch *batch)
{
    struct page_table *table = unmapping->space->page_table;
    uint64_t reach = 1UL << page_levels[1].shift;
    if (page_table_has_views(table) && READ_ONCE(table->table_frames) <= TABLES_KEPT) {
        return;
    }
    if (ALIGN_UP(unmapping->gap_start, reach) + reach > unmapping->gap_end) {
        return; // no whole table lies in the gap
    }
    bool is_more = true;
    while (is_more) {
        if (tlb_batch_is_full(batch)) {
            tlb_batch_flush(batch);
        }
        spin_lock(&table->lock);
        is_more = page_table_prune_locked(table, unmapping->start, unmapping->end,
                                          unmapping->gap_start, unmapping->gap_end, batch);
        spin_unlock(&table->lock);
    }
}

// The mutex is held, alone or together with others: the gap stays one.
static void unmap_pages(const struct unmapping *unmapping)
{
    struct tlb_batch batch;
    tlb_batch_begin(&batch, unmapping->space->page_table);
    for (struct area *area = unmapping->areas; area != NULL; area = next_unmapped(area)) {
        if (area->flags & AREA_TOUCHED) {
            zap_range(unmapping->space, area->start, area->end, &batch);
        }
        area_leave_cache(area);
    }
    if (unmapping->areas != NULL) {
        prune(unmapping, &batch);
    }
    tlb_batch_flush(&batch);
}

static void unmap_end(const struct unmapping *unmapping)
{
    for (struct area *area = unmapping->areas, *next; area != NULL; area = next) {
        next = next_unmapped(area);
        area_destroy(area);
    }
}

int unmap_locked(struct address_space *space, vaddr_t start, vaddr_t end)
{
    struct unmapping unmapping = {.space = space, .start = start, .end = end};
    int result = unmap_begin_locked(&unmapping);
    unmap_pages(&unmapping);
    unmap_end(&unmapping);
    return result;
}

int address_space_unmap(struct address_space *space, vaddr_t start, size_t bytes)
{
    if (!IS_ALIGNED(start, PAGE_SIZE) || bytes == 0 || bytes > USER_TOP ||
        start > USER_TOP - ALIGN_UP(bytes, PAGE_SIZE)) {
        return -EINVAL;
    }
    struct unmapping unmapping = {
        .space = space, .start = start, .end = start + ALIGN_UP(bytes, PAGE_SIZE)};
    shared_mutex_lock(&space->mutex);
    int result = unmap_begin_locked(&unmapping);
    if (unmapping.end - start <= SHORT_BYTES) {
        unmap_pages(&unmapping);
        shared_mutex_unlock(&space->mutex);
    } else {
        shared_mutex_share(&space->mutex); // other threads' faults go on beside what takes long
        unmap_pages(&unmapping);
        shared_mutex_leave(&space->mutex);
    }
    unmap_end(&unmapping);
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
