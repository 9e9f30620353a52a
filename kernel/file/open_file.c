// Open files: their life, and the layer between the system calls and the operations of each kind of file.
//
// A file is made by whoever opens something (fs/, pipe.c, device nodes), shared by descriptors, and released with its last
// reference. The position lock is taken only where somebody else could hold the file: with one reference nobody can, and the
// descriptor table that lends it is the calling thread's alone. See POSIX read, write, lseek; Linux's man pages for the errors.
#include "file/open_file.h"

#include "file/file_lock.h"
#include "file/pipe.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "uapi/limits.h"
#include "uapi/stat.h"

static struct slab_cache open_file_cache;

void file_init(void)
{
    slab_cache_init(&open_file_cache, "open_file", sizeof(struct open_file),
                    _Alignof(struct open_file));
    pipe_init();
}

struct open_file *open_file_create(const struct file_ops *ops, unsigned flags, void *private_data,
                                   struct credentials *credentials, const struct backing *backing)
{
    assert(ops != NULL && credentials != NULL);
    struct open_file *file = slab_alloc_zeroed(&open_file_cache);
    if (file == NULL) {
        return NULL;
    }
    refcount_init(&file->references, 1);
    file->flags = flags;
    file->ops = ops;
    file->private_data = private_data;
    file->credentials = credentials_get(credentials);
    mutex_init(&file->position_lock, LOCK_RANK_FILE_POSITION);
    list_init(&file->poll_links);
    if (backing != NULL) {
        file->backing = *backing;
        backing_get(&file->backing);
    }
    return file;
}

size_t open_file_count(void)
{
    return slab_cache_used(&open_file_cache);
}

struct open_file *open_file_get(struct open_file *file)
{
    refcount_get(&file->references);
    return file;
}

void open_file_expect_late_readers(struct open_file *file)
{
    assert(refcount_read(&file->references) != 0);
    WRITE_ONCE(file->has_late_readers, true);
}

// A late reader looks at the count of references alone, and finds it zero.
static void open_file_free_late(struct rcu_head *head)
{
    slab_free(&open_file_cache, container_of(head, struct open_file, rcu));
}

void open_file_put(struct open_file *file)
{
    assert(refcount_read(&file->references) != 0);
    if (!refcount_put(&file->references)) {
        return;
    }
    if (unlikely(file_lock_is_possible(file))) {
        file_lock_release_file(file);
    }
    // The kind's own part first, while the path, the credentials and the vnode that it may ask for are still there.
    assert(!mutex_is_held(&file->position_lock));
    if (file->ops->release != NULL) {
        file->ops->release(file);
    }
    if (file->vnode_release != NULL) {
        file->vnode_release(file);
    }
    backing_put(&file->backing);
    credentials_put(file->credentials);
    assert(list_is_empty(&file->poll_links));
    if (unlikely(file->has_late_readers)) {
        rcu_defer(&file->rcu, open_file_free_late);
    } else {
        slab_free(&open_file_cache, file);
    }
}

// ---- position ------------------------------------------------------------------------------------

// Conditional on purpose, which the lock analysis cannot follow.
static no_lock_analysis bool position_lock(struct open_file *file)
{
    unsigned unlocked = FILE_OPS_STREAM | FILE_OPS_NO_POSITION_LOCK;
    if ((file->ops->flags & unlocked) != 0 || refcount_read(&file->references) == 1) {
        return false;
    }
    mutex_lock(&file->position_lock);
    return true;
}

static no_lock_analysis void position_unlock(struct open_file *file, bool is_locked)
{
    if (is_locked) {
        mutex_unlock(&file->position_lock);
    }
}

// Bounds one transfer: no more than Linux moves at once, and never past the largest position.
static int transfer_limit(struct io_iter *iter, uint64_t position)
{
    iter->remaining = MIN(iter->remaining, (size_t)MAX_RW_COUNT);
    return position > INT64_MAX || iter->remaining > INT64_MAX - position ? -EINVAL : 0;
}

// ---- read and write ------------------------------------------------------------------------------

typedef ssize_t transfer_function(struct open_file *file, struct io_iter *iter, uint64_t *position);

static ssize_t read_at(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    if (!open_file_can_read(file)) {
        return -EBADF;
    }
    if (file->ops->read == NULL) {
        return file->ops->read_directory != NULL ? -EISDIR : -EINVAL;
    }
    int error = transfer_limit(iter, *position);
    ssize_t result = error != 0 ? error : file->ops->read(file, iter, position);
    struct thread_io *io = &thread_current()->io;
    io->reads++;
    io->read_bytes += result > 0 ? (size_t)result : 0;
    return result;
}

static ssize_t write_at(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    if (!open_file_can_write(file)) {
        return -EBADF;
    }
    if (file->ops->write == NULL) {
        return -EINVAL;
    }
    int error = transfer_limit(iter, *position);
    ssize_t result = error != 0 ? error : file->ops->write(file, iter, position);
    struct thread_io *io = &thread_current()->io;
    io->writes++;
    io->written_bytes += result > 0 ? (size_t)result : 0;
    return result;
}

static always_inline ssize_t transfer_at_own_position(struct open_file *file, struct io_iter *iter,
                                                      transfer_function *transfer)
{
    bool is_locked = position_lock(file);
    uint64_t position = (file->ops->flags & FILE_OPS_STREAM) != 0 ? 0 : file->position;
    ssize_t result = transfer(file, iter, &position);
    assert(result <= (ssize_t)MAX_RW_COUNT);
    if (result >= 0 && (file->ops->flags & FILE_OPS_STREAM) == 0) {
        file->position = position;
    }
    position_unlock(file, is_locked);
    return result;
}

ssize_t file_read(struct open_file *file, struct io_iter *iter)
{
    return transfer_at_own_position(file, iter, read_at);
}

ssize_t file_write(struct open_file *file, struct io_iter *iter)
{
    return transfer_at_own_position(file, iter, write_at);
}

ssize_t file_read_at(struct open_file *file, struct io_iter *iter, uint64_t position)
{
    return (file->ops->flags & FILE_OPS_STREAM) != 0 ? -ESPIPE : read_at(file, iter, &position);
}

ssize_t file_write_at(struct open_file *file, struct io_iter *iter, uint64_t position)
{
    return (file->ops->flags & FILE_OPS_STREAM) != 0 ? -ESPIPE : write_at(file, iter, &position);
}

ssize_t file_read_kernel(struct open_file *file, void *buffer, size_t bytes, uint64_t position)
{
    size_t done = 0;
    while (done < bytes) {
        struct io_iter iter;
        io_iter_init_kernel(&iter, (char *)buffer + done, bytes - done);
        ssize_t count = file_read_at(file, &iter, position + done);
        if (count < 0) {
            return count;
        }
        if (count == 0) {
            break;
        }
        done += (size_t)count;
    }
    return (ssize_t)done;
}

// ---- seek ----------------------------------------------------------------------------------------

int64_t file_seek_within(struct open_file *file, int64_t offset, int whence, uint64_t size)
{
    int64_t base = 0;
    switch (whence) {
    case SEEK_SET: break;
    case SEEK_CUR: base = (int64_t)file->position; break;
    case SEEK_END: base = (int64_t)size; break;
    case SEEK_DATA:
    case SEEK_HOLE:
        if (offset < 0 || (uint64_t)offset >= size) {
            return -ENXIO;
        }
        return whence == SEEK_DATA ? offset : (int64_t)size;
    default: return -EINVAL;
    }
    int64_t target;
    // POSIX lseek: a position that does not fit is -EOVERFLOW, one before the start -EINVAL; beyond the end there is room for a hole.
    if (__builtin_add_overflow(base, offset, &target)) {
        return -EOVERFLOW;
    }
    return target < 0 ? -EINVAL : target;
}

int64_t file_seek_endless(struct open_file *file, int64_t offset, int whence)
{
    int64_t base = whence == SEEK_CUR ? (int64_t)file->position : 0;
    bool is_known = whence == SEEK_SET || whence == SEEK_CUR;
    bool is_wrong = !is_known || __builtin_add_overflow(base, offset, &offset) || offset < 0;
    return is_wrong ? -EINVAL : offset;
}

static int64_t seek_from(struct open_file *file, int64_t offset, int whence)
{
    if (file->ops->seek != NULL) {
        return file->ops->seek(file, offset, whence);
    }
    struct uapi_stat status = {0};
    if (file->ops->get_status != NULL) {
        int error = file->ops->get_status(file, &status);
        if (error != 0) {
            return error;
        }
    }
    return file_seek_within(file, offset, whence, (uint64_t)status.st_size);
}

int64_t file_seek(struct open_file *file, int64_t offset, int whence)
{
    if ((file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    bool stays_at_zero = (file->ops->flags & FILE_OPS_NONSEEK_ZERO) != 0;
    if (!stays_at_zero && (file->ops->flags & (FILE_OPS_STREAM | FILE_OPS_NO_SEEK)) != 0) {
        return -ESPIPE;
    }
    if (whence < SEEK_SET || whence > SEEK_HOLE) {
        return -EINVAL;
    }
    if (stays_at_zero) {
        return 0;
    }
    bool is_locked = position_lock(file);
    int64_t result = seek_from(file, offset, whence);
    if (result >= 0) {
        file->position = (uint64_t)result;
    }
    position_unlock(file, is_locked);
    return result;
}

// ---- the other operations ------------------------------------------------------------------------

int file_read_directory(struct open_file *file, struct directory_sink *sink)
{
    if ((file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    if (file->ops->read_directory == NULL) {
        return -ENOTDIR;
    }
    bool is_locked = position_lock(file);
    int result = file->ops->read_directory(file, sink);
    position_unlock(file, is_locked);
    return result;
}

int file_sync(struct open_file *file, bool data_only)
{
    if ((file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    return file->ops->sync == NULL ? -EINVAL : file->ops->sync(file, data_only);
}

int file_truncate(struct open_file *file, uint64_t size)
{
    if (size > INT64_MAX || !open_file_can_write(file) || file->ops->truncate == NULL) {
        return (file->flags & O_PATH) != 0 ? -EBADF : -EINVAL;
    }
    return file->ops->truncate(file, size);
}

int file_allocate(struct open_file *file, int mode, uint64_t offset, uint64_t bytes)
{
    if (!open_file_can_write(file)) {
        return -EBADF;
    }
    if (offset > INT64_MAX || bytes == 0 || bytes > INT64_MAX) {
        return -EINVAL;
    }
    if (bytes > INT64_MAX - offset) {
        return -EFBIG;
    }
    if (file->ops->allocate == NULL) {
        return (file->ops->flags & FILE_OPS_STREAM) != 0 ? -ESPIPE : -ENODEV;
    }
    return file->ops->allocate(file, mode, offset, bytes);
}

int file_set_flags(struct open_file *file, unsigned flags)
{
    const unsigned changeable = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | O_ASYNC;
    if ((file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    bool adds_direct = (flags & ~READ_ONCE(file->flags) & O_DIRECT) != 0;
    int error = adds_direct ? -EINVAL : 0;
    if (file->ops->set_flags != NULL) {
        error = file->ops->set_flags(file, flags);
    }
    if (error != 0) {
        return error;
    }
    // Mode and place bits stay; what another CPU changes at this moment in other bits (FIONBIO) must not be lost.
    unsigned seen = READ_ONCE(file->flags);
    while (!__atomic_compare_exchange_n(&file->flags, &seen,
                                        (seen & ~changeable) | (flags & changeable), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {}
    return 0;
}

static long ioctl_refuse(struct open_file *file, void *data, unsigned long argument)
{
    (void)file;
    (void)data;
    (void)argument;
    return -EINVAL;
}

static long ioctl_fail(struct open_file *file, void *data, unsigned long argument)
{
    (void)file;
    (void)data;
    (void)argument;
    return -EIO;
}

const struct ioctl_row *file_ioctl_find(const struct open_file *file, uint32_t command)
{
    static const struct ioctl_row refused = {.handler = ioctl_refuse};
    static const struct ioctl_row dead = {.handler = ioctl_fail};
    if (file->ops->is_dead != NULL && file->ops->is_dead(file)) {
        return &dead;
    }
    for (size_t i = 0; i < file->ops->ioctl_count; i++) {
        if (file->ops->ioctls[i].command == command) {
            return &file->ops->ioctls[i];
        }
    }
    return (file->ops->flags & FILE_OPS_STRANGE_IOCTL_INVALID) != 0 ? &refused : NULL;
}
