// Iterators over user, kernel or frame memory (see io_iter.h).
//
// All moves run through one loop over segments, or past it where one segment is enough; what differs is the step, which moves a
// run that lies in one segment and returns how much of it did not move. The current segment is always a
// valid one: the iterator stays on the last even when it is used up.
#include "memory/io_iter.h"

#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/user_copy.h"

static void init_single(struct io_iter *iter, enum io_kind kind, size_t bytes)
{
    iter->kind = kind;
    iter->single.bytes = bytes;
    iter->single.offset = 0;
    iter->segments = &iter->single;
    iter->segment_count = 1;
    iter->segment_offset = 0;
    iter->remaining = bytes;
    iter->writer = NULL;
}

void io_iter_init_user(struct io_iter *iter, void __user *pointer, size_t bytes)
{
    iter->single.user = pointer;
    init_single(iter, IO_USER, bytes);
}

void io_iter_init_kernel(struct io_iter *iter, void *pointer, size_t bytes)
{
    iter->single.kernel = pointer;
    init_single(iter, IO_KERNEL, bytes);
}

void io_iter_init_segments(struct io_iter *iter, enum io_kind kind,
                           const struct io_segment *segments, size_t count)
{
    assert(segments != NULL || count == 0);
    *iter = (struct io_iter){.kind = kind, .segments = segments, .segment_count = count};
    for (size_t i = 0; i < count; i++) {
        iter->remaining += segments[i].bytes;
    }
}

void io_iter_copy(struct io_iter *destination, const struct io_iter *source)
{
    *destination = *source;
    if (source->segments == &source->single) {
        destination->segments = &destination->single;
    }
}

// Steps over segments that are used up, and over empty ones, but never past the last: `segments` always points to one.
void io_iter_advance(struct io_iter *iter, size_t bytes)
{
    assert(bytes <= iter->remaining);
    iter->remaining -= bytes;
    iter->segment_offset += bytes;
    while (iter->segment_count > 1 && iter->segment_offset >= iter->segments->bytes) {
        iter->segment_offset -= iter->segments->bytes;
        iter->segments++;
        iter->segment_count--;
    }
}

// Walks back by the sizes of the segments, which are all still there: the iterator borrows an array and changes nothing in it.
void io_iter_rewind(struct io_iter *iter, size_t bytes)
{
    iter->remaining += bytes;
    while (bytes > iter->segment_offset) {
        bytes -= iter->segment_offset;
        iter->segments--;
        iter->segment_count++;
        iter->segment_offset = iter->segments->bytes;
    }
    iter->segment_offset -= bytes;
}

// Where the current segment's unused part lies, for kernel memory and frames.
static char *segment_place(const struct io_iter *iter)
{
    const struct io_segment *segment = iter->segments;
    assert(iter->kind != IO_USER && iter->segment_offset <= segment->bytes);
    if (iter->kind == IO_KERNEL) {
        return (char *)segment->kernel + iter->segment_offset;
    }
    return (char *)frame_to_virtual(segment->frame) + segment->offset + iter->segment_offset;
}

// The steps: move `bytes` within the current segment, return how many did not move.
typedef size_t step_function(struct io_iter *iter, void *memory, size_t bytes);

static size_t step_write(struct io_iter *iter, void *memory, size_t bytes)
{
    if (iter->kind == IO_USER) {
        char __user *user = (char __user *)iter->segments->user + iter->segment_offset;
        return user_copy_out_partial(user, memory, bytes);
    }
    memcpy(segment_place(iter), memory, bytes);
    return 0;
}

static size_t step_read(struct io_iter *iter, void *memory, size_t bytes)
{
    if (iter->kind == IO_USER) {
        const char __user *user = (const char __user *)iter->segments->user + iter->segment_offset;
        return user_copy_in_partial(memory, user, bytes);
    }
    memcpy(memory, segment_place(iter), bytes);
    return 0;
}

static size_t step_zero(struct io_iter *iter, void *memory, size_t bytes)
{
    (void)memory;
    if (iter->kind == IO_USER) {
        char __user *user = (char __user *)iter->segments->user + iter->segment_offset;
        return user_zero_partial(user, bytes);
    }
    memset(segment_place(iter), 0, bytes);
    return 0;
}

static noinline size_t move_by_segments(struct io_iter *iter, char *memory, size_t bytes,
                                        step_function *step)
{
    size_t done = 0;
    while (done < bytes) {
        size_t run = MIN(bytes - done, iter->segments->bytes - iter->segment_offset);
        if (run == 0) { // an empty segment
            io_iter_advance(iter, 0);
            continue;
        }
        size_t left = step(iter, memory != NULL ? memory + done : NULL, run);
        assert(left <= run);
        io_iter_advance(iter, run - left);
        done += run - left;
        if (left != 0) {
            break;
        }
    }
    return done;
}

// Nearly always the current segment has it all; the step is then a plain call.
static always_inline size_t move(struct io_iter *iter, char *memory, size_t bytes,
                                 step_function *step)
{
    bytes = MIN(bytes, iter->remaining);
    if (unlikely(bytes > iter->segments->bytes - iter->segment_offset)) {
        return move_by_segments(iter, memory, bytes, step);
    }
    size_t done = bytes - step(iter, memory, bytes);
    io_iter_advance(iter, done);
    return done;
}

size_t io_iter_write(struct io_iter *iter, const void *source, size_t bytes)
{
    return move(iter, (char *)(uintptr_t)source, bytes, step_write);
}

size_t io_iter_read(struct io_iter *iter, void *destination, size_t bytes)
{
    return move(iter, destination, bytes, step_read);
}

size_t io_iter_write_zeros(struct io_iter *iter, size_t bytes)
{
    return move(iter, NULL, bytes, step_zero);
}
