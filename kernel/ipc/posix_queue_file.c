// A POSIX queue as an open file: what it says of itself, poll, and the end of a notification with a descriptor.
#include "ipc/posix_queue_internal.h"

#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "process/process.h"

enum { TEXT_BYTES = 80 };

static struct posix_queue *queue_of(const struct open_file *file)
{
    return container_of(file->vnode, struct posix_queue, vnode);
}

struct posix_queue *posix_queue_of_file(const struct open_file *file)
{
    return file->ops == &posix_queue_file_ops ? queue_of(file) : NULL;
}

static ssize_t queue_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    struct posix_queue *queue = queue_of(file);
    char text[TEXT_BYTES];
    mutex_lock(&queue->mutex);
    bool is_told = queue->notified != NULL;
    bool by_signal = is_told && queue->event.sigev_notify == SIGEV_SIGNAL;
    int length = format_string(
        text, sizeof(text), "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", queue->bytes,
        is_told ? queue->event.sigev_notify : 0, by_signal ? queue->event.sigev_signo : 0,
        is_told ? queue->notified->id->number : 0);
    mutex_unlock(&queue->mutex);
    if (*position >= (uint64_t)length) {
        return 0;
    }
    size_t wanted = MIN(io_iter_remaining(iter), (size_t)((uint64_t)length - *position));
    size_t moved = io_iter_write(iter, text + *position, wanted);
    *position += moved;
    return moved > 0 || wanted == 0 ? (ssize_t)moved : -EFAULT;
}

static unsigned queue_poll(struct open_file *file, struct poll_context *context)
{
    struct posix_queue *queue = queue_of(file);
    poll_wait(context, &queue->changed);
    unsigned count = READ_ONCE(queue->count);
    return (count != 0 ? POLLIN | POLLRDNORM : 0u) |
           (count < queue->maximum ? POLLOUT | POLLWRNORM : 0u);
}

static void queue_close_descriptor(struct open_file *file, const void *table)
{
    (void)table;
    posix_queue_forget_process(queue_of(file));
}

const struct file_ops posix_queue_file_ops = {
    .name = "mqueue",
    .read = queue_read,
    .poll = queue_poll,
    .close_descriptor = queue_close_descriptor,
};
