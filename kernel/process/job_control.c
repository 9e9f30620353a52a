// Orphaned process groups (POSIX 3.264, exit(3)), and what the end of a session's leader means for its terminal.
//
// A group is orphaned when no member has a parent in another group of the same session: no shell is left that could continue it. If
// that happens to a group with stopped members, it gets SIGHUP and SIGCONT. Everything here is under process_tree_lock.
#include "process/job_control.h"

#include "device/terminal.h"
#include "lib/assert.h"
#include "process/process_internal.h"

static bool is_anchor_locked(const struct process *member, const struct id *group)
{
    assert(spin_is_held(&process_tree_lock));
    const struct process *parent = member->parent;
    return parent != NULL && parent != process_first && parent->group != group &&
           parent->session == member->session;
}

bool group_is_orphaned_locked(struct id *group, const struct process *ignored)
{
    struct process *member;
    assert(spin_is_held(&process_tree_lock));
    list_for_each_entry(member, &group->members[ID_GROUP], group_link) {
        if (member != ignored && !member->is_zombie && is_anchor_locked(member, group)) {
            return false;
        }
    }
    return true;
}

bool job_control_is_orphaned(struct process *process)
{
    spin_lock(&process_tree_lock);
    bool is_orphaned = group_is_orphaned_locked(process->group, NULL);
    spin_unlock(&process_tree_lock);
    return is_orphaned;
}

static bool has_stopped_member_locked(struct id *group)
{
    assert(spin_is_held(&process_tree_lock));
    struct process *member;
    list_for_each_entry(member, &group->members[ID_GROUP], group_link) {
        if (READ_ONCE(member->is_stopped)) {
            return true;
        }
    }
    return false;
}

// `process` ends (is_leaving), or its parent `parent` does: in either case the link between their groups is gone.
void job_control_check_orphans_locked(struct process *process, struct process *parent,
                                      bool is_leaving)
{
    assert(spin_is_held(&process_tree_lock));
    struct id *group = process->group;
    if (parent == NULL || parent->group == group || parent->session != process->session ||
        !has_stopped_member_locked(group) ||
        !group_is_orphaned_locked(group, is_leaving ? process : NULL)) {
        return;
    }
    // In this order: the hang-up is there when they go on (POSIX exit).
    (void)signal_send_group_locked(group, SIGHUP, NULL, false);
    (void)signal_send_group_locked(group, SIGCONT, NULL, false);
}
