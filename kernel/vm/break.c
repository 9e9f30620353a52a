// brk: the heap that grows behind the program's data.
//
// The break is a number; which areas stand below it is the program's business: one may have been
// mapped over the start of the range (musl's dynamic loader puts a guard page there), or unmapped.
#include "lib/assert.h"
#include "lib/macros.h"
#include "memory/fail_nth.h"
#include "vm/vm_internal.h"

static bool grow(struct address_space *space, vaddr_t old_end, vaddr_t new_end)
{
    struct map_request request = {
        .flags =
            AREA_READ | AREA_WRITE | AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXECUTE | AREA_HEAP,
    };
    uint64_t bytes = new_end - old_end;
    assert(shared_mutex_is_held(&space->mutex) && new_end > old_end);
    if (space->lock_later != MEMORY_UNLOCK) {
        request.flags |= AREA_LOCKED;
        if (!lock_limit_allows_locked(space, bytes)) {
            return false;
        }
    }
    // The page above stays free, so that an overrun faults.
    struct area *next = area_find_locked(space, old_end);
    if (next != NULL && area_guarded_start(next) < new_end + PAGE_SIZE) {
        return false;
    }
    bool is_mapped = map_check_limits_locked(space, bytes, request.flags) == 0 &&
                     map_at_locked(space, &request, old_end, new_end) == 0;
    if (is_mapped && space->lock_later == MEMORY_LOCK) {
        fault_populate_locked(space, old_end, new_end);
    }
    return is_mapped;
}

static bool limit_allows(const struct address_space *space, vaddr_t wanted)
{
    uint64_t data = space->data_end - space->data_start;
    return space->limit_data == UINT64_MAX ||
           wanted - space->break_start + data <= space->limit_data;
}

static bool move_break(struct address_space *space, vaddr_t wanted)
{
    assert(shared_mutex_is_held(&space->mutex));
    if (wanted < space->break_start || wanted > USER_TOP - PAGE_SIZE) {
        return false;
    }
    vaddr_t old_end = ALIGN_UP(space->break_end, PAGE_SIZE);
    vaddr_t new_end = ALIGN_UP(wanted, PAGE_SIZE);
    if (new_end > old_end) {
        return limit_allows(space, wanted) && grow(space, old_end, new_end);
    }
    return new_end == old_end || unmap_locked(space, new_end, old_end) == 0;
}

vaddr_t address_space_set_break(struct address_space *space, vaddr_t wanted)
{
    shared_mutex_lock(&space->mutex);
    if (move_break(space, wanted)) {
        space->break_end = wanted;
    } else {
        fail_nth_fail_silently();
    }
    vaddr_t result = space->break_end;
    shared_mutex_unlock(&space->mutex);
    return result;
}
