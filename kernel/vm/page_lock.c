// The page lock: a bit in the frame's flags, and a few wait queues shared by all frames.
//
// It is held while a page is filled, written back or taken out of its cache. The bit WAITERS is set
// before anybody sleeps, so that an unlock without waiters touches no queue.
#include "lib/assert.h"
#include "scheduler/wait_queue.h"
#include "vm/page_cache_internal.h"

enum { QUEUE_COUNT = 16 };

#define QUEUE(index) [index] = WAIT_QUEUE_INIT(queues[index])

static struct wait_queue queues[QUEUE_COUNT] = {
    QUEUE(0), QUEUE(1), QUEUE(2),  QUEUE(3),  QUEUE(4),  QUEUE(5),  QUEUE(6),  QUEUE(7),
    QUEUE(8), QUEUE(9), QUEUE(10), QUEUE(11), QUEUE(12), QUEUE(13), QUEUE(14), QUEUE(15),
};

static struct wait_queue *queue_of(const struct frame *frame)
{
    return &queues[(frame_to_physical(frame) >> PAGE_SHIFT) % QUEUE_COUNT];
}

bool page_try_lock(struct frame *frame)
{
    return (atomic32_set_bits(&frame->flags, FRAME_LOCKED) & FRAME_LOCKED) == 0;
}

// The waiter's attempt: announces itself, then tries, so that the holder's unlock sees one of both.
static bool try_lock_waiting(struct frame *frame)
{
    atomic32_set_bits(&frame->flags, FRAME_WAITERS);
    return page_try_lock(frame);
}

// Whoever locks holds a reference to the frame: the bit is a part of it, and must not be another page's when it is cleared.
void page_lock(struct frame *frame)
{
    assert(refcount_read(&frame->references) != 0);
    if (!page_try_lock(frame)) {
        WAIT(queue_of(frame), try_lock_waiting(frame));
    }
}

void page_unlock(struct frame *frame)
{
    uint32_t old = atomic32_clear_bits(&frame->flags, FRAME_LOCKED | FRAME_WAITERS);
    assert(old & FRAME_LOCKED);
    if (old & FRAME_WAITERS) {
        wait_queue_wake_all(queue_of(frame));
    }
}
