// Clocks of used CPU time: of a process or of a thread of one's own process. The numbers are clock_getcpuclockid's and
// pthread_getcpuclockid's: ~number << 3, bit 2 for a thread, and in the low two bits what is counted.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct process;
struct task;

struct cpu_clock {
    struct process *process; // a reference; NULL: a thread's clock
    struct task *task;       // a reference; NULL: a process's
    bool is_user_only;       // kernel time is not counted
};

// What a clock's number stands for, CLOCK_PROCESS_CPUTIME_ID and CLOCK_THREAD_CPUTIME_ID too. 0, -EINVAL (no such clock).
must_check int cpu_clock_open(int number, struct cpu_clock *clock);
void cpu_clock_close(struct cpu_clock *clock); // may sleep; also of one that is all zeros
// Nanoseconds used so far. Not with the signal lock held; interrupts may call it.
uint64_t cpu_clock_now(const struct cpu_clock *clock);
// When, on the monotonic clock, it is worth looking whether it has reached `target_ns`: no later than that can be, but for 4 ms.
uint64_t cpu_clock_look_again(const struct cpu_clock *clock, uint64_t target_ns);
// Sleeps until it reaches `target_ns`. 0 or -EINTR.
must_check int cpu_clock_sleep(const struct cpu_clock *clock, uint64_t target_ns);
