/*
 * Calls on processes by descriptor: pidfd_open, pidfd_send_signal, pidfd_getfd. waitid's P_PIDFD and clone's CLONE_PIDFD stand with
 * their calls.
 */
#include "syscall/process_files.h"

#include "file/open_file.h"
#include "fs/generated.h"
#include "process/descriptor_table.h"
#include "process/process_file.h"
#include "process/signal.h"
#include "syscall/call.h"
#include "uapi/eventfd.h"

int process_from_descriptor(int descriptor, struct process **process, bool *is_nonblocking)
{
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    *process = process_from_file(file);
    *is_nonblocking = open_file_is_nonblocking(file);
    open_file_put(file);
    return *process != NULL ? 0 : -EBADF;
}

/* The process of that number; a thread's number is none, and said to be bad (-EINVAL) rather than gone (-ESRCH), as pidfd_open(2) has it. */
static int find_process(int number, struct process **process)
{
    *process = number > 0 ? process_find(number) : NULL;
    if (*process != NULL) {
        return 0;
    }
    struct task *thread = number > 0 ? task_find(number) : NULL;
    if (thread != NULL) {
        task_put(thread);
    }
    return number <= 0 || thread != NULL ? -EINVAL : -ESRCH;
}

SYSTEM_CALL2(pidfd_open, int, number, unsigned, flags)
{
    struct process *process;
    if ((flags & ~(unsigned)PIDFD_NONBLOCK) != 0) {
        return -EINVAL;
    }
    int error = find_process(number, &process);
    if (error != 0) {
        return error;
    }
    struct open_file *file = process_file_create(process, flags, task_current()->credentials);
    process_put(process);
    return file == NULL ? -ENOMEM : new_descriptor(file, true);
}

/* What the caller says of the signal, as rt_sigqueueinfo takes it. */
static int take_info(struct uapi_siginfo *info, const struct uapi_siginfo __user *user, int signal,
                     const struct process *target)
{
    /* Without information it is kill(2), with it sigqueue(3), by the same rules. */
    if (user == NULL) {
        *info = (struct uapi_siginfo){.si_signo = signal, .si_code = SI_USER};
        info->fields.kill.pid = process_current()->id->number;
        info->fields.kill.uid = task_current()->credentials->uid;
        return 0;
    }
    if (user_copy_in(info, user, sizeof(*info)) != 0) {
        return -EFAULT;
    }
    if (info->si_signo != signal) {
        return -EINVAL;
    }
    bool is_forged = info->si_code >= 0 || info->si_code == SI_TKILL;
    return is_forged && target->id != task_current()->id ? -EPERM : 0;
}

/* The process of a descriptor of pidfd_open, or of an open folder /proc/<pid>. */
static int process_to_signal(int descriptor, struct process **process)
{
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    *process = process_from_file(file);
    int error = *process != NULL ? 0 : generated_folder_process(file, process);
    open_file_put(file);
    return error;
}

SYSTEM_CALL4(pidfd_send_signal, int, descriptor, int, signal, const struct uapi_siginfo __user *,
             user, unsigned, flags)
{
    struct process *process;
    struct uapi_siginfo info;
    if (flags != 0) {
        return -EINVAL;
    }
    int error = process_to_signal(descriptor, &process);
    if (error != 0) {
        return error;
    }
    error = take_info(&info, user, signal, process);
    if (error == 0) {
        error = signal_permission(process, signal);
    }
    if (error == 0 && signal != 0) {
        error = signal_send_process(process, signal, &info);
    }
    process_put(process);
    return error;
}

/* The file that another process has at a descriptor, with a reference. */
static int take_file(struct process *process, int descriptor, struct open_file **file)
{
    /* Of one that was cloned but has not joined the tree yet the task may still be given up, whoever refers to it. */
    spin_lock(&process_tree_lock);
    struct task *task = process->present_count == 0 ? NULL : process->leader;
    if (task != NULL) {
        thread_get(&task->thread);
    }
    spin_unlock(&process_tree_lock);
    if (task == NULL) {
        return -ESRCH;
    }
    /* The right to look into a process is the right to all that it has open. */
    int error = task_may_trace(task) ? 0 : -EPERM;
    struct descriptor_table *table = error == 0 ? task_descriptors_get(task) : NULL;
    task_put(task);
    if (table == NULL) {
        return error != 0 ? error : -ESRCH;
    }
    *file = descriptor_get_foreign(table, descriptor);
    descriptor_table_put(table);
    return *file != NULL ? 0 : -EBADF;
}

SYSTEM_CALL3(pidfd_getfd, int, descriptor, int, other, unsigned, flags)
{
    struct process *process;
    struct open_file *file;
    bool is_nonblocking;
    if (flags != 0) {
        return -EINVAL;
    }
    int error = process_from_descriptor(descriptor, &process, &is_nonblocking);
    if (error != 0) {
        return error;
    }
    error = take_file(process, other, &file);
    process_put(process);
    return error != 0 ? error : new_descriptor(file, true);
}
