// Questions and changes that run over a range of areas.
#include "lib/assert.h"
#include "lib/errno.h"
#include "vm/vm_internal.h"

struct area *area_first_in_locked(struct address_space *space, vaddr_t start, vaddr_t end)
{
    assert(shared_mutex_is_held(&space->mutex));
    struct area *area = area_find_locked(space, start);
    return area != NULL && area->start < end ? area : NULL;
}

bool area_range_is_mapped_locked(struct address_space *space, vaddr_t start, vaddr_t end)
{
    assert(shared_mutex_is_held(&space->mutex));
    struct area *area = area_find_locked(space, start);
    while (start < end && area != NULL && area->start <= start) {
        start = area->end;
        area = area_next_locked(area);
    }
    return start >= end;
}

int area_split_around_locked(struct address_space *space, vaddr_t start, vaddr_t end)
{
    assert(shared_mutex_is_held(&space->mutex));
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
    assert(shared_mutex_is_held(&space->mutex));
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
