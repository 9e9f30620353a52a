// What a segment, a set of semaphores and a message queue have in common: an id, a key, an owner, a mode, and a life that goes on
// after that of the processes that made it.
//
// An object is made by a table (ipc/table.h) and stays in it until it is removed; then its id and key lead nowhere, and its memory
// goes at the last reference. `is_removed` is set once, with both the table's and the object's mutex held.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"
#include "scheduler/mutex.h"
#include "sync/refcount.h"

struct ipc_table;
struct uapi_ipc_perm;

struct ipc_object {
    struct refcount references;        // [a] the table's, and one per holder
    struct mutex mutex;                // rank IPC_OBJECT
    struct ipc_table *table;           // [I]
    int id;                            // [I]
    uint16_t sequence;                 // [I] the upper part of the id
    int key;                           // [l table and own] IPC_PRIVATE: none
    uint32_t creator_uid, creator_gid; // [I]
    uint32_t uid, gid;                 // [l]
    uint32_t mode;                     // [l] permission bits, and others of the kind's own
    bool is_removed;                   // [l]
};

enum ipc_access { IPC_READ = 0444, IPC_WRITE = 0222, IPC_EXECUTE = 0111 };

static inline void ipc_object_get(struct ipc_object *object)
{
    refcount_get(&object->references);
}
void ipc_object_put(struct ipc_object *object); // may sleep at the last one

// May the caller do that? `wanted` is a mode, of which the three digits count together. 0 or -EACCES. The mutex is held.
must_check int ipc_object_check_locked(const struct ipc_object *object, unsigned wanted);
// Owner or creator, or CAP_SYS_ADMIN: who may change and remove it. 0 or -EPERM.
must_check int ipc_object_check_owner_locked(const struct ipc_object *object);
bool ipc_object_is_owner_locked(const struct ipc_object *object);
// IPC_SET's part: owner and permission bits. 0 or -EINVAL.
must_check int ipc_object_set_locked(struct ipc_object *object, const struct uapi_ipc_perm *wanted);
void ipc_object_describe_locked(const struct ipc_object *object, struct uapi_ipc_perm *result);

// Seconds since 1970, as the structures of System V tell time.
int64_t ipc_now(void);

// Kernel memory that objects keep for good: at most an eighth of the machine's, all kinds together. 0 or -ENOMEM.
must_check int ipc_memory_charge(size_t bytes);
void ipc_memory_uncharge(size_t bytes);
