// Deferred work: one queue per CPU, emptied at the exit of an interrupt and at the end of sync/'s interrupts-off sections, with
// interrupts on and preemption off.
//
// One exit runs at most DEFERRED_BATCH pieces; the rest waits for an interrupt that the CPU sends to itself, so that the
// interrupted code gets on. While the queue is being run, interrupts of the same CPU only add to it.
#include "interrupt/deferred.h"
#include "arch/cpu.h"
#include "interrupt/interrupt_internal.h"
#include "lib/assert.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

enum { DEFERRED_BATCH = 64 };

struct deferred_queue {
    struct deferred *first, *last; // [o] interrupts off
    bool is_running;               // [o]
};

static PERCPU_DEFINE(struct deferred_queue, deferred_queue_own);

static void queue_append(struct deferred_queue *queue, struct deferred *deferred)
{
    assert(!interrupts_are_enabled() && (queue->first == NULL) == (queue->last == NULL));
    deferred->next = NULL;
    if (queue->last) {
        queue->last->next = deferred;
    } else {
        queue->first = deferred;
    }
    queue->last = deferred;
}

static struct deferred *queue_take(struct deferred_queue *queue)
{
    struct deferred *deferred = queue->first;
    if (deferred) {
        queue->first = deferred->next;
        queue->last = queue->first ? queue->last : NULL;
    }
    return deferred;
}

// Without a local APIC the next tick is at most 1 ms away.
static void kick(void)
{
    if (local_apic_is_used()) {
        local_apic_kick();
    }
}

void deferred_queue(struct deferred *deferred)
{
    assert(deferred->run != NULL);
    if (atomic32_exchange(&deferred->is_pending, 1)) {
        return;
    }
    interrupts_block();
    struct deferred_queue *queue = percpu_this(deferred_queue_own);
    queue_append(queue, deferred);
    cpu_block_set(deferred_pending, 1);
    // The end of an interrupts-off section and of an interrupt run the queue; the end of a preempt count does not.
    if (cpu_block_get(interrupt_depth) == 0 && cpu_block_get(preempt_count) != 0 &&
        !queue->is_running) {
        kick();
    }
    interrupts_unblock();
}

// A piece may be queued again from the moment it starts.
static void batch_run(struct deferred_queue *queue)
{
    for (unsigned i = 0; i < DEFERRED_BATCH; i++) {
        struct deferred *deferred = queue_take(queue);
        if (!deferred) {
            return;
        }
        // Before it runs: what a handler leaves from now on must be seen by one more run, for this one may be past it.
        atomic32_store_release(&deferred->is_pending, 0);
        interrupts_enable();
        deferred->run(deferred);
        assert(interrupts_are_enabled() && cpu_block_get(preempt_count) != 0);
        interrupts_disable();
    }
}

bool deferred_is_running(void)
{
    interrupts_block();
    bool is_running = percpu_this(deferred_queue_own)->is_running;
    interrupts_unblock();
    return is_running;
}

void deferred_run(void)
{
    assert(!interrupts_are_enabled() && cpu_block_get(interrupt_depth) == 0);
    struct deferred_queue *queue = percpu_this(deferred_queue_own);
    if (queue->is_running) {
        return; // an interrupt that hit a piece of work: its queue goes on when that one is done
    }
    queue->is_running = true;
    cpu_block_increment(preempt_count);
    batch_run(queue);
    cpu_block_decrement(preempt_count); // the trap's exit looks at reschedule_pending itself
    queue->is_running = false;
    cpu_block_set(deferred_pending, queue->first != NULL);
    if (queue->first) {
        kick();
    }
}
