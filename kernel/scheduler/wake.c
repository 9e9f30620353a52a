// Wake-ups: from Blocked to Ready.
//
// The sleeper sets its state, then checks its condition; the waker sets the condition, then looks
// at the state. Both put a full barrier between the two, so at least one sees the other: no wake-up
// is lost. A wake-up may be one too many (the sleeper had seen the condition itself): who sleeps
// checks again.
#include "scheduler/run_queue_internal.h"

#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "scheduler/thread_internal.h"

static void (*scheduler_kick)(unsigned cpu); // [I] set once by whoever starts other CPUs

void scheduler_set_kick(void (*kick)(unsigned cpu))
{
    assert(kick != NULL && scheduler_kick == NULL);
    scheduler_kick = kick;
}

void cpu_kick(unsigned cpu)
{
    assert_always(scheduler_kick != NULL);
    scheduler_kick(cpu);
}

void cpu_choose_again(unsigned cpu)
{
    assert(cpu_block_get(interrupt_off_depth) != 0);
    if (cpu == cpu_number()) {
        cpu_block_set(reschedule_pending, 1);
    } else {
        cpu_kick(cpu);
    }
}

void run_queue_reschedule_locked(struct run_queue *queue)
{
    assert(spin_is_held(&queue->lock));
    cpu_choose_again(queue->number);
}

static bool thread_state_is_in(const struct thread *thread, unsigned states)
{
    return (states >> atomic32_load(&thread->state) & 1) != 0;
}

// From one of the states to Runnable. A thread that still runs changes its state without the lock: it may have given up its sleep
// and be on its way to another one, to a stop or to its end, which this must not undo.
static bool thread_state_leave_locked(struct thread *thread, unsigned states)
{
    uint32_t seen = atomic32_load(&thread->state);
    while ((states >> seen & 1) != 0) {
        if (atomic32_compare_exchange(&thread->state, &seen, THREAD_RUNNABLE)) {
            return true;
        }
    }
    return false;
}

bool thread_wake_states(struct thread *thread, unsigned states) no_lock_analysis
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!thread_state_is_in(thread, states)) {
        return false;
    }
    struct run_queue *queue = run_queue_lock_of(thread);
    if (!thread_state_leave_locked(thread, states)) {
        spin_unlock(&queue->lock);
        return false;
    }
    if (thread->is_on_cpu || thread->is_queued) {
        spin_unlock(&queue->lock); // it has not gone to sleep yet: it sees the state and stays
    } else {
        thread_current()->has_woken = 1;
        run_queue_place(queue, thread, true);
    }
    return true;
}

void thread_start(struct thread *thread) no_lock_analysis
{
    const struct thread *current = thread_current();
    thread->started_ns = clock_monotonic_ns();
    thread->off_cpu_since_ns = thread->started_ns;
    // A program gains nothing by making new threads: they start no better off than it is.
    thread->credit_ns = MIN(current->credit_ns, (int64_t)0);
    thread_list_add(thread);
    struct run_queue *queue = run_queue_lock_of(thread);
    assert(atomic32_load(&thread->state) == THREAD_BLOCKED && !thread->is_queued);
    atomic32_store(&thread->state, THREAD_RUNNABLE);
    run_queue_place(queue, thread, false);
}

void thread_notify(struct thread *thread, uint32_t work) no_lock_analysis
{
    assert(work != 0);
    // The word before the look at the state, as a sleeper sets its state before it looks at the word.
    __atomic_fetch_or(&thread->arch.work, work, __ATOMIC_SEQ_CST);
    unsigned states = 1u << THREAD_BLOCKED_INTERRUPTIBLE;
    if ((work & (THREAD_WORK_KILL | THREAD_WORK_STOP)) != 0) {
        states |= 1u << THREAD_STOPPED;
    }
    if (thread_wake_states(thread, states) || thread == thread_current()) {
        return;
    }
    // If it runs user code on another CPU, an interrupt makes it look at its work word on the way
    // back.
    struct run_queue *queue = run_queue_lock_of(thread);
    if (thread->is_on_cpu && queue->number != cpu_number()) {
        cpu_kick(queue->number);
    }
    spin_unlock(&queue->lock);
}
