// Checks on spin locks in debug kernels: rank order, owner, and that none is taken twice. Release
// kernels compile the calls away.
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

struct spinlock;

// Before waiting for it: panics when this CPU holds it, or holds one of its rank or higher (same
// rank: where the enum says that two may be held). Interrupts are off.
void lock_debug_check(const struct spinlock *lock);
// After it was taken, and before it is given back.
void lock_debug_taken(const struct spinlock *lock);
void lock_debug_released(const struct spinlock *lock);
// Spin locks that this CPU holds.
unsigned lock_debug_held_count(void);

static inline void spin_check_order(const struct spinlock *lock)
{
    if (ASTRA_DEBUG) {
        lock_debug_check(lock);
    }
}

static inline void spin_note_taken(const struct spinlock *lock)
{
    if (ASTRA_DEBUG) {
        lock_debug_taken(lock);
    }
}

static inline void spin_note_released(const struct spinlock *lock)
{
    if (ASTRA_DEBUG) {
        lock_debug_released(lock);
    }
}
