// The end of tasks and processes.
//
// A task ends by task_exit, or by process_exit of any task of its process, which first tells the others to die (THREAD_WORK_KILL).
// It leaves the lists of live tasks, gives up address space, descriptors and directories, and, as the last one to have done so, ends
// the process: timers off, terminal given up by a session leader, children to pid 1, then the process is a zombie and its parent is told. The
// order matters: pipes and sockets are closed before a parent hears of the end.
#include "device/terminal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "process/descriptor_table.h"
#include "process/ipc_ops.h"
#include "process/machine_end_internal.h"
#include "process/process_internal.h"
#include "uapi/wait.h"

void process_begin_exit_locked(struct process *process, int status)
{
    assert(spin_is_held(&process->actions->lock));
    struct task *task;
    if (process->is_exiting) {
        return;
    }
    process->is_exiting = true;
    process->exit_status = status;
    process->is_stopping = false;
    process->is_stopped = false;
    list_for_each_entry(task, &process->tasks, process_link) {
        if (&task->thread != thread_current()) {
            thread_notify(&task->thread, THREAD_WORK_KILL);
        }
    }
}

// Its use of the CPU passes to the process in the same step in which it leaves the list, so that a sum over both never misses it or
// counts it twice. Signals that the process still has go to a task that is left; a group stop no longer waits for this one.
// Takes the task off its process's list. True: it was the last live one.
static bool task_leave_process(struct task *task, int status)
{
    struct process *process = task->process;
    struct process_usage usage;
    spin_lock(&process_tree_lock);
    usage_of_task_locked(task, &usage);
    assert(task->process == process && process->task_count > 0);
    struct signal_actions *actions = signal_lock(process);
    list_remove(&task->process_link);
    bool is_last = --process->task_count == 0;
    if (is_last) {
        process_begin_exit_locked(process, status);
    }
    signal_pass_on_locked(task, ~0UL);
    bool completes_stop = signal_stop_leave_locked(task);
    signal_unlock(actions);
    usage_add(&process->usage, &usage);
    spin_unlock(&process_tree_lock);
    if (completes_stop) {
        family_notify_state(process, CLD_STOPPED);
    }
    return is_last;
}

// The task has given up everything. True: so has every other one of its process, which ends now. Not before: who waits for a process
// finds its descriptors closed, and execve finds nobody who still shares its table or goes by its number.
//
// From here on only the first task can be found by number: the process keeps it until it is reaped (family_remove_locked), while this
// structure goes with its last reference. Whoever looks at numbers (id_next) may keep the id for longer than that.
static bool task_depart(struct task *task)
{
    struct process *process = task->process;
    spin_lock(&process_tree_lock);
    assert(process->present_count > process->task_count && task->id->task == task);
    bool is_end = --process->present_count == 0;
    if (task != process->leader) {
        task->id->task = NULL;
    }
    wait_queue_wake_all(&process->task_gone);
    spin_unlock(&process_tree_lock);
    return is_end;
}

static void task_give_up_resources(struct task *task)
{
    task_change_space(task, NULL);
    task_leave_undo(task);
    spin_lock(&process_tree_lock);
    struct descriptor_table *descriptors = task->descriptors;
    struct fs_state *fs = task->fs;
    task->descriptors = NULL;
    task->fs = NULL;
    spin_unlock(&process_tree_lock);
    descriptor_table_leave(descriptors);
    fs_state_leave(fs);
}

// The process has no tasks any more but for the one that runs this.
static void process_end(struct process *process)
{
    if (process->is_session_leader) {
        job_control_session_ends(process);
    }
    if (!list_is_empty(&process->children)) {
        family_give_children_away(process);
    }
    spin_lock(&process_tree_lock);
    assert(process->present_count == 0 && !process->is_zombie);
    // pid 1 comes here at the end of a debug kernel's machine.
    assert((process->parent == NULL) == (process == process_first));
    struct terminal *terminal = process->terminal;
    process->terminal = NULL;
    // One step for everybody: who sees the zombie, waits for it or is told of it finds the same state.
    process->is_zombie = true;
    wait_queue_wake_all(&process->ended);
    job_control_check_orphans_locked(process, process->parent, true);
    bool reap = family_notify_exit_locked(process);
    if (reap) {
        family_remove_locked(process);
    }
    spin_unlock(&process_tree_lock);
    if (terminal != NULL) {
        terminal_put(terminal);
    }
    if (reap) {
        family_release(process);
    }
}

// pid 1 takes the machine with it. In a debug kernel it goes on as the last process of all.
static void first_process_end(int status)
{
    int signal = status & 0x7f;
    process_end_machine(MACHINE_POWER_OFF, signal != 0 ? 127 : (unsigned)status >> 8 & 0xff);
    machine_teardown_wait_alone();
}

_Noreturn void task_exit(int status)
{
    struct task *task = task_current();
    struct process *process = task->process;
    bool is_last = task_leave_process(task, status);
    // Timers end before anything else does: their interrupts signal this process.
    if (is_last) {
        if (process == process_first) {
            first_process_end(process->exit_status);
        }
        real_timer_stop(process);
        posix_timers_end(process);
    }
    task_give_up_resources(task);
    if (task_depart(task)) {
        process_end(process);
    }
    thread_exit();
}

_Noreturn void process_exit(int status)
{
    struct process *process = process_current();
    struct signal_actions *actions = signal_lock(process);
    // Another thread may have been first: all of them end with that one's status (POSIX exit).
    process_begin_exit_locked(process, status);
    status = process->exit_status;
    signal_unlock(actions);
    task_exit(status);
}
