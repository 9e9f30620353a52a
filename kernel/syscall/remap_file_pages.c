/*
 * remap_file_pages: shows another part of an object in a piece of a shared mapping of it. As in Linux since 4.0 that is a mapping of
 * its own, with the rights of the old one, in its place (remap_file_pages(2)).
 */
#include "lib/assert.h"
#include "syscall/call.h"
#include "uapi/mman.h"
#include "vm/address_space.h"

#define KEPT_FLAGS                                                                                 \
    (AREA_READ | AREA_WRITE | AREA_EXECUTE | AREA_SHARED | AREA_MAY_READ | AREA_MAY_WRITE |        \
     AREA_MAY_EXECUTE | AREA_NO_RESERVE | AREA_LOCKED)

/* Do areas without a gap, all of the same object and kind, reach from this one to `end`? */
static bool reaches_locked(struct area *area, vaddr_t end)
{
    for (struct area *last = area; last->end < end;) {
        struct area *next = area_next_locked(last);
        bool goes_on = next != NULL && next->start == last->end && next->cache == area->cache &&
                       (next->flags & KEPT_FLAGS) == (area->flags & KEPT_FLAGS);
        if (!goes_on) {
            return false;
        }
        last = next;
    }
    return true;
}

/* What is mapped in the range is asked for again; the request gets a reference of the backing. 0 or -EINVAL. */
static int request_same_locked(struct address_space *space, struct map_request *request)
{
    struct area *area = area_find_locked(space, request->address);
    if (area == NULL || area->start > request->address || (area->flags & AREA_SHARED) == 0 ||
        area->cache == NULL || !reaches_locked(area, request->address + request->bytes)) {
        return -EINVAL;
    }
    request->flags = area->flags & KEPT_FLAGS;
    request->cache = area->cache;
    request->backing = area->backing;
    backing_get(&request->backing);
    return 0;
}

/* Between the look and the mapping another thread may map something else there: it is replaced, as if this call had come later. */
static long show_other_part(struct map_request *request)
{
    struct address_space *space = task_current()->space;
    assert(request->is_fixed && (request->address & ~PAGE_MASK) == 0);
    shared_mutex_look(&space->mutex);
    int result = request_same_locked(space, request);
    shared_mutex_leave(&space->mutex);
    if (result != 0) {
        return result;
    }
    vaddr_t address;
    result = address_space_map(space, request, &address);
    backing_put(&request->backing);
    return result;
}

SYSTEM_CALL5(remap_file_pages, vaddr_t, start, size_t, bytes, int, protection, uint64_t, page, int,
             flags)
{
    start &= PAGE_MASK;
    bytes &= PAGE_MASK;
    if (protection != 0 || start + bytes <= start || page + bytes / PAGE_SIZE < page) {
        return -EINVAL;
    }
    if (page + bytes / PAGE_SIZE > INT64_MAX / PAGE_SIZE) {
        return -EOVERFLOW;
    }
    struct map_request request = {.address = start,
                                  .bytes = bytes,
                                  .offset = page * PAGE_SIZE,
                                  .is_fixed = true,
                                  .populate = (flags & MAP_NONBLOCK) == 0};
    return show_other_part(&request);
}
