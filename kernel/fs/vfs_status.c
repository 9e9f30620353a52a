// Calls that look: stat, statfs, access, readlink, and the path of an open file.
#include "fs/vfs_internal.h"

#include "lib/errno.h"
#include "lib/macros.h"
#include "uapi/limits.h"
#include "uapi/mount.h"

struct vnode *path_vnode(const struct path *path)
{
    return path->entry->vnode;
}

bool vfs_file_path(const struct open_file *file, struct path *path)
{
    return path_from_backing(&file->backing, path);
}

int vfs_status(const struct path *path, struct uapi_stat *status)
{
    return vnode_get_status(path->entry->vnode, status);
}

void vfs_extra_status(const struct path *path, struct vfs_extra_status *extra)
{
    const struct vnode *vnode = path->entry->vnode;
    *extra = (struct vfs_extra_status){
        .birth_time = vnode->birth_time,
        .has_birth_time = vnode->file_system->type->magic == TMPFS_MAGIC,
        .is_mount_root = path->entry == path->mount->root,
        .mount_id = path->mount->id,
    };
}

int vfs_file_status(struct open_file *file, struct uapi_stat *status)
{
    if (file->vnode != NULL) {
        return vnode_get_status(vnode_from_file(file), status);
    }
    if (file->ops->get_status != NULL) {
        return file->ops->get_status(file, status);
    }
    // Files without a name and without a status of their own (eventfd and the like): as Linux's
    // anonymous inode.
    *status = (struct uapi_stat){.st_nlink = 1, .st_mode = 0600, .st_blksize = PAGE_SIZE};
    return 0;
}

static int64_t fs_status_flags(unsigned long mount_flags)
{
    static const struct {
        unsigned long mount_flag;
        int64_t status_flag;
    } rows[] = {
        {MS_RDONLY, ST_RDONLY},
        {MS_NOSUID, ST_NOSUID},
        {MS_NODEV, ST_NODEV},
        {MS_NOEXEC, ST_NOEXEC},
        {MS_SYNCHRONOUS, ST_SYNCHRONOUS},
        {MS_NOATIME, ST_NOATIME},
        {MS_NODIRATIME, ST_NODIRATIME},
        {MS_RELATIME, ST_RELATIME},
        {MS_NOSYMFOLLOW, ST_NOSYMFOLLOW},
    };
    int64_t flags = ST_VALID;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        flags |= (mount_flags & rows[i].mount_flag) != 0 ? rows[i].status_flag : 0;
    }
    return flags;
}

int vfs_fs_status(const struct path *path, struct uapi_statfs *status)
{
    struct file_system *file_system = path->entry->file_system;
    *status = (struct uapi_statfs){
        .f_type = (int64_t)file_system->type->magic,
        .f_bsize = PAGE_SIZE,
        .f_fsid = {(int32_t)file_system->device_number, 0},
        .f_namelen = NAME_MAX,
        .f_frsize = PAGE_SIZE,
        .f_flags = fs_status_flags(mount_flags(path->mount)),
    };
    return file_system->ops->status != NULL ? file_system->ops->status(file_system, status) : 0;
}

int vfs_check_access(const struct fs_context *context, const struct path *path, unsigned access)
{
    struct vnode *vnode = path->entry->vnode;
    bool is_regular = vnode_is_regular(vnode);
    if ((access & ACCESS_EXECUTE) != 0 && is_regular && (path->mount->flags & MS_NOEXEC) != 0) {
        return -EACCES;
    }
    int error = access != 0 ? vnode_permission(vnode, context->credentials, access) : 0;
    bool is_plain = is_regular || vnode_is_directory(vnode) || vnode_is_symlink(vnode);
    if (error == 0 && (access & ACCESS_WRITE) != 0 && is_plain) {
        error = mount_want_write(path);
    }
    return error;
}

long vfs_read_link(const struct fs_context *context, const struct path *start, const char *name,
                   char *text, size_t size)
{
    // An empty name means the start itself: a link that was opened with O_PATH.
    struct path path;
    int error = walk_path(context, start, name, start != NULL ? WALK_EMPTY : 0, &path);
    if (error != 0) {
        return error;
    }
    struct vnode *vnode = path.entry->vnode;
    long length = name[0] == '\0' ? -ENOENT : -EINVAL;
    if (vnode_is_symlink(vnode)) {
        vnode_touch_access(vnode, &path);
        length = vnode_read_link(vnode, text, size);
    }
    path_put(&path);
    return length;
}
