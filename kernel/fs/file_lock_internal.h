// Private to file_lock*.c: the locks on one vnode.
#pragma once

#include "fs/file_lock.h"
#include "fs/vnode.h"
#include "lib/list.h"
#include "scheduler/wait_queue.h"
#include "sync/spinlock.h"

// One lock that is held. A flock's owner is its open file, a record lock's the process's descriptor
// table or (F_OFD_SETLK) its open file.
struct file_lock {
    struct list_head link;        // [l file locks] in flocks, or in records by start
    void *owner;                  // [I]
    bool is_exclusive;            // [l]
    uint64_t start, end;          // [l] records: [start, end], both inclusive
    int pid;                      // [I] records: for F_GETLK
    const struct open_file *file; // [I] records: that it was asked for through; compared only
};

// Locks of one file are looked through under a spin lock, so there may not be too many: -ENOLCK.
enum { FILE_RECORDS_MAX = 512 };

struct file_locks {
    struct list_head flocks, records; // [l file locks]
    size_t record_count;              // [l file locks] of `records`
    struct wait_queue released;       // whoever waits for a lock on this vnode
};

extern struct spinlock file_locks_lock;

// The last reference to the file goes: so do the record locks that were asked for through it. Files
// of regular kinds have none then, others do not hear of each close.
void file_lock_release_records(struct file_locks *locks, const struct open_file *file);

// The vnode's locks, made at the first use; NULL: out of memory (or, with may_make false, none).
struct file_locks *file_locks_of(struct vnode *vnode, bool may_make);
