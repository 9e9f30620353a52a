/*
 * Resource limits. The rules stand in process/limits.c; here is who may ask: reading another process's limits needs the same rights as
 * setting them (prlimit(2)), and the three calls share one body, since a limit is read and replaced in one step under one lock.
 */
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/macros.h"
#include "process/process.h"
#include "scheduler/id.h"
#include "scheduler/thread.h"
#include "syscall/call.h"
#include "uapi/capability.h"
#include "uapi/resource.h"

/* Another process's limits: same user ids, or the right to. */
static int may_limit(struct process *process)
{
    const struct credentials *own = task_current()->credentials;
    if (process == process_current() || credentials_can(own, CAP_SYS_RESOURCE)) {
        return 0;
    }
    int result = -EPERM;
    spin_lock(&process_tree_lock);
    if (process->leader != NULL) {
        /* All three ids: one that a set-id program has put aside for now counts too. */
        const struct credentials *other = process->leader->credentials;
        bool is_same = own->uid == other->uid && own->uid == other->euid &&
                       own->uid == other->suid && own->gid == other->gid &&
                       own->gid == other->egid && own->gid == other->sgid;
        result = is_same ? 0 : -EPERM;
    }
    spin_unlock(&process_tree_lock);
    return result;
}

SYSTEM_CALL4(prlimit64, int, number, unsigned, resource, const struct uapi_rlimit __user *,
             user_new, struct uapi_rlimit __user *, user_old)
{
    struct uapi_rlimit wanted;
    struct uapi_rlimit old;
    if (user_new != NULL && user_copy_in(&wanted, user_new, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    if (resource >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    /* Any thread's number stands for its process. The caller is found like anybody else, so that it is held like anybody else. */
    struct process *process =
        process_find_of_task(number == 0 ? process_current()->id->number : number);
    if (process == NULL) {
        return -ESRCH;
    }
    assert(resource < RLIM_NLIMITS);
    int result = may_limit(process);
    if (result == 0) {
        result = process_set_limit(process, (int)resource, user_new == NULL ? NULL : &wanted, &old);
    }
    process_put(process);
    return result != 0 ? result : copy_out_optional(user_old, &old, sizeof(old));
}

SYSTEM_CALL2(getrlimit, unsigned, resource, struct uapi_rlimit __user *, user)
{
    struct uapi_rlimit old;
    if (resource >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    int result = process_set_limit(process_current(), (int)resource, NULL, &old);
    return result != 0 ? result : user_copy_out(user, &old, sizeof(old));
}

SYSTEM_CALL2(setrlimit, unsigned, resource, const struct uapi_rlimit __user *, user)
{
    struct uapi_rlimit wanted;
    struct uapi_rlimit old;
    if (user_copy_in(&wanted, user, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    if (resource >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    return process_set_limit(process_current(), (int)resource, &wanted, &old);
}
