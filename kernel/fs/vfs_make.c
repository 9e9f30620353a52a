// Calls that make names: mkdir, mknod, symlink, link.
//
// All of them find the parent, refuse "." and "..", lock the directory, look the name up, and only
// then ask about rights: an existing name is -EEXIST before anything else, as in Linux.
#include "fs/vfs_internal.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "uapi/capability.h"
#include "uapi/limits.h"

int vfs_may_create(const struct fs_context *context, struct vnode *directory)
{
    if (directory->link_count == 0) {
        return -ENOENT;
    }
    return vnode_permission(directory, context->credentials, ACCESS_WRITE | ACCESS_EXECUTE);
}

// A place for a new name: the parent is locked, the entry negative.
struct new_name {
    struct walk_parent parent;
    struct vnode *directory;
    struct name_entry *entry;
};

static void no_lock_analysis new_name_end(struct new_name *name)
{
    name_entry_put(name->entry);
    mutex_unlock(&name->directory->mutex);
    path_put(&name->parent.parent);
}

// A trailing slash is right for a directory only.
static int no_lock_analysis new_name_begin(const struct fs_context *context,
                                           const struct path *start, const char *text,
                                           bool is_directory, struct new_name *name)
{
    int error = walk_to_parent(context, start, text, &name->parent);
    if (error != 0) {
        return error;
    }
    if (walk_parent_is_dots(&name->parent)) {
        error = -EEXIST;
        goto put_parent;
    }
    name->directory = walk_parent_directory(&name->parent);
    mutex_lock(&name->directory->mutex);
    error = name_entry_look_up_to_make(name->parent.parent.entry, name->parent.last,
                                       name->parent.last_length, &name->entry);
    if (error != 0) {
        goto unlock;
    }
    if (!name_entry_is_negative(name->entry)) {
        error = -EEXIST;
    } else if (name->parent.has_trailing_slash && !is_directory) {
        error = -ENOENT;
    } else {
        error = mount_want_write(&name->parent.parent);
    }
    if (error == 0) {
        return 0;
    }
    name_entry_put(name->entry);
unlock:
    mutex_unlock(&name->directory->mutex);
put_parent:
    path_put(&name->parent.parent);
    return error;
}

// mkdir and mknod: `mode` with its type.
static int make_node(const struct fs_context *context, const struct path *start, const char *name,
                     uint32_t mode, uint64_t device)
{
    struct new_name place;
    int error = new_name_begin(context, start, name, S_ISDIR(mode), &place);
    if (error != 0) {
        return error;
    }
    error = vfs_may_create(context, place.directory);
    bool is_device = S_ISBLK(mode) || (S_ISCHR(mode) && device != 0);
    if (error == 0 && is_device && !credentials_can(context->credentials, CAP_MKNOD)) {
        error = -EPERM;
    }
    if (error == 0 && place.directory->ops->create == NULL) {
        error = S_ISREG(mode) ? -EACCES : -EPERM;
    }
    if (error == 0) {
        error = place.directory->ops->create(place.directory, place.entry, context,
                                             mode & ~context->umask, device);
    }
    new_name_end(&place);
    return error;
}

int vfs_make_node(const struct fs_context *context, const struct path *start, const char *name,
                  uint32_t mode, uint64_t device)
{
    switch (mode & S_IFMT) {
    case 0: mode |= S_IFREG; break;
    case S_IFREG:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK: break;
    case S_IFDIR: return -EPERM;
    default: return -EINVAL;
    }
    bool is_device = S_ISCHR(mode) || S_ISBLK(mode);
    return make_node(context, start, name, mode & (S_IFMT | S_IALLUGO), is_device ? device : 0);
}

int vfs_make_directory(const struct fs_context *context, const struct path *start, const char *name,
                       uint32_t mode)
{
    return make_node(context, start, name, S_IFDIR | (mode & (S_IRWXUGO | S_ISVTX)), 0);
}

int vfs_symlink(const struct fs_context *context, const char *target, const struct path *start,
                const char *name)
{
    if (target[0] == '\0') {
        return -ENOENT;
    }
    if (strnlen(target, PATH_MAX) == PATH_MAX) {
        return -ENAMETOOLONG;
    }
    struct new_name place;
    int error = new_name_begin(context, start, name, false, &place);
    if (error != 0) {
        return error;
    }
    error = vfs_may_create(context, place.directory);
    if (error == 0) {
        error = place.directory->ops->symlink == NULL
                    ? -EPERM
                    : place.directory->ops->symlink(place.directory, place.entry, context, target);
    }
    new_name_end(&place);
    return error;
}

// Only who could read and write a plain file may give it another name, beside its owner: else a
// link could keep a program with set-id bits alive, or make others' files show up in odd places
// (Linux's protected_hardlinks).
static bool may_link(const struct fs_context *context, struct vnode *target)
{
    const uint32_t group_program = S_ISGID | S_IXGRP;
    bool is_harmless =
        vnode_is_regular(target) && (target->mode & S_ISUID) == 0 &&
        (target->mode & group_program) != group_program &&
        vnode_permission(target, context->credentials, ACCESS_READ | ACCESS_WRITE) == 0;
    return is_harmless || vnode_is_owner(target, context->credentials);
}

// The new name's directory is locked, then the file: its link count changes.
static int link_locked(const struct fs_context *context, const struct path *old,
                       struct new_name *place)
{
    struct vnode *target = old->entry->vnode, *directory = place->directory;
    if (old->mount != place->parent.parent.mount) {
        return -EXDEV;
    }
    if (!may_link(context, target)) {
        return -EPERM;
    }
    int error = vfs_may_create(context, directory);
    if (error != 0) {
        return error;
    }
    if (directory->file_system != target->file_system) {
        return -EXDEV;
    }
    if (directory->ops->link == NULL || vnode_is_directory(target)) {
        return -EPERM;
    }
    mutex_lock(&target->mutex);
    if (target->link_count == 0 && !target->is_linkable) {
        error = -ENOENT;
    } else {
        error = directory->ops->link(directory, place->entry, target);
    }
    if (error == 0) {
        target->is_linkable = false;
    }
    mutex_unlock(&target->mutex);
    return error;
}

// The old name is walked and held first; the new one's directory is locked after that, since walks take such locks themselves.
int vfs_link(const struct fs_context *context, const struct path *old_start, const char *old_name,
             const struct path *new_start, const char *new_name, unsigned walk_flags)
{
    struct path old;
    int error = walk_path(context, old_start, old_name, walk_flags, &old);
    if (error != 0) {
        return error;
    }
    struct new_name place;
    error = new_name_begin(context, new_start, new_name, false, &place);
    if (error == 0) {
        error = link_locked(context, &old, &place);
        new_name_end(&place);
    }
    path_put(&old);
    return error;
}
