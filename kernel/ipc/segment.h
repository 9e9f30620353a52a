// Shared memory of System V: segments and their attachments. A segment's memory is shared memory of vm/; every area that shows it is
// an attachment and holds a reference. The contracts are those of the calls, with Linux's errors in Linux's order.
#pragma once

#include "ipc/table.h"
#include "uapi/shm.h"

struct shared_memory;

struct segment {
    struct ipc_object object;     // first
    struct shared_memory *memory; // [I]
    uint64_t bytes;               // [I] as asked
    int name_key;                 // [I] the key that it was made with: its name in maps
    int creator, last_user;       // [l object] numbers of processes, 0: none yet
    int64_t attached_at, detached_at, changed_at; // [l] seconds; 0: never
    uint64_t attachments;                         // [l] areas, and calls that are about to make one
    uint32_t locked_by; // [l] with SHM_LOCKED: the user whom it counts for
};

extern struct ipc_table segment_table;

static inline struct segment *segment_of(struct ipc_object *object)
{
    return (struct segment *)object;
}
uint64_t segment_pages(const struct segment *segment);          // of its size
uint64_t segment_resident_pages(const struct segment *segment); // there now

void segment_module_init(void);
long segment_get(int key, uint64_t bytes, int flags); // shmget

// shmat of the current task; `flags` SHM_*. 0, -EINVAL, -EACCES, -EIDRM, -ENOMEM, -EPERM.
must_check int segment_attach(int id, vaddr_t address, int flags, vaddr_t *result);
must_check int segment_detach(vaddr_t address); // shmdt

// shmctl, command by command; a result of 0 or more is the call's.
long segment_status(int id, enum ipc_stat_kind kind, struct uapi_shmid_ds *result);
must_check int segment_set(int id, const struct uapi_shmid_ds *wanted);
must_check int segment_remove(int id);
must_check int segment_lock(int id);   // SHM_LOCK: -EPERM, -ENOMEM (RLIMIT_MEMLOCK)
must_check int segment_unlock(int id); // SHM_UNLOCK
long segment_limits(struct uapi_shminfo *result);
long segment_totals(struct uapi_shm_info *result);
