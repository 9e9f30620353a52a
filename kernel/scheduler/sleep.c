// Sleeping with an end: a timer on the sleeper's stack wakes it. The timer is cancelled before the
// frame is left, and cancelling waits for a running callback, so the frame outlives every use of
// it.
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "scheduler/timer.h"
#include "scheduler/wait_queue.h"
#include "sync/atomic.h"

struct sleep_timer {
    struct timer timer;
    struct thread *thread;       // [I]
    struct atomic32 has_expired; // [a]
};

static void sleep_timer_expire(struct timer *timer)
{
    struct sleep_timer *sleep = container_of(timer, struct sleep_timer, timer);
    atomic32_store(&sleep->has_expired, 1); // before the wake-up, whose barrier makes it visible
    thread_wake(sleep->thread);
}

// True when the deadline ended the sleep.
static bool thread_block_until(uint64_t deadline_ns)
{
    struct sleep_timer sleep = {.thread = thread_current()};
    timer_init(&sleep.timer, sleep_timer_expire);
    timer_start(&sleep.timer, deadline_ns);
    scheduler_block();
    timer_cancel(&sleep.timer);
    return atomic32_load(&sleep.has_expired) != 0;
}

// The caller has set its state and then found its condition false. A wake-up since then has set the state back, and the block below
// returns at once: the order of the checks in here is free.
int wait_sleep(enum thread_state state, uint64_t deadline_ns)
{
    assert(state == THREAD_BLOCKED || state == THREAD_BLOCKED_INTERRUPTIBLE);
    bool is_interruptible = state == THREAD_BLOCKED_INTERRUPTIBLE;
    bool has_expired = false;
    if (is_interruptible && thread_is_interrupted()) {
        return -ERESTARTSYS;
    }
    if (deadline_ns == UINT64_MAX) {
        scheduler_block();
    } else if (deadline_ns <= clock_monotonic_ns()) {
        has_expired = true;
    } else {
        has_expired = thread_block_until(deadline_ns);
    }
    if (has_expired) {
        return -ETIMEDOUT;
    }
    return is_interruptible && thread_is_interrupted() ? -ERESTARTSYS : 0;
}

int thread_sleep_until(uint64_t deadline_ns, bool interruptible)
{
    enum thread_state state = interruptible ? THREAD_BLOCKED_INTERRUPTIBLE : THREAD_BLOCKED;
    int result = 0;
    while (result == 0) {
        thread_prepare_to_block(state);
        result = wait_sleep(state, deadline_ns);
    }
    thread_cancel_block();
    return result == -ETIMEDOUT ? 0 : -EINTR;
}

// The end of a sleep is not told at once: the caller looks at its condition a last time, so a wake-up that came together with the
// deadline or a signal still counts as one.
bool wait_loop_goes_on(struct wait_loop *loop)
{
    if (!loop->is_queued) {
        loop->is_queued = true;
        loop->sleep_result = 0;
        wait_begin(loop->queue, &loop->entry, false);
    } else if (loop->sleep_result != 0) {
        loop->result = loop->sleep_result;
        return false;
    } else {
        loop->sleep_result = wait_sleep(loop->state, loop->deadline_ns);
    }
    thread_prepare_to_block(loop->state);
    return true;
}

int wait_loop_end(struct wait_loop *loop)
{
    if (loop->is_queued) {
        wait_end(loop->queue, &loop->entry);
    }
    return loop->result;
}
