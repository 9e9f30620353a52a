// CPU time of processes as it is sampled: the two CPU-time interval timers, and RLIMIT_CPU. Runs in the timer interrupt.
#include "interrupt/clock.h"
#include "process/interval_timer.h"
#include "process/process_internal.h"

// At the soft limit SIGXCPU, again after each further second; at the hard one SIGKILL, as setrlimit(2) has it.
static void cpu_limit_check(struct process *process)
{
    struct process_usage usage;
    process_get_usage(process, &usage);
    uint64_t seconds = (usage.user_ns + usage.kernel_ns) / NS_PER_SECOND;
    int signal = 0;
    spin_lock(&process_tree_lock);
    struct uapi_rlimit *limit = &process->limits.entries[RLIMIT_CPU];
    if (seconds >= limit->rlim_max) {
        signal = SIGKILL;
    } else if (seconds >= limit->rlim_cur) {
        signal = SIGXCPU;
        limit->rlim_cur = seconds + 1;
    }
    spin_unlock(&process_tree_lock);
    if (signal != 0) {
        (void)signal_send_process(process, signal, NULL);
    }
}

static void cpu_time_charge(struct thread *thread, uint64_t user_ns, uint64_t kernel_ns)
{
    if (!thread_is_task(thread)) {
        return;
    }
    struct process *process = task_from_thread(thread)->process;
    interval_timer_charge(process, user_ns, kernel_ns);
    if (process_limit(process, RLIMIT_CPU) != RLIM_INFINITY) {
        cpu_limit_check(process);
    }
}

void cpu_limit_init(void)
{
    thread_set_charge_hook(cpu_time_charge);
}
