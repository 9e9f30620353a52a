// Memory pressure: the reclaim thread, the allocation of frames that may wait, and the last resort.
//
// frame_alloc's hook runs under any lock, so it only queues deferred work, which wakes the thread.
// A round of the thread lets every reclaimer and the page cache give something back, until twice the
// low mark is free. vm_frame_alloc's callers hold locks (an address space, a vnode), so they never
// reclaim themselves: they wake the thread and wait for the end of a round; after ROUNDS_BEFORE_KILL
// rounds without success somebody is killed. Before the thread runs (boot) the caller reclaims.
#include "vm/reclaim.h"

#include "interrupt/clock.h"
#include "interrupt/deferred.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "log/log.h"
#include "memory/fail_nth.h"
#include "memory/heap.h"
#include "scheduler/thread.h"
#include "scheduler/wait_queue.h"
#include "vm/address_space.h"
#include "vm/page_cache_internal.h"
#include "vm/vm_internal.h"

enum { ROUNDS_BEFORE_KILL = 3, KILLS_MOST = 64, SHRINK_LEAST_FRAMES = 32 };

#define ROUND_WAIT_NS (100 * NS_PER_MS)

static struct list_head reclaimers = LIST_INIT(reclaimers); // only grows, at boot
static struct wait_queue reclaim_wanted = WAIT_QUEUE_INIT(reclaim_wanted);
static struct wait_queue round_done = WAIT_QUEUE_INIT(round_done);
static struct atomic32 is_wanted;     // [a]
static struct atomic64 rounds;        // [a] finished ones
static struct thread *reclaim_thread; // [I]
static const struct oom_ops *oom;     // [I]

void reclaimer_register(struct reclaimer *reclaimer)
{
    assert(reclaimer->shrink != NULL && reclaimer->count != NULL);
    list_add_tail_rcu(&reclaimers, &reclaimer->link);
}

void oom_set_ops(const struct oom_ops *ops)
{
    assert(oom == NULL && ops->kill_one != NULL);
    oom = ops;
}

static size_t shrink_all(size_t wanted)
{
    size_t freed = page_cache_evict(wanted);
    struct reclaimer *reclaimer;
    list_for_each_entry_rcu(reclaimer, &reclaimers, link)
    {
        if (freed < wanted) {
            freed += reclaimer->shrink(wanted - freed);
        }
    }
    return freed;
}

static size_t frames_missing(void)
{
    struct frame_statistics statistics;
    frame_get_statistics(&statistics);
    size_t goal = 2 * statistics.low_mark_frames;
    return statistics.free_frames < goal ? goal - statistics.free_frames : 0;
}

static void reclaim_wake(void)
{
    atomic32_store_release(&is_wanted, 1);
    wait_queue_wake_all(&reclaim_wanted);
}

static void reclaim_main(void *unused_argument)
{
    (void)unused_argument;
    for (;;) {
        WAIT(&reclaim_wanted, atomic32_exchange(&is_wanted, 0) != 0);
        size_t missing = frames_missing();
        shrink_all(MAX(missing, (size_t)SHRINK_LEAST_FRAMES));
        atomic64_add(&rounds, 1);
        wait_queue_wake_all(&round_done);
    }
}

static void pressure_deferred(struct deferred *deferred)
{
    (void)deferred;
    reclaim_wake();
}

static struct deferred pressure_work = {.run = pressure_deferred};

static void pressure_hook(void)
{
    deferred_queue(&pressure_work);
}

static void wait_for_round(void)
{
    assert(context_may_sleep());
    if (reclaim_thread == NULL || thread_current() == reclaim_thread) {
        shrink_all(SHRINK_LEAST_FRAMES);
        return;
    }
    uint64_t seen = atomic64_load(&rounds);
    reclaim_wake();
    (void)WAIT_UNTIL(&round_done, atomic64_load(&rounds) != seen,
                     clock_monotonic_ns() + ROUND_WAIT_NS);
}

// The bounds: rounds because one may end without any success while another thread's pages are just being cleaned; kills because
// each victim's memory comes back only when it has run to its end.
static noinline struct frame *frame_alloc_waiting(enum frame_kind kind, unsigned flags)
{
    for (unsigned kills = 0; kills < KILLS_MOST; kills++) {
        for (unsigned round = 0; round < ROUNDS_BEFORE_KILL; round++) {
            wait_for_round();
            struct frame *frame = frame_alloc(0, kind, flags);
            if (frame != NULL) {
                return frame;
            }
        }
        // A program that is to die gets what it needs for that, and must not wait for itself.
        if (thread_is_killed()) {
            return frame_alloc(0, kind, flags | FRAME_MAY_USE_RESERVE);
        }
        if (oom == NULL || !oom->kill_one(1)) {
            break;
        }
    }
    return NULL;
}

struct frame *vm_frame_alloc(enum frame_kind kind, unsigned flags)
{
    if (fail_nth_is_due()) {
        return NULL; // as if the waiting had been in vain
    }
    struct frame *frame = frame_alloc(0, kind, flags | FRAME_IS_DUE);
    return likely(frame != NULL) ? frame : frame_alloc_waiting(kind, flags | FRAME_IS_DUE);
}

size_t vm_available_frames(void)
{
    size_t frames = frame_free_count() + page_cache_evictable();
    struct reclaimer *reclaimer;
    list_for_each_entry_rcu(reclaimer, &reclaimers, link)
    {
        frames += reclaimer->count();
    }
    return frames;
}

void vm_drop_caches(void)
{
    while (shrink_all(frame_total_count()) >= SHRINK_LEAST_FRAMES) {}
}

void vm_get_statistics(struct vm_statistics *statistics)
{
    struct frame_statistics frames;
    frame_get_statistics(&frames);
    size_t cached = frames.kind_frames[FRAME_PAGE_CACHE];
    *statistics = (struct vm_statistics){
        .anonymous_frames = frames.kind_frames[FRAME_ANONYMOUS],
        .page_cache_frames = cached,
        .shared_frames = cached - MIN(cached, page_cache_stored_count()),
        .dirty_frames = page_cache_dirty_count(),
        .committed_bytes = area_committed_pages() * PAGE_SIZE,
        .commit_limit_bytes = frames.total_frames / 2 * PAGE_SIZE,
    };
}

void vm_init(void)
{
    area_module_init();
    page_cache_module_init();
    shared_memory_module_init();
    address_space_module_init();
    fault_module_init();
    reclaim_thread = thread_create_kernel("reclaim", reclaim_main, NULL);
    if (reclaim_thread == NULL) {
        log_error("memory: no thread for reclaim: callers reclaim by themselves");
    }
    frame_set_pressure_hook(pressure_hook);
}
