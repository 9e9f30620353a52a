// Resource use: of a task now, of a process with its ended tasks, and sums for those who wait.
#include "lib/assert.h"
#include "lib/macros.h"
#include "process/process_internal.h"

static uint64_t frames_to_kib(uint64_t frames)
{
    return frames * (PAGE_SIZE / 1024);
}

uint64_t space_peak_kib(const struct address_space *space)
{
    uint64_t now = atomic64_load(&space->resident_anonymous) +
                   atomic64_load(&space->resident_file) + atomic64_load(&space->resident_shared);
    return frames_to_kib(MAX(now, READ_ONCE(space->resident_peak)));
}

void usage_of_task_locked(struct task *task, struct process_usage *usage)
{
    assert(spin_is_held(&process_tree_lock));
    struct thread *thread = &task->thread;
    *usage = (struct process_usage){
        .minor_faults = thread->minor_faults,
        .major_faults = thread->major_faults,
        .voluntary_switches = thread->voluntary_switches,
        .involuntary_switches = thread->involuntary_switches,
        .io = thread->io,
        .peak_resident_kib = task->space != NULL ? space_peak_kib(task->space) : 0,
    };
    thread_cpu_times(thread, &usage->user_ns, &usage->kernel_ns);
}

void usage_add(struct process_usage *sum, const struct process_usage *part)
{
    sum->user_ns += part->user_ns;
    sum->kernel_ns += part->kernel_ns;
    sum->minor_faults += part->minor_faults;
    sum->major_faults += part->major_faults;
    sum->voluntary_switches += part->voluntary_switches;
    sum->involuntary_switches += part->involuntary_switches;
    sum->io.read_bytes += part->io.read_bytes;
    sum->io.written_bytes += part->io.written_bytes;
    sum->io.reads += part->io.reads;
    sum->io.writes += part->io.writes;
    sum->peak_resident_kib = MAX(sum->peak_resident_kib, part->peak_resident_kib);
}

void task_get_usage(struct task *task, struct process_usage *usage)
{
    spin_lock(&process_tree_lock);
    usage_of_task_locked(task, usage);
    spin_unlock(&process_tree_lock);
}

// Under one hold of the lock: a task that ends meanwhile is in the list or in the sum.
void process_get_usage(struct process *process, struct process_usage *usage)
{
    struct task *task;
    struct process_usage part;
    spin_lock(&process_tree_lock);
    *usage = process->usage;
    list_for_each_entry(task, &process->tasks, process_link) {
        usage_of_task_locked(task, &part);
        usage_add(usage, &part);
    }
    spin_unlock(&process_tree_lock);
}
