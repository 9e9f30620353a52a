// Calls that remove names: unlink and rmdir.
#include "fs/vfs_internal.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "uapi/capability.h"

// In a sticky directory only the file's owner, the directory's owner, and CAP_FOWNER remove names.
static bool sticky_forbids(const struct vnode *directory, const struct vnode *victim,
                           const struct credentials *credentials)
{
    return (directory->mode & S_ISVTX) != 0 && victim->uid != credentials->fsuid &&
           directory->uid != credentials->fsuid && !credentials_can(credentials, CAP_FOWNER);
}

int vfs_may_remove(const struct fs_context *context, struct vnode *directory,
                   const struct name_entry *victim, bool wants_directory)
{
    struct vnode *vnode = victim->vnode;
    int error = vnode_permission(directory, context->credentials, ACCESS_WRITE | ACCESS_EXECUTE);
    if (error != 0) {
        return error;
    }
    if (sticky_forbids(directory, vnode, context->credentials)) {
        return -EPERM;
    }
    if (wants_directory != vnode_is_directory(vnode)) {
        return wants_directory ? -ENOTDIR : -EISDIR;
    }
    return 0;
}

// Looks the last name up in its locked directory: a positive entry with a reference, or -ENOENT.
static int find_victim(const struct walk_parent *parent, struct name_entry **victim)
{
    int error = name_entry_look_up(parent->parent.entry, parent->last, parent->last_length, victim);
    if (error == 0 && name_entry_is_negative(*victim)) {
        name_entry_put(*victim);
        error = -ENOENT;
    }
    return error;
}

typedef int remove_operation(struct vnode *directory, struct name_entry *entry);

// The victim's mutex keeps others from making names in it, mounting on it, or changing its link
// count meanwhile.
static int remove_locked(struct vnode *directory, struct name_entry *victim,
                         remove_operation *operation)
{
    assert(mutex_is_held(&directory->mutex));
    if (operation == NULL) {
        return -EPERM;
    }
    struct vnode *vnode = victim->vnode;
    vnode_get(vnode);
    mutex_lock_nested(&vnode->mutex, VNODE_MUTEX_VICTIM);
    int error = victim->is_mount_point ? -EBUSY : operation(directory, victim);
    mutex_unlock(&vnode->mutex);
    vnode_put(vnode);
    return error;
}

// Removes the last name, a directory or anything else.
static int remove_in_parent(const struct fs_context *context, const struct walk_parent *parent,
                            bool wants_directory)
{
    struct vnode *directory = walk_parent_directory(parent);
    struct name_entry *victim;
    int error = mount_want_write(&parent->parent);
    if (error != 0) {
        return error;
    }
    mutex_lock(&directory->mutex);
    error = find_victim(parent, &victim);
    if (error != 0) {
        mutex_unlock(&directory->mutex);
        return error;
    }
    if (!wants_directory && parent->has_trailing_slash) {
        error = vnode_is_directory(victim->vnode) ? -EISDIR : -ENOTDIR;
    } else {
        error = vfs_may_remove(context, directory, victim, wants_directory);
    }
    if (error == 0) {
        error = remove_locked(directory, victim,
                              wants_directory ? directory->ops->rmdir : directory->ops->unlink);
    }
    mutex_unlock(&directory->mutex);
    name_entry_put(victim); // after unlocking: a last reference frees the file's pages
    return error;
}

int vfs_unlink(const struct fs_context *context, const struct path *start, const char *name)
{
    struct walk_parent parent;
    int error = walk_to_parent(context, start, name, &parent);
    if (error != 0) {
        return error;
    }
    error = walk_parent_is_dots(&parent) ? -EISDIR : remove_in_parent(context, &parent, false);
    path_put(&parent.parent);
    return error;
}

int vfs_rmdir(const struct fs_context *context, const struct path *start, const char *name)
{
    struct walk_parent parent;
    int error = walk_to_parent(context, start, name, &parent);
    if (error != 0) {
        return error;
    }
    if (parent.is_root) {
        error = -EBUSY;
    } else if (walk_parent_is_dots(&parent)) {
        error = parent.last_length == 1 ? -EINVAL : -ENOTEMPTY;
    } else {
        error = remove_in_parent(context, &parent, true);
    }
    path_put(&parent.parent);
    return error;
}
