// The tick: an event some milliseconds ahead, armed only while somebody needs it. A thread that
// runs user code needs it for the samples that split its time into user and system; any thread
// needs it while another waits for its turn. An idle CPU, or a kernel thread alone, has none. Going
// idle leaves the tick armed: it comes once, finds nothing to do, and is not armed again.
//
// Lock: the run queue's. Called by the timers' event function and by switch.c.
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "scheduler/run_queue_internal.h"
#include "scheduler/timer_internal.h"

#define TICK_SAMPLE_NS (4 * NS_PER_MS) // 250 Hz

void run_queue_tick_arm_locked(struct run_queue *queue, const struct thread *thread,
                               uint64_t now_ns)
{
    assert(spin_is_held(&queue->lock));
    bool has_rivals = queue->count != 0;
    if (thread == queue->idle || (thread->is_kernel && !has_rivals)) {
        return;
    }
    uint64_t wait_ns = TICK_SAMPLE_NS;
    if (has_rivals) {
        wait_ns = MIN(wait_ns, (uint64_t)thread->slice_left_ns);
    }
    timer_tick_at_most(now_ns + wait_ns);
}

static thread_charge_function *charge_hook; // [I] once set

void thread_set_charge_hook(thread_charge_function *charge)
{
    assert(charge_hook == NULL && charge != NULL);
    charge_hook = charge;
}

// What the thread has run since its last sample goes to the side on which the tick found it.
static uint64_t tick_sample_locked(struct run_queue *queue, struct thread *thread)
{
    assert(spin_is_held(&queue->lock));
    assert(thread->run_ns >= thread->user_ns + thread->kernel_ns);
    uint64_t unsampled = thread->run_ns - thread->user_ns - thread->kernel_ns;
    if (!clock_event_from_user()) {
        thread->kernel_ns += unsampled;
        queue->system_ns += unsampled;
        return unsampled;
    }
    thread->user_ns += unsampled;
    if (thread->nice > 0) {
        queue->nice_ns += unsampled;
    } else {
        queue->user_ns += unsampled;
    }
    return unsampled;
}

void scheduler_tick(uint64_t now_ns)
{
    struct run_queue *queue = percpu_this(run_queue);
    spin_lock(&queue->lock);
    struct thread *thread = queue->current;
    assert(thread == thread_current());
    uint64_t sampled_ns = 0;
    bool has_rivals = queue->count != 0;
    if (thread != queue->idle) {
        run_queue_charge_locked(thread, now_ns);
        sampled_ns = tick_sample_locked(queue, thread);
        if (thread->slice_left_ns <= 0) {
            // The switch refills the slice and arms the next tick, whoever is chosen.
            run_queue_reschedule_locked(queue);
        } else {
            run_queue_tick_arm_locked(queue, thread, now_ns);
        }
    }
    spin_unlock(&queue->lock);
    if (has_rivals) {
        placement_offer(queue);
    }
    // After the lock: the hook sends signals, whose locks come before the run queue's. The thread stays: interrupts are off.
    if (sampled_ns != 0 && charge_hook != NULL) {
        bool is_user = clock_event_from_user();
        charge_hook(thread, is_user ? sampled_ns : 0, is_user ? 0 : sampled_ns);
    }
}
