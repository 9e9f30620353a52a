// The order in which scheduler/ comes up on the first CPU: the boot code becomes the idle thread,
// then timers, then the threads that serve everybody. What must sleep during boot belongs into a
// thread of its own, since the idle thread never blocks.
#include "interrupt/clock.h"
#include "interrupt/deferred.h"
#include "lib/format.h"
#include "log/panic.h"
#include "memory/page_table.h"
#include "scheduler/run_queue_internal.h"
#include "scheduler/thread_internal.h"
#include "scheduler/timer_internal.h"

static struct thread boot_thread; // CPU 0's idle thread

static void describe_current(char *text, size_t size)
{
    const struct thread *thread = thread_current();
    if (thread == NULL) {
        (void)format_string(text, size, "CPU %u, no thread yet", cpu_number());
        return;
    }
    (void)format_string(text, size, "CPU %u, %s thread %d '%.*s'", cpu_number(),
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

static const struct panic_ops scheduler_panic_ops = {.describe_current = describe_current};

void scheduler_init(void)
{
    struct run_queue *queue = percpu_this(run_queue);
    thread_adopt_boot(&boot_thread, "idle");
    run_queue_init(queue, cpu_number(), &boot_thread);
    queue->loaded_table = &kernel_page_table;
    cpu_block_set(current, &boot_thread);
    panic_set_ops(&scheduler_panic_ops);
    fail_nth_set_current(fail_nth_of_current);
    timer_base_init(percpu_this(timer_base));
    timer_setup();
    thread_setup();
    rcu_setup();
    work_setup();
    load_setup();
}
