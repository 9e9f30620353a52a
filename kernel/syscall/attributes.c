/*
 * Changing what stat shows: mode, owner, times, size; and making it last (fsync).
 *
 * By name or by descriptor, then one body for both: `begin` finds the place and holds it, `finish` gives it up. A descriptor needs no
 * right to write: changing attributes is the owner's business, not the opener's (fchmod(2)).
 */
#include "file/open_file.h"
#include "file/pipe.h"
#include "fs/vfs.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "process/descriptor_table.h"
#include "process/signal.h"
#include "syscall/call.h"
#include "syscall/names.h"
#include "uapi/fcntl.h"
#include "uapi/time.h"

/* A place that an attribute call is about: by name or by descriptor, with the context to do it in. */
struct attribute_call {
    struct name_call name;
    struct fs_context context; /* by descriptor */
    struct path path;
    bool is_by_name;
};

static int begin_by_name(struct attribute_call *call, int directory, const char __user *name,
                         unsigned walk_flags)
{
    call->is_by_name = true;
    return name_call_walk(directory, name, walk_flags, &call->name, &call->path);
}

static int begin_by_descriptor(struct attribute_call *call, int descriptor)
{
    call->is_by_name = false;
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    int result = (file->flags & O_PATH) != 0 ? -EBADF : 0;
    if (result == 0 && vfs_file_path(file, &call->path)) {
        path_get(&call->path);
    } else if (result == 0) {
        result = vfs_anonymous_path(file, &call->path);
    }
    if (result == 0) {
        fs_context_begin(task_current(), &call->context);
    }
    open_file_put(file);
    /* What has no place in any tree, an eventfd say, has no attributes to change. */
    return result == -ENXIO ? -EINVAL : result;
}

/* Each way of beginning has a context of its own; finish ends that one. */
static const struct fs_context *call_context(const struct attribute_call *call)
{
    return call->is_by_name ? &call->name.context : &call->context;
}

static long finish(struct attribute_call *call, long result)
{
    assert(call->path.entry != NULL);
    path_put(&call->path);
    if (call->is_by_name) {
        name_call_end(&call->name);
    } else {
        fs_context_end(&call->context);
    }
    return result;
}

static long change_mode(struct attribute_call *call, int begun, uint32_t mode)
{
    return begun != 0
               ? begun
               : finish(call, vfs_change_mode(call_context(call), &call->path, mode & S_IALLUGO));
}

SYSTEM_CALL2(chmod, const char __user *, name, uint32_t, mode)
{
    struct attribute_call call;
    return change_mode(&call, begin_by_name(&call, AT_FDCWD, name, WALK_FOLLOW), mode);
}

SYSTEM_CALL3(fchmodat, int, directory, const char __user *, name, uint32_t, mode)
{
    struct attribute_call call;
    return change_mode(&call, begin_by_name(&call, directory, name, WALK_FOLLOW), mode);
}

SYSTEM_CALL2(fchmod, int, descriptor, uint32_t, mode)
{
    struct attribute_call call;
    return change_mode(&call, begin_by_descriptor(&call, descriptor), mode);
}

static long change_owner(struct attribute_call *call, int begun, uint32_t uid, uint32_t gid)
{
    return begun != 0 ? begun
                      : finish(call, vfs_change_owner(call_context(call), &call->path, uid, gid));
}

SYSTEM_CALL3(chown, const char __user *, name, uint32_t, uid, uint32_t, gid)
{
    struct attribute_call call;
    return change_owner(&call, begin_by_name(&call, AT_FDCWD, name, WALK_FOLLOW), uid, gid);
}

SYSTEM_CALL3(lchown, const char __user *, name, uint32_t, uid, uint32_t, gid)
{
    struct attribute_call call;
    return change_owner(&call, begin_by_name(&call, AT_FDCWD, name, 0), uid, gid);
}

SYSTEM_CALL3(fchown, int, descriptor, uint32_t, uid, uint32_t, gid)
{
    struct attribute_call call;
    return change_owner(&call, begin_by_descriptor(&call, descriptor), uid, gid);
}

SYSTEM_CALL5(fchownat, int, directory, const char __user *, name, uint32_t, uid, uint32_t, gid, int,
             flags)
{
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    struct attribute_call call;
    return change_owner(&call, begin_by_name(&call, directory, name, walk_flags_from_at(flags)),
                        uid, gid);
}

/* Both times as the file system wants them. */
struct new_times {
    struct file_time access, modify;
    unsigned access_flags, modify_flags; /* VFS_TIME_* */
};

static int time_from_timespec(const struct uapi_timespec *spec, struct file_time *time,
                              unsigned *flags)
{
    *flags = 0;
    if (spec->tv_nsec == UTIME_NOW) {
        *flags = VFS_TIME_NOW;
        return 0;
    }
    if (spec->tv_nsec == UTIME_OMIT) {
        *flags = VFS_TIME_OMIT;
        return 0;
    }
    if (spec->tv_nsec < 0 || spec->tv_nsec >= (int64_t)NS_PER_SECOND) {
        return -EINVAL;
    }
    *time = (struct file_time){.seconds = spec->tv_sec, .nanoseconds = (uint32_t)spec->tv_nsec};
    return 0;
}

static int times_from_timespecs(const struct uapi_timespec specs[2], struct new_times *times)
{
    int result = time_from_timespec(&specs[0], &times->access, &times->access_flags);
    return result != 0 ? result
                       : time_from_timespec(&specs[1], &times->modify, &times->modify_flags);
}

static const struct new_times times_now = {.access_flags = VFS_TIME_NOW,
                                           .modify_flags = VFS_TIME_NOW};

/* `specs` NULL: now. They are looked at once the file is found: what is not there counts before what they say. */
static long change_times(struct attribute_call *call, int begun, const struct uapi_timespec *specs)
{
    struct new_times times = times_now;
    if (begun != 0) {
        return begun;
    }
    int result = specs == NULL ? 0 : times_from_timespecs(specs, &times);
    if (result == 0) {
        result = vfs_change_times(
            call_context(call), &call->path,
            (times.access_flags & VFS_TIME_NOW) != 0 ? NULL : &times.access, times.access_flags,
            (times.modify_flags & VFS_TIME_NOW) != 0 ? NULL : &times.modify, times.modify_flags);
    }
    return finish(call, result);
}

SYSTEM_CALL4(utimensat, int, directory, const char __user *, name,
             const struct uapi_timespec __user *, user, int, flags)
{
    struct uapi_timespec copy[2];
    const struct uapi_timespec *specs = NULL;
    if (user != NULL) {
        if (user_copy_in(copy, user, sizeof(copy)) != 0) {
            return -EFAULT;
        }
        if (copy[0].tv_nsec == UTIME_OMIT && copy[1].tv_nsec == UTIME_OMIT) {
            return 0;
        }
        specs = copy;
    }
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    struct attribute_call call;
    if (name == NULL && directory != AT_FDCWD) {
        return flags != 0 ? -EINVAL
                          : change_times(&call, begin_by_descriptor(&call, directory), specs);
    }
    return change_times(&call, begin_by_name(&call, directory, name, walk_flags_from_at(flags)),
                        specs);
}

static long change_times_by_name(int directory, const char __user *name,
                                 const struct uapi_timespec *specs)
{
    struct attribute_call call;
    if (name == NULL && directory != AT_FDCWD) {
        return change_times(&call, begin_by_descriptor(&call, directory), specs);
    }
    return change_times(&call, begin_by_name(&call, directory, name, WALK_FOLLOW), specs);
}

static long change_times_by_timevals(int directory, const char __user *name,
                                     const struct uapi_timeval __user *user)
{
    if (user == NULL) {
        return change_times_by_name(directory, name, NULL);
    }
    struct uapi_timeval values[2];
    if (user_copy_in(values, user, sizeof(values)) != 0) {
        return -EFAULT;
    }
    /* Judged before they are multiplied: a number of microseconds that is none could become nanoseconds that look well. */
    struct uapi_timespec specs[2];
    for (int i = 0; i < 2; i++) {
        if (values[i].tv_usec < 0 || values[i].tv_usec >= 1000000) {
            return -EINVAL;
        }
        specs[i] =
            (struct uapi_timespec){.tv_sec = values[i].tv_sec, .tv_nsec = values[i].tv_usec * 1000};
    }
    return change_times_by_name(directory, name, specs);
}

SYSTEM_CALL2(utimes, const char __user *, name, const struct uapi_timeval __user *, user)
{
    return change_times_by_timevals(AT_FDCWD, name, user);
}

/* Without a name: of the descriptor itself. */
SYSTEM_CALL3(futimesat, int, directory, const char __user *, name,
             const struct uapi_timeval __user *, user)
{
    return change_times_by_timevals(directory, name, user);
}

SYSTEM_CALL2(utime, const char __user *, name, const struct uapi_utimbuf __user *, user)
{
    if (user == NULL) {
        return change_times_by_name(AT_FDCWD, name, NULL);
    }
    struct uapi_utimbuf buffer;
    if (user_copy_in(&buffer, user, sizeof(buffer)) != 0) {
        return -EFAULT;
    }
    struct uapi_timespec specs[2] = {{.tv_sec = buffer.actime}, {.tv_sec = buffer.modtime}};
    return change_times_by_name(AT_FDCWD, name, specs);
}

/* Beyond RLIMIT_FSIZE the program hears of it by SIGXFSZ as well, so that one that ignores results stops (setrlimit(2)). */
static long size_finish(long result)
{
    if (result == -EFBIG) {
        signal_send_self(SIGXFSZ);
    }
    return result;
}

SYSTEM_CALL2(truncate, const char __user *, name, int64_t, size)
{
    if (size < 0) {
        return -EINVAL;
    }
    struct attribute_call call;
    int begun = begin_by_name(&call, AT_FDCWD, name, WALK_FOLLOW);
    if (begun != 0) {
        return begun;
    }
    return size_finish(
        finish(&call, vfs_truncate(call_context(&call), &call.path, (uint64_t)size)));
}

/* Runs `operation` on a descriptor's file. */
#define WITH_FILE(descriptor, file, result, operation)                                             \
    ({                                                                                             \
        struct descriptor_use with_use;                                                            \
        long result = -EBADF;                                                                      \
        if (descriptor_borrow(task_current()->descriptors, (descriptor), &with_use)) {             \
            struct open_file *file = with_use.file;                                                \
            if ((file->flags & O_PATH) == 0) {                                                     \
                operation;                                                                         \
            }                                                                                      \
            descriptor_release(&with_use);                                                         \
        }                                                                                          \
        result;                                                                                    \
    })

SYSTEM_CALL2(ftruncate, int, descriptor, int64_t, size)
{
    if (size < 0) {
        return -EINVAL;
    }
    uint64_t limit = process_limit(process_current(), RLIMIT_FSIZE);
    return size_finish(WITH_FILE(
        descriptor, file, result,
        result = vfs_file_truncate(file, task_current()->credentials, (uint64_t)size, limit)));
}

/* What makes a file larger than RLIMIT_FSIZE is refused, with FALLOC_FL_KEEP_SIZE, too. */
static bool is_beyond_limit(const struct open_file *file, int mode, uint64_t end)
{
    const struct vnode *vnode = file->vnode;
    return (mode & FALLOC_FL_PUNCH_HOLE) == 0 && vnode != NULL && vnode_is_regular(vnode) &&
           end > vnode->pages.size_bytes && end > process_limit(process_current(), RLIMIT_FSIZE);
}

/* Modes that contradict themselves, whatever the file (fallocate(2)). A range that is put in or taken out is nothing else besides. */
static int check_allocation_mode(int mode)
{
    const int known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE |
                      FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE;
    bool punches = (mode & FALLOC_FL_PUNCH_HOLE) != 0;
    bool keeps_size = (mode & FALLOC_FL_KEEP_SIZE) != 0;
    if ((mode & ~known) != 0 || (punches && ((mode & FALLOC_FL_ZERO_RANGE) != 0 || !keeps_size))) {
        return -EOPNOTSUPP;
    }
    if ((mode & FALLOC_FL_COLLAPSE_RANGE) != 0 && mode != FALLOC_FL_COLLAPSE_RANGE) {
        return -EINVAL;
    }
    if ((mode & FALLOC_FL_INSERT_RANGE) != 0 && mode != FALLOC_FL_INSERT_RANGE) {
        return -EINVAL;
    }
    bool unshares = (mode & FALLOC_FL_UNSHARE_RANGE) != 0;
    return unshares && (mode & ~(FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE)) != 0 ? -EINVAL : 0;
}

/* In Linux's order: numbers that are none, modes that are none, the mode of the descriptor, the kind of file, a sum that is too large. */
static long allocate(struct open_file *file, int mode, int64_t offset, int64_t bytes)
{
    if (offset < 0 || bytes <= 0) {
        return -EINVAL;
    }
    int error = check_allocation_mode(mode);
    if (error != 0) {
        return error;
    }
    if (!open_file_can_write(file)) {
        return -EBADF;
    }
    if (pipe_from_file(file) != NULL) {
        return -ESPIPE;
    }
    if (file->ops->allocate == NULL) {
        return -ENODEV;
    }
    if (offset > INT64_MAX - bytes) {
        return -EFBIG;
    }
    if (is_beyond_limit(file, mode, (uint64_t)offset + (uint64_t)bytes)) {
        signal_send_self(SIGXFSZ);
        return -EFBIG;
    }
    vfs_file_drop_set_id(file, task_current()->credentials);
    return file->ops->allocate(file, mode, (uint64_t)offset, (uint64_t)bytes);
}

SYSTEM_CALL4(fallocate, int, descriptor, int, mode, int64_t, offset, int64_t, bytes)
{
    return WITH_FILE(descriptor, file, result, result = allocate(file, mode, offset, bytes));
}

SYSTEM_CALL4(fadvise64, int, descriptor, int64_t, offset, int64_t, bytes, int, advice)
{
    (void)offset;
    /* Advice only: all that it can be is refused where Linux refuses it. */
    return WITH_FILE(descriptor, file, result, {
        if ((file->ops->flags & FILE_OPS_STREAM) != 0) {
            result = -ESPIPE;
        } else {
            result = bytes < 0 || advice < 0 || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0;
        }
    });
}

static long sync_file(int descriptor, bool data_only)
{
    return WITH_FILE(descriptor, file, result,
                     result = file->ops->sync == NULL ? -EINVAL : file->ops->sync(file, data_only));
}

SYSTEM_CALL1(fsync, int, descriptor)
{
    return sync_file(descriptor, false);
}

SYSTEM_CALL1(fdatasync, int, descriptor)
{
    return sync_file(descriptor, true);
}

/* Regular files, folders and block devices have pages to write; 0 or -ESPIPE. */
static int check_has_pages(const struct open_file *file)
{
    const struct vnode *vnode = file->vnode;
    return vnode != NULL && (S_ISREG(vnode->mode) || S_ISDIR(vnode->mode) || S_ISBLK(vnode->mode))
               ? 0
               : -ESPIPE;
}

SYSTEM_CALL4(sync_file_range, int, descriptor, int64_t, offset, int64_t, bytes, unsigned, flags)
{
    bool is_invalid = (flags & ~(unsigned)SYNC_FILE_RANGE_ALL) != 0 || offset < 0 || bytes < 0 ||
                      bytes > INT64_MAX - offset;
    return WITH_FILE(descriptor, file, result, {
        result = is_invalid ? -EINVAL : check_has_pages(file);
        if (result == 0 && file->ops->sync != NULL) {
            result = file->ops->sync(file, true);
        }
    });
}

SYSTEM_CALL3(readahead, int, descriptor, int64_t, offset, size_t, bytes)
{
    (void)offset;
    (void)bytes;
    return WITH_FILE(descriptor, file, result, {
        const struct vnode *vnode = file->vnode;
        bool has_data = vnode != NULL && (S_ISREG(vnode->mode) || S_ISBLK(vnode->mode));
        result = !open_file_can_read(file) ? -EBADF : has_data ? 0 : -EINVAL;
    });
}

/* POSIX lets it return before all is written; Linux waits, and programs came to rely on it (sync(2)). */
SYSTEM_CALL0(sync)
{
    mount_sync_all();
    return 0;
}

SYSTEM_CALL1(syncfs, int, descriptor)
{
    return WITH_FILE(descriptor, file, result, {
        (void)file;
        mount_sync_all();
        result = 0;
    });
}
