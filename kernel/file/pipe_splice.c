// Splicing, the pipe's side: from pipe to pipe, and loans to who writes to a file.
//
// Pages go from pipe to pipe with both mutexes held, the one at the lower address first; a page that two pipes share is never written
// to again (pipe_transfer.c merges only into pages of its own). A file is written to or read from without the pipe's mutex, since that
// may sleep for long and takes the file's locks: what is written is lent, and stays in its place meanwhile; places for what is read
// are reserved (pipe_fill.c). splice(2), tee(2), vmsplice(2).
#include "file/pipe_splice.h"

#include "arch/page.h"
#include "file/pipe_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/fail_nth.h"
#include "scheduler/thread.h"

// ---- waiting -------------------------------------------------------------------------------------

static int await_bytes(struct pipe *pipe, bool may_wait)
{
    if (READ_ONCE(pipe->used) != 0 || READ_ONCE(pipe->writers) == 0) {
        return 0;
    }
    return may_wait ? pipe_wait_to_read(pipe) : -EAGAIN;
}

static int await_room(struct pipe *pipe, bool may_wait)
{
    if (READ_ONCE(pipe->readers) == 0) {
        return -EPIPE;
    }
    if (!pipe_is_full(pipe)) {
        return 0;
    }
    return may_wait ? pipe_wait_to_write(pipe) : -EAGAIN;
}

// ---- from pipe to pipe ---------------------------------------------------------------------------

static no_lock_analysis void lock_in_order(struct pipe *in, struct pipe *out)
{
    mutex_lock(&MIN(in, out)->mutex);
    mutex_lock_nested(&MAX(in, out)->mutex, 1);
}

static no_lock_analysis void unlock_both(struct pipe *in, struct pipe *out)
{
    mutex_unlock(&in->mutex);
    mutex_unlock(&out->mutex);
}

// Both mutexes, and nothing of `in` is lent. 0 or -ERESTARTSYS.
static int lock_both(struct pipe *in, struct pipe *out)
{
    assert(in != out);
    lock_in_order(in, out);
    while (unlikely(in->is_lent)) {
        unlock_both(in, out);
        int error = WAIT_INTERRUPTIBLE(&in->loan_queue, !READ_ONCE(in->is_lent));
        if (error != 0) {
            return error;
        }
        lock_in_order(in, out);
    }
    return 0;
}

// Up to `bytes` of the page at `index` of `in`, shared, to the end of `out`. How many.
static size_t share_page_locked(struct pipe *in, unsigned index, struct pipe *out, size_t bytes)
{
    struct pipe_page part = *pipe_page_at(in, index);
    part.length = (uint16_t)MIN(bytes, (size_t)part.length);
    frame_get(part.frame);
    pipe_add_page_locked(out, part);
    return part.length;
}

// Bytes, 0 where nothing can go now, -EPIPE.
static ssize_t move_locked(struct pipe *in, struct pipe *out, size_t bytes)
{
    size_t moved = 0;
    if (out->readers == 0) {
        return -EPIPE;
    }
    while (moved < bytes && in->used != 0 && !pipe_is_full(out)) {
        size_t count = share_page_locked(in, 0, out, bytes - moved);
        pipe_consume_locked(in, count);
        moved += count;
    }
    return (ssize_t)moved;
}

static ssize_t duplicate_locked(struct pipe *in, struct pipe *out, size_t bytes)
{
    size_t moved = 0;
    if (out->readers == 0) {
        return -EPIPE;
    }
    for (unsigned i = 0; moved < bytes && i < in->used && !pipe_is_full(out); i++) {
        moved += share_page_locked(in, i, out, bytes - moved);
    }
    return (ssize_t)moved;
}

typedef ssize_t between_pipes(struct pipe *in, struct pipe *out, size_t bytes);

// Waits for both sides, then one attempt. *has_ended: `in` is empty and has no writers.
static ssize_t attempt(struct pipe *in, struct pipe *out, size_t bytes, bool may_wait,
                       between_pipes *transfer, bool *has_ended)
{
    int error = await_bytes(in, may_wait);
    if (error == 0) {
        error = await_room(out, may_wait);
    }
    if (error == 0) {
        error = lock_both(in, out);
    }
    ssize_t result = error;
    if (error == 0) {
        result = transfer(in, out, bytes);
        *has_ended = in->used == 0 && in->writers == 0;
        unlock_both(in, out);
    }
    pipe_pass_on(in);
    pipe_pass_on(out);
    return result;
}

ssize_t pipe_move(struct pipe *in, struct pipe *out, size_t bytes, bool may_wait)
{
    bool has_ended = false;
    ssize_t result;
    do { // 0 would be the end: others were quicker
        result = attempt(in, out, bytes, may_wait, move_locked, &has_ended);
    } while (result == 0 && !has_ended);
    return result;
}

ssize_t pipe_duplicate(struct pipe *in, struct pipe *out, size_t bytes, bool may_wait)
{
    bool has_ended = false;
    ssize_t result;
    do {
        result = attempt(in, out, bytes, may_wait, duplicate_locked, &has_ended);
    } while (result == 0 && !has_ended);
    return result;
}

// ---- user memory ---------------------------------------------------------------------------------

// Bytes to the end of the segment's user page.
static size_t user_page_rest(struct io_iter *iter)
{
    while (iter->segment_offset == iter->segments->bytes) { // an empty one
        io_iter_advance(iter, 0);
    }
    uintptr_t address = (uintptr_t)iter->segments->user + iter->segment_offset;
    size_t rest = MIN(iter->segments->bytes - iter->segment_offset, io_iter_remaining(iter));
    return MIN(rest, PAGE_SIZE - address % PAGE_SIZE);
}

// Bytes, 0 where it is full, -EPIPE, -ENOMEM, -EFAULT.
static ssize_t write_pages_locked(struct pipe *pipe, struct io_iter *iter)
{
    size_t moved = 0;
    ssize_t count = pipe->readers == 0 ? -EPIPE : 0;
    while (count >= 0 && io_iter_remaining(iter) != 0 && !pipe_is_full(pipe)) {
        count = pipe_append_locked(pipe, iter, user_page_rest(iter), false);
        if (count > 0) {
            fail_nth_commit();
            moved += (size_t)count;
        }
    }
    return moved != 0 ? (ssize_t)moved : count;
}

ssize_t pipe_write_pages(struct pipe *pipe, struct io_iter *iter, bool may_wait)
{
    assert(iter->kind == IO_USER && io_iter_remaining(iter) != 0);
    ssize_t result;
    do {
        result = await_room(pipe, may_wait);
        if (result == 0) {
            mutex_lock(&pipe->mutex);
            result = write_pages_locked(pipe, iter);
            mutex_unlock(&pipe->mutex);
        }
        pipe_pass_on(pipe);
    } while (result == 0);
    return result;
}

static ssize_t read_pages_once(struct pipe *pipe, struct io_iter *iter, bool *has_ended)
{
    int error = pipe_lock_to_take(pipe);
    if (error != 0) {
        return error;
    }
    ssize_t result = pipe_take_locked(pipe, iter, false);
    *has_ended = pipe->used == 0 && pipe->writers == 0;
    mutex_unlock(&pipe->mutex);
    return result;
}

ssize_t pipe_read_pages(struct pipe *pipe, struct io_iter *iter, bool may_wait)
{
    assert(iter->kind == IO_USER && io_iter_remaining(iter) != 0);
    ssize_t result;
    bool has_ended = false;
    do {
        result = await_bytes(pipe, may_wait);
        if (result == 0) {
            result = read_pages_once(pipe, iter, &has_ended);
        }
        pipe_pass_on(pipe);
    } while (result == 0 && !has_ended);
    return result;
}

// ---- loans ---------------------------------------------------------------------------------------

static size_t lend_locked(struct pipe_loan *loan, struct pipe *pipe, size_t bytes)
{
    assert(mutex_is_held(&pipe->mutex) && !pipe->is_lent);
    size_t lent = 0;
    size_t count = 0;
    for (; count < MIN(pipe->used, (unsigned)PIPE_BATCH_PAGES) && lent < bytes; count++) {
        const struct pipe_page *page = pipe_page_at(pipe, (unsigned)count);
        loan->segments[count] = (struct io_segment){
            .frame = page->frame,
            .bytes = MIN((size_t)page->length, bytes - lent),
            .offset = page->offset,
        };
        lent += loan->segments[count].bytes;
    }
    loan->pipe = pipe;
    loan->count = count;
    WRITE_ONCE(pipe->is_lent, lent != 0);
    return lent;
}

static ssize_t borrow_once(struct pipe_loan *loan, struct pipe *pipe, size_t bytes, bool *has_ended)
{
    int error = pipe_lock_to_take(pipe);
    if (error != 0) {
        return error;
    }
    size_t lent = lend_locked(loan, pipe, bytes);
    *has_ended = pipe->writers == 0;
    mutex_unlock(&pipe->mutex);
    return (ssize_t)lent;
}

ssize_t pipe_borrow(struct pipe_loan *loan, struct pipe *pipe, size_t bytes, bool may_wait)
{
    assert(bytes != 0);
    ssize_t result;
    bool has_ended = false;
    do {
        result = await_bytes(pipe, may_wait);
        if (result == 0) {
            result = borrow_once(loan, pipe, bytes, &has_ended);
        }
    } while (result == 0 && !has_ended);
    if (result <= 0) { // who lends passes on when it is given back
        pipe_pass_on(pipe);
    }
    return result;
}

void pipe_give_back(struct pipe_loan *loan, size_t consumed)
{
    struct pipe *pipe = loan->pipe;
    mutex_lock(&pipe->mutex);
    assert(pipe->is_lent);
    for (size_t i = 0; consumed != 0; i++) {
        assert(i < loan->count);
        size_t bytes = MIN(consumed, loan->segments[i].bytes);
        pipe_consume_locked(pipe, bytes);
        consumed -= bytes;
    }
    WRITE_ONCE(pipe->is_lent, false);
    mutex_unlock(&pipe->mutex);
    wait_queue_wake_all(&pipe->loan_queue);
    pipe_pass_on(pipe);
}
