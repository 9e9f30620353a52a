// CPU time as a clock. Nothing happens when it reaches a time: who waits for one looks again when it could be, which is known, since
// each running thread adds a second a second. A process that sleeps makes the clock stand still; it is looked at every 4 ms then.
#include "process/cpu_clock.h"

#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "process/process.h"
#include "uapi/time.h"

enum {
    KIND_MASK = 3,
    KIND_USER = 1,
    KIND_NONE = 3, // a descriptor's clock
    IS_THREAD = 4,
    NUMBER_SHIFT = 3,
};

static const uint64_t look_ns = 4 * NS_PER_MS; // as often as time is sampled

static int open_thread(int number, struct cpu_clock *clock)
{
    struct task *task = task_find(number == 0 ? thread_current()->number : number);
    if (task != NULL && task->process != process_current()) {
        task_put(task);
        task = NULL;
    }
    clock->task = task;
    return task != NULL ? 0 : -EINVAL;
}

// The caller's own number stands for its process, whichever thread asks.
static int open_process(int number, struct cpu_clock *clock)
{
    if (number == 0 || number == thread_current()->number) {
        process_get(process_current());
        clock->process = process_current();
    } else {
        clock->process = process_find(number);
    }
    return clock->process != NULL ? 0 : -EINVAL;
}

int cpu_clock_open(int number, struct cpu_clock *clock)
{
    *clock = (struct cpu_clock){.is_user_only = number < 0 && (number & KIND_MASK) == KIND_USER};
    if (number == CLOCK_PROCESS_CPUTIME_ID || number == CLOCK_THREAD_CPUTIME_ID) {
        return number == CLOCK_THREAD_CPUTIME_ID ? open_thread(0, clock) : open_process(0, clock);
    }
    if (number >= 0 || (number & KIND_MASK) == KIND_NONE) {
        return -EINVAL;
    }
    int owner = ~(number >> NUMBER_SHIFT);
    return (number & IS_THREAD) != 0 ? open_thread(owner, clock) : open_process(owner, clock);
}

void cpu_clock_close(struct cpu_clock *clock)
{
    if (clock->task != NULL) {
        task_put(clock->task);
    }
    if (clock->process != NULL) {
        process_put(clock->process);
    }
}

uint64_t cpu_clock_now(const struct cpu_clock *clock)
{
    assert((clock->task != NULL) != (clock->process != NULL));
    struct process_usage usage;
    if (clock->task != NULL) {
        task_get_usage(clock->task, &usage);
    } else {
        process_get_usage(clock->process, &usage);
    }
    return clock->is_user_only ? usage.user_ns : usage.user_ns + usage.kernel_ns;
}

uint64_t cpu_clock_look_again(const struct cpu_clock *clock, uint64_t target_ns)
{
    uint64_t now = cpu_clock_now(clock);
    uint64_t left = target_ns > now ? target_ns - now : 0;
    uint64_t at_once = clock->task != NULL ? 1 : MAX(READ_ONCE(clock->process->task_count), 1u);
    uint64_t soonest = clock_monotonic_ns();
    uint64_t wait = MAX(left / at_once, look_ns);
    return wait < UINT64_MAX - soonest ? soonest + wait : UINT64_MAX - 1;
}

int cpu_clock_sleep(const struct cpu_clock *clock, uint64_t target_ns)
{
    while (cpu_clock_now(clock) < target_ns) {
        int error = thread_sleep_until(cpu_clock_look_again(clock, target_ns), true);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}
