// Between semaphore.c, semaphore_operate.c and semaphore_undo.c. A set's mutex is held where a name ends in _locked.
#pragma once

#include "ipc/semaphore.h"
#include "ipc/sleeper.h"

// What a process has to undo of one set.
struct semaphore_undo {
    struct list_head list_link; // [l list] in its process's list
    struct list_head set_link;  // [l set] in set->undos
    struct semaphore_set *set;  // [I] a reference
    int16_t adjustments[];      // [l set] to be added at the end
};

// A task that waits, or tries whether it must.
struct semaphore_wait {
    struct ipc_sleeper sleeper;           // first
    const struct uapi_sembuf *operations; // [I]
    unsigned count;                       // [I]
    struct semaphore_undo *undo;          // [I] NULL: no operation is undone
    int process;                          // [I] its number
    bool is_change;                       // [I] some operation changes a value
    const struct uapi_sembuf *blocking;   // [l set] the operation that cannot be
};

enum { SEMAPHORE_BLOCKED = IPC_ASLEEP };

// Values have changed: completes whoever can go on now. `has_operated`: by an operation, which the set's time tells.
void semaphore_changed_locked(struct semaphore_set *set, bool has_operated);
// The set was removed.
void semaphore_wake_all_locked(struct semaphore_set *set, int result);
// How many wait for this semaphore to be 0, or to grow.
unsigned semaphore_waits_locked(struct semaphore_set *set, unsigned number, bool for_zero);

// What the current task has to undo of the set, made where it is missing. 0, -ENOMEM, -EIDRM. No mutex is held.
must_check int semaphore_undo_find(struct semaphore_set *set, struct semaphore_undo **result);
// A value was set by hand: nothing of it is undone any more.
void semaphore_undo_forget_locked(struct semaphore_set *set, unsigned number);
