// Reading and writing a pipe.
//
// Bytes move under the pipe's mutex. Sleepers are woken only when their condition turned: readers when the pipe was empty,
// writers when it was full; and since they wait exclusively, whoever leaves while there is something left wakes the next of its
// own kind. A write of PIPE_BUF bytes or less goes in whole, because either it fits behind the last page's bytes or it gets a
// page of its own. POSIX read and write, "pipe or FIFO".
#include "file/pipe_internal.h"

#include "arch/page.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/fail_nth.h"
#include "uapi/limits.h"
#include "uapi/poll.h"

static_assert(PIPE_BUF <= PAGE_SIZE, "an atomic write fits in a page");

// Conditions of sleepers, read without the mutex; the loops check again under it.
static bool pipe_can_read(const struct pipe *pipe)
{
    return READ_ONCE(pipe->used) != 0 || READ_ONCE(pipe->writers) == 0;
}

static bool pipe_can_write(const struct pipe *pipe)
{
    return !pipe_is_full(pipe) || READ_ONCE(pipe->readers) == 0;
}

// Sleeps, mutex not held, until the condition may be true. 0 or -ERESTARTSYS.
// Exclusively: a byte wakes one reader, not all of them. Who was woken and then leaves for a signal finds the condition true and goes on, so
// that the wake-up is not lost with it; if another took the bytes meanwhile it waits again.
static int pipe_wait(struct pipe *pipe, struct wait_queue *queue,
                     bool (*condition)(const struct pipe *))
{
    struct thread_waiter waiter;
    int result = 0;
    wait_begin(queue, &waiter, true);
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED_INTERRUPTIBLE);
        if (condition(pipe) || result != 0) {
            break;
        }
        result = wait_sleep(THREAD_BLOCKED_INTERRUPTIBLE, UINT64_MAX);
    }
    wait_end(queue, &waiter);
    return condition(pipe) ? 0 : result;
}

int pipe_wait_to_read(struct pipe *pipe)
{
    return pipe_wait(pipe, &pipe->read_queue, pipe_can_read);
}

int pipe_wait_to_write(struct pipe *pipe)
{
    return pipe_wait(pipe, &pipe->write_queue, pipe_can_write);
}

static void pipe_wake_readers(struct pipe *pipe)
{
    wait_queue_wake(&pipe->read_queue, POLLIN | POLLRDNORM, 1);
}

static void pipe_wake_writers(struct pipe *pipe)
{
    wait_queue_wake(&pipe->write_queue, POLLOUT | POLLWRNORM, 1);
}

void pipe_pass_on(struct pipe *pipe)
{
    if (READ_ONCE(pipe->used) != 0 && wait_queue_has_waiters(&pipe->read_queue)) {
        pipe_wake_readers(pipe);
    }
    if (!pipe_is_full(pipe) && wait_queue_has_waiters(&pipe->write_queue)) {
        pipe_wake_writers(pipe);
    }
}

// ---- read ----------------------------------------------------------------------------------------

int pipe_lock_to_take(struct pipe *pipe)
{
    mutex_lock(&pipe->mutex);
    while (unlikely(pipe->is_lent)) {
        mutex_unlock(&pipe->mutex);
        int error = WAIT_INTERRUPTIBLE(&pipe->loan_queue, !READ_ONCE(pipe->is_lent));
        if (error != 0) {
            return error;
        }
        mutex_lock(&pipe->mutex);
    }
    return 0;
}

void pipe_consume_locked(struct pipe *pipe, size_t bytes)
{
    assert(mutex_is_held(&pipe->mutex));
    assert(pipe->used != 0 && bytes <= pipe_page_at(pipe, 0)->length);
    struct pipe_page *page = pipe_page_at(pipe, 0);
    page->offset += (uint32_t)bytes;
    page->length -= (uint16_t)bytes;
    if (page->length == 0) {
        frame_put(page->frame);
        pipe->first = (pipe->first + 1) & (pipe->capacity - 1);
        WRITE_ONCE(pipe->used, pipe->used - 1);
    }
}

ssize_t pipe_take_locked(struct pipe *pipe, struct io_iter *iter, bool is_read)
{
    assert(mutex_is_held(&pipe->mutex));
    size_t moved = 0;
    while (pipe->used != 0 && io_iter_remaining(iter) != 0) {
        struct pipe_page *page = pipe_page_at(pipe, 0);
        assert(page->length != 0 && page->offset + page->length <= PAGE_SIZE);
        size_t wanted = MIN((size_t)page->length, io_iter_remaining(iter));
        const char *bytes = frame_to_virtual(page->frame);
        size_t count = io_iter_write(iter, bytes + page->offset, wanted);
        if (count < wanted) { // what cannot be handed over whole stays in the pipe
            io_iter_rewind(iter, count);
            return moved != 0 ? (ssize_t)moved : -EFAULT;
        }
        moved += count;
        bool ends_packet = page->is_packet && is_read;
        pipe_consume_locked(pipe, ends_packet ? page->length : count);
        if (ends_packet) {
            break;
        }
    }
    return (ssize_t)moved;
}

// One attempt. Bytes, 0 at the end of file, -EAGAIN when it is empty.
static ssize_t pipe_try_read(struct pipe *pipe, struct io_iter *iter)
{
    ssize_t result = pipe_lock_to_take(pipe);
    if (result != 0) {
        return result;
    }
    bool was_full = pipe_is_full(pipe);
    result = pipe_take_locked(pipe, iter, true);
    if (result > 0) {
        pipe->attributes.access_ns = clock_realtime_ns();
    }
    if (result == 0 && pipe->writers != 0) {
        result = -EAGAIN;
    }
    bool has_room_now = was_full && !pipe_is_full(pipe);
    bool has_more = pipe->used != 0;
    // Waking is done without the mutex, or who is woken would have to wait for it first.
    mutex_unlock(&pipe->mutex);
    if (has_room_now) {
        pipe_wake_writers(pipe);
    }
    if (has_more && wait_queue_has_waiters(&pipe->read_queue)) {
        pipe_wake_readers(pipe);
    }
    return result;
}

ssize_t pipe_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)position;
    struct pipe *pipe = file->private_data;
    if (io_iter_remaining(iter) == 0) {
        return 0;
    }
    for (;;) {
        ssize_t result = pipe_try_read(pipe, iter);
        if (result != -EAGAIN || open_file_is_nonblocking(file)) {
            return result;
        }
        result = pipe_wait_to_read(pipe);
        if (result != 0) {
            return result;
        }
    }
}

// ---- write ---------------------------------------------------------------------------------------

// Adds the odd bytes of a write (its length modulo the page size) behind the last page's, if they fit there as a whole.
static ssize_t pipe_merge_locked(struct pipe *pipe, struct io_iter *iter)
{
    assert(mutex_is_held(&pipe->mutex));
    size_t count = io_iter_remaining(iter) % PAGE_SIZE;
    if (count == 0 || pipe->used == 0 || pipe_page_at(pipe, pipe->used - 1)->is_packet) {
        return 0;
    }
    struct pipe_page *page = pipe_page_at(pipe, pipe->used - 1);
    size_t end = page->offset + page->length;
    bool is_shared = refcount_read(&page->frame->references) != 1; // another pipe has a part of it
    if (is_shared || count > PAGE_SIZE - end) {
        return 0;
    }
    char *bytes = frame_to_virtual(page->frame);
    size_t moved = io_iter_read(iter, bytes + end, count);
    if (moved < count) {
        io_iter_rewind(iter, moved);
        return -EFAULT;
    }
    page->length += (uint16_t)count;
    return (ssize_t)count;
}

void pipe_add_page_locked(struct pipe *pipe, struct pipe_page page)
{
    assert(mutex_is_held(&pipe->mutex));
    assert(pipe->used < pipe->capacity && page.length != 0);
    *pipe_page_at(pipe, pipe->used) = page;
    WRITE_ONCE(pipe->used, pipe->used + 1);
}

ssize_t pipe_append_locked(struct pipe *pipe, struct io_iter *iter, size_t bytes, bool is_packet)
{
    assert(bytes != 0 && bytes <= PAGE_SIZE);
    struct frame *frame = frame_alloc(0, FRAME_KERNEL, 0);
    if (frame == NULL) {
        return -ENOMEM;
    }
    size_t moved = io_iter_read(iter, frame_to_virtual(frame), bytes);
    if (moved < bytes) {
        io_iter_rewind(iter, moved);
        frame_put(frame);
        return -EFAULT;
    }
    pipe_add_page_locked(
        pipe,
        (struct pipe_page){.frame = frame, .length = (uint16_t)moved, .is_packet = is_packet});
    return (ssize_t)moved;
}

// Puts in what fits. 0 when all is in, -EAGAIN when the pipe is full, or another error; *moved grows by what went in.
static ssize_t pipe_fill_locked(struct pipe *pipe, struct io_iter *iter, size_t *moved,
                                bool is_packet)
{
    assert(mutex_is_held(&pipe->mutex));
    if (pipe->readers == 0) {
        return -EPIPE;
    }
    ssize_t result = *moved == 0 && !is_packet ? pipe_merge_locked(pipe, iter) : 0;
    while (result >= 0) {
        *moved += (size_t)result;
        if (*moved != 0) {
            fail_nth_commit();
        }
        if (io_iter_remaining(iter) == 0) {
            return 0;
        }
        size_t bytes = MIN(io_iter_remaining(iter), (size_t)PAGE_SIZE);
        result = pipe_is_full(pipe) ? -EAGAIN : pipe_append_locked(pipe, iter, bytes, is_packet);
    }
    return result;
}

// One attempt, and who is to be told of it: readers when the first bytes come, writers when there is still room for one more of them.
static ssize_t pipe_try_write(struct pipe *pipe, struct io_iter *iter, size_t *moved,
                              bool is_packet)
{
    size_t before = *moved;
    mutex_lock(&pipe->mutex);
    bool was_empty = pipe->used == 0;
    ssize_t result = pipe_fill_locked(pipe, iter, moved, is_packet);
    if (*moved != before) {
        pipe->attributes.modify_ns = clock_realtime_ns();
        pipe->attributes.change_ns = pipe->attributes.modify_ns;
    }
    bool has_bytes_now = was_empty && pipe->used != 0;
    bool has_room = !pipe_is_full(pipe);
    mutex_unlock(&pipe->mutex);
    if (has_bytes_now) {
        pipe_wake_readers(pipe);
    }
    if (has_room && wait_queue_has_waiters(&pipe->write_queue)) {
        pipe_wake_writers(pipe);
    }
    return result;
}

ssize_t pipe_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)position;
    struct pipe *pipe = file->private_data;
    size_t moved = 0;
    ssize_t result = 0;
    while (io_iter_remaining(iter) != 0) {
        result = pipe_try_write(pipe, iter, &moved, (file->flags & O_DIRECT) != 0);
        if (result != -EAGAIN || open_file_is_nonblocking(file)) {
            break;
        }
        result = pipe_wait_to_write(pipe);
        if (result != 0) {
            break;
        }
    }
    return moved != 0 ? (ssize_t)moved : result;
}
