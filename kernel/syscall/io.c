/*
 * read, write and their relatives. The iterator describes where the bytes go; file/ checks modes and keeps positions.
 *
 * A write to a pipe without readers raises SIGPIPE here, since the floors below do not know signals; a write beyond
 * RLIMIT_FSIZE raises SIGXFSZ.
 *
 * A buffer is only tested for lying below the kernel before anything happens; whether it is mapped shows as the bytes move. So a transfer
 * that meets a hole gives back what was moved before it, and -EFAULT only where that is nothing (POSIX leaves it open, Linux does so).
 */
#include "syscall/io.h"
#include "file/open_file.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "process/descriptor_table.h"
#include "process/signal.h"
#include "syscall/call.h"
#include "syscall/user_vector.h"
#include "uapi/limits.h"
#include "uapi/uio.h"

/* What a failed write owes the writer. */
noinline ssize_t write_failed(ssize_t error)
{
    assert(error < 0);
    if (error == -EPIPE) {
        signal_send_self(SIGPIPE);
    } else if (error == -EFBIG) {
        signal_send_self(SIGXFSZ);
    }
    return error;
}

/* Files below do not know whose limit counts. */
static struct file_writer current_writer(void)
{
    return (struct file_writer){.credentials = task_current()->credentials,
                                .size_limit = process_limit(process_current(), RLIMIT_FSIZE)};
}

ssize_t file_write_limited(struct open_file *file, struct io_iter *iter, const uint64_t *position)
{
    const struct file_writer writer = current_writer();
    iter->writer = &writer;
    ssize_t result =
        position == NULL ? file_write(file, iter) : file_write_at(file, iter, *position);
    iter->writer = NULL;
    return result < 0 ? write_failed(result) : result;
}

static ssize_t file_move(struct open_file *file, struct io_iter *iter, bool is_write,
                         const uint64_t *position)
{
    if (is_write) {
        return file_write_limited(file, iter, position);
    }
    return position == NULL ? file_read(file, iter) : file_read_at(file, iter, *position);
}

static inline long buffer_call(int descriptor, void __user *buffer, size_t bytes, bool is_write,
                               const uint64_t *position)
{
    struct descriptor_use use;
    if (!descriptor_borrow(task_current()->descriptors, descriptor, &use)) {
        return -EBADF;
    }
    ssize_t result;
    if (unlikely(!user_range_is_valid(buffer, bytes))) {
        result = is_write ? (open_file_can_write(use.file) ? -EFAULT : -EBADF)
                          : (open_file_can_read(use.file) ? -EFAULT : -EBADF);
    } else {
        struct io_iter iter;
        io_iter_init_user(&iter, buffer, MIN(bytes, (size_t)MAX_RW_COUNT));
        result = file_move(use.file, &iter, is_write, position);
    }
    descriptor_release(&use);
    return result;
}

/* RWF_HIPRI is a wish that no device here can grant; RWF_NOWAIT is refused as by Linux's tmpfs and pipes. */
#define RWF_TAKEN (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND)

/* The file's mode counts before the flags, and nothing to move before both. */
static int check_transfer(const struct open_file *file, const struct io_iter *iter, bool is_write,
                          int flags)
{
    if (!(is_write ? open_file_can_write(file) : open_file_can_read(file))) {
        return -EBADF;
    }
    return io_iter_remaining(iter) != 0 && (flags & ~RWF_TAKEN) != 0 ? -EOPNOTSUPP : 0;
}

/* RWF_APPEND: a regular file is written to at its end; the file's own position moves only if it was the one that was named. */
static ssize_t file_append(struct open_file *file, struct io_iter *iter, const uint64_t *position)
{
    const struct vnode *vnode = file->vnode;
    if (vnode == NULL || !vnode_is_regular(vnode)) {
        return file_write_limited(file, iter, position);
    }
    const struct file_writer writer = current_writer();
    uint64_t end = 0;
    iter->writer = &writer;
    ssize_t result = vfs_file_append(file, iter, &end);
    iter->writer = NULL;
    if (result > 0 && position == NULL) {
        file->position = end;
    }
    return result < 0 ? write_failed(result) : result;
}

/* RWF_SYNC and RWF_DSYNC: what was written stands on its device. Files without one have nothing to do. */
static ssize_t write_synced(struct open_file *file, ssize_t written, int flags)
{
    if (written <= 0 || (flags & (RWF_SYNC | RWF_DSYNC)) == 0) {
        return written;
    }
    int error = file_sync(file, (flags & RWF_SYNC) == 0);
    return error == 0 || error == -EINVAL ? written : error;
}

static ssize_t move_with_flags(struct open_file *file, struct io_iter *iter, bool is_write,
                               const uint64_t *position, int flags)
{
    ssize_t result = check_transfer(file, iter, is_write, flags);
    if (result != 0) {
        return result;
    }
    if (is_write && (flags & RWF_APPEND) != 0) {
        result = file_append(file, iter, position);
    } else {
        result = file_move(file, iter, is_write, position);
    }
    return is_write ? write_synced(file, result, flags) : result;
}

/* `flags`: of preadv2 and pwritev2, 0 for the other calls. */
static long vector_call(int descriptor, const struct uapi_iovec __user *vector, size_t count,
                        bool is_write, const uint64_t *position, int flags)
{
    struct descriptor_use use;
    if (!descriptor_borrow(task_current()->descriptors, descriptor, &use)) {
        return -EBADF;
    }
    struct user_vector copy;
    ssize_t result = -EBADF;
    /* The vector is looked at before the file's mode, which file_move checks; only O_PATH files are no files at all. */
    if (position != NULL && (use.file->ops->flags & FILE_OPS_STREAM) != 0 &&
        (use.file->flags & O_PATH) == 0) {
        result = -ESPIPE;
    } else if ((use.file->flags & O_PATH) == 0) {
        result = user_vector_begin(&copy, vector, count);
        if (result == 0) {
            result = move_with_flags(use.file, &copy.iter, is_write, position, flags);
            user_vector_end(&copy);
        }
    }
    descriptor_release(&use);
    return result;
}

SYSTEM_CALL3(read, int, descriptor, void __user *, buffer, size_t, bytes)
{
    return buffer_call(descriptor, buffer, bytes, false, NULL);
}

SYSTEM_CALL3(write, int, descriptor, void __user *, buffer, size_t, bytes)
{
    return buffer_call(descriptor, buffer, bytes, true, NULL);
}

SYSTEM_CALL4(pread64, int, descriptor, void __user *, buffer, size_t, bytes, uint64_t, position)
{
    return (int64_t)position < 0 ? -EINVAL
                                 : buffer_call(descriptor, buffer, bytes, false, &position);
}

SYSTEM_CALL4(pwrite64, int, descriptor, void __user *, buffer, size_t, bytes, uint64_t, position)
{
    return (int64_t)position < 0 ? -EINVAL
                                 : buffer_call(descriptor, buffer, bytes, true, &position);
}

SYSTEM_CALL3(readv, int, descriptor, const struct uapi_iovec __user *, vector, size_t, count)
{
    return vector_call(descriptor, vector, count, false, NULL, 0);
}

SYSTEM_CALL3(writev, int, descriptor, const struct uapi_iovec __user *, vector, size_t, count)
{
    return vector_call(descriptor, vector, count, true, NULL, 0);
}

SYSTEM_CALL4(preadv, int, descriptor, const struct uapi_iovec __user *, vector, size_t, count,
             uint64_t, position)
{
    return (int64_t)position < 0 ? -EINVAL
                                 : vector_call(descriptor, vector, count, false, &position, 0);
}

SYSTEM_CALL4(pwritev, int, descriptor, const struct uapi_iovec __user *, vector, size_t, count,
             uint64_t, position)
{
    return (int64_t)position < 0 ? -EINVAL
                                 : vector_call(descriptor, vector, count, true, &position, 0);
}

/* The halves of the position are those of 32-bit programs; a 64-bit one passes all of it in the first. -1: the file's own. */
static long vector_call_with_flags(int descriptor, const struct uapi_iovec __user *vector,
                                   size_t count, bool is_write, uint64_t position, int flags)
{
    if (position == UINT64_MAX) {
        return vector_call(descriptor, vector, count, is_write, NULL, flags);
    }
    return (int64_t)position < 0
               ? -EINVAL
               : vector_call(descriptor, vector, count, is_write, &position, flags);
}

SYSTEM_CALL6(preadv2, int, descriptor, const struct uapi_iovec __user *, vector, size_t, count,
             uint64_t, position, uint64_t, unused_half, int, flags)
{
    (void)unused_half;
    return vector_call_with_flags(descriptor, vector, count, false, position, flags);
}

SYSTEM_CALL6(pwritev2, int, descriptor, const struct uapi_iovec __user *, vector, size_t, count,
             uint64_t, position, uint64_t, unused_half, int, flags)
{
    (void)unused_half;
    return vector_call_with_flags(descriptor, vector, count, true, position, flags);
}

SYSTEM_CALL3(lseek, int, descriptor, int64_t, offset, int, whence)
{
    struct descriptor_use use;
    if (!descriptor_borrow(task_current()->descriptors, descriptor, &use)) {
        return -EBADF;
    }
    int64_t result = (use.file->flags & O_PATH) != 0 ? -EBADF : file_seek(use.file, offset, whence);
    descriptor_release(&use);
    return result;
}

/* Positions NULL: the files' own. */
static long transfer_limited(struct open_file *out, uint64_t *out_position, struct open_file *in,
                             uint64_t *in_position, size_t bytes)
{
    const struct file_writer writer = current_writer();
    long result = file_transfer(out, out_position, in, in_position, bytes, &writer);
    return result < 0 ? write_failed(result) : result;
}

SYSTEM_CALL4(sendfile, int, out_descriptor, int, in_descriptor, int64_t __user *, user_position,
             size_t, bytes)
{
    int64_t start = 0;
    if (user_position != NULL && user_copy_in(&start, user_position, sizeof(start)) != 0) {
        return -EFAULT;
    }
    struct open_file *in = descriptor_get(task_current()->descriptors, in_descriptor);
    struct open_file *out = descriptor_get(task_current()->descriptors, out_descriptor);
    long result = -EBADF;
    if (in != NULL && out != NULL && open_file_can_read(in) && open_file_can_write(out)) {
        uint64_t position = (uint64_t)start;
        result = start < 0 || (int64_t)bytes < 0
                     ? -EINVAL
                     : transfer_limited(out, NULL, in, user_position == NULL ? NULL : &position,
                                        MIN(bytes, (size_t)MAX_RW_COUNT));
        if (result >= 0 && copy_out_optional(user_position, &position, sizeof(position)) != 0) {
            result = -EFAULT;
        }
    }
    if (in != NULL) {
        open_file_put(in);
    }
    if (out != NULL) {
        open_file_put(out);
    }
    return result;
}

/* Regular files of one file system, opened so that bytes can be copied between them. */
static int copy_check_files(const struct open_file *in, const struct open_file *out)
{
    const struct vnode *from = in->vnode;
    const struct vnode *to = out->vnode;
    if ((from != NULL && vnode_is_directory(from)) || (to != NULL && vnode_is_directory(to))) {
        return -EISDIR;
    }
    if (from == NULL || to == NULL || !vnode_is_regular(from) || !vnode_is_regular(to)) {
        return -EINVAL;
    }
    if (!open_file_can_read(in) || !open_file_can_write(out) || (out->flags & O_APPEND) != 0) {
        return -EBADF;
    }
    return from->file_system == to->file_system ? 0 : -EXDEV;
}

/* One side of copy_file_range: where it begins. */
struct copy_side {
    uint64_t position;
    bool is_own; /* the file's own position, which moves */
};

static int copy_side_begin(struct copy_side *side, const struct open_file *file,
                           int64_t __user *user)
{
    *side = (struct copy_side){.position = file->position, .is_own = user == NULL};
    return user == NULL ? 0 : user_copy_in(&side->position, user, sizeof(side->position));
}

static long copy_range(struct open_file *in, struct copy_side *from, struct open_file *out,
                       struct copy_side *to, size_t bytes)
{
    const struct vnode *source = in->vnode;
    assert(source != NULL && vnode_is_regular(source) && out->vnode != NULL);
    uint64_t size = source->pages.size_bytes;
    if (from->position + bytes < from->position || to->position + bytes < to->position) {
        return -EOVERFLOW;
    }
    /* The order of these is that of copy_file_range(2)'s errors on Linux: sums, the target's end, then the source's length. */
    if (to->position >= INT64_MAX) {
        return -EFBIG;
    }
    bytes = MIN(bytes, size > from->position ? size - from->position : 0);
    bytes = MIN(bytes, INT64_MAX - to->position);
    if ((int64_t)from->position < 0) {
        return -EINVAL;
    }
    assert(bytes <= INT64_MAX - to->position);
    /* Within one file the ranges must not overlap: the copy goes through a buffer, piece by piece, and would read what it wrote. */
    if (in->vnode == out->vnode && from->position + bytes > to->position &&
        to->position + bytes > from->position) {
        return -EINVAL;
    }
    if (bytes == 0) {
        return 0;
    }
    return transfer_limited(out, to->is_own ? NULL : &to->position, in,
                            from->is_own ? NULL : &from->position,
                            MIN(bytes, (size_t)MAX_RW_COUNT));
}

static long copy_between(struct open_file *in, int64_t __user *user_in, struct open_file *out,
                         int64_t __user *user_out, size_t bytes)
{
    struct copy_side from;
    struct copy_side to;
    if (copy_side_begin(&from, in, user_in) != 0 || copy_side_begin(&to, out, user_out) != 0) {
        return -EFAULT;
    }
    int error = copy_check_files(in, out);
    if (error != 0) {
        return error;
    }
    long result = copy_range(in, &from, out, &to, bytes);
    if (result > 0 && (copy_out_optional(user_in, &from.position, sizeof(from.position)) != 0 ||
                       copy_out_optional(user_out, &to.position, sizeof(to.position)) != 0)) {
        return -EFAULT;
    }
    return result;
}

SYSTEM_CALL6(copy_file_range, int, in_descriptor, int64_t __user *, user_in, int, out_descriptor,
             int64_t __user *, user_out, size_t, bytes, unsigned, flags)
{
    struct open_file *in = descriptor_get(task_current()->descriptors, in_descriptor);
    struct open_file *out = descriptor_get(task_current()->descriptors, out_descriptor);
    long result = -EBADF;
    if (in != NULL && out != NULL) {
        result = flags != 0 ? -EINVAL : copy_between(in, user_in, out, user_out, bytes);
    }
    if (in != NULL) {
        open_file_put(in);
    }
    if (out != NULL) {
        open_file_put(out);
    }
    return result;
}
