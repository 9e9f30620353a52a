// RCU's write side: free after every CPU has passed a context switch (or idled).
#pragma once

#include "sync/rcu.h"

struct rcu_head {
    struct rcu_head *next;
    void (*run)(struct rcu_head *head); // thread context (the reaper), must not sleep long
};

// Calls run(head) after all readers of now have ended. Any context.
void rcu_defer(struct rcu_head *head, void (*run)(struct rcu_head *head));
// Waits for all readers of now. May sleep.
void rcu_synchronize(void);
