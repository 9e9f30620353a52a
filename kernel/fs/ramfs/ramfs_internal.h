// Private to ramfs/: the operations on names that ramfs_node.c's table lists.
#pragma once

#include "fs/ramfs/ramfs.h"

int ramfs_create(struct vnode *directory, struct name_entry *entry,
                 const struct fs_context *context, uint32_t mode, uint64_t device);
int ramfs_create_unnamed(struct vnode *directory, const struct fs_context *context, uint32_t mode,
                         struct vnode **result);
int ramfs_symlink(struct vnode *directory, struct name_entry *entry,
                  const struct fs_context *context, const char *target);
int ramfs_link(struct vnode *directory, struct name_entry *entry, struct vnode *target);
int ramfs_unlink(struct vnode *directory, struct name_entry *entry);
int ramfs_rmdir(struct vnode *directory, struct name_entry *entry);
int ramfs_rename(struct vnode *from_directory, struct name_entry *from, struct vnode *to_directory,
                 struct name_entry *to, unsigned flags);

void ramfs_node_init(void);
