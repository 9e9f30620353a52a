// madvise, msync: calls that say something about a range that is mapped already.
//
// Advice is a table: what the areas must be like, what happens to each, what is refused. Advice that
// only hints at a use that this kernel does not make is taken and does nothing, as Linux may, too.
#include "arch/upcalls.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "scheduler/thread.h"
#include "uapi/mman.h"
#include "vm/page_cache_internal.h"
#include "vm/vm_internal.h"

// One area's part [start, end) of the range. 0 or -errno.
typedef int advice_function(struct area *area, vaddr_t start, vaddr_t end);

struct advice {
    bool is_known;
    unsigned set, clear;    // flags of the areas
    unsigned refused_flags; // -EINVAL for an area with one of them
    bool anonymous_only;    // -EINVAL for an area of an object
    bool applies_unlocked;  // remove_range: the space's lock is let go in between
    advice_function *apply; // NULL: nothing to do
};

static int drop_pages(struct area *area, vaddr_t start, vaddr_t end)
{
    assert(start >= area->start && end <= area->end);
    struct tlb_batch batch;
    tlb_batch_begin(&batch, area->space->page_table);
    zap_range(area->space, start, end, &batch);
    tlb_batch_flush(&batch);
    return 0;
}

static int populate(struct area *area, vaddr_t start, vaddr_t end, unsigned access)
{
    for (vaddr_t address = start; address < end; address += PAGE_SIZE) {
        int result = fault_resolve_locked(area->space, address, access);
        if (result != 0) {
            return result == -EACCES ? -EINVAL : result == -ENXIO ? -EFAULT : result;
        }
        if (thread_is_killed()) {
            return -EINTR;
        }
    }
    return 0;
}

static int populate_read(struct area *area, vaddr_t start, vaddr_t end)
{
    return populate(area, start, end, FAULT_READ);
}

static int populate_write(struct area *area, vaddr_t start, vaddr_t end)
{
    return populate(area, start, end, FAULT_WRITE);
}

static const struct advice advices[] = {
    [MADV_NORMAL] = {.is_known = true},
    [MADV_RANDOM] = {.is_known = true},
    [MADV_SEQUENTIAL] = {.is_known = true},
    [MADV_WILLNEED] = {.is_known = true},
    [MADV_DONTNEED] = {.is_known = true, .refused_flags = AREA_LOCKED, .apply = drop_pages},
    [MADV_DONTNEED_LOCKED] = {.is_known = true, .apply = drop_pages},
    [MADV_FREE] = {.is_known = true,
                   .refused_flags = AREA_LOCKED,
                   .anonymous_only = true,
                   .apply = drop_pages},
    [MADV_REMOVE] = {.is_known = true, .applies_unlocked = true},
    [MADV_DONTFORK] = {.is_known = true, .set = AREA_NO_FORK},
    [MADV_DOFORK] = {.is_known = true, .clear = AREA_NO_FORK},
    [MADV_MERGEABLE] = {.is_known = true},
    [MADV_UNMERGEABLE] = {.is_known = true},
    [MADV_HUGEPAGE] = {.is_known = true},
    [MADV_NOHUGEPAGE] = {.is_known = true},
    [MADV_DONTDUMP] = {.is_known = true},
    [MADV_DODUMP] = {.is_known = true},
    [MADV_WIPEONFORK] = {.is_known = true, .set = AREA_WIPE_ON_FORK, .anonymous_only = true},
    [MADV_KEEPONFORK] = {.is_known = true, .clear = AREA_WIPE_ON_FORK},
    [MADV_COLD] = {.is_known = true, .refused_flags = AREA_LOCKED},
    [MADV_PAGEOUT] = {.is_known = true, .refused_flags = AREA_LOCKED},
    [MADV_POPULATE_READ] = {.is_known = true, .apply = populate_read},
    [MADV_POPULATE_WRITE] = {.is_known = true, .apply = populate_write},
};

static int apply_areas(const struct advice *advice, struct address_space *space, vaddr_t start,
                       vaddr_t end)
{
    struct area *area = area_first_in_locked(space, start, end);
    for (; area != NULL && area->start < end; area = area_next_locked(area)) {
        if ((area->flags & advice->refused_flags) ||
            (advice->anonymous_only && area->cache != NULL)) {
            return -EINVAL;
        }
        int result = 0;
        if (advice->apply != NULL) {
            result = advice->apply(area, MAX(start, area->start), MIN(end, area->end));
        }
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

static int advise_locked(const struct advice *advice, struct address_space *space, vaddr_t start,
                         vaddr_t end)
{
    assert(shared_mutex_is_held(&space->mutex));
    int result = apply_areas(advice, space, start, end);
    if (result != 0) {
        return result;
    }
    if ((advice->set | advice->clear) != 0) {
        return area_change_range_locked(space, start, end, advice->set, advice->clear);
    }
    return area_range_is_mapped_locked(space, start, end) ? 0 : -ENOMEM;
}

// The range in whole pages. 0, or -EINVAL; an empty range ends at `start`.
static int range_decode(vaddr_t start, size_t bytes, vaddr_t *end)
{
    uint64_t length = ALIGN_UP(bytes, PAGE_SIZE);
    if (!IS_ALIGNED(start, PAGE_SIZE) || length < bytes || start + length < start) {
        return -EINVAL;
    }
    *end = start + length;
    return 0;
}

// ---- MADV_REMOVE ---------------------------------------------------------------------------------

static int check_removable(const struct area *area)
{
    if ((area->flags & AREA_LOCKED) != 0 || area->cache == NULL) {
        return -EINVAL;
    }
    if (!area_is_writable_mapping(area)) {
        return -EACCES;
    }
    return area->cache->ops->write_back != NULL ? -EOPNOTSUPP : 0;
}

// A hole in the object itself, where the object is memory. A file's owner is asked, who takes locks that come before the space's; so
// that one is let go, and the area, which may be gone then, is held by its backing.
static no_lock_analysis int punch_hole(struct area *area, vaddr_t start, vaddr_t end)
{
    assert(start >= area->start && end <= area->end && shared_mutex_is_held(&area->space->mutex));
    struct address_space *space = area->space;
    uint64_t offset = area->offset + (start - area->start);
    const struct backing backing = area->backing;
    if (backing.ops == NULL || backing.ops->punch == NULL) {
        page_cache_punch(area->cache, offset, offset + (end - start));
        return 0;
    }
    backing_get(&backing);
    shared_mutex_unlock(&space->mutex);
    int error = backing.ops->punch(&backing, offset, offset + (end - start));
    backing_put(&backing);
    shared_mutex_lock(&space->mutex);
    return error;
}

// Holes in the range are told when all the rest is done.
static int remove_range(struct address_space *space, vaddr_t start, vaddr_t end)
{
    assert(shared_mutex_is_held(&space->mutex));
    int result = 0;
    while (start < end) {
        struct area *area = area_first_in_locked(space, start, end);
        if (area == NULL || area->start > start) {
            result = -ENOMEM;
        }
        if (area == NULL) {
            break;
        }
        vaddr_t from = MAX(start, area->start);
        start = MIN(end, area->end);
        int error = check_removable(area);
        error = error != 0 ? error : punch_hole(area, from, start);
        if (error != 0) {
            return error;
        }
    }
    return result;
}

int address_space_advise(struct address_space *space, vaddr_t start, size_t bytes, int advice)
{
    vaddr_t end;
    if (advice < 0 || (size_t)advice >= ARRAY_SIZE(advices) || !advices[advice].is_known) {
        return -EINVAL;
    }
    int result = range_decode(start, bytes, &end);
    if (result != 0 || start == end) {
        return result;
    }
    if (end > USER_TOP) {
        return -ENOMEM;
    }
    shared_mutex_lock(&space->mutex);
    result = advices[advice].applies_unlocked ? remove_range(space, start, end)
                                              : advise_locked(&advices[advice], space, start, end);
    shared_mutex_unlock(&space->mutex);
    return result;
}

static int sync_areas(struct address_space *space, vaddr_t start, vaddr_t end, int flags)
{
    int result = 0;
    struct area *area = area_first_in_locked(space, start, end);
    for (; area != NULL && area->start < end; area = area_next_locked(area)) {
        if ((flags & MS_INVALIDATE) && (area->flags & AREA_LOCKED)) {
            return -EBUSY;
        }
        if (!(flags & MS_SYNC) || area->cache == NULL || !(area->flags & AREA_SHARED)) {
            continue;
        }
        uint64_t offset = area->offset - area->start;
        int error = page_cache_sync(area->cache, offset + MAX(start, area->start),
                                    offset + MIN(end, area->end));
        result = result != 0 ? result : error;
    }
    return result;
}

int address_space_sync(struct address_space *space, vaddr_t start, size_t bytes, int flags)
{
    vaddr_t end;
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0 ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC)) {
        return -EINVAL;
    }
    int result = range_decode(start, bytes, &end);
    if (result != 0 || start == end) {
        return result == 0 ? 0 : IS_ALIGNED(start, PAGE_SIZE) ? -ENOMEM : -EINVAL;
    }
    if (end > USER_TOP) {
        return -ENOMEM;
    }
    shared_mutex_lock(&space->mutex);
    result = sync_areas(space, start, end, flags);
    if (result == 0 && !area_range_is_mapped_locked(space, start, end)) {
        result = -ENOMEM;
    }
    shared_mutex_unlock(&space->mutex);
    return result;
}
