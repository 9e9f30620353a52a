// The context switch: blocking, yielding, preemption, and the first steps of a new thread.
//
// A CPU goes from one thread to the next with its run queue locked throughout: the thread that
// leaves takes the lock, the one that comes gives it back, in switch_finish. For a thread that was
// switched out earlier this is in its own call of scheduler_switch; a new one starts in
// upcall_thread_start. Interrupts stay off and no count is held, so the per-CPU counts are the same
// on both sides.
//
// A thread that is preempted stays on the queue even if it has set its state to Blocked: it had not
// yet checked what it waits for, and will block by itself. So no wake-up between the setting and
// the check is lost.
#include "scheduler/run_queue_internal.h"

#include "arch/upcalls.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "memory/page_table.h"
#include "scheduler/timer_internal.h"

// The first code after a switch, on the new thread's stack. The CPU may be another than when this
// thread last ran.
static void switch_finish(void) no_lock_analysis
{
    struct run_queue *queue = percpu_this(run_queue);
    struct thread *previous = queue->previous;
    bool is_displaced = queue->displaced != NULL;
    bool is_dead = atomic32_load(&previous->state) == THREAD_DEAD;
    assert(spin_is_held(&queue->lock) && previous->is_on_cpu && previous != thread_current());
    queue->displaced = NULL;
    // From here on, once the lock is free, another CPU may run it: its registers are saved, its stack is left.
    previous->is_on_cpu = 0;
    if (unlikely(is_displaced)) {
        run_queue_place(queue, previous, false);
        return;
    }
    spin_unlock(&queue->lock);
    if (unlikely(is_dead)) {
        thread_bury(previous);
    }
}

static void switch_to(struct run_queue *queue, struct thread *previous, struct thread *next,
                      uint64_t now_ns)
{
    assert(!next->is_on_cpu && !next->is_queued && next->cpu == (int)queue->number);
    previous->off_cpu_since_ns = now_ns;
    if (unlikely(previous->notices_switches)) {
        __atomic_fetch_or(&previous->arch.work, THREAD_WORK_SWITCHED, __ATOMIC_RELAXED);
    }
    run_queue_credit_locked(next, now_ns);
    next->switched_in_ns = now_ns;
    next->is_on_cpu = 1;
    next->has_woken = 0;
    queue->previous = previous;
    queue->current = next;
    queue->switches++;
    // A kernel thread runs on whatever is loaded: every table has the kernel's half, and a load of CR3 would empty the TLB twice.
    if (next->page_table != NULL && !page_table_is_loaded(next->page_table)) {
        page_table_activate(next->page_table);
    }
    cpu_block_set(current, next);
    arch_context_switch(&previous->arch, &next->arch);
    switch_finish();
}

// Shorter than that on the CPU, and the thread that was woken meanwhile has hardly waited.
#define HAND_OVER_NS (500 * NS_PER_US)

// Does the thread that runs stay runnable here? One that must move to another CPU is set aside for
// switch_finish.
static bool switch_previous_stays(struct run_queue *queue, struct thread *previous,
                                  enum switch_reason reason, uint64_t ran_ns)
{
    if (reason == SWITCH_BLOCK && atomic32_load(&previous->state) != THREAD_RUNNABLE) {
        previous->voluntary_switches++;
        previous->hands_over = previous->has_woken && ran_ns < HAND_OVER_NS;
        return false;
    }
    if (previous == queue->idle) {
        return false; // it is never queued: choosing nobody is choosing it
    }
    previous->involuntary_switches++;
    if (unlikely(!placement_allows(previous, queue->number)) &&
        atomic32_load(&previous->state) == THREAD_RUNNABLE) {
        queue->displaced = previous;
        return false;
    }
    return true;
}

void scheduler_switch(enum switch_reason reason) no_lock_analysis
{
    struct run_queue *queue = percpu_this(run_queue);
    struct thread *previous = thread_current();
    rcu_debug_check_switch();
    assert(cpu_block_get(preempt_count) == 0 && cpu_block_get(interrupt_off_depth) == 0);
    spin_lock(&queue->lock);
    cpu_block_set(reschedule_pending, 0);
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t ran_ns = now_ns - previous->switched_in_ns;
    run_queue_charge_locked(previous, now_ns);
    if (reason == SWITCH_YIELD) {
        previous->slice_left_ns = 0;
    }
    bool stays = switch_previous_stays(queue, previous, reason, ran_ns);
    struct thread *next = run_queue_choose_locked(queue, previous, stays);
    queue->overtaker = NULL;
    // A full barrier: a reader that begins after this choice must not have looked before it was counted.
    __atomic_add_fetch(&queue->passes, 1, __ATOMIC_SEQ_CST);
    run_queue_tick_arm_locked(queue, next, now_ns);
    if (next == previous) {
        spin_unlock(&queue->lock);
        return;
    }
    switch_to(queue, previous, next, now_ns);
}

void scheduler_block(void)
{
    lock_debug_check_sleep(NULL);
    assert(thread_current() != percpu_this(run_queue)->idle);
    interrupts_disable();
    scheduler_switch(SWITCH_BLOCK);
    interrupts_enable();
}

void scheduler_yield(void)
{
    lock_debug_check_sleep(NULL);
    interrupts_disable();
    scheduler_switch(SWITCH_YIELD);
    interrupts_enable();
    preempt_disable();
    preempt_enable(); // looks whether the choice is to be made again: another CPU's queue may have been locked
}

void upcall_reschedule(void)
{
    if (cpu_block_get(preempt_count) == 0) {
        scheduler_switch(SWITCH_PREEMPT);
    }
}

void upcall_thread_start(void)
{
    switch_finish();
    struct thread *thread = thread_current();
    if (!thread->is_kernel) {
        return; // to the entry code, which leaves for user mode
    }
    interrupts_enable();
    thread->entry(thread->argument);
    thread_exit();
}

void thread_exit(void)
{
    struct thread *thread = thread_current();
    assert_always(thread->page_table == NULL && context_may_sleep());
    interrupts_disable(); // preempted as Dead it would be put back on the queue, and run again
    atomic32_store(&thread->state, THREAD_DEAD);
    scheduler_switch(SWITCH_BLOCK);
    __builtin_unreachable();
}

void scheduler_idle(void)
{
    for (;;) {
        // With interrupts off nothing can become pending between the look and the halt, which
        // switches them on.
        interrupts_disable();
        if (cpu_block_get(reschedule_pending) | cpu_block_get(deferred_pending)) {
            interrupts_enable();
            preempt_reschedule();
        } else {
            cpu_halt_until_interrupt();
        }
    }
}

uint64_t scheduler_switch_count(void)
{
    uint64_t sum = 0;
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        sum += __atomic_load_n(&run_queue_of(cpu)->switches, __ATOMIC_RELAXED);
    }
    return sum;
}
