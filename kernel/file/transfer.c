// sendfile: bytes from a file with a position to any file, through one kernel buffer.
//
// As on Linux the source must be seekable, since what was read and could not be written would be lost otherwise; the position
// of the source is moved by what the target took, without a lock, as two sendfile calls on one file race there too.
#include "file/open_file.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "scheduler/thread.h"
#include "uapi/limits.h"

enum { TRANSFER_BUFFER_BYTES = 16384 };

struct transfer {
    struct open_file *in, *out;
    uint64_t in_position;
    uint64_t *out_position; // NULL: the file's own
    void *buffer;
    const struct file_writer *writer;
};

static int transfer_check(const struct open_file *out, const uint64_t *out_position,
                          const struct open_file *in, const uint64_t *in_position)
{
    if (!open_file_can_read(in) || !open_file_can_write(out)) {
        return -EBADF;
    }
    bool is_in_stream = (in->ops->flags & (FILE_OPS_STREAM | FILE_OPS_NO_SEEK)) != 0;
    bool is_out_stream = (out->ops->flags & FILE_OPS_STREAM) != 0;
    if ((in_position != NULL && is_in_stream) || (out_position != NULL && is_out_stream)) {
        return -ESPIPE;
    }
    if (is_in_stream || in->ops->read == NULL || in->ops->read_directory != NULL ||
        out->ops->write == NULL || (out->flags & O_APPEND) != 0) {
        return -EINVAL;
    }
    return 0;
}

static ssize_t transfer_write(struct transfer *transfer, size_t bytes)
{
    struct io_iter iter;
    io_iter_init_kernel(&iter, transfer->buffer, bytes);
    iter.writer = transfer->writer;
    if (transfer->out_position == NULL) {
        return file_write(transfer->out, &iter);
    }
    ssize_t written = file_write_at(transfer->out, &iter, *transfer->out_position);
    if (written > 0) {
        *transfer->out_position += (uint64_t)written;
    }
    return written;
}

// At most a buffer's worth. Bytes moved (0 at the end of the source), or -errno; *is_done is set when the rest cannot follow.
static ssize_t transfer_step(struct transfer *transfer, size_t bytes, bool *is_done)
{
    assert(bytes != 0 && bytes <= TRANSFER_BUFFER_BYTES);
    struct io_iter iter;
    io_iter_init_kernel(&iter, transfer->buffer, bytes);
    ssize_t count = file_read_at(transfer->in, &iter, transfer->in_position);
    if (count <= 0) {
        *is_done = true;
        return count;
    }
    ssize_t written = transfer_write(transfer, (size_t)count);
    assert(written <= count);
    *is_done = written < count;
    if (written > 0) {
        transfer->in_position += (uint64_t)written;
    }
    return written;
}

// A pipe or a terminal is waited for once; what it does not take at once after that is the caller's to send again.
static bool transfer_would_wait(const struct transfer *transfer)
{
    struct open_file *out = transfer->out;
    return (out->ops->flags & FILE_OPS_STREAM) != 0 && (file_poll(out, NULL) & POLLOUT) == 0;
}

static ssize_t transfer_run(struct transfer *transfer, size_t bytes)
{
    bool is_out_stream = (transfer->out->ops->flags & FILE_OPS_STREAM) != 0;
    size_t most = is_out_stream ? PIPE_BUF : TRANSFER_BUFFER_BYTES;
    size_t moved = 0;
    ssize_t count = 0;
    bool is_done = false;
    while (moved < bytes && !is_done && !thread_is_killed()) {
        count = transfer_step(transfer, MIN(bytes - moved, most), &is_done);
        moved += count > 0 ? (size_t)count : 0;
        is_done = is_done || (moved != 0 && transfer_would_wait(transfer));
    }
    return moved > 0 ? (ssize_t)moved : count;
}

ssize_t file_transfer(struct open_file *out, uint64_t *out_position, struct open_file *in,
                      uint64_t *in_position, size_t bytes, const struct file_writer *writer)
{
    int error = transfer_check(out, out_position, in, in_position);
    if (error != 0 || bytes == 0) {
        return error;
    }
    struct transfer transfer = {
        .in = in,
        .out = out,
        .in_position = in_position != NULL ? *in_position : in->position,
        .out_position = out_position,
        .buffer = heap_alloc(TRANSFER_BUFFER_BYTES),
        .writer = writer,
    };
    if (transfer.buffer == NULL) {
        return -ENOMEM;
    }
    ssize_t moved = transfer_run(&transfer, MIN(bytes, (size_t)MAX_RW_COUNT));
    heap_free(transfer.buffer);
    if (in_position != NULL) {
        *in_position = transfer.in_position;
    } else {
        in->position = transfer.in_position;
    }
    return moved;
}
