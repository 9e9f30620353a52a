/*
 * Nice values and input-output priorities of threads, groups of processes, and users. The calls visit every task that (which, who)
 * names, by number, with the tree lock held for one at a time: they are rare, and one walk serves all of them. Input-output priorities
 * are kept and told; no device of this kernel has a queue to order by them.
 */
#include "lib/assert.h"
#include "lib/macros.h"
#include "process/process.h"
#include "scheduler/id.h"
#include "scheduler/thread.h"
#include "syscall/call.h"
#include "uapi/capability.h"
#include "uapi/ioprio.h"
#include "uapi/resource.h"

struct priority_visit {
    int which;    /* PRIO_PROCESS, PRIO_PGRP, PRIO_USER */
    uint32_t who; /* never 0: the caller's own is filled in */
    int (*visit_locked)(struct priority_visit *visit, struct task *task);
    int value;  /* to set, or the best seen */
    int result; /* -ESRCH until one was found; then the first error */
};

static bool visit_matches_locked(const struct priority_visit *visit, const struct task *task)
{
    assert(spin_is_held(&process_tree_lock));
    switch (visit->which) {
    case PRIO_PROCESS: return (uint32_t)task->thread.number == visit->who;
    case PRIO_PGRP: return (uint32_t)task->process->group->number == visit->who;
    default: return task->credentials->uid == visit->who;
    }
}

static void visit_one_locked(struct priority_visit *visit, struct task *task)
{
    assert(spin_is_held(&process_tree_lock));
    if (!visit_matches_locked(visit, task)) {
        return;
    }
    int result = visit->visit_locked(visit, task);
    visit->result = visit->result == -ESRCH || result != 0 ? result : visit->result;
}

static int visit_all(struct priority_visit *visit)
{
    visit->result = -ESRCH;
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
            /* The lock keeps the task: it is taken off its number before it is given up (task_depart). */
            assert(((struct task *)id->task)->id == id);
            visit_one_locked(visit, id->task);
        }
        spin_unlock(&process_tree_lock);
        int next = id->number + 1;
        id_put(id);
        id = id_next(next);
    }
    return visit->result;
}

/* By the effective id for nice values, by either for input and output. */
static bool may_change_locked(const struct task *task, bool by_real_id)
{
    assert(spin_is_held(&process_tree_lock));
    const struct credentials *own = task_current()->credentials;
    const struct credentials *other = task->credentials;
    bool is_same =
        own->euid == other->uid || (by_real_id ? own->uid == other->uid : own->euid == other->euid);
    return is_same || credentials_can(own, CAP_SYS_NICE);
}

static int nice_set_locked(struct priority_visit *visit, struct task *task)
{
    const struct credentials *own = task_current()->credentials;
    if (!may_change_locked(task, false)) {
        return -EPERM;
    }
    /* RLIMIT_NICE 20 - n permits nice values from n up. */
    int lowest = 20 - (int)MIN(process_limit(task->process, RLIMIT_NICE), (uint64_t)40);
    if (visit->value < task->thread.nice && visit->value < lowest &&
        !credentials_can(own, CAP_SYS_NICE)) {
        return -EACCES;
    }
    thread_set_nice(&task->thread, visit->value);
    return 0;
}

static int nice_get_locked(struct priority_visit *visit, struct task *task)
{
    assert(task->thread.nice >= PRIO_MIN && task->thread.nice < PRIO_MAX);
    /* Of several the most urgent, so the lowest value (POSIX getpriority). */
    visit->value = visit->result == 0 ? MIN(visit->value, task->thread.nice) : task->thread.nice;
    return 0;
}

SYSTEM_CALL2(getpriority, int, which, uint32_t, who)
{
    struct priority_visit visit = {.which = which, .who = who, .visit_locked = nice_get_locked};
    int result = visit_all(&visit);
    /* The raw call answers 20 - nice, so that it is never negative. */
    return result != 0 ? result : 20 - visit.value;
}

SYSTEM_CALL3(setpriority, int, which, uint32_t, who, int, nice)
{
    struct priority_visit visit = {.which = which,
                                   .who = who,
                                   .visit_locked = nice_set_locked,
                                   .value = CLAMP(nice, PRIO_MIN, PRIO_MAX - 1)};
    return visit_all(&visit);
}

/* ---- input and output ------------------------------------------------------------------------------- */

static int io_priority_check(int priority)
{
    const struct credentials *own = task_current()->credentials;
    bool is_privileged = credentials_can(own, CAP_SYS_ADMIN) || credentials_can(own, CAP_SYS_NICE);
    switch (priority >> IOPRIO_CLASS_SHIFT) {
    case IOPRIO_CLASS_REAL_TIME: return is_privileged ? 0 : -EPERM;
    case IOPRIO_CLASS_BEST_EFFORT:
    case IOPRIO_CLASS_IDLE: return 0;
    case IOPRIO_CLASS_NONE: return (priority & IOPRIO_LEVEL_MASK) == 0 ? 0 : -EINVAL;
    default: return -EINVAL;
    }
}

static int io_priority_set_locked(struct priority_visit *visit, struct task *task)
{
    if (!may_change_locked(task, true)) {
        return -EPERM;
    }
    WRITE_ONCE(task->io_priority, (uint16_t)visit->value);
    return 0;
}

/* Where none was set, what follows from the nice value and the policy. */
static int io_priority_of(const struct thread *thread, int set)
{
    if (set >> IOPRIO_CLASS_SHIFT != IOPRIO_CLASS_NONE) {
        return set;
    }
    int class = thread->real_time_priority != 0 ? IOPRIO_CLASS_REAL_TIME
                : thread->policy == THREAD_IDLE ? IOPRIO_CLASS_IDLE
                                                : IOPRIO_CLASS_BEST_EFFORT;
    return class << IOPRIO_CLASS_SHIFT | (thread->nice + 20) / 5;
}

static int io_priority_get_locked(struct priority_visit *visit, struct task *task)
{
    int priority = READ_ONCE(task->io_priority);
    if (visit->which != PRIO_PROCESS) {
        priority = io_priority_of(&task->thread, priority);
        priority = visit->result == 0 ? MIN(visit->value, priority) : priority;
    }
    visit->value = priority;
    return 0;
}

/* Its kinds are those of getpriority, counted from 1. */
SYSTEM_CALL2(ioprio_get, int, which, int, who)
{
    if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER) {
        return -EINVAL;
    }
    struct priority_visit visit = {.which = which - IOPRIO_WHO_PROCESS,
                                   .who = (uint32_t)who,
                                   .visit_locked = io_priority_get_locked};
    int result = visit_all(&visit);
    return result != 0 ? result : visit.value;
}

SYSTEM_CALL3(ioprio_set, int, which, int, who, int, priority)
{
    int error = io_priority_check(priority);
    if (error == 0 && (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)) {
        error = -EINVAL;
    }
    struct priority_visit visit = {.which = which - IOPRIO_WHO_PROCESS,
                                   .who = (uint32_t)who,
                                   .visit_locked = io_priority_set_locked,
                                   .value = priority};
    return error != 0 ? error : visit_all(&visit);
}
