/*
 * POSIX message queues: decoding; the queues are in ipc/posix_queue.c.
 */
#include "file/open_file.h"
#include "ipc/posix_queue.h"
#include "memory/heap.h"
#include "process/descriptor_table.h"
#include "syscall/call.h"
#include "syscall/time_values.h"
#include "uapi/limits.h"
#include "uapi/signal.h"

/* ---- by name ----------------------------------------------------------------------------------- */

/* A copy of the name for the caller to free, and its length, or -EFAULT, -ENAMETOOLONG, -ENOMEM. */
static long copy_name(const char __user *user, char **name)
{
    *name = heap_alloc(PATH_MAX);
    if (*name == NULL) {
        return -ENOMEM;
    }
    long length = user_copy_string(*name, user, PATH_MAX);
    if (length < 0) {
        heap_free(*name);
    }
    return length;
}

static long open_and_install(const struct posix_queue_open *request)
{
    struct task *task = task_current();
    struct fs_context context;
    struct open_file *file;
    /* First: a queue must not be made by a call that then has no descriptor for it. */
    int number =
        descriptor_reserve(task->descriptors, 0, process_limit(task->process, RLIMIT_NOFILE));
    if (number < 0) {
        return number;
    }
    fs_context_begin(task, &context);
    int result = posix_queue_open(&context, request, &file);
    fs_context_end(&context);
    if (result != 0) {
        descriptor_cancel(task->descriptors, number);
        return result;
    }
    descriptor_fill(task->descriptors, number, file, true);
    return number;
}

SYSTEM_CALL4(mq_open, const char __user *, user_name, int, flags, uint32_t, mode,
             const struct uapi_mq_attr __user *, user_attributes)
{
    struct uapi_mq_attr attributes;
    char *name;
    struct posix_queue_open request = {
        .flags = (unsigned)flags,
        .mode = mode,
        .attributes = user_attributes != NULL ? &attributes : NULL,
    };
    if (user_attributes != NULL &&
        user_copy_in(&attributes, user_attributes, sizeof(attributes)) != 0) {
        return -EFAULT;
    }
    long result = copy_name(user_name, &name);
    if (result < 0) {
        return result;
    }
    request.name = name;
    request.length = (size_t)result;
    result = open_and_install(&request);
    heap_free(name);
    return result;
}

SYSTEM_CALL1(mq_unlink, const char __user *, user_name)
{
    struct fs_context context;
    char *name;
    long length = copy_name(user_name, &name);
    if (length < 0) {
        return length;
    }
    fs_context_begin(task_current(), &context);
    int error = posix_queue_unlink(&context, name, (size_t)length);
    fs_context_end(&context);
    heap_free(name);
    return error;
}

/* ---- by descriptor ------------------------------------------------------------------------------- */

/* The file of a queue with a reference, NULL: none, or another kind. */
static struct open_file *queue_file_get(int descriptor)
{
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file != NULL && posix_queue_of_file(file) == NULL) {
        open_file_put(file);
        return NULL;
    }
    return file;
}

static int send_from(struct open_file *file, const void __user *text, size_t bytes,
                     unsigned priority, uint64_t deadline_ns)
{
    struct posix_queue *queue = posix_queue_of_file(file);
    struct message *message;
    if (!open_file_can_write(file)) {
        return -EBADF;
    }
    if (bytes > posix_queue_message_bytes(queue)) {
        return -EMSGSIZE;
    }
    int error = message_create(priority, bytes, &message);
    if (error != 0) {
        return error;
    }
    error = user_copy_in(message->text, text, bytes) != 0
                ? -EFAULT
                : posix_queue_send(queue, message, !open_file_is_nonblocking(file), deadline_ns);
    if (error != 0) {
        message_destroy(message);
    }
    return error;
}

SYSTEM_CALL5(mq_timedsend, int, descriptor, const void __user *, text, size_t, bytes, unsigned,
             priority, const struct uapi_timespec __user *, timeout)
{
    uint64_t deadline_ns;
    int error = deadline_from_user_clock(timeout, true, &deadline_ns);
    if (error != 0) {
        return error;
    }
    if (priority >= MQ_PRIO_MAX) {
        return -EINVAL;
    }
    struct open_file *file = queue_file_get(descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    error = send_from(file, text, bytes, priority, deadline_ns);
    open_file_put(file);
    return error;
}

static long receive_into(struct open_file *file, void __user *text, size_t room,
                         uint32_t __user *user_priority, uint64_t deadline_ns)
{
    struct posix_queue *queue = posix_queue_of_file(file);
    struct message *message;
    if (!open_file_can_read(file)) {
        return -EBADF;
    }
    if (room < posix_queue_message_bytes(queue)) {
        return -EMSGSIZE;
    }
    int error = posix_queue_receive(queue, !open_file_is_nonblocking(file), deadline_ns, &message);
    if (error != 0) {
        return error;
    }
    const uint32_t priority = (uint32_t)message->type;
    long result = (long)message->bytes;
    if (copy_out_optional(user_priority, &priority, sizeof(priority)) != 0 ||
        user_copy_out(text, message->text, message->bytes) != 0) {
        result = -EFAULT;
    }
    message_destroy(message);
    return result;
}

SYSTEM_CALL5(mq_timedreceive, int, descriptor, void __user *, text, size_t, room, uint32_t __user *,
             priority, const struct uapi_timespec __user *, timeout)
{
    uint64_t deadline_ns;
    int error = deadline_from_user_clock(timeout, true, &deadline_ns);
    if (error != 0) {
        return error;
    }
    struct open_file *file = queue_file_get(descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    long result = receive_into(file, text, room, priority, deadline_ns);
    open_file_put(file);
    return result;
}

/* SIGEV_THREAD wants a netlink socket, and there are none: whatever the descriptor is, it is not one. */
static int refuse_socket(const struct uapi_sigevent *event)
{
    uint8_t cookie[MQ_COOKIE_BYTES];
    const void __user *user = (const void __user *)event->sigev_value.sival_ptr;
    if (user_copy_in(cookie, user, sizeof(cookie)) != 0) {
        return -EFAULT;
    }
    struct open_file *file = descriptor_get(task_current()->descriptors, event->sigev_signo);
    if (file == NULL) {
        return -EBADF;
    }
    open_file_put(file);
    return -ENOTSOCK;
}

static int check_event(const struct uapi_sigevent *event)
{
    switch (event->sigev_notify) {
    case SIGEV_NONE: return 0;
    case SIGEV_SIGNAL: return (unsigned)event->sigev_signo <= SIGNAL_COUNT ? 0 : -EINVAL;
    case SIGEV_THREAD: return refuse_socket(event);
    default: return -EINVAL;
    }
}

SYSTEM_CALL2(mq_notify, int, descriptor, const struct uapi_sigevent __user *, user_event)
{
    struct uapi_sigevent event;
    if (user_event != NULL && user_copy_in(&event, user_event, sizeof(event)) != 0) {
        return -EFAULT;
    }
    int error = user_event != NULL ? check_event(&event) : 0;
    if (error != 0) {
        return error;
    }
    struct open_file *file = queue_file_get(descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    error = posix_queue_notify(posix_queue_of_file(file), user_event != NULL ? &event : NULL);
    open_file_put(file);
    return error;
}

static void exchange_attributes(struct open_file *file, const struct uapi_mq_attr *wanted,
                                struct uapi_mq_attr *old)
{
    posix_queue_attributes(posix_queue_of_file(file), old);
    old->mq_flags = open_file_is_nonblocking(file) ? O_NONBLOCK : 0;
    if (wanted != NULL) {
        unsigned kept = file->flags & ~(unsigned)O_NONBLOCK;
        int error = file_set_flags(file, kept | (unsigned)wanted->mq_flags);
        (void)error; /* nothing can be wrong with this one flag */
    }
}

SYSTEM_CALL3(mq_getsetattr, int, descriptor, const struct uapi_mq_attr __user *, user_wanted,
             struct uapi_mq_attr __user *, user_old)
{
    struct uapi_mq_attr wanted, old;
    if (user_wanted != NULL) {
        if (user_copy_in(&wanted, user_wanted, sizeof(wanted)) != 0) {
            return -EFAULT;
        }
        if ((wanted.mq_flags & ~(int64_t)O_NONBLOCK) != 0) {
            return -EINVAL;
        }
    }
    struct open_file *file = queue_file_get(descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    exchange_attributes(file, user_wanted != NULL ? &wanted : NULL, &old);
    open_file_put(file);
    return copy_out_optional(user_old, &old, sizeof(old));
}
