// Job control: terminals' questions (device/terminal.h's terminal_job_ops) and orphaned groups.
#pragma once

#include "lib/compiler.h"

struct process;
struct id;

void job_control_init(void); // hands terminal_job_ops to device/
// Is no member's parent in another group of the same session? process_tree_lock is held.
bool group_is_orphaned_locked(struct id *group, const struct process *ignored);
// A process leaves (exit) or changes group: groups that become orphaned with stopped members get SIGHUP and SIGCONT.
void job_control_process_left_locked(struct process *process);
