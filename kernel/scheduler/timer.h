// One-shot timers on the monotonic clock.
#pragma once

#include "lib/rbtree.h"
#include "lib/types.h"

struct timer {
    struct rb_node node;  // [l]
    uint64_t deadline_ns; // [l]
    void (*expire)(
        struct timer
            *timer); // [I] interrupt context, interrupts off, short; may start the timer again
    int cpu;         // [l] -1: not queued
    int home;        // [l] CPU on which it was last queued
};

// Any number of CPUs may start, cancel and expire one timer at the same time: the last start counts.

void timer_init(struct timer *timer, void (*expire)(struct timer *timer));
// (Re)starts it for an absolute time; a past time expires at once (from the timer interrupt).
void timer_start(struct timer *timer, uint64_t deadline_ns);
// True if it was queued. On return the callback does not run and will not (waits for a running one
// on another CPU).
bool timer_cancel(struct timer *timer);
