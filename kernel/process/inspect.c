// Who may look into whom: one's own threads, or with the right to, or a process of the same ids and no more rights that has not been
// made private (the rule of ptrace(2) for reading).
#include "process/process.h"
#include "uapi/capability.h"

// The same ids in every role, and no right that the reader has not.
static bool is_equal_subject(const struct credentials *own, const struct credentials *other)
{
    return own->fsuid == other->uid && own->fsuid == other->euid && own->fsuid == other->suid &&
           own->fsgid == other->gid && own->fsgid == other->egid && own->fsgid == other->sgid &&
           (other->capabilities_permitted & ~own->capabilities_effective) == 0;
}

bool task_may_inspect(struct task *task)
{
    const struct credentials *own = task_current()->credentials;
    if (task->process == process_current() || credentials_can(own, CAP_SYS_PTRACE)) {
        return true;
    }
    struct credentials *other = task_credentials_get(task);
    bool is_permitted = is_equal_subject(own, other) && task->process->is_dumpable;
    credentials_put(other);
    return is_permitted;
}
