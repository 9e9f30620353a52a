// CPU time as it is shown: of a thread and of a CPU. What ran how long is exact, from the clock at
// each switch; whether it ran in user mode or in the kernel is known from samples only, so exact
// times are split in the ratio of the samples.
//
// Each sample moves the ratio, so the share of one side could shrink while the sum grows. A program
// that subtracts two getrusage answers would see a negative time; so what was told once is remembered,
// and the next answer tells no less (Linux does the same).
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "scheduler/run_queue_internal.h"

// total * part / whole, for part <= whole, without overflow at some cost in precision.
static uint64_t time_scale(uint64_t total, uint64_t part, uint64_t whole)
{
    assert(part <= whole);
    while (whole > UINT32_MAX) {
        whole >>= 1;
        part >>= 1;
    }
    if (whole == 0) {
        return 0;
    }
    return total / whole * part + total % whole * part / whole;
}

// The queue of the thread is locked: what it has run and since when it runs must fit together, or
// the sum would go backwards for who reads it twice.
static uint64_t thread_run_ns_locked(const struct thread *thread)
{
    assert(spin_is_held(&run_queue_of((unsigned)thread->cpu)->lock));
    // Another CPU's clock may be read a little early: less than since the switch is taken for nothing.
    uint64_t running = thread->is_on_cpu ? clock_monotonic_ns() - thread->switched_in_ns : 0;
    return thread->run_ns + ((int64_t)running > 0 ? running : 0);
}

// The user's part of `total`, with neither side less than it was told before. The sum of what was told is at most an earlier
// total, so both bounds can be kept.
static uint64_t thread_user_share_locked(const struct thread *thread, uint64_t total)
{
    assert(thread->told_user_ns + thread->told_kernel_ns <= total);
    uint64_t sampled = thread->user_ns + thread->kernel_ns;
    if (thread->is_kernel) {
        return 0;
    }
    // Without a sample a program's time counts as its own.
    uint64_t share = sampled != 0 ? time_scale(total, thread->user_ns, sampled) : total;
    return CLAMP(share, thread->told_user_ns, total - thread->told_kernel_ns);
}

void thread_cpu_times(struct thread *thread, uint64_t *user_ns,
                      uint64_t *kernel_ns) no_lock_analysis
{
    struct run_queue *queue = run_queue_lock_of(thread);
    uint64_t told = thread->told_user_ns + thread->told_kernel_ns;
    uint64_t total = MAX(thread_run_ns_locked(thread), told);
    thread->told_user_ns = thread_user_share_locked(thread, total);
    thread->told_kernel_ns = total - thread->told_user_ns;
    *user_ns = thread->told_user_ns;
    *kernel_ns = thread->told_kernel_ns;
    spin_unlock(&queue->lock);
}

void scheduler_cpu_times(unsigned cpu, struct cpu_times *times)
{
    assert(cpu < percpu_cpu_count());
    struct run_queue *queue = run_queue_of(cpu);
    spin_lock(&queue->lock);
    uint64_t up_ns = clock_monotonic_ns();
    uint64_t idle_ns = thread_run_ns_locked(queue->idle);
    // Copied under the lock: a sample between the sum and its parts would make the parts more than the sum.
    uint64_t user_ns = queue->user_ns;
    uint64_t nice_ns = queue->nice_ns;
    uint64_t sampled = user_ns + nice_ns + queue->system_ns;
    spin_unlock(&queue->lock);
    uint64_t busy_ns = up_ns > idle_ns ? up_ns - idle_ns : 0;
    *times = (struct cpu_times){.idle_ns = idle_ns};
    times->user_ns = time_scale(busy_ns, user_ns, sampled);
    times->nice_ns = time_scale(busy_ns, nice_ns, sampled);
    assert(times->user_ns + times->nice_ns <= busy_ns);
    times->system_ns = busy_ns - times->user_ns - times->nice_ns;
}
