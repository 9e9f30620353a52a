// The inside of a descriptor table, shared by descriptor_table.c and descriptor_change.c.
#pragma once

#include "lib/bitmap.h"
#include "process/descriptor_table.h"
#include "sync/spinlock.h"

enum { DESCRIPTORS_INLINE = 64 };

// The part that grows: one allocation, replaced as a whole.
struct descriptor_array {
    unsigned capacity;        // [I] a multiple of 64
    struct open_file **files; // [l] capacity slots, NULL: free or reserved
    uint64_t *open;           // [l] bitmap of the slots that are in use or reserved
    uint64_t *close_on_exec;  // [l] bitmap
};

struct descriptor_table {
    struct refcount references;    // [a] tasks that use it, and readers of /proc
    struct spinlock lock;          // rank DESCRIPTORS
    struct descriptor_array array; // [l]
    unsigned first_free_hint;      // [l] nothing is free below
    void *grown; // [l] the allocation behind `array`, NULL while it is the inline one
    struct open_file *inline_files[DESCRIPTORS_INLINE];
    uint64_t inline_open, inline_close_on_exec;
};

// Makes room for `number`; drops and retakes the lock. 0 or -ENOMEM, -EMFILE.
must_check int descriptor_table_grow_locked(struct descriptor_table *table, unsigned number);
// A descriptor was taken out of the table: gives up what hung on it, and the reference on the file. May sleep.
void descriptor_file_close(struct descriptor_table *table, struct open_file *file);
