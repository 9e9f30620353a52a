// Private to file_lock*.c: the locks on one vnode.
#pragma once

#include "fs/file_lock.h"
#include "fs/vnode.h"
#include "lib/list.h"
#include "scheduler/wait_queue.h"
#include "sync/spinlock.h"

// One lock that is held. A flock's owner is its open file, a record lock's the process's descriptor
// table.
struct file_lock {
    struct list_head link; // [l file locks] in flocks, or in records by start
    void *owner;           // [I]
    bool is_exclusive;     // [l]
    uint64_t start, end;   // [l] records: [start, end], both inclusive
    int pid;               // [I] records: for F_GETLK
};

struct file_locks {
    struct list_head flocks, records; // [l file locks]
    struct wait_queue released;       // whoever waits for a lock on this vnode
};

extern struct spinlock file_locks_lock;

// The vnode's locks, made at the first use; NULL: out of memory (or, with may_make false, none).
struct file_locks *file_locks_of(struct vnode *vnode, bool may_make);
