/*
 * Resource limits and priorities.
 */
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/macros.h"
#include "process/process.h"
#include "scheduler/id.h"
#include "scheduler/thread.h"
#include "syscall/call.h"
#include "uapi/capability.h"
#include "uapi/resource.h"

/* Another process's limits: same user ids, or the right to. */
static int may_limit(struct process *process)
{
    const struct credentials *own = task_current()->credentials;
    if (process == process_current() || credentials_can(own, CAP_SYS_RESOURCE)) {
        return 0;
    }
    int result = -EPERM;
    spin_lock(&process_tree_lock);
    if (process->leader != NULL) {
        const struct credentials *other = process->leader->credentials;
        bool is_same = own->uid == other->uid && own->uid == other->euid &&
                       own->uid == other->suid && own->gid == other->gid &&
                       own->gid == other->egid && own->gid == other->sgid;
        result = is_same ? 0 : -EPERM;
    }
    spin_unlock(&process_tree_lock);
    return result;
}

SYSTEM_CALL4(prlimit64, int, number, unsigned, resource, const struct uapi_rlimit __user *,
             user_new, struct uapi_rlimit __user *, user_old)
{
    struct uapi_rlimit wanted;
    struct uapi_rlimit old;
    if (resource >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    if (user_new != NULL && user_copy_in(&wanted, user_new, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    struct process *process = process_find(number == 0 ? process_current()->id->number : number);
    if (process == NULL) {
        return -ESRCH;
    }
    int result = may_limit(process);
    if (result == 0) {
        result = process_set_limit(process, (int)resource, user_new == NULL ? NULL : &wanted, &old);
    }
    process_put(process);
    return result != 0 ? result : copy_out_optional(user_old, &old, sizeof(old));
}

SYSTEM_CALL2(getrlimit, unsigned, resource, struct uapi_rlimit __user *, user)
{
    struct uapi_rlimit old;
    if (resource >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    int result = process_set_limit(process_current(), (int)resource, NULL, &old);
    return result != 0 ? result : user_copy_out(user, &old, sizeof(old));
}

SYSTEM_CALL2(setrlimit, unsigned, resource, const struct uapi_rlimit __user *, user)
{
    struct uapi_rlimit wanted;
    struct uapi_rlimit old;
    if (resource >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    if (user_copy_in(&wanted, user, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    return process_set_limit(process_current(), (int)resource, &wanted, &old);
}

/*
 * getpriority and setpriority visit every task that (which, who) names, by number, with the tree lock held for one at a time:
 * priorities are rarely asked for, and one walk serves the three kinds.
 */
struct priority_visit {
    int which;
    uint32_t who; /* never 0: the caller's own is filled in */
    bool is_set;
    int nice;   /* to set */
    int best;   /* lowest nice value seen */
    int result; /* -ESRCH until one was found */
};

static bool priority_matches_locked(const struct priority_visit *visit, const struct task *task)
{
    assert(spin_is_held(&process_tree_lock));
    switch (visit->which) {
    case PRIO_PROCESS: return (uint32_t)task->thread.number == visit->who;
    case PRIO_PGRP: return (uint32_t)task->process->group->number == visit->who;
    default: return task->credentials->uid == visit->who;
    }
}

static int priority_set_locked(struct task *task, int nice)
{
    assert(spin_is_held(&process_tree_lock));
    const struct credentials *own = task_current()->credentials;
    const struct credentials *other = task->credentials;
    if (own->euid != other->uid && own->euid != other->euid &&
        !credentials_can(own, CAP_SYS_NICE)) {
        return -EPERM;
    }
    /* RLIMIT_NICE 20 - n permits nice values from n up. */
    int lowest = 20 - (int)MIN(process_limit(task->process, RLIMIT_NICE), (uint64_t)40);
    if (nice < task->thread.nice && nice < lowest && !credentials_can(own, CAP_SYS_NICE)) {
        return -EACCES;
    }
    thread_set_nice(&task->thread, nice);
    return 0;
}

static void priority_visit_locked(struct priority_visit *visit, struct task *task)
{
    assert(spin_is_held(&process_tree_lock));
    if (!priority_matches_locked(visit, task)) {
        return;
    }
    if (visit->is_set) {
        int result = priority_set_locked(task, visit->nice);
        visit->result = visit->result == -ESRCH || result != 0 ? result : visit->result;
        return;
    }
    visit->best = visit->result == 0 ? MIN(visit->best, task->thread.nice) : task->thread.nice;
    visit->result = 0;
}

static int priority_visit_all(struct priority_visit *visit)
{
    if (visit->which < PRIO_PROCESS || visit->which > PRIO_USER) {
        return -EINVAL;
    }
    if (visit->who == 0) {
        visit->who = visit->which == PRIO_PROCESS ? (uint32_t)thread_current()->number
                     : visit->which == PRIO_PGRP  ? (uint32_t)process_get_group(0)
                                                  : task_current()->credentials->uid;
    }
    struct id *id = id_next(1);
    while (id != NULL) {
        spin_lock(&process_tree_lock);
        if (id->task != NULL) {
            priority_visit_locked(visit, id->task);
        }
        spin_unlock(&process_tree_lock);
        int next = id->number + 1;
        id_put(id);
        id = id_next(next);
    }
    return visit->result;
}

SYSTEM_CALL2(getpriority, int, which, uint32_t, who)
{
    struct priority_visit visit = {.which = which, .who = who, .result = -ESRCH};
    int result = priority_visit_all(&visit);
    /* The raw call answers 20 - nice, so that it is never negative. */
    return result != 0 ? result : 20 - visit.best;
}

SYSTEM_CALL3(setpriority, int, which, uint32_t, who, int, nice)
{
    struct priority_visit visit = {.which = which,
                                   .who = who,
                                   .is_set = true,
                                   .nice = CLAMP(nice, PRIO_MIN, PRIO_MAX - 1),
                                   .result = -ESRCH};
    return priority_visit_all(&visit);
}
