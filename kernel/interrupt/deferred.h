// Deferred work: what a handler leaves for the interrupt's exit, with interrupts on, bounded, without sleeping. What must sleep
// goes to a work thread (scheduler/work.h).
#pragma once

#include "lib/types.h"
#include "sync/atomic.h"

struct deferred {
    void (*run)(struct deferred *deferred); // [I]
    struct deferred *next;                  // [o] by the queue while pending
    struct atomic32 is_pending;             // [a]
};

static inline void deferred_init(struct deferred *deferred, void (*run)(struct deferred *deferred))
{
    *deferred = (struct deferred){.run = run};
}

// Queues on this CPU; does nothing if it is already pending. Any context; outside of interrupts it runs when interrupts or
// preemption are next enabled, at the latest at the next interrupt.
void deferred_queue(struct deferred *deferred);

// Does this CPU run deferred work now? True for such work itself and for interrupts that hit it.
bool deferred_is_running(void);
