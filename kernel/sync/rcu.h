// RCU's read side: what everyone reads (descriptor tables, name entries, ids) is read without a
// lock. Reading means preemption off; the context switch is the quiescent state. The write side
// (waiting, deferring a free) is scheduler/rcu.h.
#pragma once

#include "sync/lock_debug.h"
#include "sync/preempt.h"

static inline void rcu_read_lock(void)
{
    preempt_disable();
    rcu_debug_enter();
}

static inline void rcu_read_unlock(void)
{
    rcu_debug_leave();
    preempt_enable();
}

// A look at a pointer that others may change: inside a section, or with preemption off in another way (under a spin lock).
#define rcu_dereference(pointer)                                                                   \
    ({                                                                                             \
        rcu_debug_check_read();                                                                    \
        __atomic_load_n(&(pointer), __ATOMIC_CONSUME);                                             \
    })
// The same where a sleeping lock that is held, or `holds`, keeps the pointer as it is.
#define rcu_dereference_locked(pointer, holds)                                                     \
    ({                                                                                             \
        assert(holds);                                                                             \
        __atomic_load_n(&(pointer), __ATOMIC_CONSUME);                                             \
    })
#define rcu_assign(pointer, value) __atomic_store_n(&(pointer), (value), __ATOMIC_RELEASE)
