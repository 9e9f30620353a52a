// Who may look into whom: one's own threads, or with the right to, or a process of the same ids and no more rights that has not been
// made private. The rule of ptrace(2), with the ids for files where a file of /proc asks, with the real ones where a call does.
#include "lib/errno.h"
#include "process/process.h"
#include "uapi/capability.h"

// What the one who looks is taken for.
struct inspector {
    uint32_t uid, gid;
    uint64_t capabilities;
};

// The same ids in every role, and no right that the inspector has not.
static bool is_equal_subject(const struct inspector *own, const struct credentials *other)
{
    return own->uid == other->uid && own->uid == other->euid && own->uid == other->suid &&
           own->gid == other->gid && own->gid == other->egid && own->gid == other->sgid &&
           (other->capabilities_permitted & ~own->capabilities) == 0;
}

static bool may_inspect_as(struct task *task, const struct inspector *inspector)
{
    const struct credentials *own = task_current()->credentials;
    if (task->process == process_current() || credentials_can(own, CAP_SYS_PTRACE)) {
        return true;
    }
    // Undumpable is who runs a set-id program, changed his ids, or asked for it (prctl(2), PR_SET_DUMPABLE): the same ids are not enough
    // then, since what it read with other rights may still lie in its memory.
    struct credentials *other = task_credentials_get(task);
    bool is_permitted = is_equal_subject(inspector, other) && task->process->is_dumpable;
    credentials_put(other);
    return is_permitted;
}

bool task_may_inspect(struct task *task)
{
    const struct credentials *own = task_current()->credentials;
    struct inspector inspector = {own->fsuid, own->fsgid, own->capabilities_effective};
    return may_inspect_as(task, &inspector);
}

bool task_may_trace(struct task *task)
{
    const struct credentials *own = task_current()->credentials;
    struct inspector inspector = {own->uid, own->gid, own->capabilities_permitted};
    return may_inspect_as(task, &inspector);
}

int task_trace_space(struct task *task, struct address_space **space)
{
    mutex_lock(&task->process->exec_mutex);
    *space = task_space_get(task);
    bool may_trace = *space == task_current()->space || task_may_trace(task);
    mutex_unlock(&task->process->exec_mutex);
    if (*space == NULL || may_trace) {
        return *space == NULL ? -ESRCH : 0;
    }
    address_space_put(*space);
    return -EPERM;
}
