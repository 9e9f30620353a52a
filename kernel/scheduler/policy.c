// Scheduling parameters: policy, real-time priority, nice value, affinity; and the time slices that
// follow from them. Changes are made under the run queue's lock, with the thread taken off its
// level and put back.
#include "scheduler/run_queue_internal.h"

#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"

enum {
    NICE_LOWEST = -20,
    NICE_HIGHEST = 19,
    REAL_TIME_PRIORITY_MAX = 99,
    ROUND_ROBIN_SLICE_US = 100000,
    IDLE_SLICE_US = 500,
};

// 10 ms at nice 0, a factor of 1.25 a step (the ratio that programs expect of nice), between 0.5
// and 100 ms: beyond -10 and 13 the bounds weaken the effect.
static const uint32_t nice_slice_us[] = {
    100000, 100000, 100000, 100000, 100000, 100000, 100000, 100000, 100000, 100000,
    93132,  74506,  59605,  47684,  38147,  30518,  24414,  19531,  15625,  12500,
    10000,  8000,   6400,   5120,   4096,   3277,   2621,   2097,   1678,   1342,
    1074,   859,    687,    550,    500,    500,    500,    500,    500,    500,
};
static_assert(ARRAY_SIZE(nice_slice_us) == NICE_HIGHEST - NICE_LOWEST + 1, "one slice a step");

int64_t policy_slice_ns(const struct thread *thread)
{
    assert(thread->nice >= NICE_LOWEST && thread->nice <= NICE_HIGHEST);
    switch (thread->policy) {
    case THREAD_FIFO: return INT64_MAX; // until it yields or blocks
    case THREAD_ROUND_ROBIN: return (int64_t)(ROUND_ROBIN_SLICE_US * NS_PER_US);
    case THREAD_IDLE: return (int64_t)(IDLE_SLICE_US * NS_PER_US);
    default: return (int64_t)(nice_slice_us[thread->nice - NICE_LOWEST] * NS_PER_US);
    }
}

uint64_t thread_slice_ns(const struct thread *thread)
{
    return thread->policy == THREAD_FIFO ? UINT64_MAX : (uint64_t)policy_slice_ns(thread);
}

// A slice by the new policy. What was used of one that goes by turns stays used: who sets the same nice value again and again would
// else keep the CPU for ever.
static int64_t policy_slice_left_ns(const struct thread *thread)
{
    int64_t slice_ns = policy_slice_ns(thread);
    return thread->real_time_priority != 0 ? slice_ns : MIN(slice_ns, thread->slice_left_ns);
}

// Takes the thread off its level for a change; policy_change_end puts it back and lets its CPU
// choose again.
static bool policy_change_begin_locked(struct run_queue *queue, struct thread *thread)
{
    assert(spin_is_held(&queue->lock));
    bool was_queued = thread->is_queued;
    if (was_queued) {
        run_queue_remove_locked(queue, thread);
    }
    return was_queued;
}

static void policy_change_end(struct run_queue *queue, struct thread *thread,
                              bool was_queued) no_lock_analysis
{
    assert(spin_is_held(&queue->lock) && thread->cpu == (int)queue->number);
    thread->slice_left_ns = policy_slice_left_ns(thread);
    if (was_queued) {
        run_queue_insert_locked(queue, thread, false);
    }
    if (was_queued && thread_priority(thread) != 0) {
        balance_urgent_offer_locked(queue, thread);
    }
    run_queue_reschedule_locked(queue);
    spin_unlock(&queue->lock);
}

int thread_set_policy(struct thread *thread, int policy, int real_time_priority) no_lock_analysis
{
    bool is_real_time = policy == THREAD_FIFO || policy == THREAD_ROUND_ROBIN;
    bool is_known =
        is_real_time || policy == THREAD_NORMAL || policy == THREAD_BATCH || policy == THREAD_IDLE;
    int lowest = is_real_time ? 1 : 0;
    int highest = is_real_time ? REAL_TIME_PRIORITY_MAX : 0;
    if (!is_known || real_time_priority < lowest || real_time_priority > highest) {
        return -EINVAL;
    }
    struct run_queue *queue = run_queue_lock_of(thread);
    bool was_queued = policy_change_begin_locked(queue, thread);
    thread->policy = policy;
    thread->real_time_priority = real_time_priority;
    policy_change_end(queue, thread, was_queued);
    return 0;
}

void thread_set_inherited_priority(struct thread *thread, int priority) no_lock_analysis
{
    assert(priority >= 0 && priority <= REAL_TIME_PRIORITY_MAX);
    struct run_queue *queue = run_queue_lock_of(thread);
    if (thread->inherited_priority == priority) {
        spin_unlock(&queue->lock);
        return;
    }
    bool was_queued = policy_change_begin_locked(queue, thread);
    thread->inherited_priority = priority;
    policy_change_end(queue, thread, was_queued);
}

void thread_set_nice(struct thread *thread, int nice) no_lock_analysis
{
    struct run_queue *queue = run_queue_lock_of(thread);
    bool was_queued = policy_change_begin_locked(queue, thread);
    thread->nice = CLAMP(nice, (int)NICE_LOWEST, (int)NICE_HIGHEST);
    policy_change_end(queue, thread, was_queued);
}

int thread_set_affinity(struct thread *thread, uint64_t mask) no_lock_analysis
{
    unsigned cpus = percpu_cpu_count();
    uint64_t running = cpus >= 64 ? UINT64_MAX : BIT(cpus) - 1;
    if ((mask & running) == 0) {
        return -EINVAL;
    }
    struct run_queue *queue = run_queue_lock_of(thread);
    // Bits of CPUs that do not run are kept, as they are of no harm: at least one that runs is among them, and CPUs never go away.
    thread->affinity = mask;
    if (placement_allows(thread, queue->number)) {
        if (thread->is_queued && thread_priority(thread) != 0) {
            balance_urgent_offer_locked(queue, thread); // it may now go where it need not wait
        }
        spin_unlock(&queue->lock);
    } else if (thread->is_queued && atomic32_load(&thread->state) == THREAD_RUNNABLE) {
        run_queue_remove_locked(queue, thread);
        run_queue_place(queue, thread, false);
    } else {
        // Running: its CPU's next choice sets it aside. Blocked, or about to be: its wake-up finds
        // it a place.
        if (thread->is_on_cpu) {
            run_queue_reschedule_locked(queue);
        }
        spin_unlock(&queue->lock);
    }
    return 0;
}
