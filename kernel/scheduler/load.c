// Load averages: every five seconds the number of runnable threads is mixed into three averages
// that forget over one, five and fifteen minutes. 11 fractional bits, as /proc/loadavg shows them.
#include "interrupt/clock.h"
#include "scheduler/run_queue_internal.h"
#include "scheduler/thread_internal.h"
#include "scheduler/timer.h"

enum { LOAD_ONE = 1 << 11, LOAD_AVERAGES = 3 };
#define LOAD_PERIOD_NS (5 * NS_PER_SECOND)

// 2048 / e^(5 s / 60 s), and for 300 and 900 s.
static const uint32_t load_decay[LOAD_AVERAGES] = {1884, 2014, 2037};

static uint32_t load_averages[LOAD_AVERAGES]; // [a] written by the timer
static struct timer load_timer;
static uint64_t load_next_ns; // [o] the timer

// Without the queues' locks: an average over minutes does not feel a count that is one off. Threads that wait for a disk count on
// Linux too; here none does.
static unsigned runnable_count(void)
{
    unsigned count = 0;
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        const struct run_queue *queue = run_queue_of(cpu);
        bool is_busy = __atomic_load_n(&queue->current, __ATOMIC_RELAXED) != queue->idle;
        count += __atomic_load_n(&queue->count, __ATOMIC_RELAXED) + (is_busy ? 1 : 0);
    }
    return count;
}

static uint32_t load_mix(uint32_t average, uint32_t decay, uint32_t active)
{
    uint64_t sum = (uint64_t)average * decay + (uint64_t)active * (LOAD_ONE - decay);
    if (active >= average) {
        sum += LOAD_ONE - 1; // so that a steady load is reached, not only approached
    }
    return (uint32_t)(sum / LOAD_ONE);
}

static void load_timer_expire(struct timer *timer)
{
    uint32_t active = runnable_count() * LOAD_ONE;
    for (unsigned i = 0; i < LOAD_AVERAGES; i++) {
        load_averages[i] = load_mix(load_averages[i], load_decay[i], active);
    }
    load_next_ns += LOAD_PERIOD_NS;
    timer_start(timer, load_next_ns);
}

void load_setup(void)
{
    load_next_ns = clock_monotonic_ns() + LOAD_PERIOD_NS;
    timer_init(&load_timer, load_timer_expire);
    timer_start(&load_timer, load_next_ns);
}

void scheduler_load(uint32_t load[3], unsigned *runnable, unsigned *total)
{
    for (unsigned i = 0; i < LOAD_AVERAGES; i++) {
        load[i] = __atomic_load_n(&load_averages[i], __ATOMIC_RELAXED);
    }
    *runnable = runnable_count();
    *total = thread_list_count();
}
