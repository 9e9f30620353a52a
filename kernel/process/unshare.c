// unshare(2): a task has for itself what it shared with others since clone. Namespaces are not there: they are refused as by a kernel
// that was built without them.
#include "lib/assert.h"
#include "lib/errno.h"
#include "process/descriptor_table.h"
#include "process/ipc_ops.h"
#include "process/process_internal.h"
#include "uapi/sched.h"

#define UNSHARE_KNOWN                                                                              \
    ((uint64_t)(CLONE_THREAD | CLONE_FS | CLONE_SIGHAND | CLONE_VM | CLONE_FILES | CLONE_SYSVSEM))

// Memory, handlers and the process itself cannot be parted with: one must have them alone already.
static int unshare_check(const struct task *task, uint64_t flags)
{
    struct process *process = task->process;
    if ((flags & ~UNSHARE_KNOWN) != 0) {
        return -EINVAL;
    }
    bool has_others = (flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) != 0 &&
                      READ_ONCE(process->task_count) > 1;
    bool shares_handlers = (flags & (CLONE_SIGHAND | CLONE_VM)) != 0 &&
                           refcount_read(&process->actions->references) > 1;
    bool shares_memory = (flags & CLONE_VM) != 0 && refcount_read(&task->space->references) > 1;
    return has_others || shares_handlers || shares_memory ? -EINVAL : 0;
}

long process_unshare(uint64_t flags)
{
    struct task *task = task_current();
    struct fs_state *fs = NULL, *old_fs = task->fs;
    struct descriptor_table *table = NULL, *old_table = task->descriptors;
    int error = unshare_check(task, flags);
    if (error != 0) {
        return error;
    }
    if ((flags & CLONE_FS) != 0 && atomic32_load(&old_fs->users) > 1) {
        fs = fs_state_copy(old_fs);
        error = fs == NULL ? -ENOMEM : 0;
    }
    if (error == 0 && (flags & CLONE_FILES) != 0 && descriptor_table_is_shared(old_table)) {
        table = descriptor_table_copy(old_table);
        error = table == NULL ? -ENOMEM : 0;
    }
    if (error != 0) {
        if (fs != NULL) {
            fs_state_leave(fs);
        }
        return error;
    }
    // Under the lock, since others look in (/proc); what they took a reference of stays theirs. Only the task itself changes them.
    assert(task->fs == old_fs && task->descriptors == old_table);
    spin_lock(&process_tree_lock);
    task->fs = fs != NULL ? fs : old_fs;
    task->descriptors = table != NULL ? table : old_table;
    spin_unlock(&process_tree_lock);
    if ((flags & CLONE_SYSVSEM) != 0) {
        task_leave_undo(task);
    }
    if (fs != NULL) {
        fs_state_leave(old_fs);
    }
    if (table != NULL) {
        descriptor_table_leave(old_table);
    }
    return 0;
}
