// Work that must sleep, run by kernel threads.
#pragma once

#include "lib/list.h"
#include "sync/atomic.h"
#include "lib/types.h"

struct work {
    struct list_head link;             // [l]
    void (*run)(struct work *work);    // [I] thread context, may sleep
    struct atomic32 is_pending;        // [a]
};

void work_init(struct work *work, void (*run)(struct work *work));
// Queues it unless it is pending already; it may be queued again from run. Any context. True if it was queued now.
bool work_queue(struct work *work);
// Waits until nothing that was queued before the call is pending or running. May sleep.
void work_flush(void);
