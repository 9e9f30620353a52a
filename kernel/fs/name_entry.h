// Names in directories, cached: the tree that path walks follow. Positive entries have a vnode,
// negative ones say "not there". In RamFS, DevFS and generated trees the entries are the directory:
// they are pinned while they exist.
//
// States: new (nobody finds it) -> hashed (findable, a child of its parent; the cache holds one
// reference) -> detached (findable by nobody, kept by its holders). Unpinned hashed entries are on
// the LRU list and go when only the cache's reference is left.
//
// Looked up without a lock under RCU; changed under the parent's vnode mutex and the name lock. The
// memory of entries, and of the vnodes behind them, is freed after a grace period.
#pragma once

#include "fs/vnode.h"
#include "lib/list.h"
#include "scheduler/rcu.h"
#include "sync/refcount.h"

enum { NAME_INLINE_BYTES = 40 };

struct name_entry {
    struct refcount references;
    uint8_t is_mount_point; // [l mount] something may be mounted here
    uint8_t is_hashed;      // [l name] findable
    uint8_t is_pinned;   // [l name] not on the LRU list: the entry is the file system's own record
    uint8_t needs_check; // [l name] walks ask vnode_ops.is_valid before they use it
    uint8_t is_detached; // [l name] the name is gone, or was never to be cached
    struct vnode *vnode; // [l parent's mutex; read under RCU] NULL: negative
    struct name_entry *parent;   // [l name] a reference; itself at a root
    struct list_head children;   // [l name] positive ones newest first, then negative ones
    struct list_head child_link; // [l name]
    uint64_t sequence; // [l name] grows with each (re)insertion: cursor of directory reading
    struct hlist_node hash_link;     // [l name]
    struct list_head lru_link;       // [l name] hashed, unpinned entries, oldest first
    struct file_system *file_system; // [I]
    uint32_t hash;                   // [l name]
    uint32_t length;                 // [l name]
    const char *name;                // [l name] inline_name or heap
    char inline_name[NAME_INLINE_BYTES];
    struct rcu_head rcu;
    void *private_data; // file system's
};

// The root entry of a file system instance, with one reference. NULL: out of memory. Consumes a
// vnode reference.
must_check struct name_entry *name_entry_create_root(struct file_system *file_system,
                                                     struct vnode *vnode);
// An entry that no directory shows, for a file without a name (O_TMPFILE); /proc names it
// "#<inode>". NULL: out of memory. Consumes a vnode reference.
must_check struct name_entry *name_entry_create_unnamed(struct name_entry *directory,
                                                        struct vnode *vnode);
// The same with this name, which needs not be one that a directory could hold.
must_check struct name_entry *name_entry_create_detached(struct name_entry *directory,
                                                         struct vnode *vnode, const char *name,
                                                         size_t length);
void name_entry_get(struct name_entry *entry);
void name_entry_put(struct name_entry *entry);
void name_entry_destroy(
    struct name_entry *entry); // for the name cache: an entry whose count is 0 already

// The cached child, referenced; NULL: not cached. No lock needed.
must_check struct name_entry *name_entry_find(struct name_entry *parent, const char *name,
                                              size_t length);
// Finds or makes (negative) the child; the parent's vnode mutex is held. 0 with a reference,
// -ENOMEM, -ENAMETOOLONG, or lookup's error.
must_check int name_entry_look_up(struct name_entry *parent, const char *name, size_t length,
                                  struct name_entry **entry);

// The same for who makes the name if it is missing, before the mutex is given back: what is not there need not be findable until then,
// which saves the lock over names once.
must_check int name_entry_look_up_to_make(struct name_entry *parent, const char *name,
                                          size_t length, struct name_entry **entry);

// For file systems: the negative entry becomes positive (consumes a vnode reference) and findable; pin: the
// entry stays until name_entry_detach.
void name_entry_attach(struct name_entry *entry, struct vnode *vnode, bool pin);
// The name is gone: unhashes the entry and unpins it; holders keep a deleted entry with its vnode.
void name_entry_detach(struct name_entry *entry);
// rename: `from` takes the place of `to`'s name and parent; `to` is detached. Newest child of its
// new parent.
void name_entry_move(struct name_entry *from, struct name_entry *to);

// RENAME_EXCHANGE: both keep existing and swap names and parents.
void name_entry_exchange(struct name_entry *a, struct name_entry *b);

// The positive child after `after` (NULL: the newest one), borrowed; NULL at the end. The
// directory's mutex is held.
struct name_entry *name_entry_next_child(struct name_entry *parent, struct name_entry *after);

// Does `entry` stand below (or is it) `ancestor`, in one file system?
bool name_entry_is_below(const struct name_entry *entry, const struct name_entry *ancestor);
bool name_entry_has_children(struct name_entry *entry); // positive ones; directory's mutex held
static inline bool name_entry_is_negative(const struct name_entry *entry)
{
    return entry->vnode == NULL;
}
// Drops unused cached entries of one file system (unmount) or of all (NULL: reclaim).
void name_cache_shrink(struct file_system *file_system);
