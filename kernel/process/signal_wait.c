// Waiting for signals: sigsuspend and sigtimedwait.
#include "lib/errno.h"
#include "process/process_internal.h"

long signal_suspend(uint64_t mask)
{
    signal_set_temporary_mask(mask);
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED_INTERRUPTIBLE);
        if (thread_is_interrupted()) {
            break;
        }
        scheduler_block();
    }
    thread_cancel_block();
    return -ERESTARTNOHAND;
}

int signal_take(uint64_t set, struct uapi_siginfo *info)
{
    struct task *task = task_current();
    struct signal_actions *actions = signal_lock(task->process);
    int number = pending_signals_take(&task->pending, set, info);
    if (number == 0) {
        number = pending_signals_take(&task->process->pending, set, info);
    }
    if (number != 0) {
        signal_recalculate_locked(task);
    }
    signal_unlock(actions);
    return number;
}

long signal_wait(uint64_t set, uint64_t deadline_ns, struct uapi_siginfo *info)
{
    struct task *task = task_current();
    int number = 0;
    // Those two cannot be waited for: they act when they are sent. That they are asked for is passed over (sigtimedwait(2)).
    set &= ~SIGNAL_UNBLOCKABLE;
    int error = WAIT_INTERRUPTIBLE_UNTIL(&task->process->actions->signalled,
                                         (number = signal_take(set, info)) != 0, deadline_ns);
    if (error == 0) {
        return number;
    }
    return error == -ETIMEDOUT ? -EAGAIN : -EINTR;
}
