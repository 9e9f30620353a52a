/*
 * execve by one of several tasks: the others end, and the one that goes on becomes the process's first task, with its number.
 *
 * process->exec_task names it while that is under way (tree lock and signal lock); tasks that are told to die meanwhile end alone and not
 * with their process.
 */
#include "lib/assert.h"
#include "lib/errno.h"
#include "process/process_internal.h"

/*
 * Killing is all that can be done to a task from outside: each of the others dies on its own way to user mode, gives up what it shares,
 * and wakes this one (task_depart). A clone that is under way sees exec_task and starts over, so that no new task slips in.
 */
/* Tells the others. 0, -EAGAIN: another task's execve came first; the caller is about to die. */
static int begin(struct task *task)
{
    struct process *process = task->process;
    struct task *other;
    int error = 0;
    spin_lock(&process_tree_lock);
    struct signal_actions *actions = signal_lock(process);
    if (process->is_exiting || process->exec_task != NULL) {
        error = -EAGAIN;
    } else {
        process->exec_task = task;
        list_for_each_entry(other, &process->tasks, process_link) {
            if (other != task) {
                thread_notify(&other->thread, THREAD_WORK_KILL);
            }
        }
    }
    signal_unlock(actions);
    spin_unlock(&process_tree_lock);
    return error;
}

static bool is_killed(const struct task *task)
{
    return (READ_ONCE(task->thread.arch.work) & THREAD_WORK_KILL) != 0;
}

/* Waits for the others' ends; only this task's own death ends that early. */
static int wait_for_others(struct task *task)
{
    struct process *process = task->process;
    while (READ_ONCE(process->present_count) > 1 && !is_killed(task)) {
        // With a bound, since being killed does not wake this queue: it wakes the thread, which may be between two looks just then.
        int ignored = WAIT_COMMON(&process->task_gone,
                                  READ_ONCE(process->present_count) == 1 || is_killed(task),
                                  THREAD_BLOCKED, clock_monotonic_ns() + 10 * NS_PER_MS);
        (void)ignored;
    }
    return READ_ONCE(process->present_count) == 1 ? 0 : -EINTR;
}

/* The first task is dead and waits to be reaped with the process: its number passes to the one that goes on, its own to the dead one. */
static void become_leader_locked(struct task *task)
{
    assert(spin_is_held(&process_tree_lock));
    struct process *process = task->process;
    struct task *dead = process->leader;
    assert(process->present_count == 1 && process->task_count == 1 && dead != task);
    struct id *number = task->id;
    task->id = dead->id;
    dead->id = number;
    task->thread.number = task->id->number;
    dead->thread.number = number->number;
    task->id->task = task;
    number->task = NULL;
    process->leader = task;
    thread_get(&task->thread);
}

int thread_group_take_over(struct task *task)
{
    struct process *process = task->process;
    int error = begin(task);
    if (error != 0) {
        return error;
    }
    error = wait_for_others(task);
    struct task *dead = NULL;
    spin_lock(&process_tree_lock);
    struct signal_actions *actions = signal_lock(process);
    assert(process->exec_task == task);
    process->exec_task = NULL;
    if (error == 0 && process->leader != task) {
        dead = process->leader;
        become_leader_locked(task);
    }
    signal_unlock(actions);
    spin_unlock(&process_tree_lock);
    if (dead != NULL) {
        task_put(dead);
    }
    return error;
}
