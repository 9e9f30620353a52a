// Work that must sleep, run by kernel threads.
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "sync/atomic.h"

struct work {
    struct list_head link;          // [l]
    void (*run)(struct work *work); // [I] thread context, may sleep
    struct atomic32 is_pending;     // [a]
    uint64_t sequence;              // [l] place in the order of queueing
};

void work_init(struct work *work, void (*run)(struct work *work));
// Queues it unless it is pending already; it may be queued again from run. Never runs on two
// threads at once. Any context, with no lock above LOCK_RANK_POLL held. True if it was queued now.
bool work_queue(struct work *work);
// Waits until nothing that was queued before the call is pending or running. May sleep.
void work_flush(void);
