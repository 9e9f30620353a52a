// Segments of shared memory: making, telling, changing, removing. A segment that is removed while somebody is attached keeps its id,
// loses its key, and goes with the last attachment (SHM_DEST).
#include "ipc/segment_internal.h"

#include "ipc/settings.h"
#include "lib/assert.h"
#include "lib/checked.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "process/process.h"
#include "uapi/capability.h"

struct ipc_table segment_table;

static struct slab_cache segment_cache;
static uint64_t pages_in_all; // [l segment_table.mutex] of the sizes of what is in the table

struct segment_request {
    int key;
    uint64_t bytes;
    int flags;
};

uint64_t segment_pages(const struct segment *segment)
{
    return (segment->bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

uint64_t segment_resident_pages(const struct segment *segment)
{
    return READ_ONCE(shared_memory_cache(segment->memory)->page_count);
}

// ---- the table's operations -----------------------------------------------------------------------

static int segment_check_size(const struct segment_request *request)
{
    uint64_t bytes = request->bytes;
    uint64_t pages, sum;
    if (bytes < SHMMIN || bytes > READ_ONCE(ipc_settings.segment_bytes_max)) {
        return -EINVAL;
    }
    if (!checked_align_up_u64(bytes, PAGE_SIZE, &pages) ||
        !checked_add_u64(pages_in_all, pages >> PAGE_SHIFT, &sum) ||
        sum > READ_ONCE(ipc_settings.segment_pages_all)) {
        return -ENOSPC;
    }
    if ((request->flags & SHM_HUGETLB) != 0) {
        return -ENOMEM; // there are no huge pages, as on a machine that has reserved none
    }
    if (bytes > INT64_MAX) {
        return -EINVAL;
    }
    // What can never be had is refused at once, the rest is taken on trust, as with private memory.
    bool is_hopeless = pages >> PAGE_SHIFT > frame_total_count();
    return is_hopeless && (request->flags & SHM_NORESERVE) == 0 ? -ENOMEM : 0;
}

static int segment_create(const void *argument, struct ipc_object **result)
{
    const struct segment_request *request = argument;
    int error = segment_check_size(request);
    if (error != 0) {
        return error;
    }
    struct segment *segment = slab_alloc_zeroed(&segment_cache);
    if (segment == NULL) {
        return -ENOMEM;
    }
    segment->memory = shared_memory_alloc(request->bytes);
    if (segment->memory == NULL) {
        slab_free(&segment_cache, segment);
        return -ENOMEM;
    }
    segment->bytes = request->bytes;
    segment->name_key = request->key;
    segment->creator = process_current()->id->number;
    segment->changed_at = ipc_now();
    *result = &segment->object;
    return 0;
}

static int segment_check(const struct ipc_object *object, const void *argument)
{
    const struct segment_request *request = argument;
    return ((const struct segment *)object)->bytes < request->bytes ? -EINVAL : 0;
}

static void segment_entered(struct ipc_object *object)
{
    assert(mutex_is_held(&segment_table.mutex));
    pages_in_all += segment_pages(segment_of(object));
}

static void segment_removed(struct ipc_object *object)
{
    assert(mutex_is_held(&segment_table.mutex));
    pages_in_all -= segment_pages(segment_of(object));
}

static void segment_destroy(struct ipc_object *object)
{
    struct segment *segment = segment_of(object);
    shared_memory_free(segment->memory);
    slab_free(&segment_cache, segment);
}

static const struct ipc_table_ops segment_table_ops = {
    .create = segment_create,
    .check = segment_check,
    .entered = segment_entered,
    .removed = segment_removed,
    .destroy = segment_destroy,
    .limit = &ipc_settings.segments_max,
};

void segment_module_init(void)
{
    slab_cache_init(&segment_cache, "sysv_segment", sizeof(struct segment), 8);
    ipc_table_init(&segment_table, &segment_table_ops);
}

long segment_get(int key, uint64_t bytes, int flags)
{
    const struct segment_request request = {.key = key, .bytes = bytes, .flags = flags};
    return ipc_table_get(&segment_table,
                         &(struct ipc_get){.key = key, .flags = flags, .request = &request});
}

// ---- telling --------------------------------------------------------------------------------------

static void segment_describe_locked(const struct segment *segment, struct uapi_shmid_ds *result)
{
    *result = (struct uapi_shmid_ds){
        .shm_segsz = segment->bytes,
        .shm_atime = segment->attached_at,
        .shm_dtime = segment->detached_at,
        .shm_ctime = segment->changed_at,
        .shm_cpid = segment->creator,
        .shm_lpid = segment->last_user,
        .shm_nattch = segment->attachments,
    };
    ipc_object_describe_locked(&segment->object, &result->shm_perm);
}

long segment_status(int id, enum ipc_stat_kind kind, struct uapi_shmid_ds *result)
{
    struct ipc_object *object;
    long value = ipc_table_lock_stat(&segment_table, id, kind, &object);
    if (value >= 0) {
        segment_describe_locked(segment_of(object), result);
        ipc_object_unlock_put(object);
    }
    return value;
}

long segment_limits(struct uapi_shminfo *result)
{
    uint64_t segments = (uint64_t)READ_ONCE(ipc_settings.segments_max);
    *result = (struct uapi_shminfo){
        .shmmax = READ_ONCE(ipc_settings.segment_bytes_max),
        .shmmin = SHMMIN,
        .shmmni = segments,
        .shmseg = segments,
        .shmall = READ_ONCE(ipc_settings.segment_pages_all),
    };
    return ipc_table_highest(&segment_table);
}

static void add_resident_pages(struct ipc_object *object, void *context)
{
    *(uint64_t *)context += segment_resident_pages(segment_of(object));
}

long segment_totals(struct uapi_shm_info *result)
{
    uint64_t resident = 0;
    ipc_table_visit(&segment_table, add_resident_pages, &resident);
    mutex_lock(&segment_table.mutex);
    *result = (struct uapi_shm_info){
        .used_ids = (int)segment_table.count,
        .shm_tot = pages_in_all,
        .shm_rss = resident,
    };
    mutex_unlock(&segment_table.mutex);
    return ipc_table_highest(&segment_table);
}

// ---- changing and removing --------------------------------------------------------------------------

int segment_set(int id, const struct uapi_shmid_ds *wanted)
{
    struct ipc_object *object;
    int error = ipc_table_lock_id(&segment_table, id, &object);
    if (error != 0) {
        return error;
    }
    error = ipc_object_check_owner_locked(object);
    error = error != 0 ? error : ipc_object_set_locked(object, &wanted->shm_perm);
    if (error == 0) {
        segment_of(object)->changed_at = ipc_now();
    }
    ipc_object_unlock_put(object);
    return error;
}

// While somebody is attached it is only marked.
static bool segment_may_go(struct ipc_object *object)
{
    if (segment_of(object)->attachments == 0) {
        return true;
    }
    object->mode |= SHM_DEST;
    ipc_table_forget_key_locked(object);
    return false;
}

int segment_remove(int id)
{
    return ipc_table_remove(&segment_table, id, segment_may_go);
}

// The table's mutex first, though only the last attachment of a segment that is marked needs it: an object's mutex comes after it.
void segment_leave(struct segment *segment, bool notes_time)
{
    struct ipc_object *object = &segment->object;
    mutex_lock(&segment_table.mutex);
    mutex_lock(&object->mutex);
    assert(segment->attachments > 0);
    segment->attachments--;
    if (notes_time) {
        segment->last_user = segment_current_process();
        segment->detached_at = ipc_now();
    }
    if (segment->attachments == 0 && (object->mode & SHM_DEST) != 0 && !object->is_removed) {
        ipc_table_take_out_locked(object);
    }
    mutex_unlock(&object->mutex);
    mutex_unlock(&segment_table.mutex);
    ipc_object_put(object);
}

// ---- SHM_LOCK: nothing is swapped out here, so a lock is a mark and a number with a limit -----------------

struct locked_pages {
    uint32_t uid;
    uint64_t pages;
};

static void add_locked_pages(struct ipc_object *object, void *context)
{
    struct locked_pages *sum = context;
    const struct segment *segment = segment_of(object);
    if ((object->mode & SHM_LOCKED) != 0 && segment->locked_by == sum->uid) {
        sum->pages += segment_pages(segment);
    }
}

static int segment_may_lock_locked(const struct ipc_object *object, bool is_lock)
{
    const struct task *task = task_current();
    if (credentials_can(task->credentials, CAP_IPC_LOCK)) {
        return 0;
    }
    bool has_limit_of_0 = is_lock && process_limit(task->process, RLIMIT_MEMLOCK) == 0;
    return !ipc_object_is_owner_locked(object) || has_limit_of_0 ? -EPERM : 0;
}

// What the user has locked already is summed before the segment is: the sum takes each segment's mutex in turn.
int segment_lock(int id)
{
    const struct task *task = task_current();
    struct locked_pages sum = {.uid = task->credentials->uid};
    struct ipc_object *object;
    ipc_table_visit(&segment_table, add_locked_pages, &sum);
    int error = ipc_table_lock_id(&segment_table, id, &object);
    if (error != 0) {
        return error;
    }
    struct segment *segment = segment_of(object);
    uint64_t limit = process_limit(task->process, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
    error = segment_may_lock_locked(object, true);
    bool is_locked = (object->mode & SHM_LOCKED) != 0;
    if (error == 0 && !is_locked && sum.pages + segment_pages(segment) > limit &&
        !credentials_can(task->credentials, CAP_IPC_LOCK)) {
        error = -ENOMEM;
    }
    if (error == 0 && !is_locked) {
        object->mode |= SHM_LOCKED;
        segment->locked_by = sum.uid;
    }
    ipc_object_unlock_put(object);
    return error;
}

int segment_unlock(int id)
{
    struct ipc_object *object;
    int error = ipc_table_lock_id(&segment_table, id, &object);
    if (error != 0) {
        return error;
    }
    error = segment_may_lock_locked(object, false);
    if (error == 0) {
        object->mode &= ~(uint32_t)SHM_LOCKED;
    }
    ipc_object_unlock_put(object);
    return error;
}
