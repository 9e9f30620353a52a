// Private to the vfs_*.c files: what the calls on names share.
#pragma once

#include "fs/vfs.h"

// Is the last name an ordinary one, not ".", ".." or none at all?
static inline bool walk_parent_is_dots(const struct walk_parent *parent)
{
    return parent->is_root || (parent->last_length == 1 && parent->last[0] == '.') ||
           (parent->last_length == 2 && parent->last[0] == '.' && parent->last[1] == '.');
}

static inline struct vnode *walk_parent_directory(const struct walk_parent *parent)
{
    return parent->parent.entry->vnode;
}

// May the context make a name in the directory, or (with the sticky bit's rule) remove this one?
// Mutex held. 0, -EACCES, -ENOENT (the directory is gone); remove also -EPERM, -ENOTDIR, -EISDIR
// (the kind is not the one wanted).
must_check int vfs_may_create(const struct fs_context *context, struct vnode *directory);
must_check int vfs_may_remove(const struct fs_context *context, struct vnode *directory,
                              const struct name_entry *victim, bool wants_directory);
// Clears set-id bits as a write by these credentials does. Mutex held.
void vnode_drop_set_id_locked(struct vnode *vnode, const struct credentials *credentials);
// Seals (seal.c), mutex held. Size: may it become `size`? Write: at this place; cuts the iterator to what may still be written.
// 0 or -EPERM.
must_check int vnode_check_size_seals_locked(const struct vnode *vnode, uint64_t size);
must_check int vnode_check_write_seals_locked(const struct vnode *vnode, uint64_t at,
                                              struct io_iter *iter);
bool vnode_is_sealed_against_writing(const struct vnode *vnode);
// A hole in a regular file of the page cache: [start, end) reads as zeros. 0, -EPERM (sealed).
must_check int vnode_punch(struct vnode *vnode, uint64_t start, uint64_t end);
// New size of a regular file. 0, -EFBIG, -ENOSPC...
must_check int vnode_truncate(struct vnode *vnode, const struct credentials *credentials,
                              uint64_t size, uint64_t limit_file_size);
