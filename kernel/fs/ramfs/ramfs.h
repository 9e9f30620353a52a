// RamFS: files in memory. Name entries are its directories, page caches its contents. Types
// `ramfs`, `tmpfs` and `rootfs`; DevFS and devpts are instances of it under their own types.
#pragma once

#include "fs/mount.h"
#include "fs/vnode.h"

struct ramfs_parameters {
    uint64_t max_pages;    // 0: no limit
    uint64_t max_inodes;   // 0: no limit
    uint32_t root_mode;    // permission bits
    uint32_t uid, gid;     // of the root directory
    uint32_t entry_bytes;  // that each name adds to its directory's size: tmpfs 20, ramfs 0
    bool always_describes; // size and inodes in /proc/mounts even where they are the default
};

struct ramfs_instance {
    struct file_system file_system;     // first
    struct ramfs_parameters parameters; // [I], limits [a]
    struct atomic64 used_pages;         // [a]
    struct atomic64 used_inodes;        // [a] names count: each needs memory
};

static inline struct ramfs_instance *ramfs_instance_of(struct file_system *file_system)
{
    return container_of(file_system, struct ramfs_instance, file_system);
}

// tmpfs's defaults: half of memory, as many inodes as half the frames, mode 1777.
void ramfs_parameters_default(struct ramfs_parameters *parameters);
// Reads `size=`, `nr_blocks=`, `nr_inodes=`, `mode=`, `uid=`, `gid=` into *parameters; 0 or
// -EINVAL.
must_check int ramfs_options_parse(const char *options, struct ramfs_parameters *parameters);
// Writes what differs from the defaults, as /proc/mounts shows it.
void ramfs_options_describe(struct file_system *file_system, char *text, size_t size);

// An empty instance with one reference. `ops` NULL: tmpfs's own. 0, -ENOMEM.
must_check int ramfs_instance_create(const struct file_system_type *type,
                                     const struct ramfs_parameters *parameters,
                                     const struct file_system_ops *ops,
                                     struct file_system **result);
// For tables of operations that differ in some slots.
int ramfs_status(struct file_system *file_system, struct uapi_statfs *status);
int ramfs_remount(struct file_system *file_system, unsigned long flags, const char *options);
void ramfs_destroy(struct file_system *file_system);

// A node without a name yet; NULL in *result never with 0. 0, -ENOMEM, -ENOSPC.
must_check int ramfs_node_create(struct ramfs_instance *instance, uint32_t mode, uint64_t device,
                                 struct vnode **result);
// Counts one more name; -ENOSPC. And back.
must_check int ramfs_inode_reserve(struct ramfs_instance *instance);
void ramfs_inode_release(struct ramfs_instance *instance);
// The target's text becomes the node's; long ones take up a page, as in tmpfs. 0, -ENOMEM, -ENOSPC.
must_check int ramfs_node_set_link(struct vnode *vnode, const char *target);

extern const struct vnode_ops ramfs_vnode_ops;

void ramfs_init(void); // registers the types
