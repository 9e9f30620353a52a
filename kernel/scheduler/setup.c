// The order in which scheduler/ comes up: on each CPU the code that started it becomes the idle
// thread; on the first, then, what serves everybody. What must sleep during boot belongs into a
// thread of its own, since the idle thread never blocks.
#include "interrupt/clock.h"
#include "interrupt/deferred.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "log/panic.h"
#include "memory/kernel_map.h"
#include "memory/page_table.h"
#include "scheduler/run_queue_internal.h"
#include "scheduler/thread_internal.h"
#include "scheduler/timer_internal.h"

static struct thread boot_thread; // CPU 0's idle thread

// Without its lock: whoever holds that does not go on any more.
static void describe_cpu(unsigned cpu, char *text, size_t size)
{
    const struct thread *thread =
        cpu == cpu_number() ? thread_current() : run_queue_of(cpu)->current;
    if (thread == NULL) {
        (void)format_string(text, size, "CPU %u, no thread yet", cpu);
        return;
    }
    (void)format_string(text, size, "CPU %u, %s thread %d '%.*s'", cpu,
                        thread->is_kernel ? "kernel" : "user", thread->number,
                        (int)sizeof(thread->name), thread->name);
}

// Interrupt handlers and deferred work borrow the thread that they interrupt.
static struct fail_nth *fail_nth_of_current(void)
{
    if (thread_current() == NULL || cpu_block_get(interrupt_depth) != 0 || deferred_is_running()) {
        return NULL;
    }
    return &thread_current()->fail_nth;
}

static const struct panic_ops scheduler_panic_ops = {.describe_cpu = describe_cpu,
                                                     .is_stack_guard = kernel_stack_is_guard};

void scheduler_cpu_init(struct thread *idle)
{
    assert(thread_current() == NULL && !interrupts_are_enabled());
    thread_adopt_boot(idle, "idle");
    run_queue_init(percpu_this(run_queue), cpu_number(), idle);
    cpu_block_set(current, idle);
    timer_base_init(percpu_this(timer_base));
}

static bool page_table_is_borrowed(void)
{
    return thread_current()->page_table == NULL;
}

void scheduler_init(void)
{
    scheduler_cpu_init(&boot_thread);
    panic_set_ops(&scheduler_panic_ops);
    fail_nth_set_current(fail_nth_of_current);
    tlb_batch_set_borrow_test(page_table_is_borrowed);
    timer_setup();
    thread_setup();
    rcu_setup();
    work_setup();
    load_setup();
}
