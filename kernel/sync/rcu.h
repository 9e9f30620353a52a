// RCU's read side: what everyone reads (descriptor tables, name entries, ids) is read without a
// lock. Reading means preemption off; the context switch is the quiescent state. The write side
// (waiting, deferring a free) is scheduler/rcu.h.
#pragma once

#include "sync/preempt.h"

static inline void rcu_read_lock(void)
{
    preempt_disable();
}

static inline void rcu_read_unlock(void)
{
    preempt_enable();
}

#define rcu_dereference(pointer)   __atomic_load_n(&(pointer), __ATOMIC_CONSUME)
#define rcu_assign(pointer, value) __atomic_store_n(&(pointer), (value), __ATOMIC_RELEASE)
