// Calls that change attributes: chmod, chown, utimensat, truncate. Who may is POSIX's rule with
// Linux's capabilities; set-id bits go where a change of owner or contents makes them a danger.
#include "fs/vfs_internal.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "uapi/capability.h"

// Sets attributes together with the change time.
static int set_locked(struct vnode *vnode, struct attributes *attributes)
{
    assert(mutex_is_held(&vnode->mutex));
    attributes->valid |= ATTRIBUTE_CHANGE_TIME;
    attributes->change_time = file_time_now();
    return vnode_set_attributes_locked(vnode, attributes);
}

// A set-group-id bit for a group that the caller is not in goes without an error (chmod(2)).
int vfs_change_mode(const struct fs_context *context, const struct path *path, uint32_t mode)
{
    struct vnode *vnode = path->entry->vnode;
    int error = mount_want_write(path);
    if (error != 0) {
        return error;
    }
    if (vnode_is_symlink(vnode)) {
        return -EOPNOTSUPP;
    }
    mutex_lock(&vnode->mutex);
    if (!vnode_is_owner(vnode, context->credentials)) {
        error = -EPERM;
    } else {
        struct attributes attributes = {.valid = ATTRIBUTE_MODE, .mode = mode & S_IALLUGO};
        if (!credentials_in_group(context->credentials, vnode->gid) &&
            !credentials_can(context->credentials, CAP_FSETID)) {
            attributes.mode &= ~(uint32_t)S_ISGID;
        }
        error = set_locked(vnode, &attributes);
    }
    mutex_unlock(&vnode->mutex);
    return error;
}

// ---- owner --------------------------------------------------------------------------------------

static bool may_change_owner(const struct vnode *vnode, const struct credentials *credentials,
                             const struct attributes *wanted)
{
    if (credentials_can(credentials, CAP_CHOWN)) {
        return true;
    }
    bool is_owner = credentials->fsuid == vnode->uid;
    bool uid_stays =
        (wanted->valid & ATTRIBUTE_UID) == 0 || (is_owner && wanted->uid == vnode->uid);
    bool gid_is_own =
        (wanted->valid & ATTRIBUTE_GID) == 0 ||
        (is_owner && (wanted->gid == vnode->gid || credentials_in_group(credentials, wanted->gid)));
    return uid_stays && gid_is_own;
}

// The mode that is left when the file changes hands or contents: no set-user-id; no set-group-id
// where it means a group's program, or where these credentials could not have given it.
static uint32_t mode_without_set_id(const struct vnode *vnode,
                                    const struct credentials *credentials)
{
    uint32_t mode = vnode->mode & ~(uint32_t)S_ISUID;
    bool keeps_group = (mode & S_IXGRP) == 0 && (credentials_in_group(credentials, vnode->gid) ||
                                                 credentials_can(credentials, CAP_FSETID));
    return keeps_group ? mode : mode & ~(uint32_t)S_ISGID;
}

// Who gets the file must not get a program that runs as its former owner: set-id bits go, whoever asks, even if the owner stays.
int vfs_change_owner(const struct fs_context *context, const struct path *path, uint32_t uid,
                     uint32_t gid)
{
    struct vnode *vnode = path->entry->vnode;
    int error = mount_want_write(path);
    if (error != 0) {
        return error;
    }
    struct attributes attributes = {.uid = uid, .gid = gid};
    attributes.valid =
        (uid != UINT32_MAX ? ATTRIBUTE_UID : 0) | (gid != UINT32_MAX ? ATTRIBUTE_GID : 0);
    mutex_lock(&vnode->mutex);
    if (!may_change_owner(vnode, context->credentials, &attributes)) {
        error = -EPERM;
    } else {
        uint32_t mode = mode_without_set_id(vnode, context->credentials);
        if (!vnode_is_directory(vnode) && mode != vnode->mode) {
            attributes.valid |= ATTRIBUTE_MODE;
            attributes.mode = mode;
        }
        error = set_locked(vnode, &attributes);
    }
    mutex_unlock(&vnode->mutex);
    return error;
}

void vnode_drop_set_id_locked(struct vnode *vnode, const struct credentials *credentials)
{
    assert(mutex_is_held(&vnode->mutex));
    if (likely((vnode->mode & (S_ISUID | S_ISGID)) == 0) ||
        credentials_can(credentials, CAP_FSETID)) {
        return;
    }
    uint32_t mode = mode_without_set_id(vnode, credentials);
    if (mode != vnode->mode) {
        struct attributes attributes = {.valid = ATTRIBUTE_MODE, .mode = mode};
        (void)set_locked(vnode, &attributes);
    }
}

void vfs_file_drop_set_id(struct open_file *file, const struct credentials *credentials)
{
    struct vnode *vnode = vnode_from_file(file);
    if (vnode != NULL && vnode_is_regular(vnode) && (vnode->mode & (S_ISUID | S_ISGID)) != 0) {
        mutex_lock(&vnode->mutex);
        vnode_drop_set_id_locked(vnode, credentials);
        mutex_unlock(&vnode->mutex);
    }
}

// ---- times --------------------------------------------------------------------------------------

// "Now" for both needs what writing needs; anything else needs the owner.
static int may_change_times(const struct fs_context *context, struct vnode *vnode, bool is_touch)
{
    if (vnode_is_owner(vnode, context->credentials)) {
        return 0;
    }
    return is_touch ? vnode_permission(vnode, context->credentials, ACCESS_WRITE) : -EPERM;
}

int vfs_change_times(const struct fs_context *context, const struct path *path,
                     const struct file_time *access_time, unsigned access_flags,
                     const struct file_time *modify_time, unsigned modify_flags)
{
    if ((access_flags & modify_flags & VFS_TIME_OMIT) != 0) {
        return 0;
    }
    struct vnode *vnode = path->entry->vnode;
    int error = mount_want_write(path);
    if (error != 0) {
        return error;
    }
    bool access_is_now = access_time == NULL || (access_flags & VFS_TIME_NOW) != 0;
    bool modify_is_now = modify_time == NULL || (modify_flags & VFS_TIME_NOW) != 0;
    bool omits = ((access_flags | modify_flags) & VFS_TIME_OMIT) != 0;
    mutex_lock(&vnode->mutex);
    error = may_change_times(context, vnode, access_is_now && modify_is_now && !omits);
    if (error == 0) {
        struct file_time now = file_time_now();
        struct attributes attributes = {
            .access_time = access_is_now ? now : *access_time,
            .modify_time = modify_is_now ? now : *modify_time,
        };
        attributes.valid = ((access_flags & VFS_TIME_OMIT) != 0 ? 0 : ATTRIBUTE_ACCESS_TIME) |
                           ((modify_flags & VFS_TIME_OMIT) != 0 ? 0 : ATTRIBUTE_MODIFY_TIME);
        error = set_locked(vnode, &attributes);
    }
    mutex_unlock(&vnode->mutex);
    return error;
}

// ---- size ---------------------------------------------------------------------------------------

// The limit forbids growing beyond it. A file that is beyond it already may still be cut.
int vnode_truncate(struct vnode *vnode, const struct credentials *credentials, uint64_t size,
                   uint64_t limit_file_size)
{
    mutex_lock(&vnode->mutex);
    uint64_t old_size = vnode->pages.size_bytes;
    int error = 0;
    if (size > old_size && (size > limit_file_size || size > INT64_MAX)) {
        error = -EFBIG;
    } else {
        error = vnode_check_size_seals_locked(vnode, size);
    }
    if (error == 0) {
        vnode_drop_set_id_locked(vnode, credentials);
        struct attributes attributes = {
            .valid = ATTRIBUTE_SIZE | ATTRIBUTE_MODIFY_TIME,
            .size = size,
            .modify_time = file_time_now(),
        };
        error = set_locked(vnode, &attributes);
    }
    mutex_unlock(&vnode->mutex);
    return error;
}

int vfs_truncate(const struct fs_context *context, const struct path *path, uint64_t size)
{
    struct vnode *vnode = path->entry->vnode;
    if (vnode_is_directory(vnode)) {
        return -EISDIR;
    }
    if (!vnode_is_regular(vnode)) {
        return -EINVAL;
    }
    int error = mount_want_write(path);
    if (error == 0) {
        error = vnode_permission(vnode, context->credentials, ACCESS_WRITE);
    }
    if (error == 0) {
        error = vnode_begin_write(vnode);
    }
    if (error != 0) {
        return error;
    }
    error = vnode_truncate(vnode, context->credentials, size, context->limit_file_size);
    vnode_end_write(vnode);
    return error;
}

int vfs_file_truncate(struct open_file *file, const struct credentials *credentials, uint64_t size,
                      uint64_t limit_file_size)
{
    struct vnode *vnode = vnode_from_file(file);
    if (!open_file_can_write(file) || vnode == NULL || !vnode_is_regular(vnode)) {
        return -EINVAL;
    }
    return vnode_truncate(vnode, credentials, size, limit_file_size);
}
