/*
 * signalfd: a file whose bytes are the pending signals of its reader, taken from the queues as sigtimedwait takes them. The set is one
 * word, changed and read as a whole; readers sleep where sigtimedwait does.
 */
#include "process/signal_file.h"

#include "file/open_file.h"
#include "lib/errno.h"
#include "lib/text.h"
#include "memory/heap.h"
#include "process/process_internal.h"

struct signal_file {
    uint64_t set; /* [a] never SIGKILL or SIGSTOP */
};

static uint64_t file_set(const struct open_file *file)
{
    const struct signal_file *own = file->private_data;
    return READ_ONCE(own->set);
}

enum info_layout { INFO_SENDER, INFO_QUEUED, INFO_TIMER, INFO_CHILD, INFO_FAULT, INFO_POLL };

/* Which fields of siginfo hold something: by the code, and for the kernel's own codes by the signal. */
static enum info_layout layout_of(const struct uapi_siginfo *info)
{
    if (info->si_code == SI_TIMER) {
        return INFO_TIMER;
    }
    if (info->si_code == SI_SIGIO) {
        return INFO_POLL;
    }
    if (info->si_code <= SI_USER || info->si_code >= SI_KERNEL) {
        return info->si_code < SI_USER ? INFO_QUEUED : INFO_SENDER;
    }
    switch (info->si_signo) {
    case SIGCHLD: return INFO_CHILD;
    case SIGILL:
    case SIGFPE:
    case SIGSEGV:
    case SIGBUS:
    case SIGTRAP: return INFO_FAULT;
    case SIGPOLL: return INFO_POLL;
    default: return INFO_SENDER;
    }
}

static void tell_sender(struct uapi_signalfd_siginfo *told, const struct uapi_siginfo *info)
{
    told->ssi_pid = (uint32_t)info->fields.kill.pid;
    told->ssi_uid = info->fields.kill.uid;
}

static void tell_value(struct uapi_signalfd_siginfo *told, union uapi_sigval value)
{
    told->ssi_ptr = value.sival_ptr;
    told->ssi_int = value.sival_int;
}

static void tell_child(struct uapi_signalfd_siginfo *told, const struct uapi_siginfo *info)
{
    tell_sender(told, info);
    told->ssi_status = info->fields.sigchld.status;
    told->ssi_utime = (uint64_t)info->fields.sigchld.utime;
    told->ssi_stime = (uint64_t)info->fields.sigchld.stime;
}

static void tell(struct uapi_signalfd_siginfo *told, const struct uapi_siginfo *info)
{
    *told = (struct uapi_signalfd_siginfo){.ssi_signo = (uint32_t)info->si_signo,
                                           .ssi_errno = info->si_errno,
                                           .ssi_code = info->si_code};
    switch (layout_of(info)) {
    case INFO_SENDER: tell_sender(told, info); break;
    case INFO_QUEUED:
        tell_sender(told, info);
        tell_value(told, info->fields.rt.value);
        break;
    case INFO_TIMER:
        told->ssi_tid = (uint32_t)info->fields.timer.timer_id;
        told->ssi_overrun = (uint32_t)info->fields.timer.overrun;
        tell_value(told, info->fields.timer.value);
        break;
    case INFO_CHILD: tell_child(told, info); break;
    case INFO_FAULT: told->ssi_addr = info->fields.sigfault.addr; break;
    case INFO_POLL:
        told->ssi_band = (uint32_t)info->fields.sigpoll.band;
        told->ssi_fd = info->fields.sigpoll.fd;
        break;
    }
}

/* Takes one signal, waiting for it where `may_wait`. Its number, -EAGAIN, -ERESTARTSYS. */
static int take_one(const struct open_file *file, struct uapi_siginfo *info, bool may_wait)
{
    int number = signal_take(file_set(file), info);
    if (number != 0 || !may_wait) {
        return number != 0 ? number : -EAGAIN;
    }
    int error = WAIT_INTERRUPTIBLE(&process_current()->actions->signalled,
                                   (number = signal_take(file_set(file), info)) != 0);
    return error != 0 ? error : number;
}

static ssize_t signal_file_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)position;
    struct uapi_signalfd_siginfo told;
    struct uapi_siginfo info;
    ssize_t bytes = 0;
    if (io_iter_remaining(iter) < sizeof(told)) {
        return -EINVAL;
    }
    while (io_iter_remaining(iter) >= sizeof(told)) {
        int number = take_one(file, &info, bytes == 0 && !open_file_is_nonblocking(file));
        if (number < 0) {
            return bytes != 0 ? bytes : number;
        }
        tell(&told, &info);
        if (io_iter_write(iter, &told, sizeof(told)) != sizeof(told)) {
            return bytes != 0 ? bytes : -EFAULT;
        }
        bytes += (ssize_t)sizeof(told);
    }
    return bytes;
}

static unsigned signal_file_poll(struct open_file *file, struct poll_context *context)
{
    struct task *task = task_current();
    poll_wait(context, &task->process->actions->signalled);
    return (signal_pending_set(task) & file_set(file)) != 0 ? POLLIN : 0;
}

static void signal_file_describe(struct open_file *file, struct text_buffer *text)
{
    text_format(text, "sigmask:\t%016llx\n", (unsigned long long)file_set(file));
}

static void signal_file_release(struct open_file *file)
{
    heap_free(file->private_data);
}

static const struct file_ops signal_file_ops = {
    .name = "signalfd",
    .flags = FILE_OPS_NONSEEK_ZERO | FILE_OPS_STREAM | FILE_OPS_NO_SPLICE,
    .read = signal_file_read,
    .poll = signal_file_poll,
    .describe = signal_file_describe,
    .release = signal_file_release,
};

struct open_file *signal_file_create(uint64_t set, unsigned flags, struct credentials *credentials)
{
    struct signal_file *own = heap_alloc(sizeof(*own));
    if (own == NULL) {
        return NULL;
    }
    own->set = set & ~SIGNAL_UNBLOCKABLE;
    struct open_file *file =
        open_file_create(&signal_file_ops, O_RDWR | flags, own, credentials, NULL);
    if (file == NULL) {
        heap_free(own);
    }
    return file;
}

int signal_file_change(struct open_file *file, uint64_t set)
{
    if (file->ops != &signal_file_ops) {
        return -EINVAL;
    }
    struct signal_file *own = file->private_data;
    WRITE_ONCE(own->set, set & ~SIGNAL_UNBLOCKABLE);
    wait_queue_wake_all(&process_current()->actions->signalled);
    return 0;
}
