// ITIMER_REAL: SIGALRM after a time, once or again and again (setitimer, alarm). The timer belongs to the process and survives exec;
// it is stopped before the last task leaves. Two tasks must not start and stop it at once: the mutex of the process's timers.
#include "interrupt/clock.h"
#include "lib/macros.h"
#include "process/process_internal.h"

// Interrupt context. The next deadline counts from the last one, so a periodic timer does not drift.
static void real_timer_expire(struct timer *timer)
{
    struct process *process = container_of(timer, struct process, real_timer);
    uint64_t interval_ns = READ_ONCE(process->real_timer_interval_ns);
    (void)signal_send_process(process, SIGALRM, NULL);
    if (interval_ns != 0) {
        uint64_t now = clock_monotonic_ns();
        uint64_t next = timer->deadline_ns + interval_ns;
        timer_start(timer, next > now ? next : now + interval_ns);
    }
}

void real_timer_init(struct process *process)
{
    timer_init(&process->real_timer, real_timer_expire);
}

void real_timer_stop(struct process *process)
{
    // First: the callback that runs on another CPU at this moment must not start it once more after it was cancelled.
    WRITE_ONCE(process->real_timer_interval_ns, 0);
    if (process->real_timer.deadline_ns != 0) {
        (void)timer_cancel(&process->real_timer);
    }
}

// A timer that is running but late has the shortest time left, not none: 0 would say "off".
void process_get_real_timer(uint64_t *first_ns, uint64_t *interval_ns)
{
    struct process *process = process_current();
    uint64_t now = clock_monotonic_ns();
    uint64_t deadline = READ_ONCE(process->real_timer.deadline_ns);
    bool is_armed = READ_ONCE(process->real_timer.cpu) >= 0;
    *interval_ns = process->real_timer_interval_ns;
    *first_ns = !is_armed ? 0 : deadline > now ? deadline - now : NS_PER_US;
}

void process_set_real_timer(uint64_t first_ns, uint64_t interval_ns, uint64_t *old_first_ns,
                            uint64_t *old_interval_ns)
{
    struct process *process = process_current();
    uint64_t first, interval;
    mutex_lock(&process->posix_timers.mutex);
    process_get_real_timer(&first, &interval);
    if (old_first_ns != NULL) {
        *old_first_ns = first;
    }
    if (old_interval_ns != NULL) {
        *old_interval_ns = interval;
    }
    real_timer_stop(process);
    if (first_ns != 0) {
        WRITE_ONCE(process->real_timer_interval_ns, interval_ns);
        timer_start(&process->real_timer, clock_monotonic_ns() + first_ns);
    }
    mutex_unlock(&process->posix_timers.mutex);
}
