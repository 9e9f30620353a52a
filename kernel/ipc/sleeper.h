// Waiting at an object: a record on the sleeper's stack, in a list of the object, until somebody gives it a result. Whoever does so holds the
// object's mutex, and the sleeper takes that mutex once more before it returns, so that nobody touches a record that is gone.
#pragma once

#include "lib/compiler.h"
#include "lib/list.h"
#include "scheduler/mutex.h"

enum { IPC_ASLEEP = 1 }; // the result of who has not been told anything

struct ipc_sleeper {
    struct list_head link; // [l mutex] in a list of the owner's while it sleeps
    struct thread *thread; // [I]
    int result;            // [a] IPC_ASLEEP, then what ipc_sleeper_wake_locked gave
};

// The current thread's, on no list yet.
void ipc_sleeper_init(struct ipc_sleeper *sleeper);
// Takes it off its list and lets it go on with this result.
void ipc_sleeper_wake_locked(struct ipc_sleeper *sleeper, int result);
// Sleeps, the mutex given up meanwhile, until it is woken, the deadline (monotonic; UINT64_MAX: none), or a signal. The result it was given,
// or -ETIMEDOUT or -ERESTARTSYS; in every case it is on no list any more.
must_check int ipc_sleep_locked(struct ipc_sleeper *sleeper, struct mutex *mutex,
                                uint64_t deadline_ns);
