// mlock and its kin: areas whose pages are brought in and kept. Nothing is swapped out here anyway, so a lock is a promise to have the
// pages at once, a number (VmLck), and a limit.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "vm/vm_internal.h"

bool lock_limit_allows_locked(const struct address_space *space, uint64_t more_bytes)
{
    assert(shared_mutex_is_held(&space->mutex));
    return space->limit_locked == UINT64_MAX ||
           space->locked_pages * PAGE_SIZE + more_bytes <= space->limit_locked;
}

// What of the range counts already.
static uint64_t locked_bytes(struct address_space *space, vaddr_t start, vaddr_t end)
{
    uint64_t bytes = 0;
    struct area *area = area_first_in_locked(space, start, end);
    for (; area != NULL && area->start < end; area = area_next_locked(area)) {
        bytes +=
            (area->flags & AREA_LOCKED) != 0 ? MIN(end, area->end) - MAX(start, area->start) : 0;
    }
    return bytes;
}

static int lock_range_locked(struct address_space *space, vaddr_t start, vaddr_t end,
                             enum memory_lock kind)
{
    assert(shared_mutex_is_held(&space->mutex));
    bool is_lock = kind != MEMORY_UNLOCK;
    if (is_lock &&
        !lock_limit_allows_locked(space, end - start - locked_bytes(space, start, end))) {
        return -ENOMEM;
    }
    int result = area_change_range_locked(space, start, end, is_lock ? AREA_LOCKED : 0,
                                          is_lock ? 0 : AREA_LOCKED);
    if (result == 0 && kind == MEMORY_LOCK) {
        fault_populate_locked(space, start, end);
    }
    return result;
}

int address_space_lock_range(struct address_space *space, vaddr_t start, size_t bytes,
                             enum memory_lock kind)
{
    assert(bytes != 0 && IS_ALIGNED(start | bytes, PAGE_SIZE));
    if (start >= USER_TOP || bytes > USER_TOP - start) {
        return -ENOMEM;
    }
    shared_mutex_lock(&space->mutex);
    int result = lock_range_locked(space, start, start + bytes, kind);
    shared_mutex_unlock(&space->mutex);
    return result;
}

static void lock_all_locked(struct address_space *space, enum memory_lock kind)
{
    struct area *area = area_find_locked(space, 0);
    while (area != NULL) {
        if (area->special_name == NULL || kind == MEMORY_UNLOCK) {
            unsigned flags = area->flags & ~(unsigned)AREA_LOCKED;
            area_set_flags_locked(area, kind == MEMORY_UNLOCK ? flags : flags | AREA_LOCKED);
        }
        if (kind == MEMORY_LOCK) {
            fault_populate_locked(space, area->start, area->end);
        }
        area = area_next_locked(area_merge_locked(area));
    }
}

int address_space_lock_all(struct address_space *space, enum memory_lock now,
                           enum memory_lock later)
{
    int result = 0;
    shared_mutex_lock(&space->mutex);
    if (now != MEMORY_UNLOCK && space->limit_locked != UINT64_MAX &&
        space->total_pages * PAGE_SIZE > space->limit_locked) {
        result = -ENOMEM;
    } else {
        space->lock_later = later;
        // Without a lock for now what is locked stays so, but where all of it is unlocked.
        if (now != MEMORY_UNLOCK || later == MEMORY_UNLOCK) {
            lock_all_locked(space, now);
        }
    }
    shared_mutex_unlock(&space->mutex);
    return result;
}
