// Several CPUs: each runs threads, answers the others, and sees what they see. With one CPU the same holds for that one.
#include "kernel_test.h"

#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "boot/boot_internal.h"
#include "interrupt/clock.h"
#include "interrupt/ipi.h"
#include "lib/errno.h"
#include "log/boot_parameters.h"
#include "memory/kernel_map.h"
#include "scheduler/rcu.h"
#include "scheduler/thread.h"
#include "scheduler/timer.h"
#include "scheduler/wait_queue.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

enum {
    CALL_ROUNDS = 100,
    FLUSH_ROUNDS = 50,
    CLOCK_ROUNDS = 20000,
    TIMER_ROUNDS = 2000,
    DEFER_ROUNDS = 10,
    DEFERRED = 40,
    NO_APIC = 0xfd
};

static struct wait_queue finished = WAIT_QUEUE_INIT(finished);
static struct atomic32 finished_count;

static void finish(void)
{
    atomic32_add(&finished_count, 1);
    wait_queue_wake_all(&finished);
}

// Runs `entry` in a thread on each CPU; true when all have called finish.
static bool run_on_each(void (*entry)(void *))
{
    uint64_t deadline = clock_monotonic_ns() + 30 * NS_PER_SECOND;
    unsigned cpus = percpu_cpu_count();
    atomic32_store(&finished_count, 0);
    for (uintptr_t cpu = 0; cpu < cpus; cpu++) {
        if (kernel_test_thread_on((unsigned)cpu, entry, (void *)cpu) == NULL) {
            return false;
        }
    }
    return WAIT_UNTIL(&finished, atomic32_load(&finished_count) == cpus, deadline) == 0;
}

KERNEL_TEST(every_cpu_that_the_firmware_lists_runs)
{
    unsigned listed = boot_information.acpi.cpu_count;
    unsigned wanted = ipi_is_possible() ? MIN(listed, boot_parameters.max_cpus) : 1;
    KT_ASSERT(percpu_cpu_count() == wanted);
    KT_ASSERT(percpu_cpu_mask() == (wanted == 64 ? UINT64_MAX : BIT(wanted) - 1));
}

static void check_cpu_number(void *argument)
{
    unsigned cpu = (unsigned)(uintptr_t)argument;
    for (unsigned i = 0; i < 100; i++) {
        if (cpu_number() != cpu || thread_current()->cpu != (int)cpu) {
            kernel_test_fail(__FILE__, __LINE__, "runs where it may not");
        }
        scheduler_yield();
    }
    finish();
}

KERNEL_TEST(threads_stay_where_their_affinity_says)
{
    KT_ASSERT(run_on_each(check_cpu_number));
}

KERNEL_TEST(a_running_thread_moves_when_its_affinity_changes)
{
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
            kernel_test_stay_on(cpu);
            KT_ASSERT(cpu_number() == cpu);
        }
    }
}

static struct atomic32 call_counts[CPU_MAX];

static void count_call(void *argument)
{
    struct atomic32 *counts = argument;
    atomic32_add(&counts[cpu_number()], 1);
}

static void call_all_others(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < CALL_ROUNDS; i++) {
        preempt_disable();
        ipi_call(percpu_cpu_mask() & ~BIT(cpu_number()), count_call, call_counts);
        preempt_enable();
    }
    finish();
}

KERNEL_TEST(cpus_that_call_each_other_all_get_an_answer)
{
    unsigned cpus = percpu_cpu_count();
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        atomic32_store(&call_counts[cpu], 0);
    }
    KT_ASSERT(run_on_each(call_all_others));
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        KT_ASSERT(atomic32_load(&call_counts[cpu]) == CALL_ROUNDS * (cpus - 1));
    }
}

// The same addresses come back with other frames: an entry left in some CPU's TLB would show the old contents.
static void map_and_check(void *argument)
{
    for (uint64_t i = 0; i < FLUSH_ROUNDS; i++) {
        volatile uint64_t *memory = kernel_map_alloc(4 * PAGE_SIZE);
        if (memory == NULL) {
            kernel_test_fail(__FILE__, __LINE__, "no memory");
            break;
        }
        uint64_t mark = (uint64_t)(uintptr_t)argument << 32 | (i + 1);
        bool was_zero = memory[0] == 0 && memory[3 * PAGE_SIZE / 8] == 0;
        memory[0] = mark;
        memory[3 * PAGE_SIZE / 8] = mark;
        scheduler_yield();
        if (!was_zero || memory[0] != mark || memory[3 * PAGE_SIZE / 8] != mark) {
            kernel_test_fail(__FILE__, __LINE__, "another's memory shows");
        }
        kernel_map_free((void *)(uintptr_t)memory);
    }
    finish();
}

KERNEL_TEST(unmapped_kernel_memory_leaves_every_tlb)
{
    KT_ASSERT(run_on_each(map_and_check));
}

static struct atomic64 latest_ns;

// The latest reading of anybody, taken before the own one, is never ahead of it.
static void compare_clock(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < CLOCK_ROUNDS; i++) {
        uint64_t latest = atomic64_load_acquire(&latest_ns);
        memory_barrier_read();
        uint64_t now = clock_monotonic_ns();
        if (now < latest) {
            kernel_test_fail(__FILE__, __LINE__, "the clock goes backwards");
        }
        atomic64_store_release(&latest_ns, now);
    }
    finish();
}

KERNEL_TEST(the_clock_is_one_on_all_cpus)
{
    atomic64_store(&latest_ns, 0);
    KT_ASSERT(run_on_each(compare_clock));
}

static struct timer contested;
static struct atomic32 contested_expirations;

static void contested_expire(struct timer *timer)
{
    (void)timer;
    atomic32_add(&contested_expirations, 1);
}

static void contend_for_timer(void *argument)
{
    uint64_t step = ((uintptr_t)argument + 1) * 7 * NS_PER_US;
    for (unsigned i = 0; i < TIMER_ROUNDS; i++) {
        timer_start(&contested, clock_monotonic_ns() + i % 3 * step);
        if (i % 4 == 0) {
            (void)timer_cancel(&contested);
        }
    }
    finish();
}

KERNEL_TEST(one_timer_bears_starts_on_all_cpus_at_once)
{
    timer_init(&contested, contested_expire);
    atomic32_store(&contested_expirations, 0);
    KT_ASSERT(run_on_each(contend_for_timer));
    (void)timer_cancel(&contested);
    uint32_t expirations = atomic32_load(&contested_expirations);
    timer_start(&contested, clock_monotonic_ns() + NS_PER_MS);
    thread_sleep_until(clock_monotonic_ns() + 50 * NS_PER_MS, false);
    KT_ASSERT(!timer_cancel(&contested));
    KT_ASSERT(atomic32_load(&contested_expirations) == expirations + 1);
}

static struct atomic32 reader_may_leave, reader_is_in;

static void read_for_a_while(void *argument)
{
    (void)argument;
    rcu_read_lock();
    atomic32_store(&reader_is_in, 1);
    uint64_t end = clock_monotonic_ns() + 20 * NS_PER_MS;
    while (clock_monotonic_ns() < end) {
        cpu_pause();
    }
    atomic32_store(&reader_may_leave, 1);
    rcu_read_unlock();
    finish();
}

KERNEL_TEST(a_grace_period_waits_for_readers_of_every_cpu)
{
    for (unsigned cpu = 1; cpu < percpu_cpu_count(); cpu++) {
        atomic32_store(&reader_is_in, 0);
        atomic32_store(&reader_may_leave, 0);
        atomic32_store(&finished_count, 0);
        KT_ASSERT(kernel_test_thread_on(cpu, read_for_a_while, NULL) != NULL);
        while (atomic32_load(&reader_is_in) == 0) {
            scheduler_yield();
        }
        rcu_synchronize();
        KT_ASSERT(atomic32_load(&reader_may_leave) == 1);
        WAIT(&finished, atomic32_load(&finished_count) == 1);
    }
}

static struct deferred {
    struct rcu_head head;
    unsigned cpu;
} deferred[CPU_MAX][DEFERRED];
static struct atomic32 deferred_runs[CPU_MAX];

static void note_deferred(struct rcu_head *head)
{
    atomic32_add(&deferred_runs[container_of(head, struct deferred, head)->cpu], 1);
}

// All CPUs' frees and waits go through one reaper: nobody's wait may end before its own frees have run.
static void defer_and_wait(void *argument)
{
    unsigned cpu = (unsigned)(uintptr_t)argument;
    for (unsigned round = 0; round < DEFER_ROUNDS; round++) {
        atomic32_store(&deferred_runs[cpu], 0);
        for (unsigned i = 0; i < DEFERRED; i++) {
            deferred[cpu][i].cpu = cpu;
            rcu_defer(&deferred[cpu][i].head, note_deferred);
        }
        rcu_synchronize();
        if (atomic32_load(&deferred_runs[cpu]) != DEFERRED) {
            kernel_test_fail(__FILE__, __LINE__, "a wait ended before what was deferred");
        }
    }
    finish();
}

KERNEL_TEST(every_cpu_waits_for_what_it_deferred)
{
    KT_ASSERT(run_on_each(defer_and_wait));
}

KERNEL_TEST(a_cpu_that_does_not_answer_is_left_out)
{
    unsigned count = percpu_cpu_count();
    if (!ipi_is_possible() || count == CPU_MAX) {
        return;
    }
    KT_ASSERT(cpu_start_one(NO_APIC) == -ETIMEDOUT);
    KT_ASSERT(percpu_cpu_count() == count);
}
