// eventfd: a 64-bit counter that writes add to and reads take from.
//
// The counter is one atomic word, changed by compare and exchange, so there is no lock. A reader sleeps while it is 0, a writer
// while its sum would pass EVENT_MAX; both on one queue, which every change wakes. eventfd(2).
#include "file/event_file.h"

#include "file/open_file.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/text.h"
#include "memory/heap.h"
#include "scheduler/wait_queue.h"
#include "sync/atomic.h"
#include "uapi/poll.h"

#define EVENT_MAX (UINT64_MAX - 1)

struct event_file {
    struct atomic64 count; // [a] EVENT_MAX or less
    bool is_semaphore;     // [I]
    uint64_t number;       // [I] tells counters apart in /proc/<pid>/fdinfo
    struct wait_queue changed;
};

static struct atomic64 events_made; // [a]

// Takes what a read gives. False: the counter is 0.
static bool event_take(struct event_file *event, uint64_t *value)
{
    uint64_t count = atomic64_load(&event->count);
    do {
        if (count == 0) {
            return false;
        }
        *value = event->is_semaphore ? 1 : count;
    } while (!atomic64_compare_exchange(&event->count, &count, count - *value));
    wait_queue_wake(&event->changed, POLLOUT | POLLWRNORM, ~0u);
    return true;
}

// False: the sum would pass EVENT_MAX.
static bool event_add(struct event_file *event, uint64_t value)
{
    uint64_t count = atomic64_load(&event->count);
    do {
        assert(count <= EVENT_MAX && value <= EVENT_MAX);
        if (value > EVENT_MAX - count) {
            return false;
        }
    } while (!atomic64_compare_exchange(&event->count, &count, count + value));
    wait_queue_wake(&event->changed, POLLIN | POLLRDNORM, ~0u);
    return true;
}

static ssize_t event_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)position;
    struct event_file *event = file->private_data;
    uint64_t value;
    if (io_iter_remaining(iter) < sizeof(value)) {
        return -EINVAL;
    }
    if (!event_take(event, &value)) {
        if (open_file_is_nonblocking(file)) {
            return -EAGAIN;
        }
        int error = WAIT_INTERRUPTIBLE(&event->changed, event_take(event, &value));
        if (error != 0) {
            return error;
        }
    }
    // Taken is taken: a bad buffer costs the count, as on Linux.
    return io_iter_write(iter, &value, sizeof(value)) == sizeof(value) ? (ssize_t)sizeof(value)
                                                                       : -EFAULT;
}

// One value a write, whatever more the buffer holds. All ones is no value: it would make a count that cannot be read.
static ssize_t event_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)position;
    struct event_file *event = file->private_data;
    uint64_t value;
    if (io_iter_remaining(iter) < sizeof(value)) {
        return -EINVAL;
    }
    if (io_iter_read(iter, &value, sizeof(value)) != sizeof(value)) {
        return -EFAULT;
    }
    if (value > EVENT_MAX) {
        return -EINVAL;
    }
    if (!event_add(event, value)) {
        if (open_file_is_nonblocking(file)) {
            return -EAGAIN;
        }
        int error = WAIT_INTERRUPTIBLE(&event->changed, event_add(event, value));
        if (error != 0) {
            return error;
        }
    }
    return (ssize_t)sizeof(value);
}

static unsigned event_poll(struct open_file *file, struct poll_context *context)
{
    struct event_file *event = file->private_data;
    poll_wait(context, &event->changed);
    uint64_t count = atomic64_load(&event->count);
    // These two alone, as on Linux: a counter has no normal and no priority band.
    return (count != 0 ? POLLIN : 0u) | (count < EVENT_MAX ? POLLOUT : 0u);
}

static void event_describe(struct open_file *file, struct text_buffer *text)
{
    const struct event_file *event = file->private_data;
    text_format(text, "eventfd-count: %16llx\neventfd-id: %llu\n",
                (unsigned long long)atomic64_load(&event->count),
                (unsigned long long)event->number);
}

static void event_release(struct open_file *file)
{
    heap_free(file->private_data);
}

static const struct file_ops event_file_ops = {
    .name = "eventfd",
    .flags = FILE_OPS_NONSEEK_ZERO | FILE_OPS_STREAM | FILE_OPS_NO_SPLICE,
    .read = event_read,
    .write = event_write,
    .poll = event_poll,
    .describe = event_describe,
    .release = event_release,
};

struct open_file *event_file_create(uint32_t initial, bool is_semaphore, unsigned flags,
                                    struct credentials *credentials)
{
    struct event_file *event = heap_alloc(sizeof(*event));
    if (event == NULL) {
        return NULL;
    }
    atomic64_store(&event->count, initial);
    event->is_semaphore = is_semaphore;
    event->number = atomic64_add(&events_made, 1);
    wait_queue_init(&event->changed);
    struct open_file *file =
        open_file_create(&event_file_ops, O_RDWR | flags, event, credentials, NULL);
    if (file == NULL) {
        heap_free(event);
    }
    return file;
}
