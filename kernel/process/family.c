// The family of processes: who is whose child, and who is told of an end.
//
// All of it is under process_tree_lock. A process enters with family_add_locked, becomes a zombie in exit.c, and leaves with
// family_remove_locked when its parent waits, or at once where the parent said that it will not (SIG_IGN, SA_NOCLDWAIT). Children of
// a dead process go to the nearest ancestor that asked for them (PR_SET_CHILD_SUBREAPER), else to pid 1. See wait(2) and exit(3) of POSIX, and Linux's siginfo for SIGCHLD.
#include "device/terminal.h"
#include "lib/assert.h"
#include "process/process_internal.h"
#include "uapi/wait.h"

enum { FAMILY_BATCH = 256 }; // children moved in one go under the lock

static void parent_set_locked(struct process *process, struct process *parent)
{
    assert(spin_is_held(&process_tree_lock));
    process->parent = parent;
    WRITE_ONCE(process->parent_number, parent == NULL ? 0 : parent->id->number);
}

void family_add_locked(struct process *process, struct process *parent)
{
    assert(spin_is_held(&process_tree_lock));
    parent_set_locked(process, parent);
    list_add_tail(&process->id->members[ID_PROCESS], &process->id_link);
    if (parent != NULL) {
        list_add_tail(&parent->children, &process->sibling_link);
    }
}

void family_remove_locked(struct process *process)
{
    assert(spin_is_held(&process_tree_lock) && process->is_zombie);
    list_remove(&process->sibling_link);
    list_remove(&process->id_link);
    list_remove(&process->group_link);
    list_remove(&process->session_link);
    process->id->task = NULL;
    parent_set_locked(process, NULL);
}

// A finder may still hold the process: it must not find what is given up here.
void family_release(struct process *process)
{
    spin_lock(&process_tree_lock);
    assert(process->parent == NULL && process->leader != NULL);
    struct id *group = process->group, *session = process->session;
    struct task *leader = process->leader;
    process->group = NULL;
    process->session = NULL;
    process->leader = NULL;
    spin_unlock(&process_tree_lock);
    id_put(group);
    id_put(session);
    task_put(leader);
    process_put(process);
}

static int64_t ticks_from_ns(uint64_t ns)
{
    return (int64_t)(ns / (NS_PER_SECOND / USER_HZ));
}

// The siginfo that a parent gets about a child.
static void child_info(struct uapi_siginfo *info, struct process *child, int code, int status)
{
    *info = (struct uapi_siginfo){.si_signo = SIGCHLD, .si_code = code};
    info->fields.sigchld.pid = child->id->number;
    info->fields.sigchld.uid = child->leader->credentials->uid;
    info->fields.sigchld.status = status;
    info->fields.sigchld.utime = ticks_from_ns(child->usage.user_ns);
    info->fields.sigchld.stime = ticks_from_ns(child->usage.kernel_ns);
}

bool family_notify_exit_locked(struct process *process)
{
    assert(spin_is_held(&process_tree_lock));
    struct process *parent = process->parent;
    if (parent == NULL) {
        return false; // pid 1, at the end of the machine
    }
    int status = process->exit_status;
    // clone takes any byte; a number that is no signal sends nothing.
    int signal = process->exit_signal > SIGNAL_COUNT ? 0 : process->exit_signal;
    bool is_killed = (status & 0x7f) != 0;
    bool reap = false;

    // POSIX (sigaction, SA_NOCLDWAIT): a parent that ignores SIGCHLD gets no zombies; with the flag alone it still gets the signal. Another
    // signal than SIGCHLD, which clone can ask for, makes a zombie in any case.
    struct signal_actions *actions = signal_lock(parent);
    const struct uapi_sigaction *action = &actions->actions[SIGCHLD - 1];
    if (signal == SIGCHLD &&
        (action->sa_handler == SIG_IGN || (action->sa_flags & SA_NOCLDWAIT) != 0)) {
        reap = true;
        signal = action->sa_handler == SIG_IGN ? 0 : signal;
    }
    if (signal != 0) {
        struct uapi_siginfo info;
        child_info(&info, process, is_killed ? CLD_KILLED : CLD_EXITED,
                   is_killed ? status & 0x7f : status >> 8 & 0xff);
        info.si_signo = signal;
        (void)signal_send_process_locked(parent, NULL, signal, &info);
    }
    signal_unlock(actions);
    wait_queue_wake_all(&parent->child_events);
    return reap;
}

void family_notify_state(struct process *process, int code)
{
    spin_lock(&process_tree_lock);
    struct process *parent = process->parent;
    if (parent != NULL) {
        struct uapi_siginfo info;
        child_info(&info, process, code, code == CLD_CONTINUED ? SIGCONT : process->stop_signal);
        struct signal_actions *actions = signal_lock(parent);
        const struct uapi_sigaction *action = &actions->actions[SIGCHLD - 1];
        if (action->sa_handler != SIG_IGN && (action->sa_flags & SA_NOCLDSTOP) == 0) {
            (void)signal_send_process_locked(parent, NULL, SIGCHLD, &info);
        }
        signal_unlock(actions);
        wait_queue_wake_all(&parent->child_events);
    }
    spin_unlock(&process_tree_lock);
}

// Who takes the children of a process that ends. One whose last task has left takes none: it may have given its own away already.
static struct process *reaper_find_locked(const struct process *process)
{
    assert(spin_is_held(&process_tree_lock));
    struct process *reaper = process->parent;
    while (reaper != NULL && !(READ_ONCE(reaper->is_reaper) && reaper->task_count > 0)) {
        reaper = reaper->parent;
    }
    return reaper != NULL ? reaper : process_first;
}

// Moves one child to the reaper. True: it was a zombie that nobody waits for and left the tree.
static bool child_give_away_locked(struct process *child, struct process *reaper)
{
    assert(spin_is_held(&process_tree_lock));
    struct process *parent = child->parent;
    struct task *task;
    list_for_each_entry(task, &child->tasks, process_link) {
        if (task->parent_death_signal != 0) {
            (void)signal_send_process(child, (int)task->parent_death_signal, NULL);
        }
    }
    // The new parent did not choose the signal of its end (clone(2)): whoever is adopted ends with SIGCHLD.
    list_remove(&child->sibling_link);
    parent_set_locked(child, reaper);
    child->exit_signal = SIGCHLD;
    list_add_tail(&reaper->children, &child->sibling_link);
    job_control_check_orphans_locked(child, parent, false);
    if (child->is_zombie && family_notify_exit_locked(child)) {
        family_remove_locked(child);
        return true;
    }
    return false;
}

// In batches, since a process may have thousands of children and the lock keeps interrupts off; those that nobody waits for are released
// between the batches, since that may free what must not be freed spinning. Nobody can add to the list meanwhile: the process has no
// task any more that could fork, and CLONE_PARENT goes by the parent that a child has under the lock.
void family_give_children_away(struct process *process)
{
    bool more = true;
    while (more) {
        struct process *reaped[8];
        unsigned reaped_count = 0;
        spin_lock(&process_tree_lock);
        struct process *reaper = reaper_find_locked(process);
        for (unsigned i = 0; i < FAMILY_BATCH && reaped_count < ARRAY_SIZE(reaped) &&
                             !list_is_empty(&process->children);
             i++) {
            struct process *child =
                list_first_entry(&process->children, struct process, sibling_link);
            if (child_give_away_locked(child, reaper)) {
                reaped[reaped_count++] = child;
            }
        }
        more = !list_is_empty(&process->children);
        spin_unlock(&process_tree_lock);
        while (reaped_count > 0) {
            family_release(reaped[--reaped_count]);
        }
    }
}
