/*
 * stat and its relatives, statfs, access.
 *
 * What is told is gathered in one structure on the kernel's stack that starts as zeros, and copied out whole and last: a bad address
 * costs no half-written answer, and no field that a file system does not know tells what lay there before.
 */
#include "file/open_file.h"
#include "file/pipe.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "process/descriptor_table.h"
#include "syscall/call.h"
#include "syscall/names.h"
#include "uapi/device_number.h"
#include "uapi/dirent.h"
#include "uapi/fcntl.h"
#include "uapi/stat.h"
#include "uapi/statfs.h"

/* What is told of a file: stat's part, and (where it is asked for) statx's. */
struct told_status {
    struct uapi_stat *stat;
    struct vfs_extra_status *extra; /* NULL: not asked for */
};

static int descriptor_status(int descriptor, const struct told_status *told)
{
    struct descriptor_use use;
    struct path path;
    if (!descriptor_borrow(task_current()->descriptors, descriptor, &use)) {
        return -EBADF;
    }
    int result = vfs_file_status(use.file, told->stat);
    if (result == 0 && told->extra != NULL && vfs_file_path(use.file, &path)) {
        vfs_extra_status(&path, told->extra);
    }
    descriptor_release(&use);
    return result;
}

/* After a walk that gave `walked`. */
static int walked_status(int walked, struct name_call *call, struct path *path,
                         const struct told_status *told)
{
    if (walked != 0) {
        return walked;
    }
    int result = vfs_status(path, told->stat);
    if (result == 0 && told->extra != NULL) {
        vfs_extra_status(path, told->extra);
    }
    path_put(path);
    name_call_end(call);
    return result;
}

static int name_status(int directory, const char __user *name, unsigned walk_flags,
                       const struct told_status *told)
{
    struct name_call call;
    struct path path;
    int walked = name_call_walk(directory, name, walk_flags, &call, &path);
    return walked_status(walked, &call, &path, told);
}

/* With AT_EMPTY_PATH the empty name means the descriptor itself. Programs use it for every fstat. */
static int status_at_or_of(int directory, const char __user *name, unsigned walk_flags,
                           const struct told_status *told)
{
    struct name_call call;
    struct path path;
    /* The first byte decides what the call is about, and must not be read again: another thread could change it in between. */
    char first;
    if (user_copy_in(&first, name, 1) != 0) {
        return -EFAULT;
    }
    if (first == '\0') {
        return descriptor_status(directory, told);
    }
    int walked = name_call_walk_after(first, directory, name, walk_flags, &call, &path);
    return walked_status(walked, &call, &path, told);
}

static int status_at(int directory, const char __user *name, int flags,
                     const struct told_status *told)
{
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)) !=
        0) {
        return -EINVAL;
    }
    unsigned walk_flags = walk_flags_from_at(flags);
    if ((flags & AT_EMPTY_PATH) != 0 && directory != AT_FDCWD) {
        return status_at_or_of(directory, name, walk_flags, told);
    }
    return name_status(directory, name, walk_flags, told);
}

static long status_finish(int result, struct uapi_stat __user *user, const struct uapi_stat *status)
{
    return result != 0 ? result : user_copy_out(user, status, sizeof(*status));
}

SYSTEM_CALL2(stat, const char __user *, name, struct uapi_stat __user *, user)
{
    struct uapi_stat status;
    const struct told_status told = {.stat = &status};
    return status_finish(name_status(AT_FDCWD, name, WALK_FOLLOW, &told), user, &status);
}

SYSTEM_CALL2(lstat, const char __user *, name, struct uapi_stat __user *, user)
{
    struct uapi_stat status;
    const struct told_status told = {.stat = &status};
    return status_finish(name_status(AT_FDCWD, name, 0, &told), user, &status);
}

SYSTEM_CALL2(fstat, int, descriptor, struct uapi_stat __user *, user)
{
    struct uapi_stat status;
    const struct told_status told = {.stat = &status};
    return status_finish(descriptor_status(descriptor, &told), user, &status);
}

SYSTEM_CALL4(newfstatat, int, directory, const char __user *, name, struct uapi_stat __user *, user,
             int, flags)
{
    struct uapi_stat status;
    const struct told_status told = {.stat = &status};
    return status_finish(status_at(directory, name, flags, &told), user, &status);
}

/* Seconds before 1970 are negative: stat keeps them in an unsigned word of the same bits. */
static struct uapi_statx_timestamp statx_time(uint64_t seconds, uint64_t nanoseconds)
{
    return (struct uapi_statx_timestamp){.tv_sec = (int64_t)seconds,
                                         .tv_nsec = (uint32_t)nanoseconds};
}

static void statx_from_stat(struct uapi_statx *statx, const struct uapi_stat *status)
{
    *statx = (struct uapi_statx){
        .stx_mask = STATX_BASIC_STATS,
        .stx_blksize = (uint32_t)status->st_blksize,
        .stx_nlink = (uint32_t)status->st_nlink,
        .stx_uid = status->st_uid,
        .stx_gid = status->st_gid,
        .stx_mode = (uint16_t)status->st_mode,
        .stx_ino = status->st_ino,
        .stx_size = (uint64_t)status->st_size,
        .stx_blocks = (uint64_t)status->st_blocks,
        .stx_atime = statx_time(status->st_atime_sec, status->st_atime_nsec),
        .stx_ctime = statx_time(status->st_ctime_sec, status->st_ctime_nsec),
        .stx_mtime = statx_time(status->st_mtime_sec, status->st_mtime_nsec),
        .stx_rdev_major = device_number_major(status->st_rdev),
        .stx_rdev_minor = device_number_minor(status->st_rdev),
        .stx_dev_major = device_number_major(status->st_dev),
        .stx_dev_minor = device_number_minor(status->st_dev),
    };
}

/* The birth time only where it is asked for and kept; the mount's number wherever there is one. */
static void statx_add_extra(struct uapi_statx *statx, uint32_t mask,
                            const struct vfs_extra_status *extra)
{
    statx->stx_attributes_mask = STATX_ATTR_MOUNT_ROOT | STATX_ATTR_AUTOMOUNT;
    if (extra->mount_id == 0) {
        return;
    }
    statx->stx_mask |= STATX_MNT_ID;
    statx->stx_mnt_id = (uint64_t)extra->mount_id;
    statx->stx_attributes = extra->is_mount_root ? STATX_ATTR_MOUNT_ROOT : 0;
    if (extra->has_birth_time && (mask & STATX_BTIME) != 0) {
        statx->stx_mask |= STATX_BTIME;
        statx->stx_btime =
            statx_time((uint64_t)extra->birth_time.seconds, extra->birth_time.nanoseconds);
    }
}

SYSTEM_CALL5(statx, int, directory, const char __user *, name, int, flags, uint32_t, mask,
             struct uapi_statx __user *, user)
{
    if ((mask & STATX__RESERVED) != 0 || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE) {
        return -EINVAL;
    }
    struct uapi_stat status;
    struct vfs_extra_status extra = {0};
    const struct told_status told = {.stat = &status, .extra = &extra};
    int result = status_at(directory, name, flags, &told);
    if (result != 0) {
        return result;
    }
    struct uapi_statx statx;
    statx_from_stat(&statx, &status);
    statx_add_extra(&statx, mask, &extra);
    return user_copy_out(user, &statx, sizeof(statx));
}

static long file_system_status(const struct path *path, struct uapi_statfs __user *user)
{
    struct uapi_statfs status;
    int result = vfs_fs_status(path, &status);
    return result != 0 ? result : user_copy_out(user, &status, sizeof(status));
}

SYSTEM_CALL2(statfs, const char __user *, name, struct uapi_statfs __user *, user)
{
    struct name_call call;
    struct path path;
    long result = name_call_walk(AT_FDCWD, name, WALK_FOLLOW, &call, &path);
    if (result != 0) {
        return result;
    }
    result = file_system_status(&path, user);
    path_put(&path);
    name_call_end(&call);
    return result;
}

static bool descriptor_is_pipe(int descriptor)
{
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    bool is_pipe = file != NULL && pipe_from_file(file) != NULL;
    if (file != NULL) {
        open_file_put(file);
    }
    return is_pipe;
}

SYSTEM_CALL2(fstatfs, int, descriptor, struct uapi_statfs __user *, user)
{
    struct path path;
    long result = descriptor_path(descriptor, &path);
    /* Pipes and what else has no name belong to no mounted file system; Linux has internal ones for them, which are told here. */
    if (result == -EINVAL) {
        struct uapi_statfs status = {.f_type = descriptor_is_pipe(descriptor) ? PIPEFS_MAGIC
                                                                              : ANON_INODE_FS_MAGIC,
                                     .f_bsize = 4096,
                                     .f_namelen = 255,
                                     .f_frsize = 4096,
                                     .f_flags = ST_VALID};
        return user_copy_out(user, &status, sizeof(status));
    }
    if (result == 0) {
        result = file_system_status(&path, user);
        path_put(&path);
    }
    return result;
}

/*
 * access(2) asks for the real ids: the check runs with credentials whose file ids are the real ones and whose capabilities are
 * those that the real user would have.
 */
static uint64_t real_capabilities(const struct credentials *source)
{
    return source->uid == 0 ? source->capabilities_permitted : 0;
}

static bool is_real(const struct credentials *source)
{
    return source->uid == source->fsuid && source->gid == source->fsgid &&
           source->capabilities_effective == real_capabilities(source);
}

static struct credentials *real_credentials(const struct credentials *source)
{
    struct credentials *copy = credentials_copy(source, source->group_count);
    if (copy != NULL) {
        copy->fsuid = source->uid;
        copy->fsgid = source->gid;
        copy->capabilities_effective = real_capabilities(source);
    }
    return copy;
}

static int check_access(struct name_call *call, unsigned walk_flags, unsigned access)
{
    struct path path;
    int result = walk_path(&call->context, call->start, call->name, walk_flags, &path);
    if (result == 0) {
        result = vfs_check_access(&call->context, &path, access);
        path_put(&path);
    }
    return result;
}

static long access_at(int directory, const char __user *name, unsigned mode, int flags)
{
    /* F_OK is no bit: it asks whether the file is there, which the walk finds out. */
    if ((mode & ~7u) != 0 || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    struct name_call call;
    int result = name_call_begin(&call, directory, name);
    if (result != 0) {
        return result;
    }
    const struct credentials *own = call.context.credentials;
    struct credentials *real = NULL;
    assert(own == task_current()->credentials);
    /* Most programs are who they are, and need no copy. */
    if ((flags & AT_EACCESS) == 0 && !is_real(own)) {
        real = real_credentials(own);
        result = real == NULL ? -ENOMEM : 0;
        call.context.credentials = real;
    }
    if (result == 0) {
        result = check_access(&call, walk_flags_from_at(flags), mode);
    }
    call.context.credentials = own;
    if (real != NULL) {
        credentials_put(real);
    }
    name_call_end(&call);
    return result;
}

SYSTEM_CALL2(access, const char __user *, name, unsigned, mode)
{
    return access_at(AT_FDCWD, name, mode, 0);
}

SYSTEM_CALL3(faccessat, int, directory, const char __user *, name, unsigned, mode)
{
    return access_at(directory, name, mode, 0);
}

SYSTEM_CALL4(faccessat2, int, directory, const char __user *, name, unsigned, mode, int, flags)
{
    return access_at(directory, name, mode, flags);
}
