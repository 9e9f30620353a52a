/*
 * prctl's options about huge pages, failures of memory, counters, the CPU's guesses and memory for writing back: wishes that are kept,
 * told and handed on to children, since nothing here would act otherwise for them.
 */
#include "syscall/prctl_hints.h"

#include "process/process.h"
#include "syscall/call.h"
#include "uapi/capability.h"
#include "uapi/prctl.h"

/* Later options want what they do not use to be 0. */
static bool is_zero_from(const uint64_t arguments[4], int first)
{
    for (int i = first; i < 4; i++) {
        if (arguments[i] != 0) {
            return false;
        }
    }
    return true;
}

static long set_huge_pages(const uint64_t arguments[4])
{
    if (!is_zero_from(arguments, 1)) {
        return -EINVAL;
    }
    WRITE_ONCE(process_current()->refuses_huge_pages, arguments[0] != 0);
    return 0;
}

/* What a task wants to be told of memory that failed: nobody looks for such memory here. */
static long set_failure_policy(const uint64_t arguments[4])
{
    if (!is_zero_from(arguments, 2)) {
        return -EINVAL;
    }
    bool is_clear = arguments[0] == PR_MCE_KILL_CLEAR && arguments[1] == 0;
    bool is_set = arguments[0] == PR_MCE_KILL_SET && arguments[1] <= PR_MCE_KILL_DEFAULT;
    if (!is_clear && !is_set) {
        return -EINVAL;
    }
    /* 0 is the default, as in a task that never asked. */
    const uint64_t wanted = is_set ? arguments[1] : PR_MCE_KILL_DEFAULT;
    task_current()->failure_policy = (uint8_t)(PR_MCE_KILL_DEFAULT - wanted);
    return 0;
}

static long set_io_flusher(const uint64_t arguments[4])
{
    if (!credentials_can(task_current()->credentials, CAP_SYS_RESOURCE)) {
        return -EPERM;
    }
    if (arguments[0] > 1 || !is_zero_from(arguments, 1)) {
        return -EINVAL;
    }
    task_current()->is_io_flusher = arguments[0] != 0;
    return 0;
}

static long get_io_flusher(const uint64_t arguments[4])
{
    if (!credentials_can(task_current()->credentials, CAP_SYS_RESOURCE)) {
        return -EPERM;
    }
    return is_zero_from(arguments, 0) ? task_current()->is_io_flusher : -EINVAL;
}

/* The CPU guesses as it likes, and nobody can forbid it: stores are passed and branches foreseen; the cache is not emptied for anybody. */
static long get_speculation(const uint64_t arguments[4])
{
    if (!is_zero_from(arguments, 1)) {
        return -EINVAL;
    }
    switch (arguments[0]) {
    case PR_SPEC_STORE_BYPASS:
    case PR_SPEC_INDIRECT_BRANCH: return PR_SPEC_ENABLE;
    case PR_SPEC_L1D_FLUSH: return PR_SPEC_FORCE_DISABLE;
    default: return -ENODEV;
    }
}

static long set_speculation(const uint64_t arguments[4])
{
    if (!is_zero_from(arguments, 2)) {
        return -EINVAL;
    }
    switch (arguments[0]) {
    case PR_SPEC_STORE_BYPASS:
    case PR_SPEC_INDIRECT_BRANCH: return -ENXIO;
    case PR_SPEC_L1D_FLUSH: return -EPERM;
    default: return -ENODEV;
    }
}

long prctl_hint(int option, const uint64_t arguments[4])
{
    switch (option) {
    case PR_TASK_PERF_EVENTS_DISABLE:
    case PR_TASK_PERF_EVENTS_ENABLE: return 0; /* of all that the task has: none */
    case PR_MCE_KILL: return set_failure_policy(arguments);
    case PR_MCE_KILL_GET:
        return is_zero_from(arguments, 0) ? PR_MCE_KILL_DEFAULT - task_current()->failure_policy
                                          : -EINVAL;
    case PR_SET_THP_DISABLE: return set_huge_pages(arguments);
    case PR_GET_THP_DISABLE:
        return is_zero_from(arguments, 0) ? READ_ONCE(process_current()->refuses_huge_pages)
                                          : -EINVAL;
    case PR_GET_SPECULATION_CTRL: return get_speculation(arguments);
    case PR_SET_SPECULATION_CTRL: return set_speculation(arguments);
    case PR_SET_IO_FLUSHER: return set_io_flusher(arguments);
    case PR_GET_IO_FLUSHER: return get_io_flusher(arguments);
    case PR_SET_SYSCALL_USER_DISPATCH: /* only off is there */
        return is_zero_from(arguments, 0) ? 0 : -EINVAL;
    default: return -EINVAL;
    }
}
