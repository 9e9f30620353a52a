// RCU's write side: free after every CPU has passed a context switch (or idled).
#pragma once

#include "sync/rcu.h"

struct rcu_head {
    struct rcu_head *next;
    void (*run)(struct rcu_head *head); // thread context (the reaper), must not sleep long
};

// Calls run(head) after all readers of now have ended, in batches: some milliseconds later, or when
// many wait. Any context, but not with a lock of LOCK_RANK_TIMER or above held (but for
// LOCK_RANK_ID).
void rcu_defer(struct rcu_head *head, void (*run)(struct rcu_head *head));
// Waits for all readers of now. May sleep.
void rcu_synchronize(void);
