// RamFS's operations on names. The name entries are the directory: an entry is pinned while the
// name exists. The caller holds the directories' mutexes (and, where it goes, the victim's) and has
// checked permissions and kinds.
//
// Sizes, times and link counts are kept as Linux's tmpfs keeps them, since programs show them.
#include "fs/name_entry.h"
#include "fs/ramfs/ramfs_internal.h"
#include "lib/errno.h"
#include "uapi/fcntl.h"

// A name came into or went from the directory.
static void ramfs_directory_grow(struct vnode *directory, int names)
{
    uint32_t entry_bytes = ramfs_instance_of(directory->file_system)->parameters.entry_bytes;
    directory->pages.size_bytes += (uint64_t)(int64_t)names * entry_bytes;
    vnode_touch_modify(directory);
}

int ramfs_create(struct vnode *directory, struct name_entry *entry,
                 const struct fs_context *context, uint32_t mode, uint64_t device)
{
    struct vnode *vnode;
    int error = ramfs_node_create(ramfs_instance_of(directory->file_system), mode, device, &vnode);
    if (error != 0) {
        return error;
    }
    vnode_init_owner(vnode, directory, context);
    if (S_ISDIR(mode)) {
        directory->link_count++;
    }
    name_entry_attach(entry, vnode, true);
    ramfs_directory_grow(directory, 1);
    return 0;
}

int ramfs_create_unnamed(struct vnode *directory, const struct fs_context *context, uint32_t mode,
                         struct vnode **result)
{
    struct vnode *vnode;
    int error = ramfs_node_create(ramfs_instance_of(directory->file_system), mode, 0, &vnode);
    if (error != 0) {
        return error;
    }
    vnode_init_owner(vnode, directory, context);
    vnode->link_count = 0;
    *result = vnode;
    return 0;
}

int ramfs_symlink(struct vnode *directory, struct name_entry *entry,
                  const struct fs_context *context, const char *target)
{
    struct vnode *vnode;
    int error = ramfs_node_create(ramfs_instance_of(directory->file_system), S_IFLNK | S_IRWXUGO, 0,
                                  &vnode);
    if (error != 0) {
        return error;
    }
    error = ramfs_node_set_link(vnode, target);
    if (error != 0) {
        vnode_put(vnode);
        return error;
    }
    vnode_init_owner(vnode, directory, context);
    name_entry_attach(entry, vnode, true);
    ramfs_directory_grow(directory, 1);
    return 0;
}

// Each further name is counted like an inode; the first name of an O_TMPFILE file is not.
int ramfs_link(struct vnode *directory, struct name_entry *entry, struct vnode *target)
{
    if (target->link_count != 0) {
        int error = ramfs_inode_reserve(ramfs_instance_of(directory->file_system));
        if (error != 0) {
            return error;
        }
    }
    vnode_get(target);
    target->link_count++;
    target->change_time = file_time_now();
    name_entry_attach(entry, target, true);
    ramfs_directory_grow(directory, 1);
    return 0;
}

// The node loses a name; the entry is not touched.
static void ramfs_drop_name(struct vnode *directory, struct vnode *vnode)
{
    if (vnode->link_count > 1 && !vnode_is_directory(vnode)) {
        ramfs_inode_release(ramfs_instance_of(vnode->file_system));
    }
    if (vnode_is_directory(vnode)) {
        vnode->link_count = 0;
        directory->link_count--;
    } else {
        vnode->link_count--;
    }
    vnode->change_time = file_time_now();
    ramfs_directory_grow(directory, -1);
}

int ramfs_unlink(struct vnode *directory, struct name_entry *entry)
{
    ramfs_drop_name(directory, entry->vnode);
    name_entry_detach(entry);
    return 0;
}

int ramfs_rmdir(struct vnode *directory, struct name_entry *entry)
{
    if (name_entry_has_children(entry)) {
        return -ENOTEMPTY;
    }
    return ramfs_unlink(directory, entry);
}

static int ramfs_exchange(struct vnode *from_directory, struct name_entry *from,
                          struct vnode *to_directory, struct name_entry *to)
{
    int change = vnode_is_directory(to->vnode) - vnode_is_directory(from->vnode);
    if (from_directory != to_directory) {
        from_directory->link_count += (uint32_t)change;
        to_directory->link_count -= (uint32_t)change;
    }
    name_entry_exchange(from, to);
    vnode_touch_modify(from_directory);
    vnode_touch_modify(to_directory);
    from->vnode->change_time = file_time_now();
    to->vnode->change_time = from->vnode->change_time;
    return 0;
}

// Whether `to` is empty is asked first; after that nothing can fail, so no half of a rename is ever taken back.
int ramfs_rename(struct vnode *from_directory, struct name_entry *from, struct vnode *to_directory,
                 struct name_entry *to, unsigned flags)
{
    if ((flags & RENAME_EXCHANGE) != 0) {
        return ramfs_exchange(from_directory, from, to_directory, to);
    }
    if (!name_entry_is_negative(to)) {
        if (name_entry_has_children(to)) {
            return -ENOTEMPTY;
        }
        ramfs_drop_name(to_directory, to->vnode);
    }
    if (vnode_is_directory(from->vnode)) {
        from_directory->link_count--;
        to_directory->link_count++;
    }
    ramfs_directory_grow(from_directory, -1);
    ramfs_directory_grow(to_directory, 1);
    from->vnode->change_time = file_time_now();
    name_entry_move(from, to);
    return 0;
}
