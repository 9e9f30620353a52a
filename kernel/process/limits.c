// Resource limits: Linux's defaults, prlimit's rules, and what an address space is told of them.
#include "arch/page.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "process/descriptor_table.h"
#include "process/process_internal.h"
#include "uapi/capability.h"
#include "vm/address_space.h"

#define FREE RLIM_INFINITY

// As Linux gives them to init; NPROC and SIGPENDING are half of what the table of numbers holds.
static const struct uapi_rlimit default_limits[RLIM_NLIMITS] = {
    [RLIMIT_CPU] = {FREE, FREE},
    [RLIMIT_FSIZE] = {FREE, FREE},
    [RLIMIT_DATA] = {FREE, FREE},
    [RLIMIT_STACK] = {MiB(8), FREE},
    [RLIMIT_CORE] = {0, FREE},
    [RLIMIT_RSS] = {FREE, FREE},
    [RLIMIT_NPROC] = {ID_MAX / 2, ID_MAX / 2},
    [RLIMIT_NOFILE] = {1024, 4096},
    [RLIMIT_MEMLOCK] = {MiB(8), MiB(8)},
    [RLIMIT_AS] = {FREE, FREE},
    [RLIMIT_LOCKS] = {FREE, FREE},
    [RLIMIT_SIGPENDING] = {ID_MAX / 2, ID_MAX / 2},
    [RLIMIT_MSGQUEUE] = {819200, 819200},
    [RLIMIT_NICE] = {0, 0},
    [RLIMIT_RTPRIO] = {0, 0},
    [RLIMIT_RTTIME] = {FREE, FREE},
};

void limits_init(struct process *process)
{
    for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
        process->limits.entries[i] = default_limits[i];
    }
}

uint64_t process_limit(const struct process *process, int resource)
{
    assert(resource >= 0 && resource < RLIM_NLIMITS);
    return READ_ONCE(process->limits.entries[resource].rlim_cur);
}

// vm/ knows no processes: it is told the limits that it has to keep. They stand in each address space as copies.
void limits_apply(struct process *process, struct address_space *space)
{
    space->limit_total = process_limit(process, RLIMIT_AS);
    space->limit_data = process_limit(process, RLIMIT_DATA);
    space->limit_stack = process_limit(process, RLIMIT_STACK);
    space->limit_locked = process_limit(process, RLIMIT_MEMLOCK);
}

void limits_apply_locking(const struct task *task)
{
    bool is_free = credentials_can(task->credentials, CAP_IPC_LOCK);
    WRITE_ONCE(task->space->limit_locked,
               is_free ? UINT64_MAX : process_limit(task->process, RLIMIT_MEMLOCK));
}

static int limit_check(int resource, const struct uapi_rlimit *present,
                       const struct uapi_rlimit *wanted)
{
    if (wanted->rlim_cur > wanted->rlim_max) {
        return -EINVAL;
    }
    if (resource == RLIMIT_NOFILE && wanted->rlim_max > DESCRIPTORS_MAX) {
        return -EPERM; // for anybody: no table grows that far
    }
    if (wanted->rlim_max > present->rlim_max &&
        !credentials_can(task_current()->credentials, CAP_SYS_RESOURCE)) {
        return -EPERM;
    }
    return 0;
}

int process_set_limit(struct process *process, int resource, const struct uapi_rlimit *wanted,
                      struct uapi_rlimit *old)
{
    struct task *task;
    int error = 0;
    if (resource < 0 || resource >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    spin_lock(&process_tree_lock);
    struct uapi_rlimit *limit = &process->limits.entries[resource];
    struct uapi_rlimit before = *limit;
    if (wanted != NULL) {
        error = limit_check(resource, limit, wanted);
    }
    if (wanted != NULL && error == 0) {
        *limit = *wanted;
        list_for_each_entry(task, &process->tasks, process_link) {
            if (task->space != NULL) {
                limits_apply(process, task->space);
                limits_apply_locking(task);
            }
        }
    }
    spin_unlock(&process_tree_lock);
    if (error == 0 && old != NULL) {
        *old = before;
    }
    return error;
}
