/*
 * Reading the clocks of used CPU time, and sleeping by them.
 *
 * Such a clock stands still while its process does, so no deadline of the machine's clock says when it reaches a time: who sleeps looks
 * again and again (process/cpu_clock.c). Each attempt opens the clock anew: its process may end meanwhile, which ends the sleep (-EINVAL).
 */
#include "process/cpu_clock.h"
#include "process/process.h"
#include "syscall/call.h"
#include "syscall/time_values.h"

int cpu_clock_read(int number, uint64_t *ns)
{
    struct cpu_clock clock;
    int error = cpu_clock_open(number, &clock);
    if (error == 0) {
        *ns = cpu_clock_now(&clock);
        cpu_clock_close(&clock);
    }
    return error;
}

/* Until the clock of that number reaches the time; what is left of a relative sleep is told. */
static long sleep_until(int number, uint64_t target_ns, struct uapi_timespec __user *rest)
{
    struct cpu_clock clock;
    int error = cpu_clock_open(number, &clock);
    if (error != 0) {
        return error;
    }
    error = cpu_clock_sleep(&clock, target_ns);
    uint64_t now = cpu_clock_now(&clock);
    cpu_clock_close(&clock);
    if (error == 0) {
        return 0;
    }
    const struct uapi_timespec left = timespec_from_ns(target_ns > now ? target_ns - now : 0);
    return copy_out_optional(rest, &left, sizeof(left)) != 0 ? -EFAULT : error;
}

static long sleep_restart(struct task *task)
{
    const uint64_t *argument = task->restart.argument;
    long result = sleep_until((int)argument[0], task->restart.deadline_ns,
                              (struct uapi_timespec __user *)argument[1]);
    return result == -EINTR ? -ERESTART_RESTARTBLOCK : result;
}

long cpu_clock_nanosleep(int number, bool is_absolute, uint64_t ns,
                         struct uapi_timespec __user *rest)
{
    uint64_t now;
    struct task *task = task_current();
    int error = cpu_clock_read(number, &now);
    if (error != 0) {
        return error;
    }
    if (is_absolute) {
        long result = sleep_until(number, ns, NULL);
        return result == -EINTR ? -ERESTARTNOHAND : result;
    }
    task->restart = (struct restart_block){.restart = sleep_restart,
                                           .deadline_ns = now + ns,
                                           .argument = {(uint64_t)number, (uintptr_t)rest}};
    return sleep_restart(task);
}
