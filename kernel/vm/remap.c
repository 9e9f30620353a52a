// mremap: growing, shrinking and moving a mapping.
//
// The range must lie in one area. A move takes the page entries along: the destination's tables are
// made first, so that nothing can fail once pages have begun to move. MREMAP_DONTUNMAP leaves the old
// area behind without its pages; an old range of no bytes shows a shared object a second time.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "uapi/mman.h"
#include "vm/vm_internal.h"

enum { ENTRIES_PER_HOLD = 512 };

struct remap {
    struct address_space *space;
    vaddr_t old_start;
    uint64_t old_bytes, new_bytes;
    unsigned flags;
    vaddr_t new_address; // MREMAP_FIXED; a wish with MREMAP_DONTUNMAP
};

struct move {
    struct page_table *table;
    struct tlb_batch *batch;
    vaddr_t from, to;
    vaddr_t next; // where to go on after a stop
    unsigned entries_left;
};

// The batch holds a reference to each page that moves, until the old address is flushed everywhere. Without it a truncation that
// comes in between would find the page at its new address, flush that one, and free a frame that another CPU can still write to
// by the old one.
static int move_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    assert(level == 0 && spin_is_held(&((struct move *)context)->table->lock));
    struct move *move = context;
    (void)level;
    struct page_entry *target = page_table_find(move->table, move->to + (address - move->from));
    assert(target != NULL && page_entry_is_none(*target)); // make_tables was there
    struct frame *frame = frame_from_physical(page_entry_address(*entry, 0));
    *target = *entry;
    *entry = page_entry_none();
    tlb_batch_add_page(move->batch, address);
    move->next = address + PAGE_SIZE;
    bool is_full = false;
    if (frame != zero_frame) {
        frame_get(frame);
        is_full = tlb_batch_add_frame(move->batch, frame);
    }
    return --move->entries_left == 0 || is_full;
}

// Makes the target's table for one page of the source.
static int make_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    struct move *move = context;
    (void)entry;
    (void)level;
    if (page_table_make_locked(move->table, move->to + (address - move->from)) == NULL) {
        return -ENOMEM;
    }
    move->next = address + PAGE_SIZE;
    return --move->entries_left == 0;
}

// Makes the tables of [to, to + bytes) that the source has pages for: it may be large and hardly
// touched.
static int make_tables(struct page_table *table, vaddr_t from, vaddr_t to, uint64_t bytes)
{
    struct move move = {.table = table, .from = from, .to = to, .next = from};
    int result = 1;
    while (result > 0) {
        move.entries_left = ENTRIES_PER_HOLD;
        spin_lock(&table->lock);
        result = page_table_visit_locked(table, move.next, from + bytes, make_visit, &move);
        spin_unlock(&table->lock);
    }
    return result;
}

static void move_pages(struct address_space *space, vaddr_t from, vaddr_t to, uint64_t bytes)
{
    struct tlb_batch batch;
    tlb_batch_begin(&batch, space->page_table);
    struct move move = {
        .table = space->page_table, .batch = &batch, .from = from, .to = to, .next = from};
    bool is_more = true;
    while (is_more) {
        move.entries_left = ENTRIES_PER_HOLD;
        spin_lock(&space->page_table->lock);
        is_more = page_table_visit_locked(space->page_table, move.next, from + bytes, move_visit,
                                          &move) != 0;
        spin_unlock(&space->page_table->lock);
        if (tlb_batch_is_full(&batch)) {
            tlb_batch_flush(&batch);
        }
    }
    tlb_batch_flush(&batch);
}

// The area that holds the whole old range. -EFAULT: none does.
static int find_area(const struct remap *remap, struct area **area)
{
    *area = area_find_locked(remap->space, remap->old_start);
    if (*area == NULL || (*area)->start > remap->old_start ||
        (*area)->end - remap->old_start < remap->old_bytes) {
        return -EFAULT;
    }
    bool is_second_view = remap->old_bytes == 0; // a private one would be its own, and empty
    return is_second_view && ((*area)->flags & AREA_SHARED) == 0 ? -EINVAL : 0;
}

static bool keeps_old(const struct remap *remap)
{
    return (remap->flags & MREMAP_DONTUNMAP) != 0;
}

static int check_growth(const struct remap *remap, const struct area *area)
{
    if (keeps_old(remap)) {
        return map_check_limits_locked(remap->space, remap->new_bytes, area->flags);
    }
    if (remap->new_bytes <= remap->old_bytes) {
        return 0;
    }
    uint64_t more = remap->new_bytes - remap->old_bytes;
    const struct address_space *space = remap->space;
    bool is_locked = (area->flags & AREA_LOCKED) != 0;
    if (is_locked && !lock_limit_allows_locked(space, more)) {
        return -EAGAIN;
    }
    return map_check_limits_locked(space, more, area->flags);
}

static bool can_grow_in_place(const struct remap *remap, struct area *area)
{
    vaddr_t old_end = remap->old_start + remap->old_bytes;
    if (area->end != old_end || !map_range_is_valid(remap->old_start, remap->new_bytes)) {
        return false;
    }
    struct area *next = area_next_locked(area);
    return next == NULL || area_guarded_start(next) >= remap->old_start + remap->new_bytes;
}

// What a move leaves where it took the pages from: nothing, or an area without pages that is not locked.
static void leave_old(const struct remap *remap)
{
    vaddr_t old_end = remap->old_start + remap->old_bytes;
    int result = keeps_old(remap) ? area_change_range_locked(remap->space, remap->old_start,
                                                             old_end, 0, AREA_LOCKED)
                                  : unmap_locked(remap->space, remap->old_start, old_end);
    assert(result == 0); // it is one whole area
    (void)result;
}

// A second area at `to` that shows the same object from the same place.
static int show_again(const struct remap *remap, vaddr_t to)
{
    struct area *old = area_find_locked(remap->space, remap->old_start);
    struct area *again = area_duplicate(old, remap->space, remap->old_start, old->end);
    if (again == NULL || remap->space->area_count >= AREAS_MAX) {
        if (again != NULL) {
            area_destroy(again);
        }
        return -ENOMEM;
    }
    again->start = to;
    again->end = to + remap->new_bytes;
    area_insert_locked(again);
    (void)area_merge_locked(again);
    return 0;
}

// A new area at `to` that shows the same, with the old one's pages; the old range is unmapped or left
// empty. All that can fail comes first.
static int move_area(const struct remap *remap, vaddr_t to)
{
    if (remap->old_bytes == 0) {
        return show_again(remap, to);
    }
    assert(shared_mutex_is_held(&remap->space->mutex) && IS_ALIGNED(to, PAGE_SIZE));
    struct address_space *space = remap->space;
    vaddr_t old_end = remap->old_start + remap->old_bytes;
    uint64_t kept = MIN(remap->old_bytes, remap->new_bytes);
    int result = area_split_around_locked(space, remap->old_start, old_end);
    if (result != 0 || space->area_count >= AREAS_MAX) {
        return -ENOMEM;
    }
    struct area *old = area_find_locked(space, remap->old_start);
    struct area *moved = area_duplicate(old, space, old->start, old->end);
    result = moved != NULL ? make_tables(space->page_table, old->start, to, kept) : -ENOMEM;
    if (result != 0) {
        if (moved != NULL) {
            area_destroy(moved);
        }
        (void)area_merge_locked(old);
        return result;
    }
    moved->start = to;
    moved->end = to + remap->new_bytes;
    // Into the tree, and onto its cache's list, before the pages come: truncation must find them at either place.
    area_insert_locked(moved);
    move_pages(space, remap->old_start, to, kept);
    leave_old(remap);
    (void)area_merge_locked(moved);
    return 0;
}

static void populate_grown(const struct remap *remap, vaddr_t start, bool is_locked)
{
    if (is_locked && remap->new_bytes > remap->old_bytes) {
        fault_populate_locked(remap->space, start + remap->old_bytes, start + remap->new_bytes);
    }
}

// The place that MREMAP_FIXED names, emptied, or for MREMAP_DONTUNMAP one that is free.
static int take_place(const struct remap *remap, vaddr_t *to)
{
    *to = remap->new_address;
    return (remap->flags & MREMAP_FIXED) != 0
               ? unmap_locked(remap->space, *to, *to + remap->new_bytes)
               : map_find_place_locked(remap->space, *to, remap->new_bytes, to);
}

static int remap_to(const struct remap *remap, vaddr_t *result)
{
    vaddr_t to = remap->new_address;
    struct area *area;
    bool is_low = (remap->flags & MREMAP_FIXED) != 0 && to < USER_BOTTOM;
    if (!IS_ALIGNED(to, PAGE_SIZE) || to > USER_TOP - remap->new_bytes || is_low) {
        return -EINVAL;
    }
    if (to < remap->old_start + remap->old_bytes && remap->old_start < to + remap->new_bytes) {
        return -EINVAL;
    }
    int error = find_area(remap, &area);
    error = error != 0 ? error : check_growth(remap, area);
    error = error != 0 ? error : take_place(remap, &to);
    error = error != 0 ? error : find_area(remap, &area); // the unmapping may have cut it
    if (error != 0) {
        return error;
    }
    bool is_locked = (area->flags & AREA_LOCKED) != 0;
    error = move_area(remap, to);
    if (error == 0) {
        populate_grown(remap, to, is_locked);
        *result = to;
    }
    return error;
}

static int remap_grow(const struct remap *remap, vaddr_t *result)
{
    struct area *area;
    int error = find_area(remap, &area);
    error = error != 0 ? error : check_growth(remap, area);
    if (error != 0) {
        return error;
    }
    vaddr_t start = remap->old_start;
    bool is_locked = (area->flags & AREA_LOCKED) != 0;
    if (can_grow_in_place(remap, area)) {
        area_resize_locked(area, area->start, start + remap->new_bytes);
        (void)area_merge_locked(area);
    } else if (remap->flags & MREMAP_MAYMOVE) {
        error = map_find_place_locked(remap->space, 0, remap->new_bytes, &start);
        error = error != 0 ? error : move_area(remap, start);
    } else {
        error = -ENOMEM;
    }
    if (error == 0) {
        populate_grown(remap, start, is_locked);
        *result = start;
    }
    return error;
}

static int remap_locked(const struct remap *remap, vaddr_t *result)
{
    assert(shared_mutex_is_held(&remap->space->mutex));
    if (remap->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
        return remap_to(remap, result);
    }
    if (remap->new_bytes > remap->old_bytes) {
        return remap_grow(remap, result);
    }
    vaddr_t old_end = remap->old_start + remap->old_bytes;
    struct area *area = area_find_locked(remap->space, remap->old_start);
    if (area == NULL || area->start > remap->old_start) {
        return -EFAULT;
    }
    int error = 0;
    if (remap->new_bytes < remap->old_bytes) {
        error = unmap_locked(remap->space, remap->old_start + remap->new_bytes, old_end);
    }
    if (error == 0) {
        *result = remap->old_start;
    }
    return error;
}

static bool flags_are_valid(const struct remap *remap)
{
    const unsigned known = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    if ((remap->flags & ~known) != 0 ||
        (keeps_old(remap) && remap->old_bytes != remap->new_bytes)) {
        return false;
    }
    // Both others are about a move.
    return remap->flags == 0 || (remap->flags & MREMAP_MAYMOVE) != 0;
}

int address_space_remap(struct address_space *space, vaddr_t old_start, size_t old_bytes,
                        size_t new_bytes, unsigned flags, vaddr_t new_address, vaddr_t *result)
{
    const struct remap remap = {
        .space = space,
        .old_start = old_start,
        .old_bytes = ALIGN_UP(old_bytes, PAGE_SIZE),
        .new_bytes = ALIGN_UP(new_bytes, PAGE_SIZE),
        .flags = flags,
        .new_address = new_address,
    };
    if (!flags_are_valid(&remap)) {
        return -EINVAL;
    }
    if (!IS_ALIGNED(old_start, PAGE_SIZE) || remap.new_bytes == 0) {
        return -EINVAL;
    }
    bool has_old = remap.old_bytes == 0 || map_range_is_valid(old_start, remap.old_bytes);
    if (!has_old || remap.new_bytes > USER_TOP) {
        return -EINVAL;
    }
    shared_mutex_lock(&space->mutex);
    int error = remap_locked(&remap, result);
    shared_mutex_unlock(&space->mutex);
    return error;
}
