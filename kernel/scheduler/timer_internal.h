// Parts of the timers that scheduler/ shares: the tree of deadlines, and this CPU's tick.
#pragma once

#include "lib/rbtree.h"
#include "scheduler/timer.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"

// Timers in order of deadline, equal ones in order of insertion. No lock of its own.
struct timer_tree {
    struct rb_root root;
    struct timer *first; // earliest, NULL when empty
};

void timer_tree_insert(struct timer_tree *tree, struct timer *timer);
void timer_tree_remove(struct timer_tree *tree, struct timer *timer);
// Takes out the earliest timer if its deadline is not after `now_ns`; else NULL.
struct timer *timer_tree_take_due(struct timer_tree *tree, uint64_t now_ns);

// One CPU's timers and what its event source is set to.
struct timer_base {
    struct spinlock lock;
    struct timer_tree tree;    // [l]
    struct timer *running;     // [l] whose callback runs
    uint64_t tick_deadline_ns; // [o] this CPU, interrupts off; UINT64_MAX: none
    uint64_t programmed_ns;    // [o] the same; what the event source was asked for
};

PERCPU_DECLARE(struct timer_base, timer_base);

void timer_base_init(struct timer_base *base);
// Makes the timers' event function the clock's. Once, at boot.
void timer_setup(void);

// The tick is one more deadline beside the tree, so that a context switch can move it without a
// lock. Interrupts are off.
static inline bool timer_tick_is_armed(void)
{
    return percpu_this(timer_base)->tick_deadline_ns != UINT64_MAX;
}
// Moves it forward to `deadline_ns`, if it is later now.
void timer_tick_at_most(uint64_t deadline_ns);
