// The table of one kind of objects: ids to objects, keys to objects. An id is a place in the table and, above it, a number that grows
// whenever the places start over, so that the id of a removed object leads nowhere for long. ids are given out as Linux does it.
#pragma once

#include "ipc/object.h"
#include "ipc/settings.h"
#include "lib/radix.h"

enum { IPC_PLACES = IPC_OBJECTS_MAX, IPC_PLACE_BITS = 15, IPC_SEQUENCES = 65536 };

struct ipc_table_ops {
    // Makes an object by `request`, the kind's own: reference count, key, mode and owner are the table's. 0 or -errno. The table's
    // mutex is held; memory may be asked for.
    int (*create)(const void *request, struct ipc_object **result);
    // A key led to this object: does it fit the request? 0 or -errno. Both mutexes are held.
    int (*check)(const struct ipc_object *object, const void *request);
    // The object was entered or taken out: its share of the kind's totals. Both mutexes are held. May be NULL.
    void (*entered)(struct ipc_object *object);
    // It is taken out: whoever sleeps at it is told. Both mutexes are held.
    void (*removed)(struct ipc_object *object);
    void (*destroy)(struct ipc_object *object); // the last reference
    const int *limit;                           // [a] how many there may be
};

struct ipc_table {
    struct mutex mutex;              // rank IPC_TABLE
    const struct ipc_table_ops *ops; // [I]
    struct radix places;             // [l] struct ipc_object * by place
    struct radix keys;               // [l] the same by key, as 32 bits
    unsigned count;                  // [l]
    int last_place;                  // [l] given out last, -1: none
    int highest_place;               // [l] in use, -1: none
    uint16_t sequence;               // [l]
};

void ipc_table_init(struct ipc_table *table, const struct ipc_table_ops *ops);

struct ipc_get {
    int key;
    int flags;           // IPC_CREAT, IPC_EXCL, mode bits, and others of the kind's own
    const void *request; // for the kind's operations
};
// shmget and its kin: an id, or -ENOENT, -EEXIST, -EACCES, -ENOSPC, and what the operations say.
long ipc_table_get(struct ipc_table *table, const struct ipc_get *get);

// The object of that id, or at that place (of which the upper part does not count), with a reference and locked. 0, -EINVAL (none),
// -EIDRM (removed meanwhile).
must_check int ipc_table_lock_id(struct ipc_table *table, int id,
                                 struct ipc_object **result) no_lock_analysis;
must_check int ipc_table_lock_place(struct ipc_table *table, int place,
                                    struct ipc_object **result) no_lock_analysis;
// The same by id, if the caller has the rights of `wanted` (IPC_READ and its kin) on it: also -EACCES.
must_check int ipc_table_lock_allowed(struct ipc_table *table, int id, unsigned wanted,
                                      struct ipc_object **result) no_lock_analysis;
// For IPC_STAT and its kin: the same, by id or by place, where the caller may read the object (for ANY_PLACE whoever it is). The
// call's result (the id, where it went by place), or -EINVAL, -EACCES, -EIDRM.
enum ipc_stat_kind { IPC_STAT_ID, IPC_STAT_PLACE, IPC_STAT_ANY_PLACE };
must_check long ipc_table_lock_stat(struct ipc_table *table, int id, enum ipc_stat_kind kind,
                                    struct ipc_object **result) no_lock_analysis;
// Gives both back.
void ipc_object_unlock_put(struct ipc_object *object) no_lock_analysis;

// IPC_RMID: takes the object out if the caller may, unless `remove` (both mutexes are held; NULL: no) says false and keeps it.
// 0, -EINVAL, -EPERM.
must_check int ipc_table_remove(struct ipc_table *table, int id,
                                bool (*remove)(struct ipc_object *object));
// Takes it out, and gives the table's reference up; both mutexes are held, and the caller has a reference of its own.
void ipc_table_take_out_locked(struct ipc_object *object);
// The key leads there no more; both mutexes are held.
void ipc_table_forget_key_locked(struct ipc_object *object);
// Takes everything out.
void ipc_table_clear(struct ipc_table *table);

// Each object in the order of places, its mutex and the table's held.
void ipc_table_visit(struct ipc_table *table,
                     void (*visit)(struct ipc_object *object, void *context), void *context);
// The highest place in use, 0 where none is.
int ipc_table_highest(struct ipc_table *table);
unsigned ipc_table_count(struct ipc_table *table);
