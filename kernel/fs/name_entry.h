// Names in directories, cached: the tree that path walks follow. Positive entries have a vnode, negative ones say "not there". In
// RamFS, DevFS and generated trees the entries are the directory: they are pinned while they exist.
//
// Looked up without a lock under RCU; changed under the parent's vnode mutex and the name lock.
#pragma once

#include "fs/vnode.h"
#include "lib/list.h"
#include "scheduler/rcu.h"
#include "sync/refcount.h"

enum { NAME_INLINE_BYTES = 40 };

struct name_entry {
    struct refcount references;
    uint8_t is_mount_point;        // [l mount] something may be mounted here
    uint8_t is_hashed;             // [l name] findable
    uint8_t is_pinned;             // [l name] holds one reference of itself: RamFS
    uint8_t reserved;
    struct vnode *vnode;           // [l parent's mutex; read under RCU] NULL: negative
    struct name_entry *parent;     // [l name] a reference; itself at a root
    struct list_head children;     // [l name] newest first
    struct list_head child_link;   // [l name]
    uint64_t sequence;             // [l name] grows with each (re)insertion: cursor of directory reading
    struct hlist_node hash_link;   // [l name]
    struct list_head lru_link;     // [l name] unreferenced cached entries
    struct file_system *file_system; // [I]
    uint32_t hash;                 // [l name]
    uint32_t length;               // [l name]
    const char *name;              // [l name] inline_name or heap
    char inline_name[NAME_INLINE_BYTES];
    struct rcu_head rcu;
    void *private_data;            // file system's
};

// The root entry of a file system instance, with one reference. NULL: out of memory. Consumes a vnode reference.
must_check struct name_entry *name_entry_create_root(struct file_system *file_system, struct vnode *vnode);
void name_entry_get(struct name_entry *entry);
void name_entry_put(struct name_entry *entry);

// The cached child, referenced; NULL: not cached. No lock needed.
must_check struct name_entry *name_entry_find(struct name_entry *parent, const char *name, size_t length);
// Finds or makes (negative) the child; the parent's vnode mutex is held. 0 with a reference, -ENOMEM, -ENAMETOOLONG, or lookup's error.
must_check int name_entry_look_up(struct name_entry *parent, const char *name, size_t length, struct name_entry **entry);

// For file systems: the negative entry becomes positive (consumes a vnode reference); pin: the entry stays until name_entry_detach.
void name_entry_attach(struct name_entry *entry, struct vnode *vnode, bool pin);
// The name is gone: unhashes the entry and unpins it; holders keep a deleted entry with its vnode.
void name_entry_detach(struct name_entry *entry);
// rename: `from` takes the place of `to`'s name and parent; `to` is detached. Newest child of its new parent.
void name_entry_move(struct name_entry *from, struct name_entry *to);

// Does `entry` stand below (or is it) `ancestor`, in one file system?
bool name_entry_is_below(const struct name_entry *entry, const struct name_entry *ancestor);
bool name_entry_has_children(struct name_entry *entry); // positive ones; directory's mutex held
static inline bool name_entry_is_negative(const struct name_entry *entry)
{
    return entry->vnode == NULL;
}
// Drops unused cached entries of one file system (unmount) or of all (NULL: reclaim).
void name_cache_shrink(struct file_system *file_system);
