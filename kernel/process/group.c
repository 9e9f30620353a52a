// Process groups and sessions: setpgid, setsid and their questions, with POSIX's rules and Linux's errors.
//
// A group or session is an id with members; its number is not given out again while a member lives, since each member holds a
// reference on the id.
#include "device/terminal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "process/process_internal.h"

// Number 0 belongs to the kernel: pid 1 is in no group and session that a program could name until it makes its own.
struct id id_zero = {
    .number = 0,
    .references = REFCOUNT_INIT(1),
    .members = {LIST_INIT(id_zero.members[0]), LIST_INIT(id_zero.members[1]),
                LIST_INIT(id_zero.members[2]), LIST_INIT(id_zero.members[3])},
};

void process_join_group_locked(struct process *process, struct id *group, struct id *session)
{
    assert(spin_is_held(&process_tree_lock));
    assert(!list_is_linked(&process->group_link) && !list_is_linked(&process->session_link));
    id_get(group);
    id_get(session);
    process->group = group;
    process->session = session;
    list_add_tail(&group->members[ID_GROUP], &process->group_link);
    list_add_tail(&session->members[ID_SESSION], &process->session_link);
}

void process_leave_group_locked(struct process *process)
{
    assert(spin_is_held(&process_tree_lock));
    list_remove(&process->group_link);
    list_remove(&process->session_link);
    id_put(process->group);
    id_put(process->session);
}

// setpgid's rules (POSIX): oneself or one's child in the same session; a child not after its execve, since it is another program then that
// was not asked; never a session's leader, whose group has the session's number.
// May the caller change the group of this process (NULL: there is none of that number)? Only of itself and of its children.
static int group_check_target_locked(const struct process *target, const struct process *self)
{
    assert(spin_is_held(&process_tree_lock));
    if (target == self) {
        return 0;
    }
    if (target == NULL || target->parent != self) {
        return -ESRCH;
    }
    return target->session != self->session ? -EPERM : target->executions != 0 ? -EACCES : 0;
}

// 0: `process` may join the group `number` (its own, or one of its session). *id: borrowed, kept by the process or a member.
static int group_find_locked(struct process *process, int number, struct id *candidate)
{
    assert(spin_is_held(&process_tree_lock));
    if (number == process->id->number) {
        return 0;
    }
    if (candidate == NULL || list_is_empty(&candidate->members[ID_GROUP])) {
        return -EPERM;
    }
    struct process *member =
        list_first_entry(&candidate->members[ID_GROUP], struct process, group_link);
    return member->session == process->session ? 0 : -EPERM;
}

static int group_set_locked(struct process *process, int group, struct id *candidate)
{
    assert(spin_is_held(&process_tree_lock));
    int error = group_check_target_locked(process, process_current());
    if (error != 0) {
        return error;
    }
    if (process->is_session_leader) {
        return -EPERM;
    }
    group = group == 0 ? process->id->number : group;
    if (group == process->id->number) {
        candidate = process->id;
    }
    error = group_find_locked(process, group, candidate);
    if (error != 0 || candidate == process->group) {
        return error;
    }
    struct id *session = process->session;
    id_get(session);
    process_leave_group_locked(process);
    process_join_group_locked(process, candidate, session);
    id_put(session);
    return 0;
}

int process_set_group(int number, int group)
{
    if (group < 0 || (group == 0 && number < 0)) {
        return -EINVAL;
    }
    struct id *candidate = group > 0 ? id_find(group) : NULL;
    struct process *process = process_find(number != 0 ? number : process_current()->id->number);
    spin_lock(&process_tree_lock);
    int error = group_set_locked(process, group, candidate);
    spin_unlock(&process_tree_lock);
    if (process != NULL) {
        process_put(process);
    }
    if (candidate != NULL) {
        id_put(candidate);
    }
    return error;
}

static int process_ask(int number, bool for_session)
{
    struct process *process = number == 0 ? process_current() : process_find_of_task(number);
    if (process == NULL) {
        return -ESRCH;
    }
    spin_lock(&process_tree_lock);
    const struct id *id = for_session ? process->session : process->group;
    int result = process->parent == NULL && process != process_first ? -ESRCH : id->number;
    spin_unlock(&process_tree_lock);
    if (number != 0) {
        process_put(process);
    }
    return result;
}

int process_get_group(int number)
{
    return process_ask(number, false);
}

int process_get_session(int number)
{
    return process_ask(number, true);
}

int process_new_session(void)
{
    struct process *process = process_current();
    struct terminal *terminal = NULL;
    int result = -EPERM;
    spin_lock(&process_tree_lock);
    if (!process->is_session_leader && list_is_empty(&process->id->members[ID_GROUP])) {
        process_leave_group_locked(process);
        process_join_group_locked(process, process->id, process->id);
        process->is_session_leader = true;
        terminal = process->terminal;
        process->terminal = NULL;
        result = process->id->number;
    }
    spin_unlock(&process_tree_lock);
    if (terminal != NULL) {
        terminal_put(terminal);
    }
    return result;
}
