// The way up to ipc/. Without it (in a kernel that was not given any) the calls have nothing to do.
#include "process/ipc_ops.h"

#include "process/process.h"

static const struct process_ipc_ops *ipc_ops; // [I]

void process_set_ipc_ops(const struct process_ipc_ops *ops)
{
    ipc_ops = ops;
}

int task_share_undo(struct task *parent, struct task *child)
{
    return ipc_ops != NULL ? ipc_ops->undo_share(parent, child) : 0;
}

void task_leave_undo(struct task *task)
{
    if (task->undo_list != NULL) {
        ipc_ops->undo_leave(task);
    }
}

void process_ipc_shut_down(void)
{
    if (ipc_ops != NULL) {
        ipc_ops->shut_down();
    }
}
