// Splicing from a file to a pipe.
//
// Places in the pipe are reserved, then the file is read without any of the pipe's locks, into fresh pages: a page at a time where
// the file has positions, so that what is read is what goes in; in one read where it is a stream, which may give less than is
// asked and would wait for more. A page that was read always finds its place, though the readers may have gone meanwhile.
#include "arch/page.h"
#include "file/pipe_internal.h"
#include "file/pipe_splice.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/fail_nth.h"

// ---- reservations --------------------------------------------------------------------------------

// Places, at most `most`. How many (more than 0), -EPIPE, -EAGAIN, -ERESTARTSYS.
static int pipe_reserve(struct pipe *pipe, unsigned most, bool may_wait)
{
    int result = 0;
    while (result == 0) {
        mutex_lock(&pipe->mutex);
        unsigned room = pipe->capacity - MIN(pipe->capacity, pipe->used + pipe->reserved);
        unsigned count = MIN(room, most);
        result = pipe->readers == 0 ? -EPIPE : (int)count;
        pipe->reserved += result > 0 ? count : 0;
        mutex_unlock(&pipe->mutex);
        if (result == 0) { // then look again
            result = may_wait ? pipe_wait_to_write(pipe) : -EAGAIN;
        }
    }
    return result;
}

static void pipe_unreserve(struct pipe *pipe, unsigned count)
{
    mutex_lock(&pipe->mutex);
    assert(pipe->reserved >= count);
    pipe->reserved -= count;
    mutex_unlock(&pipe->mutex);
    pipe_pass_on(pipe);
}

// A page with `bytes` takes a place; consumes the reference.
static void pipe_deliver(struct pipe *pipe, struct frame *frame, size_t bytes)
{
    mutex_lock(&pipe->mutex);
    assert(pipe->reserved != 0);
    pipe->reserved--;
    pipe_add_page_locked(pipe, (struct pipe_page){.frame = frame, .length = (uint16_t)bytes});
    mutex_unlock(&pipe->mutex);
    pipe_pass_on(pipe);
}

// ---- reading -------------------------------------------------------------------------------------

// Pages that one read fills.
struct fill_batch {
    struct frame *frames[PIPE_BATCH_PAGES];
    struct io_segment segments[PIPE_BATCH_PAGES];
    unsigned count;
};

static void batch_end(struct fill_batch *batch, unsigned first)
{
    for (unsigned i = first; i < batch->count; i++) {
        frame_put(batch->frames[i]);
    }
}

static int batch_begin(struct fill_batch *batch, size_t bytes)
{
    assert(bytes <= PIPE_BATCH_PAGES * PAGE_SIZE);
    for (batch->count = 0; batch->count * PAGE_SIZE < bytes; batch->count++) {
        struct frame *frame = frame_alloc(0, FRAME_KERNEL, 0);
        if (frame == NULL) {
            batch_end(batch, 0);
            return -ENOMEM;
        }
        size_t rest = bytes - batch->count * PAGE_SIZE;
        batch->frames[batch->count] = frame;
        batch->segments[batch->count] = (struct io_segment){
            .frame = frame,
            .bytes = MIN(rest, (size_t)PAGE_SIZE),
        };
    }
    return 0;
}

// Hands the filled pages over and puts the others. How many places that took.
static unsigned batch_deliver(struct fill_batch *batch, struct pipe *pipe, size_t bytes)
{
    unsigned filled = 0;
    while (bytes != 0) {
        size_t count = MIN(bytes, (size_t)PAGE_SIZE);
        pipe_deliver(pipe, batch->frames[filled++], count);
        bytes -= count;
    }
    batch_end(batch, filled);
    return filled;
}

// One read of up to `bytes`; *places shrinks by what it took.
static ssize_t fill_once(struct pipe *pipe, struct open_file *file, const uint64_t *position,
                         size_t bytes, unsigned *places)
{
    struct fill_batch batch;
    int error = batch_begin(&batch, bytes);
    if (error != 0) {
        return error;
    }
    struct io_iter iter;
    io_iter_init_segments(&iter, IO_FRAMES, batch.segments, batch.count);
    ssize_t count =
        position == NULL ? file_read(file, &iter) : file_read_at(file, &iter, *position);
    *places -= batch_deliver(&batch, pipe, count > 0 ? (size_t)count : 0);
    return count;
}

static ssize_t fill_from_stream(struct pipe *pipe, struct open_file *file, size_t bytes,
                                unsigned *places)
{
    size_t most = MIN(*places, (unsigned)PIPE_BATCH_PAGES) * PAGE_SIZE;
    return fill_once(pipe, file, NULL, MIN(bytes, most), places);
}

static ssize_t fill_from_position(struct pipe *pipe, struct open_file *file, uint64_t *position,
                                  size_t bytes, unsigned *places)
{
    size_t moved = 0;
    ssize_t count = 0;
    size_t wanted = 0;
    while (moved < bytes && *places != 0 && count == (ssize_t)wanted) {
        wanted = MIN(bytes - moved, PAGE_SIZE - *position % PAGE_SIZE);
        count = fill_once(pipe, file, position, wanted, places);
        if (count > 0) {
            fail_nth_commit();
            moved += (size_t)count;
            *position += (uint64_t)count;
        }
    }
    return moved != 0 ? (ssize_t)moved : count;
}

static bool can_splice_from(const struct open_file *file)
{
    return file->ops->read != NULL && file->ops->read_directory == NULL &&
           (file->ops->flags & FILE_OPS_NO_SPLICE) == 0;
}

ssize_t pipe_fill_from_file(struct pipe *pipe, struct open_file *file, uint64_t *position,
                            size_t bytes, bool may_wait)
{
    size_t pages = DIV_ROUND_UP(MIN(bytes, (size_t)UINT32_MAX) + PAGE_SIZE - 1, PAGE_SIZE);
    int reserved = pipe_reserve(pipe, (unsigned)pages, may_wait);
    if (reserved < 0) {
        pipe_pass_on(pipe);
        return reserved;
    }
    unsigned places = (unsigned)reserved;
    ssize_t result = -EINVAL;
    if (can_splice_from(file)) {
        result = position == NULL ? fill_from_stream(pipe, file, bytes, &places)
                                  : fill_from_position(pipe, file, position, bytes, &places);
    }
    pipe_unreserve(pipe, places);
    return result;
}
