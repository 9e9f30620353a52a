// What process/ asks of ipc/, which stands above it: set once, before the first program.
#pragma once

#include "lib/compiler.h"

struct task;

struct process_ipc_ops {
    // CLONE_SYSVSEM: the child undoes its semaphore operations together with the current task, its parent. 0 or -ENOMEM.
    int (*undo_share)(struct task *parent, struct task *child);
    // A task ends, or parts with the others. May sleep.
    void (*undo_leave)(struct task *task);
    void (*shut_down)(void); // the machine ends: every object goes
};

void process_set_ipc_ops(const struct process_ipc_ops *ops);

// For process/.
must_check int task_share_undo(struct task *parent, struct task *child);
void task_leave_undo(struct task *task);
void process_ipc_shut_down(void);
