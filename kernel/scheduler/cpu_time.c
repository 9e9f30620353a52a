// CPU time as it is shown: of a thread and of a CPU. What ran how long is exact, from the clock at
// each switch; whether it ran in user mode or in the kernel is known from samples only, so exact
// times are split in the ratio of the samples.
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "scheduler/run_queue_internal.h"

// total * part / whole, for part <= whole, without overflow at some cost in precision.
static uint64_t time_scale(uint64_t total, uint64_t part, uint64_t whole)
{
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
    uint64_t running = thread->is_on_cpu ? clock_monotonic_ns() - thread->switched_in_ns : 0;
    return thread->run_ns + ((int64_t)running > 0 ? running : 0);
}

void thread_cpu_times(const struct thread *thread, uint64_t *user_ns,
                      uint64_t *kernel_ns) no_lock_analysis
{
    struct run_queue *queue = run_queue_lock_of(thread);
    uint64_t total = thread_run_ns_locked(thread);
    uint64_t sampled_user = thread->user_ns;
    uint64_t sampled = sampled_user + thread->kernel_ns;
    spin_unlock(&queue->lock);
    // Without a sample a program's time counts as its own.
    *user_ns = thread->is_kernel ? 0 : total;
    if (!thread->is_kernel && sampled != 0) {
        *user_ns = time_scale(total, sampled_user, sampled);
    }
    *kernel_ns = total - *user_ns;
}

void scheduler_cpu_times(unsigned cpu, struct cpu_times *times)
{
    assert(cpu < percpu_cpu_count());
    struct run_queue *queue = run_queue_of(cpu);
    spin_lock(&queue->lock);
    uint64_t up_ns = clock_monotonic_ns();
    uint64_t idle_ns = thread_run_ns_locked(queue->idle);
    spin_unlock(&queue->lock);
    uint64_t busy_ns = up_ns > idle_ns ? up_ns - idle_ns : 0;
    uint64_t sampled = queue->user_ns + queue->nice_ns + queue->system_ns;
    *times = (struct cpu_times){.idle_ns = idle_ns};
    times->user_ns = time_scale(busy_ns, queue->user_ns, sampled);
    times->nice_ns = time_scale(busy_ns, queue->nice_ns, sampled);
    times->system_ns = busy_ns - times->user_ns - times->nice_ns;
}
