/*
 * The three interval timers of setitimer(2): real time (SIGALRM), and CPU time of the process (SIGVTALRM, SIGPROF).
 */
#pragma once

#include "lib/types.h"

struct process;

struct interval_timer_value {
    uint64_t value_ns;    /* until the next expiry, 0: not armed */
    uint64_t interval_ns; /* 0: once */
};

/* The current process's. `which` is ITIMER_*. The old value, with the time that was left, goes to *old. */
void interval_timer_set(int which, const struct interval_timer_value *value,
                        struct interval_timer_value *old);
void interval_timer_get(int which, struct interval_timer_value *value);

/*
 * CPU time was used by a task of the process: advances the two CPU-time timers and sends their signals. From the accounting sample in
 * the timer interrupt, or the way to user mode.
 */
void interval_timer_charge(struct process *process, uint64_t user_ns, uint64_t kernel_ns);
