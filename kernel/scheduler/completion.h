// A one-shot wait object: one thread waits until another says "done". The waiter may keep it on its
// stack: complete() does not touch the object after the waiter could have seen the end.
#pragma once

#include "lib/compiler.h"
#include "lib/errno.h"
#include "scheduler/thread.h"
#include "sync/atomic.h"

struct completion {
    struct thread *waiter;   // [I] the thread that made it
    struct atomic32 is_done; // [a]
};

// The calling thread is the one that will wait.
static inline void completion_init(struct completion *completion)
{
    completion->waiter = thread_current();
    atomic32_store(&completion->is_done, 0);
}

static inline bool completion_is_done(const struct completion *completion)
{
    return atomic32_load_acquire(&completion->is_done) != 0;
}

// Ends the wait. Any context; called once.
static inline void completion_signal(struct completion *completion)
{
    struct thread *waiter = completion->waiter;
    thread_get(waiter);
    atomic32_exchange(&completion->is_done, 1);
    thread_wake(waiter);
    thread_put(waiter);
}

// Waits for the signal. Only the death of the process ends it early: 0 or -EINTR (then the caller
// must make sure that nobody signals the object any more).
must_check static inline int completion_wait_killable(struct completion *completion)
{
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED_INTERRUPTIBLE);
        bool is_done = completion_is_done(completion);
        bool is_killed = (READ_ONCE(thread_current()->arch.work) & THREAD_WORK_KILL) != 0;
        if (is_done || is_killed) {
            thread_cancel_block();
            return is_done ? 0 : -EINTR;
        }
        scheduler_block();
    }
}
