// The one way to sleep at an object of ipc/.
#include "ipc/sleeper.h"

#include "lib/assert.h"
#include "scheduler/thread.h"
#include "scheduler/wait_queue.h"

void ipc_sleeper_init(struct ipc_sleeper *sleeper)
{
    list_init(&sleeper->link);
    sleeper->thread = thread_current();
    sleeper->result = IPC_ASLEEP;
}

void ipc_sleeper_wake_locked(struct ipc_sleeper *sleeper, int result)
{
    assert(sleeper->result == IPC_ASLEEP && result != IPC_ASLEEP);
    list_remove(&sleeper->link);
    __atomic_store_n(&sleeper->result, result, __ATOMIC_RELEASE);
    thread_wake(sleeper->thread);
}

// The result is read again with the mutex held: who wakes writes it there, so a wake-up that met the end of the deadline still counts.
int ipc_sleep_locked(struct ipc_sleeper *sleeper, struct mutex *mutex,
                     uint64_t deadline_ns) no_lock_analysis
{
    int error = 0;
    assert(mutex_is_held(mutex) && list_is_linked(&sleeper->link));
    mutex_unlock(mutex);
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED_INTERRUPTIBLE);
        if (__atomic_load_n(&sleeper->result, __ATOMIC_ACQUIRE) != IPC_ASLEEP || error != 0) {
            break;
        }
        error = wait_sleep(THREAD_BLOCKED_INTERRUPTIBLE, deadline_ns);
    }
    thread_cancel_block();
    mutex_lock(mutex);
    if (sleeper->result != IPC_ASLEEP) {
        return sleeper->result;
    }
    list_remove(&sleeper->link);
    return error;
}
