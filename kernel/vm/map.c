// mmap: finding a place, limits, new areas.
//
// Placement is top down from map_base, as Linux does by default: the highest gap that is large
// enough. A stack keeps STACK_GUARD_GAP below it free of others.
#include "lib/assert.h"
#include "lib/checked.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "scheduler/thread.h"
#include "vm/vm_internal.h"

enum { THREAD_SLOTS = 64 }; // of the 256 of user space

bool map_range_is_valid(vaddr_t start, uint64_t bytes)
{
    return bytes <= USER_TOP && start <= USER_TOP - bytes;
}

vaddr_t area_guarded_start(const struct area *area)
{
    if (!(area->flags & AREA_GROWS_DOWN)) {
        return area->start;
    }
    return area->start > STACK_GUARD_GAP ? area->start - STACK_GUARD_GAP : 0;
}

static bool is_free(struct address_space *space, vaddr_t start, uint64_t bytes)
{
    struct area *area = area_find_locked(space, start);
    return area == NULL || area_guarded_start(area) >= start + bytes;
}

// The highest gap of `bytes` in [low, high). From area to area: with the 65530 that a program may have this is the slowest part of
// mmap, but a program that has so many has them side by side, and finds a gap at the top.
static bool find_gap(struct address_space *space, vaddr_t low, vaddr_t high, uint64_t bytes,
                     vaddr_t *result)
{
    struct area *above = area_find_locked(space, high - 1);
    struct area *below =
        above != NULL ? area_previous_locked(above) : area_before_locked(space, high);
    vaddr_t top = above != NULL ? MIN(high, area_guarded_start(above)) : high;
    for (;;) {
        vaddr_t bottom = below != NULL ? MAX(low, below->end) : low;
        if (top > bottom && top - bottom >= bytes) {
            *result = top - bytes;
            return true;
        }
        if (below == NULL || below->start <= low) {
            return false;
        }
        top = MIN(high, area_guarded_start(below));
        below = area_previous_locked(below);
    }
}

// Where CPUs have views, what a thread maps lies in a slot of the page table's root of its own, which other CPUs need not show
// (memory/page_table_view.c). The number tells threads apart that live at one time, mostly; two in one slot do no harm.
static bool find_gap_of_thread(struct address_space *space, uint64_t bytes, vaddr_t *result)
{
    if (!page_table_has_views(space->page_table)) {
        return false;
    }
    uint64_t reach = 1UL << page_levels[PAGE_LEVELS - 1].shift;
    uint64_t below = ((unsigned)thread_current()->number % THREAD_SLOTS + 1) * reach;
    vaddr_t top = ALIGN_DOWN(space->map_base, reach);
    return top >= USER_TOP / 2 && find_gap(space, top - below, top - below + reach, bytes, result);
}

int map_find_place_locked(struct address_space *space, vaddr_t hint, size_t bytes, vaddr_t *result)
{
    assert(shared_mutex_is_held(&space->mutex));
    uint64_t size = ALIGN_UP(bytes, PAGE_SIZE);
    hint = ALIGN_UP(hint, PAGE_SIZE);
    if (hint != 0) {
        hint = MAX(hint, USER_BOTTOM);
        if (map_range_is_valid(hint, size) && is_free(space, hint, size)) {
            *result = hint;
            return 0;
        }
    }
    if (find_gap_of_thread(space, size, result) ||
        find_gap(space, USER_BOTTOM, space->map_base, size, result) ||
        find_gap(space, space->map_base, USER_TOP, size, result)) {
        return 0;
    }
    return -ENOMEM;
}

// MAP_32BIT: above what programs are linked to, and below 2 GiB, so that 31 bits tell the address (mmap(2)).
static int find_low_place(struct address_space *space, vaddr_t hint, uint64_t bytes,
                          vaddr_t *result)
{
    const vaddr_t low_start = 0x40000000, low_end = 0x80000000;
    assert(shared_mutex_is_held(&space->mutex));
    hint = ALIGN_UP(hint, PAGE_SIZE);
    if (hint >= USER_BOTTOM && hint < low_end && bytes <= low_end - hint &&
        is_free(space, hint, bytes)) {
        *result = hint;
        return 0;
    }
    return find_gap(space, low_start, low_end, bytes, result) ? 0 : -ENOMEM;
}

static bool exceeds(uint64_t pages, uint64_t more_bytes, uint64_t limit_bytes)
{
    return limit_bytes != UINT64_MAX && pages * PAGE_SIZE + more_bytes > limit_bytes;
}

// What can never be had is refused at once, the rest is taken on trust (heuristic overcommit).
static bool can_ever_be_had(uint64_t bytes, unsigned flags)
{
    return (flags & (AREA_WRITE | AREA_SHARED | AREA_NO_RESERVE)) != AREA_WRITE ||
           BYTES_TO_PAGES(bytes) <= frame_total_count();
}

int map_check_data_limits_locked(const struct address_space *space, uint64_t bytes, unsigned flags)
{
    assert(shared_mutex_is_held(&space->mutex));
    bool is_private_writable = (flags & (AREA_WRITE | AREA_SHARED)) == AREA_WRITE;
    if (is_private_writable && !(flags & AREA_GROWS_DOWN) &&
        exceeds(space->data_pages, bytes, space->limit_data)) {
        return -ENOMEM;
    }
    return can_ever_be_had(bytes, flags) ? 0 : -ENOMEM;
}

int map_check_limits_locked(const struct address_space *space, uint64_t bytes, unsigned flags)
{
    assert(shared_mutex_is_held(&space->mutex));
    if (exceeds(space->total_pages, bytes, space->limit_total)) {
        return -ENOMEM;
    }
    return map_check_data_limits_locked(space, bytes, flags);
}

// Appends to the area below where both would be one anyway: the usual growth of a heap.
static bool extend_below(struct address_space *space, const struct map_request *request,
                         vaddr_t start, vaddr_t end)
{
    assert(area_first_in_locked(space, start, end) == NULL);
    struct area *below = area_before_locked(space, start);
    if (below == NULL || below->end != start || request->cache != NULL || below->cache != NULL ||
        request->special_name != NULL || below->special_name != NULL ||
        (below->flags & ~AREA_FOUND_OUT) != request->flags) {
        return false;
    }
    area_resize_locked(below, below->start, end);
    (void)area_merge_locked(below);
    return true;
}

// Maps at a place that is free. *spare is an area made for the request, wherever it lies, or NULL where there was no memory for
// one; it is NULL after it was used, and else still the caller's.
static int map_with_spare(struct address_space *space, const struct map_request *request,
                          vaddr_t start, vaddr_t end, struct area **spare)
{
    assert(shared_mutex_is_held(&space->mutex));
    if (extend_below(space, request, start, end)) {
        return 0;
    }
    struct area *area = *spare;
    if (area == NULL || space->area_count >= AREAS_MAX) {
        return -ENOMEM;
    }
    bool may_write = area_is_writable_mapping(area);
    if (may_write && !page_cache_writer_enter(area->cache)) {
        return -EPERM;
    }
    *spare = NULL;
    area->start = start;
    area->end = end;
    area->flags = request->flags;
    area_insert_locked(area);
    if (may_write) {
        page_cache_writer_leave(area->cache);
    }
    (void)area_merge_locked(area);
    return 0;
}

static void spare_destroy(struct area *spare)
{
    if (spare != NULL) {
        area_destroy(spare);
    }
}

int map_at_locked(struct address_space *space, const struct map_request *request, vaddr_t start,
                  vaddr_t end)
{
    struct area *spare = area_create(space, request, start, end);
    int error = map_with_spare(space, request, start, end, &spare);
    spare_destroy(spare);
    return error;
}

// Bytes of [start, end) that are mapped.
static uint64_t mapped_bytes(struct address_space *space, vaddr_t start, vaddr_t end)
{
    assert(shared_mutex_is_held(&space->mutex));
    uint64_t bytes = 0;
    while (start < end) {
        const struct area *area = area_first_in_locked(space, start, end);
        if (area == NULL) {
            break;
        }
        bytes += MIN(area->end, end) - MAX(area->start, start);
        start = area->end;
    }
    return bytes;
}

// The exact place: cleared of what is there, unless the limits forbid what is to come.
static int take_fixed_place(struct address_space *space, const struct map_request *request,
                            uint64_t bytes)
{
    vaddr_t start = request->address;
    if (!IS_ALIGNED(start, PAGE_SIZE)) {
        return -EINVAL;
    }
    if (!map_range_is_valid(start, bytes)) {
        return -ENOMEM;
    }
    if (start < USER_BOTTOM) {
        return -EPERM;
    }
    if (request->is_fixed_no_replace && area_first_in_locked(space, start, start + bytes) != NULL) {
        return -EEXIST;
    }
    // What is there goes, so it does not count, not even as data that it was not. Asked before, and only then: a mapping that is
    // refused must leave the old one alone.
    if (!can_ever_be_had(bytes, request->flags)) {
        return -ENOMEM;
    }
    uint64_t more = bytes - mapped_bytes(space, start, start + bytes);
    int error = map_check_limits_locked(space, more, request->flags);
    return error != 0 ? error : unmap_locked(space, start, start + bytes);
}

static int take_free_place(struct address_space *space, const struct map_request *request,
                           uint64_t bytes, vaddr_t *start)
{
    int error = request->is_low ? find_low_place(space, request->address, bytes, start)
                                : map_find_place_locked(space, request->address, bytes, start);
    return error != 0 ? error : map_check_limits_locked(space, bytes, request->flags);
}

static int map_locked(struct address_space *space, const struct map_request *request,
                      uint64_t bytes, struct area **spare, vaddr_t *result)
{
    assert(shared_mutex_is_held(&space->mutex));
    vaddr_t start = request->address;
    int error;
    if ((request->flags & AREA_LOCKED) != 0 && !lock_limit_allows_locked(space, bytes)) {
        return -EAGAIN;
    }
    if (request->is_fixed && *spare == NULL) {
        return -ENOMEM; // before what is there goes
    }
    if (request->is_fixed || request->is_fixed_no_replace) {
        error = take_fixed_place(space, request, bytes);
    } else {
        error = take_free_place(space, request, bytes, &start);
    }
    error = error != 0 ? error : map_with_spare(space, request, start, start + bytes, spare);
    if (error != 0) {
        return error;
    }
    if (request->populate) {
        fault_populate_locked(space, start, start + bytes);
    }
    *result = start;
    return 0;
}

// mlockall's MCL_FUTURE: what is mapped from then on is locked too.
static int map_with_lock_locked(struct address_space *space, const struct map_request *request,
                                uint64_t bytes, struct area **spare, vaddr_t *result)
{
    struct map_request locked = *request;
    locked.flags |= AREA_LOCKED;
    locked.populate |= space->lock_later == MEMORY_LOCK;
    return map_locked(space, &locked, bytes, spare, result);
}

int address_space_map(struct address_space *space, const struct map_request *request,
                      vaddr_t *result)
{
    uint64_t bytes, last;
    if (request->bytes == 0 || !IS_ALIGNED(request->offset, PAGE_SIZE)) {
        return -EINVAL;
    }
    if (!checked_align_up_u64(request->bytes, PAGE_SIZE, &bytes) || bytes > USER_TOP) {
        return -ENOMEM;
    }
    if (!checked_add_u64(request->offset, bytes, &last)) {
        return -EOVERFLOW;
    }
    // Made before and thrown away after: other threads wait for the lock, not for the heap.
    struct area *spare = area_create(space, request, 0, bytes);
    shared_mutex_lock(&space->mutex);
    int error = likely(space->lock_later == MEMORY_UNLOCK)
                    ? map_locked(space, request, bytes, &spare, result)
                    : map_with_lock_locked(space, request, bytes, &spare, result);
    shared_mutex_unlock(&space->mutex);
    spare_destroy(spare);
    return error;
}
