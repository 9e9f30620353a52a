/*
 * prctl: what a task says and asks about itself. What other kernels leave to choice and this one has one way of (time-stamp counter
 * allowed, exact times, no filter of calls) is told, and asking for that way is taken.
 *
 * Arguments that an option does not use must be 0 only where Linux came to test that (the later options); for the others whatever stands
 * in the registers is taken, since programs that leave it there are as old as the options.
 */
#include "uapi/prctl.h"
#include "lib/string.h"
#include "process/process.h"
#include "process/signal.h"
#include "syscall/call.h"
#include "syscall/prctl_hints.h"
#include "uapi/capability.h"

static long set_name(const char __user *user)
{
    /* A longer name is cut off, not refused: the buffer is full then, and its last byte becomes the end. */
    char name[TASK_COMM_LEN];
    long length = user_copy_string(name, user, sizeof(name));
    if (length == -EFAULT) {
        return length;
    }
    name[TASK_COMM_LEN - 1] = '\0';
    thread_set_name(thread_current(), name);
    return 0;
}

static long get_name(char __user *user)
{
    char name[TASK_COMM_LEN] = {0};
    memcpy(name, thread_current()->name, sizeof(name));
    return user_copy_out(user, name, sizeof(name));
}

static long set_flag(bool *flag, uint64_t value, bool may_clear)
{
    if (value > 1 || (value == 0 && !may_clear)) {
        return -EINVAL;
    }
    *flag = value != 0;
    return 0;
}

static long give_number(int number, uint64_t address)
{
    return user_copy_out((void __user *)address, &number, sizeof(number));
}

/*
 * Credentials are never changed in place: others read them by reference. A change is a copy, and the copy becomes the task's in one step.
 * The bounding set has no way back: it is what not even a set-id program may have any more.
 */
static long drop_from_bounding(uint64_t capability)
{
    struct credentials *old = task_current()->credentials;
    if (!credentials_can(old, CAP_SETPCAP)) {
        return -EPERM;
    }
    if (capability > CAP_LAST_CAP) {
        return -EINVAL;
    }
    struct credentials *changed = credentials_copy(old, old->group_count);
    if (changed == NULL) {
        return -ENOMEM;
    }
    changed->capabilities_bounding &= ~(UINT64_C(1) << capability);
    task_set_credentials(task_current(), changed);
    return 0;
}

static long keep_capabilities(uint64_t value)
{
    struct credentials *old = task_current()->credentials;
    if (value > 1) {
        return -EINVAL;
    }
    if ((old->securebits & SECBIT_KEEP_CAPS_LOCKED) != 0) {
        return -EPERM;
    }
    struct credentials *changed = credentials_copy(old, old->group_count);
    if (changed == NULL) {
        return -ENOMEM;
    }
    changed->securebits &= ~(uint32_t)SECBIT_KEEP_CAPS;
    changed->securebits |= value != 0 ? SECBIT_KEEP_CAPS : 0;
    task_set_credentials(task_current(), changed);
    return 0;
}

static long set_secure_bits(uint64_t bits)
{
    struct credentials *old = task_current()->credentials;
    uint32_t locks = old->securebits & SECURE_ALL_LOCKS;
    bool changes_locked = (locks >> 1 & (old->securebits ^ bits)) != 0 || (locks & ~bits) != 0;
    bool is_known = (bits & ~(uint64_t)(SECURE_ALL_BITS | SECURE_ALL_LOCKS)) == 0;
    if (changes_locked || !is_known || !credentials_can(old, CAP_SETPCAP)) {
        return -EPERM;
    }
    struct credentials *changed = credentials_copy(old, old->group_count);
    if (changed == NULL) {
        return -ENOMEM;
    }
    changed->securebits = (uint32_t)bits;
    task_set_credentials(task_current(), changed);
    return 0;
}

/* What a program that is not privileged keeps over execve. */
static long ambient_capabilities(uint64_t command, uint64_t capability)
{
    struct credentials *old = task_current()->credentials;
    /* Ambient rights pass to programs that know nothing of capabilities, so only what is permitted and inheritable may become one. */
    bool is_clear = command == PR_CAP_AMBIENT_CLEAR_ALL;
    if (command < PR_CAP_AMBIENT_IS_SET || command > PR_CAP_AMBIENT_CLEAR_ALL ||
        capability > (is_clear ? 0 : CAP_LAST_CAP)) {
        return -EINVAL;
    }
    uint64_t bit = UINT64_C(1) << capability;
    if (command == PR_CAP_AMBIENT_IS_SET) {
        return (old->capabilities_ambient & bit) != 0;
    }
    bool may_raise = (old->capabilities_permitted & old->capabilities_inheritable & bit) != 0 &&
                     (old->securebits & SECBIT_NO_CAP_AMBIENT_RAISE) == 0;
    if (command == PR_CAP_AMBIENT_RAISE && !may_raise) {
        return -EPERM;
    }
    struct credentials *changed = credentials_copy(old, old->group_count);
    if (changed == NULL) {
        return -ENOMEM;
    }
    if (command == PR_CAP_AMBIENT_RAISE) {
        changed->capabilities_ambient |= bit;
    } else {
        changed->capabilities_ambient &= is_clear ? 0 : ~bit;
    }
    task_set_credentials(task_current(), changed);
    return 0;
}

/* Timers here are exact; how late they might be is kept and told. */
static long set_timer_slack(uint64_t ns)
{
    struct task *task = task_current();
    WRITE_ONCE(task->timer_slack_ns, ns != 0 ? ns : task->first_timer_slack_ns);
    return 0;
}

/* Options with one answer, and then the rest. */
static long fixed_option(int option, const uint64_t arguments[4])
{
    uint64_t second = arguments[0];
    const uint64_t place = (uint64_t)(uintptr_t)task_current()->clear_tid_address;
    switch (option) {
    case PR_GET_TIMING: return PR_TIMING_STATISTICAL;
    case PR_SET_TIMING: return second == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
    case PR_GET_TSC: return give_number(PR_TSC_ENABLE, second);
    case PR_SET_TSC: return second == PR_TSC_ENABLE ? 0 : -EINVAL;
    case PR_GET_SECCOMP: return 0;
    case PR_GET_TID_ADDRESS: return user_copy_out((void __user *)second, &place, sizeof(place));
    default: return prctl_hint(option, arguments);
    }
}

SYSTEM_CALL5(prctl, int, option, uint64_t, second, uint64_t, third, uint64_t, fourth, uint64_t,
             fifth)
{
    struct task *task = task_current();
    switch (option) {
    case PR_SET_NAME: return set_name((const char __user *)second);
    case PR_GET_NAME: return get_name((char __user *)second);
    case PR_GET_DUMPABLE: return task->process->is_dumpable;
    case PR_SET_DUMPABLE: return set_flag(&task->process->is_dumpable, second, true);
    case PR_SET_NO_NEW_PRIVS:
        return (third | fourth | fifth) != 0 ? -EINVAL
                                             : set_flag(&task->no_new_privileges, second, false);
    case PR_GET_NO_NEW_PRIVS:
        return (second | third | fourth | fifth) != 0 ? -EINVAL : task->no_new_privileges;
    case PR_SET_PDEATHSIG:
        if (second > SIGRTMAX) {
            return -EINVAL;
        }
        task->parent_death_signal = second;
        return 0;
    case PR_GET_PDEATHSIG: return give_number((int)task->parent_death_signal, second);
    case PR_SET_CHILD_SUBREAPER: WRITE_ONCE(task->process->is_reaper, second != 0); return 0;
    case PR_GET_CHILD_SUBREAPER: return give_number(task->process->is_reaper, second);
    case PR_CAPBSET_READ:
        return second > CAP_LAST_CAP
                   ? -EINVAL
                   : (long)(task->credentials->capabilities_bounding >> second & 1);
    case PR_CAPBSET_DROP: return drop_from_bounding(second);
    case PR_GET_KEEPCAPS: return (task->credentials->securebits & SECBIT_KEEP_CAPS) != 0;
    case PR_SET_KEEPCAPS: return keep_capabilities(second);
    case PR_GET_SECUREBITS: return task->credentials->securebits;
    case PR_SET_SECUREBITS: return set_secure_bits(second);
    case PR_CAP_AMBIENT:
        return (fourth | fifth) != 0 ? -EINVAL : ambient_capabilities(second, third);
    case PR_GET_TIMERSLACK: return (long)task_current()->timer_slack_ns;
    case PR_SET_TIMERSLACK: return set_timer_slack(second);
    default: {
        const uint64_t arguments[] = {second, third, fourth, fifth};
        return fixed_option(option, arguments);
    }
    }
}
