// The inside of a descriptor table, shared by descriptor_table.c and descriptor_change.c.
#pragma once

#include "lib/bitmap.h"
#include "process/descriptor_table.h"
#include "scheduler/rcu.h"
#include "sync/spinlock.h"

enum { DESCRIPTORS_INLINE = 64 };

// The part that grows, replaced as a whole. Who looks a descriptor up meanwhile may still have the old one, which stays as it was until
// then and is freed after a grace period.
struct descriptor_array {
    unsigned capacity;         // [I] a multiple of 64
    uint64_t *open;            // [I] bitmap of the slots in use or reserved; its bits [l]
    uint64_t *close_on_exec;   // [I] bitmap; its bits [l]
    struct rcu_head rcu;       // of one that was replaced
    struct open_file *files[]; // [l; read under RCU] capacity slots, NULL: free or reserved
};

struct descriptor_table {
    struct refcount references;     // [a] of tasks that use it, and of those who look at it
    struct atomic32 users;          // [a] tasks that have it as theirs; above 1: CLONE_FILES
    struct spinlock lock;           // rank DESCRIPTORS
    struct descriptor_array *array; // [l; read under RCU]
    unsigned first_free_hint;       // [l] nothing is free below
    uint64_t inline_open, inline_close_on_exec;
    struct descriptor_array inline_array; // the first one; DESCRIPTORS_INLINE slots follow it
};

// Makes room for `number`; drops and retakes the lock. 0 or -ENOMEM, -EMFILE.
must_check int descriptor_table_grow_locked(struct descriptor_table *table, unsigned number);
// A descriptor was taken out of the table: gives up what hung on it, and the reference on the file. May sleep.
void descriptor_file_close(struct descriptor_table *table, struct open_file *file);
// Its last user has gone: closes everything. May sleep.
void descriptor_close_all(struct descriptor_table *table);
