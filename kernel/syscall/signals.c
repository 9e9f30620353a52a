/*
 * Signal calls: decoding; the rules live in process/signal*.c.
 *
 * A set of signals is one 64-bit word. Each call is told its size all the same and refuses any other: should there ever be more signals,
 * old programs and new kernels find out that they disagree. The C library's sigset_t is larger; it passes the kernel's size.
 */
#include "arch/context.h"
#include "arch/signal_frame.h"
#include "file/open_file.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "process/descriptor_table.h"
#include "process/interval_timer.h"
#include "process/signal.h"
#include "process/signal_file.h"
#include "syscall/call.h"
#include "syscall/time_values.h"
#include "uapi/time.h"

SYSTEM_CALL4(rt_sigaction, int, number, const struct uapi_sigaction __user *, user_new,
             struct uapi_sigaction __user *, user_old, size_t, set_bytes)
{
    if (set_bytes != SIGNAL_SET_BYTES) {
        return -EINVAL;
    }
    struct uapi_sigaction action;
    struct uapi_sigaction old;
    if (user_new != NULL && user_copy_in(&action, user_new, sizeof(action)) != 0) {
        return -EFAULT;
    }
    int result = signal_set_action(number, user_new == NULL ? NULL : &action, &old);
    return result != 0 ? result : copy_out_optional(user_old, &old, sizeof(old));
}

SYSTEM_CALL4(rt_sigprocmask, int, how, const uint64_t __user *, user_set, uint64_t __user *,
             user_old, size_t, set_bytes)
{
    if (set_bytes != SIGNAL_SET_BYTES) {
        return -EINVAL;
    }
    /* `how` counts only where there is a set: with none the call just asks, whatever it says (sigprocmask(2)). */
    uint64_t old = task_current()->signal_mask;
    if (user_set != NULL) {
        uint64_t set;
        if (user_copy_in(&set, user_set, sizeof(set)) != 0) {
            return -EFAULT;
        }
        switch (how) {
        case SIG_BLOCK: signal_set_mask(old | set); break;
        case SIG_UNBLOCK: signal_set_mask(old & ~set); break;
        case SIG_SETMASK: signal_set_mask(set); break;
        default: return -EINVAL;
        }
    }
    return copy_out_optional(user_old, &old, sizeof(old));
}

SYSTEM_CALL2(rt_sigpending, uint64_t __user *, user_set, size_t, set_bytes)
{
    /* Alone of its kind it takes smaller sets too, and fills no more than was asked for, as on Linux. */
    if (set_bytes > SIGNAL_SET_BYTES) {
        return -EINVAL;
    }
    uint64_t set = signal_pending_set(task_current()) & task_current()->signal_mask;
    return user_copy_out(user_set, &set, set_bytes);
}

SYSTEM_CALL2(rt_sigsuspend, const uint64_t __user *, user_set, size_t, set_bytes)
{
    uint64_t set;
    if (set_bytes != SIGNAL_SET_BYTES) {
        return -EINVAL;
    }
    if (user_copy_in(&set, user_set, sizeof(set)) != 0) {
        return -EFAULT;
    }
    return signal_suspend(set);
}

SYSTEM_CALL0(pause)
{
    return signal_suspend(task_current()->signal_mask);
}

SYSTEM_CALL4(rt_sigtimedwait, const uint64_t __user *, user_set, struct uapi_siginfo __user *,
             user_info, const struct uapi_timespec __user *, user_timeout, size_t, set_bytes)
{
    uint64_t set;
    if (set_bytes != SIGNAL_SET_BYTES) {
        return -EINVAL;
    }
    if (user_copy_in(&set, user_set, sizeof(set)) != 0) {
        return -EFAULT;
    }
    uint64_t deadline = UINT64_MAX;
    int error = deadline_from_user(user_timeout, &deadline);
    if (error != 0) {
        return error;
    }
    struct uapi_siginfo info;
    long number = signal_wait(set, deadline, &info);
    assert(number <= SIGNAL_COUNT && (number <= 0 || (set & signal_bit((int)number)) != 0));
    if (number > 0 && copy_out_optional(user_info, &info, sizeof(info)) != 0) {
        return -EFAULT;
    }
    return number;
}

/*
 * A program may queue a signal to others only as coming from a program (negative si_code, not tkill's). Others are all but the calling
 * thread, its fellows included: `target` is the number that the call names.
 */
static int check_queued_info(struct uapi_siginfo *info, const struct uapi_siginfo __user *user,
                             int number, int target)
{
    if (user_copy_in(info, user, sizeof(*info)) != 0) {
        return -EFAULT;
    }
    info->si_signo = number;
    if ((info->si_code >= 0 || info->si_code == SI_TKILL) && target != thread_current()->number) {
        return -EPERM;
    }
    return 0;
}

SYSTEM_CALL3(rt_sigqueueinfo, int, target, int, number, const struct uapi_siginfo __user *,
             user_info)
{
    struct uapi_siginfo info;
    int result = check_queued_info(&info, user_info, number, target);
    if (result != 0) {
        return result;
    }
    struct process *process = process_find_of_task(target);
    if (process == NULL) {
        return -ESRCH;
    }
    result = number < 0 || number > SIGNAL_COUNT ? -EINVAL : signal_permission(process, number);
    if (result == 0 && number != 0) {
        result = signal_send_process(process, number, &info);
    }
    process_put(process);
    return result;
}

SYSTEM_CALL4(rt_tgsigqueueinfo, int, group, int, number, int, signal,
             const struct uapi_siginfo __user *, user_info)
{
    struct uapi_siginfo info;
    if (group <= 0 || number <= 0) {
        return -EINVAL;
    }
    int result = check_queued_info(&info, user_info, signal, number);
    return result != 0 ? result : signal_queue_task(group, number, signal, &info);
}

static long signal_file_install(uint64_t set, unsigned flags)
{
    struct open_file *file =
        signal_file_create(set, flags & O_NONBLOCK, task_current()->credentials);
    return file == NULL ? -ENOMEM : new_descriptor(file, (flags & O_CLOEXEC) != 0);
}

/* SFD_NONBLOCK and SFD_CLOEXEC are the O_ flags of that name. */
static long signal_file_call(int descriptor, const uint64_t __user *user_set, size_t set_bytes,
                             unsigned flags)
{
    uint64_t set;
    if (set_bytes != SIGNAL_SET_BYTES) {
        return -EINVAL;
    }
    if (user_copy_in(&set, user_set, sizeof(set)) != 0) {
        return -EFAULT;
    }
    if ((flags & ~(unsigned)(O_NONBLOCK | O_CLOEXEC)) != 0) {
        return -EINVAL;
    }
    if (descriptor == -1) {
        return signal_file_install(set, flags);
    }
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    int result = signal_file_change(file, set);
    open_file_put(file);
    return result != 0 ? result : descriptor;
}

SYSTEM_CALL3(signalfd, int, descriptor, const uint64_t __user *, set, size_t, set_bytes)
{
    return signal_file_call(descriptor, set, set_bytes, 0);
}

SYSTEM_CALL4(signalfd4, int, descriptor, const uint64_t __user *, set, size_t, set_bytes, unsigned,
             flags)
{
    return signal_file_call(descriptor, set, set_bytes, flags);
}

SYSTEM_CALL2(kill, int, number, int, signal)
{
    return signal_kill(number, signal);
}

SYSTEM_CALL2(tkill, int, number, int, signal)
{
    return number <= 0 ? -EINVAL : signal_kill_task(0, number, signal);
}

SYSTEM_CALL3(tgkill, int, group, int, number, int, signal)
{
    return group <= 0 || number <= 0 ? -EINVAL : signal_kill_task(group, number, signal);
}

static int stack_flags(const struct task *task, vaddr_t stack_pointer)
{
    const struct uapi_stack *stack = &task->alternate_stack;
    if (stack->ss_size == 0) {
        return SS_DISABLE;
    }
    bool is_on_it = stack_pointer > stack->ss_sp && stack_pointer - stack->ss_sp <= stack->ss_size;
    return is_on_it && (stack->ss_flags & (int)SS_AUTODISARM) == 0 ? SS_ONSTACK : 0;
}

static int set_alternate_stack(struct task *task, struct uapi_stack stack, bool is_on_it)
{
    int mode = stack.ss_flags & ~(int)SS_AUTODISARM;
    /* A stack that is in use must not be taken away under the handler that runs on it (POSIX). */
    if (is_on_it) {
        return -EPERM;
    }
    if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK) {
        return -EINVAL;
    }
    if (mode == SS_DISABLE) {
        stack.ss_sp = 0;
        stack.ss_size = 0;
    } else if (stack.ss_size < MINSIGSTKSZ) {
        return -ENOMEM;
    }
    task->alternate_stack = stack;
    return 0;
}

SYSTEM_CALL2(sigaltstack, const struct uapi_stack __user *, user_new, struct uapi_stack __user *,
             user_old)
{
    struct task *task = task_current();
    struct uapi_stack old = task->alternate_stack;
    int flags = stack_flags(task, trap_stack_pointer(arch_user_frame(&task->thread.arch)));
    old.ss_flags = flags | (old.ss_flags & (int)SS_AUTODISARM);
    if (user_new != NULL) {
        struct uapi_stack wanted;
        if (user_copy_in(&wanted, user_new, sizeof(wanted)) != 0) {
            return -EFAULT;
        }
        int result = set_alternate_stack(task, wanted, flags == SS_ONSTACK);
        if (result != 0) {
            return result;
        }
    }
    return copy_out_optional(user_old, &old, sizeof(old));
}

SYSTEM_CALL0(rt_sigreturn)
{
    struct task *task = task_current();
    struct trap_frame *frame = arch_user_frame(&task->thread.arch);
    uint64_t mask;
    struct uapi_stack alternate;
    /* The frame lies on the program's own stack, so all of it is checked: a program can only change what it could change anyway. */
    if (signal_frame_pop(frame, &mask, &alternate) != 0) {
        signal_force(SIGSEGV, NULL);
        return 0;
    }
    signal_set_mask(mask);
    int ignored = set_alternate_stack(task, alternate, false); /* a bad one changes nothing */
    (void)ignored;
    /* What the handler interrupted is no system call to restart any more; the result register is the interrupted program's. */
    system_call_forget(frame);
    return (long)system_call_result(frame);
}

/*
 * The way back into a call with a deadline after a stop: signal_deliver.c puts this call's number into the program's registers. Called by
 * a program itself it does what was interrupted last, or nothing.
 */
SYSTEM_CALL0(restart_syscall)
{
    struct task *task = task_current();
    return task->restart.restart == NULL ? -EINTR : task->restart.restart(task);
}

static struct uapi_timeval timeval_from_interval(uint64_t ns)
{
    return (struct uapi_timeval){.tv_sec = (int64_t)(ns / NS_PER_SECOND),
                                 .tv_usec = (int64_t)(ns % NS_PER_SECOND / NS_PER_US)};
}

static int interval_from_timeval(const struct uapi_timeval *value, uint64_t *ns)
{
    if (value->tv_sec < 0 || value->tv_usec < 0 || value->tv_usec >= 1000000) {
        return -EINVAL;
    }
    /* More than 292 years are 292 years. */
    *ns = value->tv_sec > INT64_MAX / (int64_t)NS_PER_SECOND
              ? INT64_MAX
              : (uint64_t)value->tv_sec * NS_PER_SECOND + (uint64_t)value->tv_usec * NS_PER_US;
    return 0;
}

static long copy_interval_out(struct uapi_itimerval __user *user,
                              const struct interval_timer_value *value)
{
    const struct uapi_itimerval copy = {.it_interval = timeval_from_interval(value->interval_ns),
                                        .it_value = timeval_from_interval(value->value_ns)};
    return copy_out_optional(user, &copy, sizeof(copy));
}

SYSTEM_CALL3(setitimer, int, which, const struct uapi_itimerval __user *, user_new,
             struct uapi_itimerval __user *, user_old)
{
    struct uapi_itimerval wanted = {0};
    struct interval_timer_value value;
    struct interval_timer_value old;
    if (which < ITIMER_REAL || which > ITIMER_PROF) {
        return -EINVAL;
    }
    if (user_new != NULL && user_copy_in(&wanted, user_new, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    if (interval_from_timeval(&wanted.it_value, &value.value_ns) != 0 ||
        interval_from_timeval(&wanted.it_interval, &value.interval_ns) != 0) {
        return -EINVAL;
    }
    /* NULL stops the timer: an oddity of Linux's that programs came to rely on (setitimer(2)). */
    interval_timer_set(which, &value, &old);
    return copy_interval_out(user_old, &old);
}

SYSTEM_CALL2(getitimer, int, which, struct uapi_itimerval __user *, user)
{
    if (which < ITIMER_REAL || which > ITIMER_PROF) {
        return -EINVAL;
    }
    struct interval_timer_value value;
    interval_timer_get(which, &value);
    return user == NULL ? -EFAULT : copy_interval_out(user, &value);
}

SYSTEM_CALL1(alarm, uint32_t, seconds)
{
    const struct interval_timer_value value = {.value_ns = seconds * NS_PER_SECOND};
    struct interval_timer_value old;
    interval_timer_set(ITIMER_REAL, &value, &old);
    /* Rounded to whole seconds, but never to none while one is pending. */
    uint64_t left = (old.value_ns + NS_PER_SECOND / 2) / NS_PER_SECOND;
    return (long)(left == 0 && old.value_ns != 0 ? 1 : left);
}
