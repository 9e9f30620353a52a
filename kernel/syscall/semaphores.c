/*
 * Semaphores of System V: decoding; the sets are in ipc/semaphore.c.
 */
#include "interrupt/clock.h"
#include "ipc/semaphore.h"
#include "ipc/settings.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "syscall/call.h"
#include "syscall/time_values.h"

SYSTEM_CALL3(semget, int, key, int, count, int, flags)
{
    return semaphore_get(key, count, flags);
}

/* ---- semop ------------------------------------------------------------------------------------- */

enum { FEW_OPERATIONS = 8 };

static long operate(int id, const struct uapi_sembuf __user *user, unsigned count,
                    const struct uapi_timespec *timeout, struct uapi_sembuf *operations)
{
    uint64_t deadline_ns = UINT64_MAX;
    if (user_copy_in(operations, user, count * sizeof(*operations)) != 0) {
        return -EFAULT;
    }
    if (timeout != NULL) {
        uint64_t timeout_ns;
        if (ns_from_timespec(timeout, &timeout_ns) != 0) {
            return -EINVAL;
        }
        deadline_ns = deadline_after(timeout_ns);
    }
    return id < 0 ? -EINVAL : semaphore_operate(id, operations, count, deadline_ns);
}

static long decode_operate(int id, const struct uapi_sembuf __user *user, unsigned count,
                           const struct uapi_timespec *timeout)
{
    struct uapi_sembuf few[FEW_OPERATIONS];
    if (count > (unsigned)READ_ONCE(ipc_settings.semaphore_operations_max)) {
        return -E2BIG;
    }
    if (count == 0) {
        return -EINVAL;
    }
    if (count <= FEW_OPERATIONS) {
        return operate(id, user, count, timeout, few);
    }
    struct uapi_sembuf *many = heap_alloc_array(count, sizeof(*many));
    if (many == NULL) {
        return -ENOMEM;
    }
    long result = operate(id, user, count, timeout, many);
    heap_free(many);
    return result;
}

SYSTEM_CALL3(semop, int, id, const struct uapi_sembuf __user *, operations, unsigned, count)
{
    return decode_operate(id, operations, count, NULL);
}

SYSTEM_CALL4(semtimedop, int, id, const struct uapi_sembuf __user *, operations, unsigned, count,
             const struct uapi_timespec __user *, user_timeout)
{
    struct uapi_timespec timeout;
    if (user_timeout != NULL && user_copy_in(&timeout, user_timeout, sizeof(timeout)) != 0) {
        return -EFAULT;
    }
    return decode_operate(id, operations, count, user_timeout != NULL ? &timeout : NULL);
}

/* ---- semctl ------------------------------------------------------------------------------------ */

static long copy_status(int id, enum ipc_stat_kind kind, void __user *user)
{
    struct uapi_semid_ds status;
    long result = semaphore_status(id, kind, &status);
    if (result >= 0 && user_copy_out(user, &status, sizeof(status)) != 0) {
        return -EFAULT;
    }
    return result;
}

static long copy_limits(bool tells_use, void __user *user)
{
    struct uapi_seminfo limits;
    long result = semaphore_limits(tells_use, &limits);
    if (result >= 0 && user_copy_out(user, &limits, sizeof(limits)) != 0) {
        return -EFAULT;
    }
    return result;
}

static long set_from(int id, const void __user *user)
{
    struct uapi_semid_ds wanted;
    return user_copy_in(&wanted, user, sizeof(wanted)) != 0 ? -EFAULT
                                                            : semaphore_set_owner(id, &wanted);
}

static int copy_values(int id, uint16_t *values, unsigned count, bool to_set, void __user *user)
{
    size_t bytes = count * sizeof(*values);
    if (to_set) {
        return user_copy_in(values, user, bytes) != 0 ? -EFAULT
                                                      : semaphore_set_all(id, values, count);
    }
    int error = semaphore_get_all(id, values, count);
    return error != 0 ? error : user_copy_out(user, values, bytes);
}

/* GETALL and SETALL. */
static long move_values(int id, bool to_set, void __user *user)
{
    long count = semaphore_count(id, to_set);
    if (count < 0) {
        return count;
    }
    uint16_t *values = heap_alloc_array((size_t)count, sizeof(*values));
    if (values == NULL) {
        return -ENOMEM;
    }
    int error = copy_values(id, values, (unsigned)count, to_set, user);
    heap_free(values);
    return error;
}

SYSTEM_CALL4(semctl, int, id, int, number, int, command, uint64_t, argument)
{
    void __user *user = (void __user *)argument;
    if (id < 0) {
        return -EINVAL;
    }
    switch (command) {
    case IPC_INFO: return copy_limits(false, user);
    case SEM_INFO: return copy_limits(true, user);
    case IPC_STAT: return copy_status(id, IPC_STAT_ID, user);
    case SEM_STAT: return copy_status(id, IPC_STAT_PLACE, user);
    case SEM_STAT_ANY: return copy_status(id, IPC_STAT_ANY_PLACE, user);
    case IPC_SET: return set_from(id, user);
    case IPC_RMID: return semaphore_remove(id);
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT: return semaphore_ask(id, number, command);
    case SETVAL: return semaphore_set_value(id, number, (int)argument);
    case GETALL: return move_values(id, false, user);
    case SETALL: return move_values(id, true, user);
    default: return -EINVAL;
    }
}
