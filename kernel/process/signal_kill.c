// kill, tkill, tgkill: who may signal whom, and every meaning of the number. See kill(2).
#include "lib/assert.h"
#include "lib/errno.h"
#include "process/process_internal.h"
#include "uapi/capability.h"

int signal_permission_locked(struct process *target, int number)
{
    assert(spin_is_held(&process_tree_lock));
    const struct task *task = task_current();
    const struct credentials *self = task->credentials;
    if (number < 0 || number > SIGNAL_COUNT) {
        return -EINVAL;
    }
    if (target->leader == NULL) {
        return -ESRCH;
    }
    const struct credentials *other = target->leader->credentials;
    if (target == task->process || self->euid == other->suid || self->euid == other->uid ||
        self->uid == other->suid || self->uid == other->uid || credentials_can(self, CAP_KILL)) {
        return 0;
    }
    return number == SIGCONT && target->session == task->process->session ? 0 : -EPERM;
}

int signal_permission(struct process *target, int number)
{
    spin_lock(&process_tree_lock);
    int error = signal_permission_locked(target, number);
    spin_unlock(&process_tree_lock);
    return error;
}

void signal_info_from_user(struct uapi_siginfo *info, int number, int code)
{
    const struct task *task = task_current();
    *info = (struct uapi_siginfo){.si_signo = number, .si_code = code};
    info->fields.kill.pid = task->process->id->number;
    info->fields.kill.uid = task->credentials->uid;
}

void signal_send_self(int number)
{
    struct uapi_siginfo info;
    signal_info_from_user(&info, number, SI_USER);
    (void)signal_send_task(task_current(), number, &info);
}

// Consumes the reference; NULL: there is none.
static long kill_process(struct process *process, int signal, const struct uapi_siginfo *info)
{
    if (process == NULL) {
        return -ESRCH;
    }
    int error = signal_permission(process, signal);
    if (error == 0 && signal != 0) {
        error = signal_send_process(process, signal, info);
    }
    process_put(process);
    return error;
}

static long kill_own_group(int signal, const struct uapi_siginfo *info)
{
    spin_lock(&process_tree_lock);
    int error = signal_send_group_locked(process_current()->group, signal, info, true);
    spin_unlock(&process_tree_lock);
    return error;
}

static long kill_group(int number, int signal, const struct uapi_siginfo *info)
{
    struct id *group = id_find(number);
    if (group == NULL) {
        return -ESRCH;
    }
    int error = signal_send_group(group, signal, info, true);
    id_put(group);
    return error;
}

// Everybody but pid 1 and the caller; whom the caller may not signal is passed over in silence, as on Linux. Where nobody else is
// there it is no error: on Linux the kernel's own threads always are. Walks by number: processes may come and go meanwhile.
static long kill_everybody(int signal, const struct uapi_siginfo *info)
{
    const struct process *self = process_current();
    long result = 0;
    struct id *id = id_next(2);
    while (id != NULL) {
        int number = id->number;
        id_put(id);
        if (number != self->id->number) {
            long error = kill_process(process_find(number), signal, info);
            if (error != -EPERM && error != -ESRCH) {
                result = error;
            }
        }
        id = id_next(number + 1);
    }
    return result;
}

long signal_kill(int number, int signal)
{
    struct uapi_siginfo info;
    signal_info_from_user(&info, signal, SI_USER);
    if (number > 0) {
        return kill_process(process_find_of_task(number), signal, &info);
    }
    if (number == 0) {
        return kill_own_group(signal, &info);
    }
    if (number == -1) {
        return kill_everybody(signal, &info);
    }
    return number == INT32_MIN ? -ESRCH : kill_group(-number, signal, &info);
}

long signal_queue_task(int group, int number, int signal, const struct uapi_siginfo *info)
{
    if (number <= 0) {
        return -EINVAL;
    }
    struct task *task = task_find(number);
    if (task == NULL) {
        return -ESRCH;
    }
    long error = -ESRCH;
    if (group == 0 || task->process->id->number == group) {
        error = signal_permission(task->process, signal);
        if (error == 0 && signal != 0) {
            error = signal_send_task(task, signal, info);
        }
    }
    task_put(task);
    return error;
}

long signal_kill_task(int group, int number, int signal)
{
    struct uapi_siginfo info;
    signal_info_from_user(&info, signal, SI_TKILL);
    return signal_queue_task(group, number, signal, &info);
}
