/*
 * Making, replacing, ending and waiting for processes; numbers, groups, sessions; arch_prctl.
 *
 * fork, vfork and clone are one request with other flags. wait4 is waitid with another answer: what it says in one status word waitid
 * tells as a siginfo, and the two agree because both are made from the same result.
 */
#include "arch/context.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "process/exec.h"
#include "process/process.h"
#include "process/signal.h"
#include "syscall/call.h"
#include "syscall/names.h"
#include "syscall/process_files.h"
#include "uapi/arch_prctl.h"
#include "uapi/fcntl.h"
#include "uapi/personality.h"
#include "uapi/sched.h"
#include "uapi/wait.h"

SYSTEM_CALL0(fork)
{
    const struct clone_request request = {.exit_signal = SIGCHLD};
    return process_clone(&request);
}

SYSTEM_CALL0(vfork)
{
    const struct clone_request request = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};
    return process_clone(&request);
}

SYSTEM_CALL5(clone, uint64_t, flags, vaddr_t, stack, uint32_t __user *, parent_tid,
             uint32_t __user *, child_tid, uint64_t, tls)
{
    const struct clone_request request = {
        /* The low byte is the signal of the end, so clone has no room for the flags that clone3 got above 32 bits. */
        .flags = flags & 0xffffffffu & ~(uint64_t)CSIGNAL,
        .exit_signal = (int)(flags & CSIGNAL),
        .stack = stack,
        .tls = tls,
        .parent_tid = parent_tid,
        .child_tid = child_tid,
        .process_file = parent_tid, /* one word for both, which is refused where both are wanted */
    };
    return process_clone(&request);
}

/*
 * All strings are copied before the program is looked for: past its point of no return the old memory is gone, and before it another
 * thread could change them between being counted and being copied.
 */
static long execute(int directory, const char __user *name, const char __user *const __user *argv,
                    const char __user *const __user *envp, int flags)
{
    struct name_call call;
    int result = name_call_begin(&call, directory, name);
    if (result != 0) {
        return result;
    }
    struct exec_arguments *arguments = exec_arguments_create();
    result = arguments == NULL ? -ENOMEM : exec_arguments_from_user(arguments, argv, envp);
    if (result == 0) {
        result = exec_program(call.start, call.name, walk_flags_from_at(flags), arguments);
    }
    if (arguments != NULL) {
        exec_arguments_destroy(arguments);
    }
    name_call_end(&call);
    return result;
}

SYSTEM_CALL3(execve, const char __user *, name, const char __user *const __user *, argv,
             const char __user *const __user *, envp)
{
    return execute(AT_FDCWD, name, argv, envp, 0);
}

SYSTEM_CALL5(execveat, int, directory, const char __user *, name, const char __user *const __user *,
             argv, const char __user *const __user *, envp, int, flags)
{
    if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) != 0) {
        return -EINVAL;
    }
    return execute(directory, name, argv, envp, flags);
}

SYSTEM_CALL1(exit, int, status)
{
    task_exit(wait_status_exited(status));
}

SYSTEM_CALL1(exit_group, int, status)
{
    process_exit(wait_status_exited(status));
}

static struct uapi_timeval timeval_from_ns(uint64_t ns)
{
    return (struct uapi_timeval){.tv_sec = (int64_t)(ns / NS_PER_SECOND),
                                 .tv_usec = (int64_t)(ns % NS_PER_SECOND / NS_PER_US)};
}

static void rusage_from_usage(struct uapi_rusage *rusage, const struct process_usage *usage)
{
    *rusage = (struct uapi_rusage){
        .ru_utime = timeval_from_ns(usage->user_ns),
        .ru_stime = timeval_from_ns(usage->kernel_ns),
        .ru_maxrss = (int64_t)usage->peak_resident_kib,
        .ru_minflt = (int64_t)usage->minor_faults,
        .ru_majflt = (int64_t)usage->major_faults,
        .ru_nvcsw = (int64_t)usage->voluntary_switches,
        .ru_nivcsw = (int64_t)usage->involuntary_switches,
    };
}

static long copy_usage_out(struct uapi_rusage __user *user, const struct process_usage *usage)
{
    struct uapi_rusage rusage;
    if (user == NULL) {
        return 0;
    }
    rusage_from_usage(&rusage, usage);
    return user_copy_out(user, &rusage, sizeof(rusage));
}

/* wait4's number argument as which/number. */
static long wait_for(int number, int options, struct wait_result *result)
{
    if (number == INT32_MIN) {
        return -ESRCH; /* the one negative number that is no group's: it has no positive counterpart */
    }
    if (number < -1) {
        return process_wait(P_PGID, -number, options, result);
    }
    if (number == -1) {
        return process_wait(P_ALL, 0, options, result);
    }
    if (number == 0) {
        return process_wait(P_PGID, process_get_group(0), options, result);
    }
    return process_wait(P_PID, number, options, result);
}

SYSTEM_CALL4(wait4, int, number, int __user *, status, int, options, struct uapi_rusage __user *,
             usage)
{
    /* __WNOTHREAD is taken and does nothing: here any thread may wait for the children of all. */
    const unsigned known = WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL;
    if (((unsigned)options & ~known) != 0) {
        return -EINVAL;
    }
    struct wait_result result;
    long child = wait_for(number, options | WEXITED, &result);
    if (child <= 0) {
        return child;
    }
    assert(child == result.number);
    /* A child that was taken is gone, be the addresses good or not: POSIX has no way to give it back. */
    if (copy_out_optional(status, &result.status, sizeof(result.status)) != 0 ||
        copy_usage_out(usage, &result.usage) != 0) {
        return -EFAULT;
    }
    return child;
}

/* si_status: the exit code, or the signal's number. */
static int wait_info_status(const struct wait_result *result)
{
    switch (result->code) {
    case CLD_EXITED: return result->status >> 8 & 0xff;
    case CLD_KILLED:
    case CLD_DUMPED: return result->status & 0x7f;
    case CLD_CONTINUED: return SIGCONT;
    default: return result->status >> 8 & 0xff;
    }
}

/* A non-blocking descriptor says that there is nothing yet by -EAGAIN, unlike WNOHANG. */
static long wait_by_descriptor(int descriptor, int options, struct wait_result *result)
{
    struct process *process;
    bool is_nonblocking;
    int error = process_from_descriptor(descriptor, &process, &is_nonblocking);
    if (error != 0) {
        return error;
    }
    /* The reference keeps the number: no other child can get it while this call waits. */
    bool asks_once = is_nonblocking && (options & WNOHANG) == 0;
    long child =
        process_wait(P_PID, process->id->number, asks_once ? options | WNOHANG : options, result);
    process_put(process);
    return child == 0 && asks_once ? -EAGAIN : child;
}

SYSTEM_CALL5(waitid, int, which, int, number, struct uapi_siginfo __user *, info, int, options,
             struct uapi_rusage __user *, usage)
{
    const unsigned known =
        WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL;
    if (((unsigned)options & ~known) != 0 || (options & (WEXITED | WSTOPPED | WCONTINUED)) == 0) {
        return -EINVAL;
    }
    bool is_known = which == P_ALL || which == P_PID || which == P_PGID || which == P_PIDFD;
    if (!is_known || (which == P_PID && number <= 0) || (which != P_ALL && number < 0)) {
        return -EINVAL;
    }
    if (which == P_PGID && number == 0) {
        number = process_get_group(0);
    }
    struct wait_result result;
    long child = which == P_PIDFD ? wait_by_descriptor(number, options, &result)
                                  : process_wait(which, number, options, &result);
    /* With WNOHANG and nobody to tell of, si_signo and si_pid are told as 0: that is how a program sees it (POSIX waitid). */
    struct uapi_siginfo filled = {0};
    if (child > 0) {
        assert(child == result.number && result.code >= CLD_EXITED && result.code <= CLD_CONTINUED);
        filled.si_signo = SIGCHLD;
        filled.si_code = result.code;
        filled.fields.sigchld.pid = result.number;
        filled.fields.sigchld.uid = result.uid;
        filled.fields.sigchld.status = wait_info_status(&result);
        if (copy_usage_out(usage, &result.usage) != 0) {
            return -EFAULT;
        }
    }
    /* Zeros, too, where the wait failed: Linux writes in any case. */
    int error = copy_out_optional(info, &filled, sizeof(filled));
    return error != 0 ? error : MIN(child, 0L);
}

SYSTEM_CALL0(getpid)
{
    return process_current()->id->number;
}

SYSTEM_CALL0(gettid)
{
    return thread_current()->number;
}

/* A word of its own, so that asking takes no lock; 0 where the parent is not to be seen, as pid 1's. */
SYSTEM_CALL0(getppid)
{
    return READ_ONCE(process_current()->parent_number);
}

SYSTEM_CALL2(setpgid, int, number, int, group)
{
    return process_set_group(number, group);
}

SYSTEM_CALL1(getpgid, int, number)
{
    return process_get_group(number);
}

SYSTEM_CALL0(getpgrp)
{
    return process_get_group(0);
}

SYSTEM_CALL1(getsid, int, number)
{
    return process_get_session(number);
}

SYSTEM_CALL0(setsid)
{
    return process_new_session();
}

/* The word is written and its futex woken when the thread leaves this memory: pthread_join waits for that (set_tid_address(2)). */
SYSTEM_CALL1(set_tid_address, uint32_t __user *, address)
{
    task_current()->clear_tid_address = address;
    return thread_current()->number;
}

SYSTEM_CALL2(arch_prctl, int, command, uint64_t, argument)
{
    /* Asking stores through the argument, setting takes it as the value: one call, two kinds of argument. */
    uint64_t base;
    switch (command) {
    /* Addresses that no program can have are refused below: the CPU would fault in the kernel when it loads one that is not canonical. */
    case ARCH_SET_FS: return arch_user_fs_set(argument);
    case ARCH_SET_GS: return arch_user_gs_set(argument);
    case ARCH_GET_FS: base = arch_user_fs_get(); break;
    /* Programs ask the CPU what it can, and it cannot be made to tell them that they may not. */
    case ARCH_GET_CPUID: return 1;
    case ARCH_SET_CPUID: return -ENODEV;
    case ARCH_GET_GS: base = arch_user_gs_get(); break;
    default: return -EINVAL;
    }
    return user_copy_out((void __user *)argument, &base, sizeof(base));
}

SYSTEM_CALL1(personality, uint32_t, wanted)
{
    struct process *process = process_current();
    uint32_t old = process->personality;
    if (wanted != 0xffffffffu) {
        process->personality = wanted;
    }
    return old;
}

SYSTEM_CALL2(getrusage, int, who, struct uapi_rusage __user *, user)
{
    struct process *process = process_current();
    struct process_usage usage;
    if (who == RUSAGE_CHILDREN) {
        spin_lock(&process_tree_lock);
        usage = process->children_usage;
        spin_unlock(&process_tree_lock);
    } else if (who == RUSAGE_SELF) {
        process_get_usage(process, &usage);
    } else if (who == RUSAGE_THREAD) {
        task_get_usage(task_current(), &usage);
    } else {
        return -EINVAL;
    }
    struct uapi_rusage rusage;
    rusage_from_usage(&rusage, &usage);
    return user_copy_out(user, &rusage, sizeof(rusage));
}
