/*
 * Interval timers. The real one stands in real_timer.c; the CPU-time ones count down as the accounting samples are charged, under the
 * actions' lock, as the signals that they send are.
 */
#include "process/interval_timer.h"

#include "lib/assert.h"
#include "process/process.h"
#include "process/signal.h"
#include "uapi/time.h"

/* The words of a CPU-time timer. */
static void cpu_timer_words(struct process *process, int which, uint64_t **left,
                            uint64_t **interval)
{
    assert(which == ITIMER_VIRTUAL || which == ITIMER_PROF);
    bool is_virtual = which == ITIMER_VIRTUAL;
    *left = is_virtual ? &process->virtual_timer_ns : &process->profile_timer_ns;
    *interval =
        is_virtual ? &process->virtual_timer_interval_ns : &process->profile_timer_interval_ns;
}

void interval_timer_get(int which, struct interval_timer_value *value)
{
    if (which == ITIMER_REAL) {
        process_get_real_timer(&value->value_ns, &value->interval_ns);
        return;
    }
    struct process *process = process_current();
    uint64_t *left;
    uint64_t *interval;
    cpu_timer_words(process, which, &left, &interval);
    struct signal_actions *actions = signal_lock(process);
    *value = (struct interval_timer_value){.value_ns = *left, .interval_ns = *interval};
    signal_unlock(actions);
}

void interval_timer_set(int which, const struct interval_timer_value *value,
                        struct interval_timer_value *old)
{
    if (which == ITIMER_REAL) {
        process_set_real_timer(value->value_ns, value->interval_ns, &old->value_ns,
                               &old->interval_ns);
        return;
    }
    interval_timer_get(which, old);
    struct process *process = process_current();
    uint64_t *left;
    uint64_t *interval;
    cpu_timer_words(process, which, &left, &interval);
    struct signal_actions *actions = signal_lock(process);
    *left = value->value_ns;
    *interval = value->interval_ns;
    signal_unlock(actions);
}

/* Counts `used_ns` off. True: it expired, and was rearmed where it has an interval. */
static bool cpu_timer_charge(struct process *process, int which, uint64_t used_ns)
{
    uint64_t *left;
    uint64_t *interval;
    cpu_timer_words(process, which, &left, &interval);
    assert(spin_is_held(&process->actions->lock));
    if (*left == 0) {
        return false;
    }
    bool has_expired = *left <= used_ns;
    *left = has_expired ? *interval : *left - used_ns;
    return has_expired;
}

void interval_timer_charge(struct process *process, uint64_t user_ns, uint64_t kernel_ns)
{
    if (process->virtual_timer_ns == 0 && process->profile_timer_ns == 0) {
        return;
    }
    struct signal_actions *actions = signal_lock(process);
    bool virtual_expired = cpu_timer_charge(process, ITIMER_VIRTUAL, user_ns);
    bool profile_expired = cpu_timer_charge(process, ITIMER_PROF, user_ns + kernel_ns);
    signal_unlock(actions);
    if (virtual_expired) {
        (void)signal_send_process(process, SIGVTALRM, NULL);
    }
    if (profile_expired) {
        (void)signal_send_process(process, SIGPROF, NULL);
    }
}
