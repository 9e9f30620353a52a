// Job control's stop and continue.
//
// A stop begins when a task takes a stop signal with its default action; every other task of the process is told by THREAD_WORK_STOP
// and stops on its way to user mode; the last one to stop tells the parent. SIGCONT ends the stop when it is sent (signal_send.c);
// the first task that runs again tells the parent. A SIGCONT between taking the stop signal and the stop wins.
#include "lib/assert.h"
#include "process/process_internal.h"

// Has it to die, or to be counted for a stop that began after the one it stands in?
static bool is_called_away(const struct task *task)
{
    return (READ_ONCE(task->thread.arch.work) & (THREAD_WORK_KILL | THREAD_WORK_STOP)) != 0;
}

// Counts a task as stopped. True: it was the last one, and the parent has to hear of it.
static bool count_stopped_locked(struct task *task)
{
    struct process *process = task->process;
    assert(spin_is_held(&process->actions->lock));
    if (!process->is_stopping || task->joined_stop == process->stop_number) {
        return false;
    }
    task->joined_stop = process->stop_number;
    assert(process->tasks_to_stop > 0);
    if (--process->tasks_to_stop != 0) {
        return false;
    }
    process->is_stopped = true;
    process->stop_reported = false;
    process->continue_pending = false;
    return true;
}

static bool count_stopped(struct task *task)
{
    struct signal_actions *actions = signal_lock(task->process);
    bool is_last = count_stopped_locked(task);
    signal_unlock(actions);
    return is_last;
}

// A task that ends while its process stops is not waited for.
bool signal_stop_leave_locked(struct task *task)
{
    assert(spin_is_held(&task->process->actions->lock));
    return task->process->task_count != 0 && count_stopped_locked(task);
}

static bool take_continue_report(struct process *process)
{
    struct signal_actions *actions = signal_lock(process);
    bool must_report = process->must_report_continue;
    process->must_report_continue = false;
    signal_unlock(actions);
    return must_report;
}

// Stands still until SIGCONT, the next stop or death.
static void stand_still(struct task *task)
{
    struct process *process = task->process;
    for (;;) {
        thread_prepare_to_block(THREAD_STOPPED);
        if (!READ_ONCE(process->is_stopping) || is_called_away(task)) {
            break;
        }
        scheduler_block();
    }
    thread_cancel_block();
}

void signal_stop_join(struct task *task)
{
    struct process *process = task->process;
    task_clear_work(task, THREAD_WORK_STOP);
    if (count_stopped(task)) {
        family_notify_state(process, CLD_STOPPED);
    }
    stand_still(task);
    if (take_continue_report(process)) {
        family_notify_state(process, CLD_CONTINUED);
    }
}

void signal_stop_begin(struct task *task, int number)
{
    struct process *process = task->process;
    struct task *other;
    struct signal_actions *actions = signal_lock(process);
    // Between taking the signal and here the lock was free: a SIGCONT in that time has cleared stop_was_taken, and wins.
    bool begins = process->stop_was_taken && !process->is_exiting;
    if (begins && !process->is_stopping) {
        process->is_stopping = true;
        process->stop_number++;
        process->stop_signal = number;
        process->tasks_to_stop = process->task_count;
        list_for_each_entry(other, &process->tasks, process_link) {
            if (other != task) {
                thread_notify(&other->thread, THREAD_WORK_STOP);
            }
        }
    }
    signal_unlock(actions);
    if (begins) {
        signal_stop_join(task);
    }
}

void signal_continue_locked(struct process *process)
{
    struct task *task;
    assert(spin_is_held(&process->actions->lock));
    process->stop_was_taken = false;
    if (!process->is_stopping) {
        return;
    }
    if (process->is_stopped) {
        process->continue_pending = true;
        process->must_report_continue = true;
    }
    process->is_stopping = false;
    process->is_stopped = false;
    list_for_each_entry(task, &process->tasks, process_link) {
        task_clear_work(task, THREAD_WORK_STOP);
        thread_wake_states(&task->thread, 1u << THREAD_STOPPED);
    }
}
