// Attachments: the areas that show a segment. Each of them is one, whether shmat, fork, or a cut made it; its backing holds a
// reference on the segment, and its coming and going is what moves the count, the times and the last process, as on Linux.
//
// A backing comes and goes under an address space's mutex, so the mutexes of ipc/ stand below that one.
#include "ipc/segment_internal.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "process/process.h"
#include "vm/address_space.h"

enum { UNNAMED_DEVICE = 1 }; // as Linux numbers the one that has its shared memory

// ---- what stands behind an area ---------------------------------------------------------------------

int segment_current_process(void)
{
    const struct thread *thread = thread_current();
    return thread_is_task(thread) ? process_current()->id->number : 0;
}

static struct segment *segment_behind(const struct backing *backing)
{
    return backing->object[0];
}

static void attachment_get(const struct backing *backing)
{
    struct segment *segment = segment_behind(backing);
    ipc_object_get(&segment->object);
    mutex_lock(&segment->object.mutex);
    segment->attachments++;
    segment->attached_at = ipc_now();
    segment->last_user = segment_current_process();
    mutex_unlock(&segment->object.mutex);
}

static void attachment_put(const struct backing *backing)
{
    segment_leave(segment_behind(backing), true);
}

static long attachment_describe(const struct backing *backing, char *text, size_t size)
{
    int key = segment_behind(backing)->name_key;
    int length = format_string(text, size, "/SYSV%08x (deleted)", (unsigned)key);
    return length < (int)size ? length : -ENAMETOOLONG;
}

static void attachment_identify(const struct backing *backing, uint64_t *device, uint64_t *inode)
{
    *device = UNNAMED_DEVICE;
    *inode = (uint64_t)segment_behind(backing)->object.id;
}

static const struct backing_ops attachment_ops = {
    .get = attachment_get,
    .put = attachment_put,
    .describe = attachment_describe,
    .identify = attachment_identify,
    .counts_areas = true,
};

// ---- shmat and shmdt --------------------------------------------------------------------------------

// Linux's reading of address and flags. -EINVAL: they do not go together.
static int decode_place(vaddr_t address, int flags, struct map_request *request)
{
    bool replaces = (flags & SHM_REMAP) != 0;
    if (address == 0) {
        return replaces ? -EINVAL : 0;
    }
    if (!IS_ALIGNED(address, PAGE_SIZE)) {
        address = ALIGN_DOWN(address, PAGE_SIZE);
        if ((flags & SHM_RND) == 0 || (address == 0 && replaces)) {
            return -EINVAL;
        }
    }
    request->address = address;
    request->is_fixed = replaces || address == 0;
    request->is_fixed_no_replace = !request->is_fixed;
    return 0;
}

// The mode that the caller must have.
static unsigned decode_rights(int flags, struct map_request *request)
{
    unsigned wanted = IPC_READ;
    request->flags = AREA_SHARED | AREA_READ | AREA_MAY_READ | AREA_MAY_EXECUTE;
    if ((flags & SHM_RDONLY) == 0) {
        request->flags |= AREA_WRITE | AREA_MAY_WRITE;
        wanted |= IPC_WRITE;
    }
    if ((flags & SHM_EXEC) != 0) {
        request->flags |= AREA_EXECUTE;
        wanted |= IPC_EXECUTE;
    }
    return wanted;
}

// The segment with a reference, counted as attached until segment_leave, so that it cannot go meanwhile.
static int segment_enter(int id, unsigned wanted, struct segment **result) no_lock_analysis
{
    struct ipc_object *object;
    int error = ipc_table_lock_allowed(&segment_table, id, wanted, &object);
    if (error != 0) {
        return error;
    }
    *result = segment_of(object);
    (*result)->attachments++;
    mutex_unlock(&object->mutex);
    return 0;
}

int segment_attach(int id, vaddr_t address, int flags, vaddr_t *result)
{
    static struct atomic64 last_attachment;
    struct map_request request = {0};
    struct segment *segment;
    int error = id < 0 ? -EINVAL : decode_place(address, flags, &request);
    unsigned wanted = decode_rights(flags, &request);
    error = error != 0 ? error : segment_enter(id, wanted, &segment);
    if (error != 0) {
        return error;
    }
    request.bytes = segment->bytes;
    request.cache = shared_memory_cache(segment->memory);
    // The second word tells this attachment from others of the same segment.
    uintptr_t number = atomic64_add(&last_attachment, 1);
    request.backing = (struct backing){.ops = &attachment_ops, .object = {segment, (void *)number}};
    error = address_space_map(task_current()->space, &request, result);
    segment_leave(segment, false);
    bool wraps = request.address + request.bytes < request.address;
    return error == -EEXIST || (error != 0 && wraps && request.is_fixed_no_replace) ? -EINVAL
                                                                                    : error;
}

int segment_detach(vaddr_t address)
{
    return address_space_unmap_attachment(task_current()->space, address, &attachment_ops);
}
