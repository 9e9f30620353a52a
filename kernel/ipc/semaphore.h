// Semaphores of System V: sets of counters that operations change together or not at all. The contracts are those of the calls, with
// Linux's errors in Linux's order.
#pragma once

#include "ipc/table.h"
#include "uapi/sem.h"

struct task;

struct semaphore {
    int value;     // [l] 0 .. SEMVMX
    int last_user; // [l] number of the process that changed it last, or waited for 0; 0: nobody
};

struct semaphore_set {
    struct ipc_object object;        // first
    unsigned count;                  // [I]
    int64_t operated_at, changed_at; // [l object] seconds; 0: never
    struct list_head
        changers; // [l] struct semaphore_wait: operations that would change a value, first come first
    struct list_head watchers;     // [l] the others: they wait for zeros
    unsigned complex_waits;        // [l] of both, those of several operations
    struct list_head undos;        // [l] struct semaphore_undo
    struct semaphore semaphores[]; // [l]
};

extern struct ipc_table semaphore_table;

static inline struct semaphore_set *semaphore_set_of(struct ipc_object *object)
{
    return (struct semaphore_set *)object;
}

void semaphore_module_init(void);
long semaphore_get(int key, int count, int flags); // semget

// semop and semtimedop of the current task: `count` operations, at least one. Waits until `deadline_ns` (monotonic; UINT64_MAX: for
// ever). 0, -EINVAL, -EFBIG, -EACCES, -EAGAIN, -ERANGE, -ENOMEM (SEM_UNDO), -EIDRM, -EINTR.
must_check int semaphore_operate(int id, const struct uapi_sembuf *operations, unsigned count,
                                 uint64_t deadline_ns);

// semctl, command by command; a result of 0 or more is the call's.
long semaphore_status(int id, enum ipc_stat_kind kind, struct uapi_semid_ds *result);
must_check int semaphore_set_owner(int id, const struct uapi_semid_ds *wanted); // IPC_SET
must_check int semaphore_remove(int id);
// Also SEM_INFO, which tells what there is where IPC_INFO tells limits.
long semaphore_limits(bool tells_use, struct uapi_seminfo *result);
// GETVAL, GETPID, GETNCNT, GETZCNT.
long semaphore_ask(int id, int number, int command);
must_check int semaphore_set_value(int id, int number, int value);
// How many values GETALL and SETALL move, for who may read (or change) them; then the values. 0, -EIDRM: it is another set by now.
long semaphore_count(int id, bool to_change);
must_check int semaphore_get_all(int id, uint16_t *values, unsigned count);
must_check int semaphore_set_all(int id, const uint16_t *values, unsigned count);

// CLONE_SYSVSEM: the child undoes together with its parent, the current task. 0 or -ENOMEM.
must_check int semaphore_undo_share(struct task *parent, struct task *child);
// A task ends or parts with the others: the last one undoes.
void semaphore_undo_leave(struct task *task);
