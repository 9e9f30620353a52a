// Sending signals: into the queue of a task or a process, and waking who should take it.
//
// A signal that is ignored and not blocked is dropped at once. Stop signals and SIGCONT take each other out of the queues, and
// SIGCONT and SIGKILL act when they are sent, whatever the mask says. pid 1 gets only what it has a handler for. All of it happens
// under the lock of the receiver's actions, in any context (the timers send from interrupts).
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/fail_nth.h"
#include "process/process_internal.h"

static bool has_handler(const struct uapi_sigaction *action)
{
    return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

// Would nobody notice? `receiver` is whose mask counts.
static bool is_dropped_locked(struct process *process, const struct task *receiver, int number)
{
    assert(spin_is_held(&process->actions->lock));
    const struct uapi_sigaction *action = &process->actions->actions[number - 1];
    if (receiver != NULL && (receiver->signal_mask & signal_bit(number)) != 0) {
        return false;
    }
    if (has_handler(action)) {
        return false;
    }
    if (action->sa_handler == SIG_IGN || process->is_unkillable) {
        return true;
    }
    enum signal_default what = signal_default_action(number);
    return what == SIGNAL_IGNORED || what == SIGNAL_CONTINUES;
}

static void discard_everywhere_locked(struct process *process, uint64_t set)
{
    assert(spin_is_held(&process->actions->lock));
    struct task *task;
    pending_signals_discard(&process->pending, set);
    list_for_each_entry(task, &process->tasks, process_link) {
        pending_signals_discard(&task->pending, set);
    }
}

void signal_discard_pending(void)
{
    struct process *process = process_current();
    struct signal_actions *actions = signal_lock(process);
    discard_everywhere_locked(process, ~0ULL);
    signal_recalculate_locked(task_current());
    signal_unlock(actions);
}

// The effects of sending as such, before any mask or action is looked at.
static void act_at_once_locked(struct process *process, int number)
{
    assert(spin_is_held(&process->actions->lock));
    if ((signal_bit(number) & SIGNAL_STOP_SET) != 0) {
        discard_everywhere_locked(process, signal_bit(SIGCONT));
    } else if (number == SIGCONT) {
        discard_everywhere_locked(process, SIGNAL_STOP_SET);
        signal_continue_locked(process);
    }
}

static bool wants_signal(const struct task *task, int number)
{
    return (task->signal_mask & signal_bit(number)) == 0;
}

// A task of the process that does not block the signal: the first one as a rule.
static struct task *choose_task_locked(struct process *process, int number)
{
    assert(spin_is_held(&process->actions->lock));
    struct task *task;
    list_for_each_entry(task, &process->tasks, process_link) {
        if (wants_signal(task, number)) {
            return task;
        }
    }
    return NULL;
}

static int enqueue_locked(struct process *process, struct pending_signals *pending, int number,
                          const struct uapi_siginfo *info)
{
    assert(spin_is_held(&process->actions->lock));
    if (number < SIGRTMIN && (pending->set & signal_bit(number)) != 0) {
        return 0;
    }
    struct queued_signal *entry = NULL;
    bool must_be_whole = number >= SIGRTMIN && info != NULL && info->si_code != SI_USER;
    if (!must_be_whole) {
        fail_nth_commit(); // it is sent in any case, and then it is late for its details
    }
    if (pending->count < process_limit(process, RLIMIT_SIGPENDING) || number < SIGRTMIN) {
        entry = queued_signal_alloc();
    }
    // POSIX sigqueue: a value that cannot be carried is an error. Others arrive without their details (signal_queue.c).
    if (entry == NULL && must_be_whole) {
        return -EAGAIN;
    }
    if (entry != NULL && info != NULL) {
        entry->info = *info;
        entry->info.si_signo = number;
    } else if (entry != NULL) {
        entry->info = (struct uapi_siginfo){.si_signo = number, .si_code = SI_KERNEL};
    }
    pending_signals_add(pending, number, entry);
    return 0;
}

// Everything before the queue. False: nothing is to be queued.
static bool begin_locked(struct process *process, const struct task *task, int number)
{
    assert(spin_is_held(&process->actions->lock));
    assert(number >= 1 && number <= SIGNAL_COUNT);
    if (process->is_exiting || process->task_count == 0) {
        return false;
    }
    act_at_once_locked(process, number);
    // Whose mask says whether an ignored signal is kept: the receiver's, or for the process its first task's, as on Linux.
    struct task *first = list_first_entry(&process->tasks, struct task, process_link);
    if (is_dropped_locked(process, task != NULL ? task : first, number)) {
        return false;
    }
    // Not queued: nobody can block it, and a process that is out of memory must die without any.
    if (number == SIGKILL) {
        process_begin_exit_locked(process, SIGKILL);
        if (process == process_current_or_null()) {
            task_set_work(task_current(), THREAD_WORK_KILL);
        }
        return false;
    }
    return true;
}

// A signal was queued: tells who should take it.
static void notify_locked(struct process *process, struct task *task, int number)
{
    assert(spin_is_held(&process->actions->lock));
    if (task == NULL) {
        task = choose_task_locked(process, number);
    }
    if (task != NULL && wants_signal(task, number)) {
        thread_notify(&task->thread, THREAD_WORK_SIGNAL);
    }
    if (wait_queue_has_waiters(&process->actions->signalled)) {
        wait_queue_wake_all(&process->actions->signalled);
    }
}

int signal_send_process_locked(struct process *process, struct task *task, int number,
                               const struct uapi_siginfo *info)
{
    assert(spin_is_held(&process->actions->lock));
    if (!begin_locked(process, task, number)) {
        return 0;
    }
    int error =
        enqueue_locked(process, task != NULL ? &task->pending : &process->pending, number, info);
    if (error == 0) {
        notify_locked(process, task, number);
    }
    return error;
}

bool signal_send_timer_locked(struct process *process, struct task *task,
                              const struct uapi_siginfo *info, const void *source)
{
    assert(spin_is_held(&process->actions->lock));
    int number = info->si_signo;
    if (!begin_locked(process, task, number)) {
        return false;
    }
    struct queued_signal *entry = queued_signal_alloc();
    if (entry == NULL) {
        return false;
    }
    entry->info = *info;
    entry->source = source;
    pending_signals_add(task != NULL ? &task->pending : &process->pending, number, entry);
    notify_locked(process, task, number);
    return true;
}

static int send(struct process *process, struct task *task, int number,
                const struct uapi_siginfo *info)
{
    struct signal_actions *actions = signal_lock(process);
    int error = signal_send_process_locked(process, task, number, info);
    signal_unlock(actions);
    return error;
}

int signal_send_process(struct process *process, int number, const struct uapi_siginfo *info)
{
    return send(process, NULL, number, info);
}

int signal_send_task(struct task *task, int number, const struct uapi_siginfo *info)
{
    return send(task->process, task, number, info);
}

int signal_send_group_locked(struct id *group, int number, const struct uapi_siginfo *info,
                             bool check)
{
    assert(spin_is_held(&process_tree_lock));
    struct process *process;
    int result = -ESRCH;
    list_for_each_entry(process, &group->members[ID_GROUP], group_link) {
        int error = check ? signal_permission_locked(process, number) : 0;
        if (error == 0 && number != 0) {
            error = signal_send_process(process, number, info);
        }
        if (result != 0) {
            result = error;
        }
    }
    return result;
}

int signal_send_group(struct id *group, int number, const struct uapi_siginfo *info, bool check)
{
    spin_lock(&process_tree_lock);
    int result = signal_send_group_locked(group, number, info, check);
    spin_unlock(&process_tree_lock);
    return result;
}

// A blocked or ignored fault ends the program: going on would only raise it again.
void signal_force(int number, const struct uapi_siginfo *info)
{
    struct task *task = task_current();
    struct process *process = task->process;
    struct signal_actions *actions = signal_lock(process);
    assert(number >= 1 && number <= SIGNAL_COUNT);
    struct uapi_sigaction *action = actions->actions + (number - 1);
    bool is_blocked = (task->signal_mask & signal_bit(number)) != 0;
    if (is_blocked || action->sa_handler == SIG_IGN) {
        action->sa_handler = SIG_DFL;
        task->signal_mask &= ~signal_bit(number);
    }
    // Even pid 1 cannot go on at an instruction that faults: it would fault again, for ever.
    if (action->sa_handler == SIG_DFL) {
        process->is_unkillable = false;
    }
    (void)signal_send_process_locked(process, task, number, info);
    signal_recalculate_locked(task);
    signal_unlock(actions);
}

void signal_force_fatal(int number)
{
    struct task *task = task_current();
    struct signal_actions *actions = signal_lock(task->process);
    task->process->is_unkillable = false;
    process_begin_exit_locked(task->process, number);
    task_set_work(task, THREAD_WORK_KILL);
    signal_unlock(actions);
}
