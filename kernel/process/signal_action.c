// Actions and masks: what a process does with each signal, and what a task blocks.
//
// The actions are one object, shared with CLONE_SIGHAND; its lock guards the masks and the queues of everybody who shares it. Only
// exec replaces the object of a process, so a sender takes the lock and looks again (signal_lock). See sigaction(2), sigprocmask(2).
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "process/process_internal.h"
#include "sync/rcu.h"

// Everything that is not named here ends the process.
static const uint8_t default_actions[SIGNAL_COUNT + 1] = {
    [SIGCHLD] = SIGNAL_IGNORED,   [SIGURG] = SIGNAL_IGNORED, [SIGWINCH] = SIGNAL_IGNORED,
    [SIGCONT] = SIGNAL_CONTINUES, [SIGSTOP] = SIGNAL_STOPS,  [SIGTSTP] = SIGNAL_STOPS,
    [SIGTTIN] = SIGNAL_STOPS,     [SIGTTOU] = SIGNAL_STOPS,
};

enum signal_default signal_default_action(int number)
{
    assert(number >= 1 && number <= SIGNAL_COUNT);
    return (enum signal_default)default_actions[number];
}

// exec may replace the object between reading the pointer and having its lock. Under RCU the old one stays long enough to be locked; then
// the pointer is read once more, and since exec replaces it with the old one's lock held, an equal pointer stays equal.
no_lock_analysis struct signal_actions *signal_lock(struct process *process)
{
    rcu_read_lock();
    for (;;) {
        struct signal_actions *actions = rcu_dereference(process->actions);
        spin_lock(&actions->lock);
        if (likely(actions == READ_ONCE(process->actions))) {
            rcu_read_unlock();
            return actions;
        }
        spin_unlock(&actions->lock);
    }
}

no_lock_analysis void signal_unlock(struct signal_actions *actions)
{
    spin_unlock(&actions->lock);
}

static struct signal_actions *actions_alloc(void)
{
    struct signal_actions *actions = heap_alloc(sizeof(*actions));
    if (actions != NULL) {
        refcount_init(&actions->references, 1);
        spin_init(&actions->lock, LOCK_RANK_SIGNAL);
        wait_queue_init(&actions->signalled);
    }
    return actions;
}

struct signal_actions *signal_actions_create(void)
{
    struct signal_actions *actions = actions_alloc();
    if (actions != NULL) {
        memset(actions->actions, 0, sizeof(actions->actions));
    }
    return actions;
}

// The source is the caller's own; a process that shares it may be changing it.
struct signal_actions *signal_actions_copy(struct signal_actions *source)
{
    struct signal_actions *actions = actions_alloc();
    if (actions != NULL) {
        spin_lock(&source->lock);
        memcpy(actions->actions, source->actions, sizeof(actions->actions));
        spin_unlock(&source->lock);
    }
    return actions;
}

struct signal_actions *signal_actions_get(struct signal_actions *actions)
{
    refcount_get(&actions->references);
    return actions;
}

static void actions_free(struct rcu_head *head)
{
    heap_free(container_of(head, struct signal_actions, rcu));
}

// A sender may stand between reading process->actions and taking the lock when exec replaces them.
void signal_actions_put(struct signal_actions *actions)
{
    if (refcount_put(&actions->references)) {
        rcu_defer(&actions->rcu, actions_free);
    }
}

void signal_recalculate_locked(struct task *task)
{
    assert(spin_is_held(&task->process->actions->lock));
    uint64_t pending = task->pending.set | task->process->pending.set;
    if ((pending & ~task->signal_mask) != 0) {
        task_set_work(task, THREAD_WORK_SIGNAL);
    } else {
        task_clear_work(task, THREAD_WORK_SIGNAL);
    }
}

static bool is_ignored_by(const struct uapi_sigaction *action, int number)
{
    enum signal_default what = signal_default_action(number);
    return action->sa_handler == SIG_IGN ||
           (action->sa_handler == SIG_DFL && (what == SIGNAL_IGNORED || what == SIGNAL_CONTINUES));
}

int signal_set_action(int number, const struct uapi_sigaction *action, struct uapi_sigaction *old)
{
    if (number < 1 || number > SIGNAL_COUNT ||
        (action != NULL && (SIGNAL_BIT(number) & SIGNAL_UNBLOCKABLE) != 0)) {
        return -EINVAL;
    }
    struct process *process = process_current();
    struct task *task;
    struct signal_actions *actions = signal_lock(process);
    struct uapi_sigaction *place = &actions->actions[number - 1];
    if (old != NULL) {
        *old = *place;
    }
    if (action != NULL) {
        *place = *action;
        place->sa_mask &= ~SIGNAL_UNBLOCKABLE;
        place->sa_flags &= SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |
                           SA_NODEFER | SA_RESETHAND | SA_RESTORER | SA_EXPOSE_TAGBITS;
        // POSIX sigaction: what is ignored from now on is not pending any more, blocked or not.
        if (is_ignored_by(place, number)) {
            pending_signals_discard(&process->pending, signal_bit(number));
            list_for_each_entry(task, &process->tasks, process_link) {
                pending_signals_discard(&task->pending, signal_bit(number));
            }
        }
    }
    signal_unlock(actions);
    return 0;
}

// A signal to the process woke one task that took it then. If that one blocks it now, or ends, another has to be told, or nobody would
// look at the queue although somebody could take it.
void signal_pass_on_locked(struct task *task, uint64_t set)
{
    struct process *process = task->process;
    struct task *other;
    assert(spin_is_held(&process->actions->lock));
    set &= process->pending.set;
    if (likely(set == 0)) {
        return;
    }
    list_for_each_entry(other, &process->tasks, process_link) {
        if (other != task && (set & ~other->signal_mask) != 0) {
            thread_notify(&other->thread, THREAD_WORK_SIGNAL);
        }
    }
}

void signal_set_mask(uint64_t mask)
{
    struct task *task = task_current();
    mask &= ~SIGNAL_UNBLOCKABLE;
    if (mask == task->signal_mask) {
        return;
    }
    struct signal_actions *actions = signal_lock(task->process);
    signal_pass_on_locked(task, mask & ~task->signal_mask);
    assert((mask & SIGNAL_UNBLOCKABLE) == 0);
    task->signal_mask = mask;
    signal_recalculate_locked(task);
    signal_unlock(actions);
}

void signal_set_temporary_mask(uint64_t mask)
{
    struct task *task = task_current();
    task->saved_signal_mask = task->signal_mask;
    signal_set_mask(mask);
    task_set_work(task, THREAD_WORK_RESTORE_MASK);
}

void signal_end_temporary_mask(void)
{
    struct task *task = task_current();
    if ((READ_ONCE(task->thread.arch.work) & THREAD_WORK_RESTORE_MASK) != 0) {
        task_clear_work(task, THREAD_WORK_RESTORE_MASK);
        signal_set_mask(task->saved_signal_mask);
    }
}

uint64_t signal_pending_set(struct task *task)
{
    struct signal_actions *actions = signal_lock(task->process);
    uint64_t set = task->pending.set | task->process->pending.set;
    signal_unlock(actions);
    return set;
}

bool signal_is_ignored(struct task *task, int number)
{
    struct signal_actions *actions = signal_lock(task->process);
    bool ignored = (task->signal_mask & signal_bit(number)) != 0 ||
                   actions->actions[number - 1].sa_handler == SIG_IGN;
    signal_unlock(actions);
    return ignored;
}

void signal_reset_for_exec(struct task *task)
{
    struct signal_actions *actions = signal_lock(task->process);
    for (unsigned i = 0; i < SIGNAL_COUNT; i++) {
        struct uapi_sigaction *action = &actions->actions[i];
        if ((action->sa_handler | action->sa_flags | action->sa_mask) == 0) {
            continue; // most were never touched
        }
        uint64_t handler = action->sa_handler == SIG_IGN ? SIG_IGN : SIG_DFL;
        *action = (struct uapi_sigaction){.sa_handler = handler};
    }
    signal_unlock(actions);
    task->alternate_stack = (struct uapi_stack){.ss_flags = SS_DISABLE};
    task->restart.restart = NULL;
}
