// Job control: terminals' questions (device/terminal.h's terminal_job_ops) and orphaned groups.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct process;
struct id;

void job_control_init(void); // hands terminal_job_ops to device/
// Does no member of the group have a parent in another group of the same session? Such a group cannot be continued by a shell.
// process_tree_lock is held; `ignored` counts as gone already, may be NULL.
bool group_is_orphaned_locked(struct id *group, const struct process *ignored);
// The same of the process's own group; takes the lock.
bool job_control_is_orphaned(struct process *process);
