// Open regular files by the page cache. Writes hold the vnode's mutex, so they do not mix and the
// size grows in order; reads take no lock of the vnode.
#include "fs/mount.h"
#include "fs/vfs_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "scheduler/thread.h"
#include "uapi/mount.h"
#include "vm/address_space.h"

static ssize_t vnode_file_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    struct vnode *vnode = vnode_from_file(file);
    ssize_t done = page_cache_read(&vnode->pages, iter, *position);
    if (done > 0) {
        *position += (uint64_t)done;
    }
    struct path path;
    if (done >= 0 && (file->flags & O_NOATIME) == 0 && vfs_file_path(file, &path)) {
        vnode_touch_access(vnode, &path);
    }
    return done;
}

// What the writer is held to (the iterator shrinks), then the seals. 0, -EFBIG, -EPERM.
static int write_begin_locked(struct vnode *vnode, struct io_iter *iter, uint64_t at)
{
    const struct file_writer *writer = iter->writer;
    assert(mutex_is_held(&vnode->mutex) && io_iter_remaining(iter) != 0);
    if (at >= INT64_MAX || (writer != NULL && at >= writer->size_limit)) {
        return -EFBIG;
    }
    io_iter_truncate(iter, INT64_MAX - at); // a size is a signed number for programs
    if (writer != NULL) {
        io_iter_truncate(iter, writer->size_limit - at);
        vnode_drop_set_id_locked(vnode, writer->credentials);
    }
    return vnode_check_write_seals_locked(vnode, at, iter);
}

static ssize_t write_to(struct vnode *vnode, struct io_iter *iter, uint64_t *position, bool at_end)
{
    if (io_iter_remaining(iter) == 0) {
        return 0;
    }
    mutex_lock(&vnode->mutex);
    uint64_t at = at_end ? vnode->pages.size_bytes : *position;
    ssize_t done = write_begin_locked(vnode, iter, at);
    if (done == 0) {
        vnode_touch_modify(vnode);
        done = page_cache_write(&vnode->pages, iter, at);
    }
    if (done > 0) {
        at += (uint64_t)done;
        assert(at <= INT64_MAX);
        // After the bytes: who reads without the mutex sees a size only with what stands below it.
        if (at > vnode->pages.size_bytes) {
            __atomic_store_n(&vnode->pages.size_bytes, at, __ATOMIC_RELEASE);
        }
        *position = at;
    }
    mutex_unlock(&vnode->mutex);
    return done;
}

static ssize_t vnode_file_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    return write_to(vnode_from_file(file), iter, position, (file->flags & O_APPEND) != 0);
}

ssize_t vfs_file_append(struct open_file *file, struct io_iter *iter, uint64_t *end)
{
    return file->ops == &vnode_file_ops ? write_to(vnode_from_file(file), iter, end, true)
                                        : -EOPNOTSUPP;
}

// What the mount or a seal forbids now mprotect must not allow later: the MAY bits go with it.
static int vnode_file_map(struct open_file *file, struct map_request *request)
{
    struct path path;
    if (vfs_file_path(file, &path)) {
        if ((path.mount->flags & MS_NOEXEC) != 0) {
            if ((request->flags & AREA_EXECUTE) != 0) {
                return -EPERM;
            }
            request->flags &= ~(unsigned)AREA_MAY_EXECUTE;
        }
        vnode_touch_access(vnode_from_file(file), &path);
    }
    if ((request->flags & AREA_SHARED) != 0 &&
        vnode_is_sealed_against_writing(vnode_from_file(file))) {
        if ((request->flags & AREA_WRITE) != 0) {
            return -EPERM;
        }
        request->flags &= ~(unsigned)AREA_MAY_WRITE;
    }
    request->cache = &vnode_from_file(file)->pages;
    request->backing = file->backing;
    if (open_file_can_write(file)) {
        path_to_writer_backing(&file->backing, &request->backing);
    }
    return 0;
}

static int vnode_file_sync(struct open_file *file, bool data_only)
{
    struct vnode *vnode = vnode_from_file(file);
    return vnode->ops->sync != NULL ? vnode->ops->sync(vnode, data_only) : 0;
}

static int vnode_file_truncate(struct open_file *file, uint64_t size)
{
    return vfs_file_truncate(file, file->credentials, size, UINT64_MAX);
}

// ---- fallocate ----------------------------------------------------------------------------------

// Pages that are missing in [first, end).
static uint64_t count_missing(struct page_cache *pages, uint64_t first, uint64_t end)
{
    assert(first <= end);
    uint64_t missing = 0;
    while (first < end) {
        uint64_t hole = page_cache_next(pages, first, false);
        uint64_t data = page_cache_next(pages, hole, true);
        hole = MIN(hole, end);
        first = MIN(data, end);
        missing += first - hole;
    }
    return missing;
}

// Would the file system's size allow that many more? Asked first, so that a request that is too large changes nothing.
static bool has_room(struct file_system *file_system, uint64_t pages)
{
    struct uapi_statfs status = {0};
    if (file_system->ops->status == NULL || file_system->ops->status(file_system, &status) != 0) {
        return true;
    }
    return status.f_blocks == 0 || pages <= (uint64_t)status.f_bfree;
}

// Makes the pages that are missing in [first, end). Those that were made stay when memory or the
// limit ends it.
static int allocate_pages(struct page_cache *pages, uint64_t first, uint64_t end)
{
    for (uint64_t index = first; index < end; index++) {
        struct frame *frame;
        int error = page_cache_get(pages, index, &frame);
        if (error != 0) {
            return error;
        }
        frame_put(frame);
        if (thread_is_killed()) {
            return -EINTR;
        }
    }
    return 0;
}

// Pages that are there stay as they are. The size grows last, so that nobody reads where there is no page yet.
static int allocate_locked(struct vnode *vnode, uint64_t offset, uint64_t end, bool keeps_size)
{
    assert(mutex_is_held(&vnode->mutex) && offset < end);
    bool grows = end > vnode->pages.size_bytes;
    int error = grows ? vnode_check_size_seals_locked(vnode, end) : 0;
    if (error != 0) {
        return error;
    }
    uint64_t first = offset / PAGE_SIZE, last = (end - 1) / PAGE_SIZE;
    uint64_t missing = count_missing(&vnode->pages, first, last + 1);
    error = has_room(vnode->file_system, missing) ? allocate_pages(&vnode->pages, first, last + 1)
                                                  : -ENOSPC;
    if (error == 0 && grows && !keeps_size) {
        __atomic_store_n(&vnode->pages.size_bytes, end, __ATOMIC_RELEASE);
    }
    return error;
}

int vnode_punch(struct vnode *vnode, uint64_t start, uint64_t end)
{
    assert(vnode_is_regular(vnode) && start <= end);
    mutex_lock(&vnode->mutex);
    int error = vnode_is_sealed_against_writing(vnode) ? -EPERM : 0;
    if (error == 0) {
        page_cache_punch(&vnode->pages, start, end);
        vnode_touch_modify(vnode);
    }
    mutex_unlock(&vnode->mutex);
    return error;
}

static int vnode_file_allocate(struct open_file *file, int mode, uint64_t offset, uint64_t bytes)
{
    struct vnode *vnode = vnode_from_file(file);
    if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) != 0 ||
        mode == FALLOC_FL_PUNCH_HOLE) {
        return -EOPNOTSUPP;
    }
    if (offset > INT64_MAX || bytes > INT64_MAX - offset) {
        return -EFBIG;
    }
    if ((mode & FALLOC_FL_PUNCH_HOLE) != 0) {
        return vnode_punch(vnode, offset, offset + bytes);
    }
    mutex_lock(&vnode->mutex);
    int error = allocate_locked(vnode, offset, offset + bytes, (mode & FALLOC_FL_KEEP_SIZE) != 0);
    if (error == 0) {
        vnode_touch_modify(vnode);
    }
    mutex_unlock(&vnode->mutex);
    return error;
}

// ---- lseek --------------------------------------------------------------------------------------

// SEEK_DATA and SEEK_HOLE: the file's end is a hole.
static int64_t seek_extent(struct vnode *vnode, int64_t offset, bool is_data)
{
    uint64_t size = vnode->pages.size_bytes;
    if (offset < 0 || (uint64_t)offset >= size) {
        return -ENXIO;
    }
    uint64_t from = (uint64_t)offset / PAGE_SIZE;
    uint64_t index = page_cache_next(&vnode->pages, from, is_data);
    bool is_beyond = index > INT64_MAX / PAGE_SIZE || index * PAGE_SIZE >= size;
    if (is_beyond) {
        return is_data ? -ENXIO : (int64_t)size;
    }
    return index == from ? offset : (int64_t)(index * PAGE_SIZE);
}

static int64_t vnode_file_seek(struct open_file *file, int64_t offset, int whence)
{
    struct vnode *vnode = vnode_from_file(file);
    int64_t base = 0;
    switch (whence) {
    case SEEK_SET: break;
    case SEEK_CUR: base = (int64_t)file->position; break;
    case SEEK_END: base = (int64_t)vnode->pages.size_bytes; break;
    case SEEK_DATA:
    case SEEK_HOLE: offset = seek_extent(vnode, offset, whence == SEEK_DATA); break;
    default: return -EINVAL;
    }
    if (offset < 0 && (whence == SEEK_DATA || whence == SEEK_HOLE)) {
        return offset;
    }
    int64_t target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) {
        return -EINVAL;
    }
    file->position = (uint64_t)target;
    return target;
}

const struct file_ops vnode_file_ops = {
    .name = "file",
    .read = vnode_file_read,
    .write = vnode_file_write,
    .seek = vnode_file_seek,
    .map = vnode_file_map,
    .sync = vnode_file_sync,
    .truncate = vnode_file_truncate,
    .allocate = vnode_file_allocate,
};
