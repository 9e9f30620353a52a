/*
 * The clocks of used CPU time: the caller's two by their fixed numbers, and those of any process, or of a thread
 * of one's own process, by numbers that hold a pid: ~number << 3, bit 2 for a thread, and in the low two bits
 * what is counted. clock_getcpuclockid and pthread_getcpuclockid make them so; Linux's posix-timers.h says how.
 */
#include "process/process.h"
#include "syscall/call.h"
#include "syscall/time_values.h"

enum {
    CPU_CLOCK_KIND = 3, /* the low bits of a number; a kind of 3 names a descriptor's clock */
    CPU_CLOCK_USER = 1,
    CPU_CLOCK_OTHER = 3,
    CPU_CLOCK_THREAD = 4,
    CPU_CLOCK_SHIFT = 3,
};

static uint64_t counted_ns(const struct process_usage *usage, int kind)
{
    return kind == CPU_CLOCK_USER ? usage->user_ns : usage->user_ns + usage->kernel_ns;
}

static int thread_clock_read(struct task *task, int kind, uint64_t *ns)
{
    struct process_usage usage;
    if (task->process != process_current()) {
        return -EINVAL;
    }
    task_get_usage(task, &usage);
    *ns = counted_ns(&usage, kind);
    return 0;
}

static int process_clock_read(struct process *process, int kind, uint64_t *ns)
{
    struct process_usage usage;
    process_get_usage(process, &usage);
    *ns = counted_ns(&usage, kind);
    return 0;
}

static int numbered_thread_read(int number, int kind, uint64_t *ns)
{
    struct task *task = task_find(number);
    if (task == NULL) {
        return -EINVAL;
    }
    int result = thread_clock_read(task, kind, ns);
    task_put(task);
    return result;
}

static int numbered_process_read(int number, int kind, uint64_t *ns)
{
    struct process *process = process_find(number);
    if (process == NULL) {
        return -EINVAL;
    }
    int result = process_clock_read(process, kind, ns);
    process_put(process);
    return result;
}

int cpu_clock_read(int clock, uint64_t *ns)
{
    if (clock == CLOCK_PROCESS_CPUTIME_ID) {
        return process_clock_read(process_current(), 0, ns);
    }
    if (clock == CLOCK_THREAD_CPUTIME_ID) {
        return thread_clock_read(task_current(), 0, ns);
    }
    const int number = ~(clock >> CPU_CLOCK_SHIFT), kind = clock & CPU_CLOCK_KIND;
    if (clock >= 0 || kind == CPU_CLOCK_OTHER) {
        return -EINVAL;
    }
    if ((clock & CPU_CLOCK_THREAD) != 0) {
        return number == 0 ? thread_clock_read(task_current(), kind, ns)
                           : numbered_thread_read(number, kind, ns);
    }
    /* The caller's own number stands for its process, whichever thread asks. */
    return number == 0 || number == task_current()->thread.number
               ? process_clock_read(process_current(), kind, ns)
               : numbered_process_read(number, kind, ns);
}
