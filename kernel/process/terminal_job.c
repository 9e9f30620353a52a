// Answers of process/ to the line discipline: who may read and write, whose terminal it is, which group is in the foreground.
// POSIX chapter 11.1; errors as Linux's tty_ioctl(4).
//
// A terminal's session and foreground group, and a process's terminal, are under process_tree_lock. Every process of a session that
// has the terminal holds a reference on it.
#include "device/terminal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "process/job_control.h"
#include "process/process_internal.h"
#include "uapi/capability.h"

static void set_id_locked(struct id **place, struct id *id)
{
    assert(spin_is_held(&process_tree_lock));
    struct id *old = *place;
    if (id != NULL) {
        id_get(id);
    }
    *place = id;
    if (old != NULL) {
        id_put(old);
    }
}

// Takes the terminal from every process of its session. Returns the references that the caller has to put.
static unsigned detach_session_locked(struct terminal *terminal)
{
    assert(spin_is_held(&process_tree_lock));
    struct process *member;
    unsigned references = 0;
    if (terminal->session != NULL) {
        list_for_each_entry(member, &terminal->session->members[ID_SESSION], session_link) {
            if (member->terminal == terminal) {
                member->terminal = NULL;
                references++;
            }
        }
    }
    set_id_locked(&terminal->session, NULL);
    set_id_locked(&terminal->foreground_group, NULL);
    return references;
}

static void put_references(struct terminal *terminal, unsigned count)
{
    while (count-- > 0) {
        terminal_put(terminal);
    }
}

static void signal_group(struct id *group, int signal)
{
    (void)signal_send_group(group, signal, NULL, false);
}

// The kernel shell has no business in the background: it takes the terminal back when it uses it.
static int shell_access_locked(struct process *process, struct terminal *terminal)
{
    assert(spin_is_held(&process_tree_lock));
    set_id_locked(&terminal->foreground_group, process->group);
    return 0;
}

static int background_access(struct task *task, bool is_write)
{
    struct process *process = task->process;
    int signal = is_write ? SIGTTOU : SIGTTIN;
    // POSIX 11.1.4: who ignores or blocks SIGTTIN cannot be stopped by it, so reading fails; SIGTTOU likewise, so writing goes ahead. A
    // group that nobody could continue must not be stopped either.
    if (signal_is_ignored(task, signal)) {
        return is_write ? 0 : -EIO;
    }
    spin_lock(&process_tree_lock);
    bool is_orphaned = group_is_orphaned_locked(process->group, NULL);
    if (!is_orphaned) {
        (void)signal_send_group_locked(process->group, signal, NULL, false);
    }
    spin_unlock(&process_tree_lock);
    if (is_orphaned) {
        return -EIO;
    }
    task_set_work(task, THREAD_WORK_SIGNAL);
    return -ERESTARTSYS;
}

static int may_access(struct terminal *terminal, bool is_write)
{
    if (!thread_is_task(thread_current())) {
        return 0;
    }
    struct task *task = task_current();
    struct process *process = task->process;
    int result = -EAGAIN;
    spin_lock(&process_tree_lock);
    if (process->terminal != terminal || terminal->foreground_group == NULL ||
        terminal->foreground_group == process->group) {
        result = 0;
    } else if (process->is_kernel_shell) {
        result = shell_access_locked(process, terminal);
    }
    spin_unlock(&process_tree_lock);
    return result == 0 ? 0 : background_access(task, is_write);
}

static struct id *caller_session(void)
{
    struct process *process = process_current_or_null();
    return process != NULL ? process->session : NULL;
}

static bool caller_is_session_leader(void)
{
    struct process *process = process_current_or_null();
    return process != NULL && process->is_session_leader;
}

static struct terminal *caller_terminal(void)
{
    struct process *process = process_current_or_null();
    struct terminal *terminal = NULL;
    if (process == NULL) {
        return NULL;
    }
    spin_lock(&process_tree_lock);
    terminal = process->terminal;
    if (terminal != NULL) {
        terminal_get(terminal);
    }
    spin_unlock(&process_tree_lock);
    return terminal;
}

static int set_controlling(struct terminal *terminal, bool steal)
{
    struct process *process = process_current_or_null();
    unsigned references = 0;
    int result = -EPERM;
    if (process == NULL) {
        return -EPERM;
    }
    bool may_steal = steal && credentials_can(task_current()->credentials, CAP_SYS_ADMIN);
    spin_lock(&process_tree_lock);
    if (process->is_session_leader && process->terminal == terminal &&
        terminal->session == process->session) {
        result = 0;
    } else if (process->is_session_leader && process->terminal == NULL &&
               (terminal->session == NULL || may_steal)) {
        assert(process->session->number == process->id->number);
        references = detach_session_locked(terminal);
        set_id_locked(&terminal->session, process->session);
        set_id_locked(&terminal->foreground_group, process->group);
        terminal_get(terminal);
        process->terminal = terminal;
        result = 0;
    }
    spin_unlock(&process_tree_lock);
    put_references(terminal, references);
    return result;
}

// The whole session loses its terminal; whoever is in the foreground hears of it. A stopped job goes
// on to see it, but for the leader's end, where the orphaned groups are looked after by themselves.
static unsigned disassociate_locked(struct terminal *terminal, bool is_end)
{
    assert(spin_is_held(&process_tree_lock));
    if (terminal->foreground_group != NULL) {
        (void)signal_send_group_locked(terminal->foreground_group, SIGHUP, NULL, false);
        if (!is_end) {
            (void)signal_send_group_locked(terminal->foreground_group, SIGCONT, NULL, false);
        }
    }
    return detach_session_locked(terminal);
}

// The references that are given back include the process's own, so the terminal stays until then.
void job_control_session_ends(struct process *process)
{
    spin_lock(&process_tree_lock);
    struct terminal *terminal = process->terminal;
    unsigned references = 0;
    if (terminal != NULL && terminal->session == process->session) {
        references = disassociate_locked(terminal, true);
    }
    spin_unlock(&process_tree_lock);
    if (references != 0) {
        terminal_end_files(terminal);
        put_references(terminal, references);
    }
}

static int give_up_controlling(struct terminal *terminal)
{
    struct process *process = process_current_or_null();
    unsigned references = 0;
    int result = -ENOTTY;
    spin_lock(&process_tree_lock);
    if (process != NULL && process->terminal == terminal) {
        if (process->is_session_leader) {
            references = disassociate_locked(terminal, false);
        } else {
            process->terminal = NULL;
            references = 1;
        }
        result = 0;
    }
    spin_unlock(&process_tree_lock);
    put_references(terminal, references);
    return result;
}

static bool is_callers_locked(const struct process *process, const struct terminal *terminal)
{
    assert(spin_is_held(&process_tree_lock));
    return process != NULL && process->terminal == terminal &&
           terminal->session == process->session;
}

static int set_foreground_locked(struct process *process, struct terminal *terminal,
                                 struct id *group)
{
    assert(spin_is_held(&process_tree_lock));
    if (!is_callers_locked(process, terminal)) {
        return -ENOTTY;
    }
    if (group == NULL) {
        return -ESRCH;
    }
    struct process *member =
        list_first_entry_or_null(&group->members[ID_GROUP], struct process, group_link);
    if (member == NULL || member->session != process->session) {
        return -EPERM;
    }
    set_id_locked(&terminal->foreground_group, group);
    return 0;
}

static int set_foreground(struct terminal *terminal, int group_number)
{
    if (group_number < 0) {
        return -EINVAL;
    }
    struct id *group = id_find(group_number);
    spin_lock(&process_tree_lock);
    int result = set_foreground_locked(process_current_or_null(), terminal, group);
    spin_unlock(&process_tree_lock);
    if (group != NULL) {
        id_put(group);
    }
    return result;
}

static int get_foreground(struct terminal *terminal)
{
    int result = -ENOTTY;
    spin_lock(&process_tree_lock);
    if (is_callers_locked(process_current_or_null(), terminal)) {
        result = terminal->foreground_group != NULL ? terminal->foreground_group->number : 0;
    }
    spin_unlock(&process_tree_lock);
    return result;
}

static int get_session(struct terminal *terminal)
{
    int result = -ENOTTY;
    spin_lock(&process_tree_lock);
    if (is_callers_locked(process_current_or_null(), terminal)) {
        result = terminal->session->number;
    }
    spin_unlock(&process_tree_lock);
    return result;
}

static const struct terminal_job_ops job_ops = {
    .signal_group = signal_group,
    .may_access = may_access,
    .caller_session = caller_session,
    .caller_is_session_leader = caller_is_session_leader,
    .caller_terminal = caller_terminal,
    .set_controlling = set_controlling,
    .give_up_controlling = give_up_controlling,
    .set_foreground = set_foreground,
    .get_foreground = get_foreground,
    .get_session = get_session,
};

void job_control_init(void)
{
    terminal_set_job_ops(&job_ops);
}
