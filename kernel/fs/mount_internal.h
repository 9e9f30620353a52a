// Private to the mount files: the table and its lock. See mount_table.c.
#pragma once

#include "fs/mount.h"
#include "sync/spinlock.h"

extern struct spinlock mount_lock;

// A mount that is not in the table yet, with one reference; takes references to the instance and
// the root. NULL: out of memory.
must_check struct mount *mount_create(struct file_system *file_system, struct name_entry *root,
                                      const char *source, unsigned long flags);
// Puts `mount` onto the topmost place of `place`; the table takes over the caller's reference. 0,
// -ENOENT (the place was removed).
must_check int mount_attach(struct mount *mount, const struct path *place);
int mount_last_id(void); // of the mount that came last, be it there or not
// Takes it out of the table; the table's reference is the caller's to put. mount_lock is held;
// `*covered` gets the place, to put later.
void mount_detach_locked(struct mount *mount, struct path *covered);
// Does anything stand on this mount? mount_lock held.
bool mount_has_children_locked(const struct mount *mount);
// Mounts `mount` lies below `ancestor`, or is it; mount_lock held.
bool mount_is_below_locked(const struct mount *mount, const struct mount *ancestor);
// Takes away the mounts that stand on this one, deepest first: they go with a lazily removed one, and at the end of the machine.
void mount_detach_children(struct mount *mount);
void mount_table_changed(void);
// The list of all, in order. [l mount]
extern struct list_head mount_list;
