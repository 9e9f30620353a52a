// Waiting for children: wait4 and waitid.
//
// The caller looks at its children under process_tree_lock; where nothing fits it sleeps on its process's own queue, which every
// change of a child wakes. A zombie that is taken leaves the tree under the same lock, so no two waiters get it. Where there are many
// children the lock is let go now and then, with a reference on the child that comes next.
#include "uapi/wait.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "process/process_internal.h"

enum { CHILDREN_PER_HOLD = 128 };

struct wait_query {
    struct process *self;
    int which, number, options;
    struct wait_result *result;
    struct process *reaped; // left the tree: to be released without the lock
    struct process
        *next; // a reference: where the look goes on; NULL: at the first child, or it is over
};

enum wait_outcome { WAIT_NO_CHILD, WAIT_NOTHING_YET, WAIT_FOUND };

static bool query_matches(const struct wait_query *query, const struct process *child)
{
    // wait(2): a "clone" child is one whose end is told by another signal than SIGCHLD. Most waits do not see those.
    bool is_clone = child->exit_signal != SIGCHLD;
    if ((query->options & __WALL) == 0 && is_clone != ((query->options & (int)__WCLONE) != 0)) {
        return false;
    }
    switch (query->which) {
    case P_PID: return child->id->number == query->number;
    case P_PGID: return child->group->number == query->number;
    default: return true;
    }
}

static void result_fill(struct wait_result *result, const struct process *child, int status,
                        int code)
{
    assert(spin_is_held(&process_tree_lock) && child->leader != NULL);
    result->number = child->id->number;
    result->uid = child->leader->credentials->uid;
    result->status = status;
    result->code = code;
    result->usage = child->usage;
    usage_add(&result->usage, &child->children_usage);
}

static bool take_zombie(struct wait_query *query, struct process *child)
{
    int status = child->exit_status;
    assert(child->is_zombie && child->present_count == 0);
    result_fill(query->result, child, status, (status & 0x7f) != 0 ? CLD_KILLED : CLD_EXITED);
    // What its children used that it waited for comes with it (getrusage(2), RUSAGE_CHILDREN); those it ignored are nobody's.
    if ((query->options & WNOWAIT) == 0) {
        usage_add(&query->self->children_usage, &query->result->usage);
        family_remove_locked(child);
        query->reaped = child;
    }
    return true;
}

// A stop or a continue that the parent has not heard of.
static bool take_state(struct wait_query *query, struct process *child)
{
    bool keep = (query->options & WNOWAIT) != 0;
    bool found = false;
    struct signal_actions *actions = signal_lock(child);
    if ((query->options & WUNTRACED) != 0 && child->is_stopped && !child->stop_reported) {
        child->stop_reported = !keep;
        result_fill(query->result, child, wait_status_stopped(child->stop_signal), CLD_STOPPED);
        found = true;
    } else if ((query->options & WCONTINUED) != 0 && child->continue_pending) {
        child->continue_pending = keep;
        result_fill(query->result, child, WAIT_STATUS_CONTINUED, CLD_CONTINUED);
        found = true;
    }
    signal_unlock(actions);
    return found;
}

static bool take_from(struct wait_query *query, struct process *child)
{
    if (child->is_zombie) {
        return (query->options & WEXITED) != 0 && take_zombie(query, child);
    }
    return (query->options & (WUNTRACED | WCONTINUED)) != 0 && take_state(query, child);
}

// Where the look goes on. The child that it was to go on with may have left meanwhile: then from the beginning, and it can only happen
// as often as there are children.
static struct list_head *look_start_locked(const struct wait_query *query)
{
    const struct process *next = query->next;
    assert(spin_is_held(&process_tree_lock));
    return next != NULL && next->parent == query->self ? next->sibling_link.prev
                                                       : &query->self->children;
}

// Looks at some children from there on, and sets `next` where there are more. A child that fits but has nothing to tell makes the call
// wait; where none fits it is -ECHILD, so the two are told apart.
static enum wait_outcome look_at_some_locked(struct wait_query *query, enum wait_outcome outcome)
{
    const struct list_head *children = &query->self->children;
    unsigned looked = 0;
    struct list_head *link = look_start_locked(query)->next;
    query->next = NULL;
    for (; link != children; link = link->next) {
        struct process *child = list_entry(link, struct process, sibling_link);
        if (looked++ == CHILDREN_PER_HOLD) {
            process_get(child);
            query->next = child;
            break;
        }
        if (!query_matches(query, child)) {
            continue;
        }
        outcome = WAIT_NOTHING_YET;
        if (take_from(query, child)) {
            return WAIT_FOUND;
        }
    }
    return outcome;
}

static enum wait_outcome look_at_children(struct wait_query *query)
{
    enum wait_outcome outcome = WAIT_NO_CHILD;
    assert(query->next == NULL && query->reaped == NULL);
    do {
        struct process *looked_from = query->next;
        spin_lock(&process_tree_lock);
        outcome = look_at_some_locked(query, outcome);
        spin_unlock(&process_tree_lock);
        if (looked_from != NULL) {
            process_put(looked_from);
        }
    } while (query->next != NULL);
    if (query->reaped != NULL) {
        family_release(query->reaped);
    }
    return outcome;
}

// True when the call can return: *answer is what it returns.
static bool query_is_done(struct wait_query *query, long *answer)
{
    switch (look_at_children(query)) {
    case WAIT_FOUND: *answer = query->result->number; return true;
    case WAIT_NO_CHILD: *answer = -ECHILD; return true;
    default: *answer = 0; return (query->options & WNOHANG) != 0;
    }
}

long process_wait(int which, int number, int options, struct wait_result *result)
{
    struct wait_query query = {
        .self = process_current(),
        .which = which,
        .number = number,
        .options = options,
        .result = result,
    };
    long answer;
    int error = WAIT_INTERRUPTIBLE(&query.self->child_events, query_is_done(&query, &answer));
    return error != 0 ? error : answer;
}
