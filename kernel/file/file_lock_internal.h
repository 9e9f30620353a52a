// Private to file_lock*.c: the locks on one object, a vnode or a pipe.
#pragma once

#include "file/file_lock.h"
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
    int pid;                      // [I] for F_GETLK and the list of all locks; -1: an open file's
    const struct open_file *file; // [I] records: that it was asked for through; compared only
};

// Locks of one file are looked through under a spin lock, so there may not be too many: -ENOLCK.
enum { FILE_RECORDS_MAX = 512 };

struct file_locks {
    struct list_head flocks, records; // [l file locks]
    size_t record_count;              // [l file locks] of `records`
    struct wait_queue released;       // whoever waits for a lock on this object
    struct list_head all_link;        // [l file locks] in the list of all
    uint64_t device, inode;           // [I] of the object, 0 where it has none
    bool is_marker;                   // [I] no object's: keeps a visitor's place in the list of all
};

extern struct spinlock file_locks_lock;

// The last reference to the file goes: so do the record locks of its own (F_OFD_SETLK).
void file_lock_release_records(struct file_locks *locks, const struct open_file *file);

// The locks on the file's object, made at the first use; NULL: out of memory (or, with may_make
// false, none). The object keeps locks (file->locks is not NULL).
struct file_locks *file_locks_of(struct open_file *file, bool may_make);
