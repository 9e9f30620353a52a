/*
 * What files and terminals stand on, for tests with one thread: memory is malloc's, time is a
 * variable, and a sleep calls the test's `on_sleep`, which makes happen what is waited for, or
 * raises a signal. Include it once, in the test's own file, after support.h.
 *
 * The test links scheduler/wait_queue.c scheduler/mutex.c scheduler/sleep.c scheduler/credentials.c
 * memory/io_iter.c sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c.
 */
#pragma once

#include "interrupt/clock.h"
#include "lib/macros.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "memory/user_copy.h"
#include "scheduler/id.h"
#include "scheduler/thread.h"
#include "scheduler/timer.h"
#include "scheduler/work.h"

/* --- threads and time --- */

static struct thread test_thread;
static uint64_t test_now_ns;
static void (*on_sleep)(void);
static unsigned sleeps;
static struct timer *started_timer;

static void fake_floor_start(void)
{
    memset(&test_thread, 0, sizeof(test_thread));
    host_cpu_block.current = &test_thread;
    on_sleep = NULL;
    sleeps = 0;
    started_timer = NULL;
    test_now_ns = 1000;
}

static void raise_signal(void)
{
    test_thread.arch.work |= THREAD_WORK_SIGNAL;
}

bool thread_wake_states(struct thread *thread, unsigned states)
{
    bool was_asleep = (states >> atomic32_load(&thread->state) & 1) != 0;
    if (was_asleep) {
        atomic32_store(&thread->state, THREAD_RUNNABLE);
    }
    return was_asleep;
}

/* Nothing that happens and no deadline: the test would hang. */
void scheduler_block(void)
{
    sleeps++;
    if (on_sleep) {
        on_sleep();
    } else if (started_timer) {
        test_now_ns = started_timer->deadline_ns;
        started_timer->expire(started_timer);
    } else {
        raise_signal();
    }
    atomic32_store(&test_thread.state, THREAD_RUNNABLE);
}

uint64_t clock_monotonic_ns(void)
{
    return test_now_ns;
}

uint64_t clock_realtime_ns(void)
{
    return test_now_ns;
}

void timer_init(struct timer *timer, void (*expire)(struct timer *timer))
{
    timer->expire = expire;
}

void timer_start(struct timer *timer, uint64_t deadline_ns)
{
    timer->deadline_ns = deadline_ns;
    started_timer = timer;
}

bool timer_cancel(struct timer *timer)
{
    started_timer = NULL;
    return true;
}

/* Work runs when the test says so. */
static struct work *queued_work;

void work_init(struct work *work, void (*run)(struct work *work))
{
    work->run = run;
}

bool work_queue(struct work *work)
{
    bool is_new = queued_work == NULL;
    queued_work = work;
    return is_new;
}

static void work_run_queued(void)
{
    while (queued_work) {
        struct work *work = queued_work;
        queued_work = NULL;
        work->run(work);
    }
}

void work_flush(void)
{
    work_run_queued();
}

void id_put(struct id *id)
{
    assert_true(!refcount_put(&id->references));
}

/* --- memory --- */

static int live_objects;
static bool memory_is_out;

static void *fake_alloc(size_t bytes)
{
    if (memory_is_out) {
        return NULL;
    }
    live_objects++;
    return calloc(1, bytes);
}

static void fake_free(void *pointer)
{
    live_objects -= pointer != NULL;
    free(pointer);
}

void *heap_alloc(size_t bytes)
{
    return fake_alloc(bytes);
}

void *heap_alloc_zeroed(size_t bytes)
{
    return fake_alloc(bytes);
}

void *heap_alloc_array(size_t count, size_t bytes_each)
{
    return fake_alloc(count * bytes_each);
}

void heap_free(void *pointer)
{
    fake_free(pointer);
}

void slab_cache_init(struct slab_cache *cache, const char *name, size_t bytes, size_t alignment)
{
    cache->object_bytes = (uint32_t)bytes;
}

size_t slab_cache_used(const struct slab_cache *cache)
{
    (void)cache;
    return 0;
}

void *slab_alloc_zeroed(struct slab_cache *cache)
{
    return fake_alloc(cache->object_bytes);
}

void slab_free(struct slab_cache *cache, void *object)
{
    fake_free(object);
}

/* Frames: as many as the largest pipe has, and some. */
enum { FAKE_FRAMES = 300 };
static struct frame fake_frames[FAKE_FRAMES];
struct frame *frame_records = fake_frames;
static bool has_physical_memory;

struct frame *frame_alloc(unsigned order, enum frame_kind kind, unsigned flags)
{
    if (!has_physical_memory) {
        host_physical_memory_add(0, FAKE_FRAMES * PAGE_SIZE);
        has_physical_memory = true;
    }
    for (size_t i = 0; i < FAKE_FRAMES && !memory_is_out; i++) {
        if (refcount_read(&fake_frames[i].references) == 0) {
            refcount_init(&fake_frames[i].references, 1);
            live_objects++;
            return &fake_frames[i];
        }
    }
    return NULL;
}

void frame_put(struct frame *frame)
{
    live_objects -= refcount_put(&frame->references);
}

/* User memory: addresses below this one are bad. */
enum { FAKE_BAD_USER_END = 0x10000 };

size_t user_copy_in_partial(void *destination, const void *source, size_t bytes)
{
    if ((uintptr_t)source < FAKE_BAD_USER_END) {
        return bytes;
    }
    memcpy(destination, source, bytes);
    return 0;
}

size_t user_copy_out_partial(void *destination, const void *source, size_t bytes)
{
    if ((uintptr_t)destination < FAKE_BAD_USER_END) {
        return bytes;
    }
    memcpy(destination, source, bytes);
    return 0;
}

size_t user_zero_partial(void *destination, size_t bytes)
{
    if ((uintptr_t)destination < FAKE_BAD_USER_END) {
        return bytes;
    }
    memset(destination, 0, bytes);
    return 0;
}
