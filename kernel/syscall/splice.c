/*
 * splice, tee, vmsplice: decoding, and the loop from a pipe to a file, whose writes are held to the task's limits. Pages and bytes
 * are moved by file/pipe_splice.c and file/pipe_fill.c.
 *
 * The checks stand in Linux's order: nothing to do, unknown flags, descriptors, positions for a pipe, positions that cannot be
 * read, modes.
 */
#include "file/open_file.h"
#include "file/pipe_splice.h"
#include "process/descriptor_table.h"
#include "scheduler/thread.h"
#include "syscall/call.h"
#include "syscall/io.h"
#include "syscall/user_vector.h"
#include "uapi/uio.h"

/* One side: a file, the pipe that it is (or NULL), and where in it (positions are a file's). */
struct splice_side {
    struct open_file *file;
    struct pipe *pipe;
    int64_t __user *user_position;
    uint64_t position;
};

static bool side_begin(struct splice_side *side, int descriptor, int64_t __user *user_position)
{
    *side = (struct splice_side){
        .file = descriptor_get(task_current()->descriptors, descriptor),
        .user_position = user_position,
    };
    if (side->file != NULL) {
        side->pipe = pipe_from_file(side->file);
    }
    return side->file != NULL;
}

static void side_end(struct splice_side *side)
{
    if (side->file != NULL) {
        open_file_put(side->file);
    }
}

static int side_read_position(struct splice_side *side)
{
    side->position = side->file->position;
    return side->user_position == NULL
               ? 0
               : user_copy_in(&side->position, side->user_position, sizeof(side->position));
}

static int side_write_position(const struct splice_side *side)
{
    return copy_out_optional(side->user_position, &side->position, sizeof(side->position));
}

/* A position counts, though the file may ignore it. */
static bool has_position(const struct splice_side *side)
{
    return (side->file->ops->flags & FILE_OPS_STREAM) == 0;
}

/* After the transfer: where the file has none to move, the position stays. */
static void side_advance(struct splice_side *side, uint64_t position)
{
    if ((side->file->ops->flags & (FILE_OPS_STREAM | FILE_OPS_NONSEEK_ZERO)) != 0) {
        return;
    }
    side->position = position;
    if (side->user_position == NULL) {
        side->file->position = position;
    }
}

static bool may_wait(const struct splice_side *in, const struct splice_side *out, unsigned flags)
{
    return (flags & SPLICE_F_NONBLOCK) == 0 &&
           !(in->pipe != NULL && open_file_is_nonblocking(in->file)) &&
           !(out->pipe != NULL && open_file_is_nonblocking(out->file));
}

/* ---- from a pipe to a file ----------------------------------------------------------------------- */

/* What the pipe has now, at most. Bytes, 0 at its end. */
static ssize_t splice_out_step(struct pipe *pipe, struct open_file *out, const uint64_t *position,
                               size_t bytes, bool can_wait)
{
    if (thread_is_interrupted()) {
        return -ERESTARTSYS;
    }
    struct pipe_loan loan;
    ssize_t lent = pipe_borrow(&loan, pipe, bytes, can_wait);
    if (lent <= 0) {
        return lent;
    }
    struct io_iter iter;
    io_iter_init_segments(&iter, IO_FRAMES, loan.segments, loan.count);
    ssize_t written = file_write_limited(out, &iter, position);
    pipe_give_back(&loan, written > 0 ? (size_t)written : 0);
    return written;
}

/* Until the pipe is empty; waits only for its first bytes. */
static long splice_out(struct pipe *pipe, struct splice_side *out, size_t bytes, bool can_wait)
{
    const struct open_file *file = out->file;
    if (file->ops->write == NULL || (file->ops->flags & FILE_OPS_NO_SPLICE) != 0) {
        return -EINVAL;
    }
    uint64_t position = out->position;
    size_t moved = 0;
    ssize_t count;
    do {
        count = splice_out_step(pipe, out->file, has_position(out) ? &position : NULL,
                                bytes - moved, can_wait && moved == 0);
        if (count > 0) {
            moved += (size_t)count;
            position += (uint64_t)count;
        }
    } while (count > 0 && moved < bytes);
    side_advance(out, position);
    return moved != 0 ? (long)moved : count;
}

static long splice_to_file(const struct splice_side *in, struct splice_side *out, size_t bytes,
                           bool can_wait)
{
    if ((out->file->flags & O_APPEND) != 0 || (out->user_position != NULL && !has_position(out))) {
        return -EINVAL;
    }
    if (out->position > INT64_MAX || bytes > INT64_MAX - out->position) {
        return -EINVAL;
    }
    return splice_out(in->pipe, out, bytes, can_wait);
}

static long splice_from_file(struct splice_side *in, const struct splice_side *out, size_t bytes,
                             bool can_wait)
{
    if (in->user_position != NULL && !has_position(in)) {
        return -EINVAL;
    }
    uint64_t position = in->position;
    long result = pipe_fill_from_file(out->pipe, in->file, has_position(in) ? &position : NULL,
                                      bytes, can_wait);
    if (result > 0) {
        side_advance(in, position);
    }
    return result < 0 ? write_failed(result) : result;
}

/* ---- splice, tee --------------------------------------------------------------------------------- */

static long splice_checked(struct splice_side *in, struct splice_side *out, size_t bytes,
                           unsigned flags)
{
    if (!open_file_can_read(in->file) || !open_file_can_write(out->file)) {
        return -EBADF;
    }
    bool can_wait = may_wait(in, out, flags);
    if (in->pipe != NULL && out->pipe != NULL) {
        if (in->pipe == out->pipe) {
            return -EINVAL;
        }
        long result = pipe_move(in->pipe, out->pipe, bytes, can_wait);
        return result < 0 ? write_failed(result) : result;
    }
    if (in->pipe != NULL) {
        return splice_to_file(in, out, bytes, can_wait);
    }
    return out->pipe != NULL ? splice_from_file(in, out, bytes, can_wait) : -EINVAL;
}

static long splice_sides(struct splice_side *in, struct splice_side *out, size_t bytes,
                         unsigned flags)
{
    if ((in->pipe != NULL && in->user_position != NULL) ||
        (out->pipe != NULL && out->user_position != NULL)) {
        return -ESPIPE;
    }
    if (side_read_position(out) != 0 || side_read_position(in) != 0) {
        return -EFAULT;
    }
    long result = splice_checked(in, out, bytes, flags);
    if (result >= 0 && (side_write_position(out) != 0 || side_write_position(in) != 0)) {
        return -EFAULT;
    }
    return result;
}

SYSTEM_CALL6(splice, int, in_descriptor, int64_t __user *, in_position, int, out_descriptor,
             int64_t __user *, out_position, size_t, bytes, unsigned, flags)
{
    if (bytes == 0) {
        return 0;
    }
    if ((flags & ~(unsigned)SPLICE_F_ALL) != 0) {
        return -EINVAL;
    }
    struct splice_side in;
    struct splice_side out;
    bool has_both = side_begin(&in, in_descriptor, in_position);
    has_both = side_begin(&out, out_descriptor, out_position) && has_both;
    long result = has_both ? splice_sides(&in, &out, bytes, flags) : -EBADF;
    side_end(&in);
    side_end(&out);
    return result;
}

static long tee_sides(const struct splice_side *in, const struct splice_side *out, size_t bytes,
                      unsigned flags)
{
    if (!open_file_can_read(in->file) || !open_file_can_write(out->file)) {
        return -EBADF;
    }
    if (in->pipe == NULL || out->pipe == NULL || in->pipe == out->pipe) {
        return -EINVAL;
    }
    long result = pipe_duplicate(in->pipe, out->pipe, bytes, may_wait(in, out, flags));
    return result < 0 ? write_failed(result) : result;
}

SYSTEM_CALL4(tee, int, in_descriptor, int, out_descriptor, size_t, bytes, unsigned, flags)
{
    if ((flags & ~(unsigned)SPLICE_F_ALL) != 0) {
        return -EINVAL;
    }
    if (bytes == 0) {
        return 0;
    }
    struct splice_side in;
    struct splice_side out;
    bool has_both = side_begin(&in, in_descriptor, NULL);
    has_both = side_begin(&out, out_descriptor, NULL) && has_both;
    long result = has_both ? tee_sides(&in, &out, bytes, flags) : -EBADF;
    side_end(&in);
    side_end(&out);
    return result;
}

/* ---- vmsplice ------------------------------------------------------------------------------------ */

/* The file's own O_NONBLOCK does not count, as on Linux. */
static long vmsplice_vector(struct open_file *file, struct io_iter *iter, unsigned flags)
{
    struct pipe *pipe = pipe_from_file(file);
    bool can_wait = (flags & SPLICE_F_NONBLOCK) == 0;
    if (io_iter_remaining(iter) == 0) {
        return 0;
    }
    if (pipe == NULL) {
        return -EBADF;
    }
    if (!open_file_can_write(file)) {
        return pipe_read_pages(pipe, iter, can_wait);
    }
    long result = pipe_write_pages(pipe, iter, can_wait);
    return result < 0 ? write_failed(result) : result;
}

SYSTEM_CALL4(vmsplice, int, descriptor, const struct uapi_iovec __user *, vector, size_t, count,
             unsigned, flags)
{
    if ((flags & ~(unsigned)SPLICE_F_ALL) != 0) {
        return -EINVAL;
    }
    struct descriptor_use use;
    if (!descriptor_borrow(task_current()->descriptors, descriptor, &use)) {
        return -EBADF;
    }
    struct user_vector copy;
    long result = -EBADF;
    if (open_file_can_write(use.file) || open_file_can_read(use.file)) {
        result = user_vector_begin(&copy, vector, count);
        if (result == 0) {
            result = vmsplice_vector(use.file, &copy.iter, flags);
            user_vector_end(&copy);
        }
    }
    descriptor_release(&use);
    return result;
}
