// Rights, owners and memory of the objects of System V. The rules are those of Linux's ipcperms: the digits of a wanted mode count
// together, and owner and creator stand on one step.
#include "ipc/object.h"

#include "interrupt/clock.h"
#include "ipc/table.h"
#include "lib/errno.h"
#include "memory/frame.h"
#include "process/process.h"
#include "sync/atomic.h"
#include "uapi/capability.h"
#include "uapi/ipc.h"
#include "uapi/stat.h"

#define PERMISSION_BITS (S_IRWXU | S_IRWXG | S_IRWXO)

enum { MEMORY_SHARE = 8 };

static struct atomic64 charged_bytes; // [a]

int64_t ipc_now(void)
{
    return (int64_t)(clock_realtime_ns() / NS_PER_SECOND);
}

int ipc_memory_charge(size_t bytes)
{
    uint64_t limit = (uint64_t)frame_total_count() * PAGE_SIZE / MEMORY_SHARE;
    if (atomic64_add(&charged_bytes, bytes) > limit) {
        atomic64_subtract(&charged_bytes, bytes);
        return -ENOMEM;
    }
    return 0;
}

void ipc_memory_uncharge(size_t bytes)
{
    assert(atomic64_load(&charged_bytes) >= bytes);
    atomic64_subtract(&charged_bytes, bytes);
}

void ipc_object_put(struct ipc_object *object)
{
    if (refcount_put(&object->references)) {
        object->table->ops->destroy(object);
    }
}

bool ipc_object_is_owner_locked(const struct ipc_object *object)
{
    assert(mutex_is_held(&object->mutex));
    uint32_t euid = task_current()->credentials->euid;
    return euid == object->uid || euid == object->creator_uid;
}

int ipc_object_check_locked(const struct ipc_object *object, unsigned wanted)
{
    const struct credentials *credentials = task_current()->credentials;
    unsigned requested = wanted >> 6 | wanted >> 3 | wanted;
    unsigned granted = object->mode;
    if (ipc_object_is_owner_locked(object)) {
        granted >>= 6;
    } else if (credentials_in_group(credentials, object->creator_gid) ||
               credentials_in_group(credentials, object->gid)) {
        granted >>= 3;
    }
    bool is_granted = (requested & ~granted & S_IRWXO) == 0;
    return is_granted || credentials_can(credentials, CAP_IPC_OWNER) ? 0 : -EACCES;
}

int ipc_object_check_owner_locked(const struct ipc_object *object)
{
    bool may = ipc_object_is_owner_locked(object) ||
               credentials_can(task_current()->credentials, CAP_SYS_ADMIN);
    return may ? 0 : -EPERM;
}

int ipc_object_set_locked(struct ipc_object *object, const struct uapi_ipc_perm *wanted)
{
    assert(mutex_is_held(&object->mutex) && !object->is_removed);
    if (wanted->uid == UINT32_MAX || wanted->gid == UINT32_MAX) {
        return -EINVAL;
    }
    object->uid = wanted->uid;
    object->gid = wanted->gid;
    object->mode = (object->mode & ~(uint32_t)PERMISSION_BITS) | (wanted->mode & PERMISSION_BITS);
    return 0;
}

void ipc_object_describe_locked(const struct ipc_object *object, struct uapi_ipc_perm *result)
{
    assert(mutex_is_held(&object->mutex));
    *result = (struct uapi_ipc_perm){
        .key = object->key,
        .uid = object->uid,
        .gid = object->gid,
        .cuid = object->creator_uid,
        .cgid = object->creator_gid,
        .mode = object->mode,
        .seq = object->sequence,
    };
}
