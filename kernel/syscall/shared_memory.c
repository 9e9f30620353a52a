/*
 * Shared memory of System V: decoding; the segments are in ipc/segment.c.
 */
#include "ipc/segment.h"
#include "syscall/call.h"

SYSTEM_CALL3(shmget, int, key, size_t, bytes, int, flags)
{
    return segment_get(key, bytes, flags);
}

SYSTEM_CALL3(shmat, int, id, vaddr_t, address, int, flags)
{
    vaddr_t result;
    int error = segment_attach(id, address, flags, &result);
    return error != 0 ? error : (long)result;
}

SYSTEM_CALL1(shmdt, vaddr_t, address)
{
    return segment_detach(address);
}

static long copy_result(long result, void __user *user, const void *value, size_t bytes)
{
    if (result >= 0 && user_copy_out(user, value, bytes) != 0) {
        return -EFAULT;
    }
    return result;
}

static long copy_status(int id, enum ipc_stat_kind kind, void __user *user)
{
    struct uapi_shmid_ds status;
    long result = segment_status(id, kind, &status);
    return copy_result(result, user, &status, sizeof(status));
}

static long copy_limits(void __user *user)
{
    struct uapi_shminfo limits;
    long result = segment_limits(&limits);
    return copy_result(result, user, &limits, sizeof(limits));
}

static long copy_totals(void __user *user)
{
    struct uapi_shm_info totals;
    long result = segment_totals(&totals);
    return copy_result(result, user, &totals, sizeof(totals));
}

static long set_from(int id, const void __user *user)
{
    struct uapi_shmid_ds wanted;
    return user_copy_in(&wanted, user, sizeof(wanted)) != 0 ? -EFAULT : segment_set(id, &wanted);
}

SYSTEM_CALL3(shmctl, int, id, int, command, void __user *, user)
{
    if (id < 0) {
        return -EINVAL;
    }
    switch (command) {
    case IPC_INFO: return copy_limits(user);
    case SHM_INFO: return copy_totals(user);
    case IPC_STAT: return copy_status(id, IPC_STAT_ID, user);
    case SHM_STAT: return copy_status(id, IPC_STAT_PLACE, user);
    case SHM_STAT_ANY: return copy_status(id, IPC_STAT_ANY_PLACE, user);
    case IPC_SET: return set_from(id, user);
    case IPC_RMID: return segment_remove(id);
    case SHM_LOCK: return segment_lock(id);
    case SHM_UNLOCK: return segment_unlock(id);
    default: return -EINVAL;
    }
}
