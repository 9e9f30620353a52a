/*
 * What threads need: futex, robust lists, restartable sequences, clone3, membarrier.
 *
 * futex(2) is many operations behind one number, and one argument is a time for some and a count for others. Here they are told apart and
 * each becomes a typed call of process/; the time is read only where the operation has one, so that a count is never taken for an address.
 */
#include "lib/macros.h"
#include "lib/string.h"
#include "process/futex.h"
#include "process/process.h"
#include "scheduler/rcu.h"
#include "syscall/call.h"
#include "syscall/extensible.h"
#include "syscall/time_values.h"
#include "uapi/futex.h"
#include "uapi/mman.h"
#include "uapi/rseq.h"
#include "uapi/sched.h"

/* The deadline of a futex wait. FUTEX_WAIT's is relative; the others' absolute, FUTEX_LOCK_PI's by the wall clock, the rest's by the
   clock that the operation names. */
static int futex_deadline(uint32_t operation, const struct uapi_timespec __user *user,
                          uint64_t *deadline)
{
    unsigned command = operation & FUTEX_CMD_MASK;
    bool is_wall_clock = (operation & FUTEX_CLOCK_REALTIME) != 0 || command == FUTEX_LOCK_PI;
    return command == FUTEX_WAIT ? deadline_from_user(user, deadline)
                                 : deadline_from_user_clock(user, is_wall_clock, deadline);
}

static long futex_wait_call(const struct futex_word *word, uint32_t operation, uint32_t value,
                            const struct uapi_timespec __user *timeout, uint32_t bitset)
{
    uint64_t deadline;
    int error = futex_deadline(operation, timeout, &deadline);
    return error != 0 ? error : futex_wait(word, value, deadline, bitset);
}

static long futex_lock_pi_call(const struct futex_word *word, uint32_t operation,
                               const struct uapi_timespec __user *timeout)
{
    uint64_t deadline;
    int error = futex_deadline(operation, timeout, &deadline);
    return error != 0 ? error : futex_pi_lock(word, deadline, false);
}

static bool takes_realtime(uint32_t command)
{
    return command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI2;
}

/* Linux counts after it woke: fewer than one means one. */
static unsigned wake_count(uint32_t value)
{
    return (unsigned)MAX((int32_t)value, 1);
}

SYSTEM_CALL6(futex, uint32_t __user *, address, uint32_t, operation, uint32_t, value, uint64_t,
             fourth, uint32_t __user *, second_address, uint32_t, third_value)
{
    bool is_private = (operation & FUTEX_PRIVATE_FLAG) != 0;
    const struct futex_word word = {address, is_private};
    const struct futex_word second = {second_address, is_private};
    uint32_t command = operation & (uint32_t)FUTEX_CMD_MASK;
    const struct uapi_timespec __user *timeout = (const struct uapi_timespec __user *)fourth;
    if ((operation & FUTEX_CLOCK_REALTIME) != 0 && !takes_realtime(command)) {
        return -ENOSYS;
    }
    switch (command) {
    case FUTEX_WAIT:
        return futex_wait_call(&word, operation, value, timeout, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAIT_BITSET: return futex_wait_call(&word, operation, value, timeout, third_value);
    case FUTEX_WAKE: return futex_wake(&word, wake_count(value), FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET: return futex_wake(&word, wake_count(value), third_value);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE: {
        const struct futex_requeue requeue = {
            .from = word,
            .to = second,
            .wake = value,
            .move = (uint32_t)fourth,
            .is_compared = command == FUTEX_CMP_REQUEUE,
            .expected = third_value,
        };
        return (int32_t)value < 0 || (int32_t)fourth < 0 ? -EINVAL : futex_requeue(&requeue);
    }
    case FUTEX_WAKE_OP:
        return futex_wake_operation(&word, wake_count(value), &second, wake_count((uint32_t)fourth),
                                    third_value);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2: return futex_lock_pi_call(&word, operation, timeout);
    case FUTEX_TRYLOCK_PI: return futex_pi_lock(&word, UINT64_MAX, true);
    case FUTEX_UNLOCK_PI: return futex_pi_unlock(&word);
    default: return -ENOSYS; /* requeueing to a priority-inheriting futex is not there */
    }
}

SYSTEM_CALL4(rseq, void __user *, area, unsigned, bytes, int, flags, uint32_t, signature)
{
    if ((flags & ~RSEQ_FLAG_UNREGISTER) != 0) {
        return -EINVAL;
    }
    return flags != 0 ? restartable_unregister(area, bytes, signature)
                      : restartable_register(area, bytes, signature);
}

SYSTEM_CALL2(set_robust_list, void __user *, head, size_t, bytes)
{
    if (bytes != sizeof(struct uapi_robust_list_head)) {
        return -EINVAL;
    }
    task_current()->robust_list = head;
    return 0;
}

SYSTEM_CALL3(get_robust_list, int, number, uint64_t __user *, user_head, size_t __user *,
             user_bytes)
{
    /* The address is the owner's word: nothing is read there, so that it may be as bad as it likes. */
    struct task *task = number == 0 ? NULL : task_find(number);
    if (number != 0 && task == NULL) {
        return -ESRCH;
    }
    struct task *target = task == NULL ? task_current() : task;
    bool is_permitted = task_may_trace(target);
    uint64_t head = (uint64_t)(uintptr_t)target->robust_list;
    if (task != NULL) {
        task_put(task);
    }
    if (!is_permitted) {
        return -EPERM;
    }
    size_t bytes = sizeof(struct uapi_robust_list_head);
    int error = user_copy_out(user_bytes, &bytes, sizeof(bytes));
    return error != 0 ? error : user_copy_out(user_head, &head, sizeof(head));
}

/* Beyond the 32 bits that clone has there are two flags of clone3's own; unlike clone it refuses what it does not know. */
#define CLONE3_FLAGS (UINT32_MAX | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP)

static int check_clone_args(const struct uapi_clone_args *args)
{
    if ((args->flags & ~CLONE3_FLAGS) != 0 || (args->flags & (CLONE_DETACHED | CSIGNAL)) != 0 ||
        args->exit_signal > SIGRTMAX || (args->stack == 0) != (args->stack_size == 0)) {
        return -EINVAL;
    }
    if (!user_range_is_valid((const void __user *)args->stack, args->stack_size)) {
        return -EINVAL;
    }
    if ((args->flags & (CLONE_THREAD | CLONE_PARENT)) != 0 && args->exit_signal != 0) {
        return -EINVAL;
    }
    return args->set_tid_size != 0 ? -ENOSYS : 0; /* chosen numbers: for checkpoint and restore */
}

SYSTEM_CALL2(clone3, const char __user *, user, size_t, bytes)
{
    struct uapi_clone_args args;
    int error = user_copy_extensible(&args, sizeof(args), CLONE_ARGS_SIZE_VER0, user, bytes);
    if (error == 0) {
        error = check_clone_args(&args);
    }
    if (error != 0) {
        return error;
    }
    const struct clone_request request = {
        .flags = args.flags,
        .exit_signal = (int)args.exit_signal,
        .stack = args.stack + args.stack_size,
        .tls = args.tls,
        .parent_tid = (uint32_t __user *)args.parent_tid,
        .child_tid = (uint32_t __user *)args.child_tid,
        .process_file = (uint32_t __user *)args.pidfd,
    };
    return process_clone(&request);
}

SYSTEM_CALL1(unshare, uint64_t, flags)
{
    return process_unshare(flags);
}

/*
 * Each form waits until every CPU has passed a context switch, and so has executed a barrier: for those that are to be quick that is more
 * than they ask for. Who is to be counted among the receivers of the others' global barriers always is; only the private form
 * insists on being announced, since programs find out by that whether they did.
 */
SYSTEM_CALL3(membarrier, int, command, unsigned, flags, int, cpu)
{
    const int known = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |
                      MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |
                      MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    struct process *process = process_current();
    (void)cpu;
    if (flags != 0) {
        return -EINVAL;
    }
    switch (command) {
    case MEMBARRIER_CMD_QUERY: return known;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
        if (!READ_ONCE(process->has_private_barriers)) {
            return -EPERM;
        }
        rcu_synchronize();
        return 0;
    case MEMBARRIER_CMD_GLOBAL:
    case MEMBARRIER_CMD_GLOBAL_EXPEDITED: rcu_synchronize(); return 0;
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
        WRITE_ONCE(process->has_private_barriers, true);
        return 0;
    case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED: return 0;
    default: return -EINVAL;
    }
}
