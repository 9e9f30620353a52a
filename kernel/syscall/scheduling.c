/*
 * Scheduling parameters: policy, priority, nice value, affinity. A thread's parameters are read as hints and changed by scheduler/.
 *
 * Older calls change one parameter and leave the others, so each starts from what the thread has, changes its part, and hands the whole to
 * one check. Between reading and changing another thread may change the same one: then the later call wins, with what it knew, as on Linux.
 *
 * Rights (sched(7)): one's own user's threads, made less urgent; more urgent only within RLIMIT_NICE and RLIMIT_RTPRIO; anything with
 * CAP_SYS_NICE. SCHED_DEADLINE is not there and is refused as an unknown policy, but for the two calls that ask for its range.
 */
#include "arch/page.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "process/futex.h"
#include "process/process.h"
#include "scheduler/thread.h"
#include "sync/percpu.h"
#include "syscall/call.h"
#include "syscall/extensible.h"
#include "syscall/time_values.h"
#include "uapi/capability.h"
#include "uapi/sched.h"

/* What a call wants a thread to have. */
struct scheduling {
    int policy; /* SCHED_* */
    int priority, nice;
    bool resets_on_fork;
};

/* Runs with a reference on the task of that number (0: the caller); NULL: -ESRCH. */
static struct task *scheduled_task_get(int number)
{
    return task_find(number == 0 ? thread_current()->number : number);
}

static bool may_schedule(struct task *task)
{
    const struct credentials *own = task_current()->credentials;
    struct credentials *other = task_credentials_get(task);
    bool is_same = own->euid == other->euid || own->euid == other->uid;
    credentials_put(other);
    return is_same || credentials_can(own, CAP_SYS_NICE);
}

static uint64_t online_mask(void)
{
    unsigned count = percpu_cpu_count();
    assert(count != 0); /* who asks runs on one */
    return count >= 64 ? ~0ULL : (1ULL << count) - 1;
}

SYSTEM_CALL3(sched_getaffinity, int, number, unsigned, bytes, uint64_t __user *, user)
{
    if (bytes < sizeof(uint64_t) || bytes % sizeof(uint64_t) != 0) {
        return -EINVAL;
    }
    struct task *task = scheduled_task_get(number);
    if (task == NULL) {
        return -ESRCH;
    }
    uint64_t mask = task->thread.affinity & online_mask();
    assert(mask != 0);
    task_put(task);
    return user_copy_out(user, &mask, sizeof(mask)) != 0 ? -EFAULT : (long)sizeof(mask);
}

SYSTEM_CALL3(sched_setaffinity, int, number, unsigned, bytes, const uint64_t __user *, user)
{
    uint64_t mask = 0;
    /* A shorter mask leaves the CPUs out that it does not reach; a longer one may name CPUs that there are not. */
    if (user_copy_in(&mask, user, MIN((size_t)bytes, sizeof(mask))) != 0) {
        return -EFAULT;
    }
    struct task *task = scheduled_task_get(number);
    if (task == NULL) {
        return -ESRCH;
    }
    long result = -EPERM;
    if (may_schedule(task)) {
        mask &= online_mask();
        result = mask == 0 ? -EINVAL : thread_set_affinity(&task->thread, mask);
    }
    task_put(task);
    return result;
}

static bool is_real_time(int policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static struct scheduling scheduling_of(const struct task *task)
{
    return (struct scheduling){
        .policy = task->thread.policy,
        .priority = task->thread.real_time_priority,
        .nice = task->thread.nice,
        .resets_on_fork = READ_ONCE(task->resets_scheduling_on_fork),
    };
}

static int scheduling_check(const struct scheduling *wanted)
{
    int policy = wanted->policy;
    bool is_known = policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE ||
                    is_real_time(policy);
    bool is_in_range = wanted->priority >= 0 && wanted->priority <= 99;
    return is_known && is_in_range && is_real_time(policy) == (wanted->priority != 0) ? 0 : -EINVAL;
}

/* RLIMIT_NICE 20 - n permits nice values from n up. */
static bool limit_permits_nice(const struct task *task, int nice)
{
    return 20 - nice <= (int)MIN(process_limit(task->process, RLIMIT_NICE), (uint64_t)40);
}

/* May the caller, who has no CAP_SYS_NICE, give the task this? A higher rank than it has needs the limits' leave. */
static bool scheduling_is_permitted(struct task *task, const struct scheduling *wanted)
{
    const struct scheduling now = scheduling_of(task);
    uint64_t highest = process_limit(task->process, RLIMIT_RTPRIO);
    bool is_nicer = wanted->nice < now.nice && !limit_permits_nice(task, wanted->nice);
    bool leaves_idle = now.policy == SCHED_IDLE && wanted->policy != SCHED_IDLE;
    if (is_real_time(wanted->policy)) {
        bool is_other = wanted->policy != now.policy && highest == 0;
        bool is_raised = wanted->priority > now.priority && (uint64_t)wanted->priority > highest;
        if (is_other || is_raised) {
            return false;
        }
    } else if (wanted->policy != SCHED_IDLE && is_nicer) {
        return false;
    }
    if (leaves_idle && !limit_permits_nice(task, now.nice)) {
        return false;
    }
    return !now.resets_on_fork || wanted->resets_on_fork;
}

static int scheduling_apply(struct task *task, const struct scheduling *wanted)
{
    int error = scheduling_check(wanted);
    if (error != 0) {
        return error;
    }
    bool is_free = credentials_can(task_current()->credentials, CAP_SYS_NICE);
    if (!may_schedule(task) || (!is_free && !scheduling_is_permitted(task, wanted))) {
        return -EPERM;
    }
    assert(wanted->priority >= 0 && wanted->priority <= 99);
    error = thread_set_policy(&task->thread, wanted->policy, wanted->priority);
    if (error == 0) {
        thread_set_nice(&task->thread, wanted->nice);
        WRITE_ONCE(task->resets_scheduling_on_fork, wanted->resets_on_fork);
        futex_pi_priority_changed(task);
    }
    return error;
}

SYSTEM_CALL1(sched_getscheduler, int, number)
{
    struct task *task = number < 0 ? NULL : scheduled_task_get(number);
    if (task == NULL) {
        return number < 0 ? -EINVAL : -ESRCH;
    }
    const struct scheduling now = scheduling_of(task);
    task_put(task);
    return now.policy | (now.resets_on_fork ? SCHED_RESET_ON_FORK : 0);
}

SYSTEM_CALL2(sched_getparam, int, number, struct uapi_sched_param __user *, user)
{
    if (number < 0 || user == NULL) {
        return -EINVAL;
    }
    struct task *task = scheduled_task_get(number);
    if (task == NULL) {
        return -ESRCH;
    }
    const struct uapi_sched_param param = {.sched_priority = task->thread.real_time_priority};
    task_put(task);
    return user_copy_out(user, &param, sizeof(param));
}

/* `policy` negative: as it is. */
static long set_policy(int number, int policy, const struct uapi_sched_param __user *user)
{
    struct uapi_sched_param param;
    if (number < 0 || user == NULL) {
        return -EINVAL;
    }
    if (user_copy_in(&param, user, sizeof(param)) != 0) {
        return -EFAULT;
    }
    struct task *task = scheduled_task_get(number);
    if (task == NULL) {
        return -ESRCH;
    }
    struct scheduling wanted = scheduling_of(task);
    wanted.priority = param.sched_priority;
    if (policy >= 0) {
        wanted.policy = policy & ~SCHED_RESET_ON_FORK;
        wanted.resets_on_fork = (policy & SCHED_RESET_ON_FORK) != 0;
    }
    long result = scheduling_apply(task, &wanted);
    task_put(task);
    return result;
}

SYSTEM_CALL3(sched_setscheduler, int, number, int, policy, const struct uapi_sched_param __user *,
             user)
{
    return policy < 0 ? -EINVAL : set_policy(number, policy, user);
}

SYSTEM_CALL2(sched_setparam, int, number, const struct uapi_sched_param __user *, user)
{
    return set_policy(number, -1, user);
}

SYSTEM_CALL4(sched_getattr, int, number, struct uapi_sched_attr __user *, user, unsigned, bytes,
             unsigned, flags)
{
    if (user == NULL || number < 0 || bytes > PAGE_SIZE || bytes < SCHED_ATTR_SIZE_VER0 ||
        flags != 0) {
        return -EINVAL;
    }
    struct task *task = scheduled_task_get(number);
    if (task == NULL) {
        return -ESRCH;
    }
    const struct scheduling now = scheduling_of(task);
    task_put(task);
    const struct uapi_sched_attr attributes = {
        .size = (uint32_t)MIN((size_t)bytes, sizeof(attributes)),
        .sched_policy = (uint32_t)now.policy,
        .sched_flags = now.resets_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0,
        .sched_nice = is_real_time(now.policy) ? 0 : now.nice,
        .sched_priority = (uint32_t)now.priority,
    };
    return user_copy_out(user, &attributes, attributes.size);
}

/* The structure says its own size; where that does not do, it is told the kernel's. */
static int copy_attributes_in(struct uapi_sched_attr *attributes,
                              struct uapi_sched_attr __user *user)
{
    uint32_t bytes;
    if (user_copy_in(&bytes, user, sizeof(bytes)) != 0) {
        return -EFAULT;
    }
    bytes = bytes == 0 ? SCHED_ATTR_SIZE_VER0 : bytes;
    int error = user_copy_extensible(attributes, sizeof(*attributes), SCHED_ATTR_SIZE_VER0,
                                     (const char __user *)user, bytes);
    if (error == -EINVAL || error == -E2BIG) {
        const uint32_t known = sizeof(*attributes);
        return user_copy_out(user, &known, sizeof(known)) != 0 ? -EFAULT : -E2BIG;
    }
    return error;
}

static int check_attribute_flags(const struct uapi_sched_attr *attributes)
{
    if ((attributes->sched_flags & ~(uint64_t)SCHED_FLAG_ALL) != 0 ||
        (int32_t)attributes->sched_policy < 0) {
        return -EINVAL;
    }
    return (attributes->sched_flags & SCHED_FLAG_UTIL_CLAMP) != 0 ? -EOPNOTSUPP : 0;
}

SYSTEM_CALL3(sched_setattr, int, number, struct uapi_sched_attr __user *, user, unsigned, flags)
{
    struct uapi_sched_attr attributes;
    if (user == NULL || number < 0 || flags != 0) {
        return -EINVAL;
    }
    int error = copy_attributes_in(&attributes, user);
    if (error == 0) {
        error = check_attribute_flags(&attributes);
    }
    if (error != 0) {
        return error;
    }
    struct task *task = scheduled_task_get(number);
    if (task == NULL) {
        return -ESRCH;
    }
    struct scheduling wanted = scheduling_of(task);
    if ((attributes.sched_flags & SCHED_FLAG_KEEP_PARAMS) == 0) {
        wanted.priority = attributes.sched_priority > 99 ? -1 : (int)attributes.sched_priority;
        wanted.nice = is_real_time((int)attributes.sched_policy)
                          ? wanted.nice
                          : CLAMP(attributes.sched_nice, -20, 19);
    }
    if ((attributes.sched_flags & SCHED_FLAG_KEEP_POLICY) == 0) {
        wanted.policy = (int)attributes.sched_policy;
        wanted.resets_on_fork = (attributes.sched_flags & SCHED_FLAG_RESET_ON_FORK) != 0;
    }
    error = scheduling_apply(task, &wanted);
    task_put(task);
    return error;
}

SYSTEM_CALL1(sched_get_priority_max, int, policy)
{
    switch (policy) {
    case SCHED_FIFO:
    case SCHED_RR: return 99;
    case SCHED_NORMAL:
    case SCHED_BATCH:
    case SCHED_DEADLINE: /* without priorities; the policy itself is not there */
    case SCHED_IDLE: return 0;
    default: return -EINVAL;
    }
}

SYSTEM_CALL1(sched_get_priority_min, int, policy)
{
    switch (policy) {
    case SCHED_FIFO:
    case SCHED_RR: return 1;
    case SCHED_NORMAL:
    case SCHED_BATCH:
    case SCHED_DEADLINE: /* without priorities; the policy itself is not there */
    case SCHED_IDLE: return 0;
    default: return -EINVAL;
    }
}

SYSTEM_CALL2(sched_rr_get_interval, int, number, struct uapi_timespec __user *, user)
{
    struct task *task = number < 0 ? NULL : scheduled_task_get(number);
    if (task == NULL) {
        return number < 0 ? -EINVAL : -ESRCH;
    }
    uint64_t slice = thread_slice_ns(&task->thread);
    task_put(task);
    /* No slice at all, SCHED_FIFO's until it blocks, is told as 0. */
    const struct uapi_timespec spec = timespec_from_ns(slice == UINT64_MAX ? 0 : slice);
    return user_copy_out(user, &spec, sizeof(spec));
}
