// Which CPU a thread runs on. A woken thread goes back to the CPU that it ran on if that one is
// idle; else to an idle one; a real-time one to a CPU that runs less urgent work; else to a clearly
// shorter queue. A CPU that becomes idle takes a thread from a queue that has some, and one that
// stays idle is offered some by the tick of a CPU where threads wait. Counts and what runs on
// other CPUs are read without their locks: they are hints (interrupts are off, so a thread that is
// looked at is not freed meanwhile). Called by run_queue.c; with one CPU there is nothing to choose.
//
// Two threads that answer each other never run at the same time: on two CPUs each wake-up would cost
// an interrupt and a way out of idleness, and nothing would be won. So a waker that last time went
// to sleep soon after (`hands_over`) keeps whom it wakes on its own CPU, if nobody else waits there.
#include "scheduler/run_queue_internal.h"

#include "lib/assert.h"

enum { STEAL_LOOKS = 64 }; // threads of another queue that are looked at before giving up

static bool placement_is_idle(unsigned cpu)
{
    const struct run_queue *queue = run_queue_of(cpu);
    return __atomic_load_n(&queue->current, __ATOMIC_RELAXED) == queue->idle &&
           __atomic_load_n(&queue->count, __ATOMIC_RELAXED) == 0;
}

// How little a CPU suits a thread that waits: who runs at once waits for nobody, else the length of
// the queue counts, and whether it must wait for real-time work.
static unsigned placement_wait(const struct thread *thread, unsigned cpu)
{
    const struct run_queue *queue = run_queue_of(cpu);
    const struct thread *current = __atomic_load_n(&queue->current, __ATOMIC_RELAXED);
    unsigned count = __atomic_load_n(&queue->count, __ATOMIC_RELAXED);
    if (thread_priority(thread) > thread_priority(current)) {
        return 1;
    }
    return count + 2 + (thread_priority(current) > thread_priority(thread) ? 1 : 0);
}

static bool placement_is_handed_over(const struct thread *thread)
{
    return thread_current()->hands_over && thread_priority(thread) == 0 &&
           placement_allows(thread, cpu_number()) &&
           __atomic_load_n(&percpu_this(run_queue)->count, __ATOMIC_RELAXED) == 0;
}

// A thread stays where its cache is, unless it would wait there clearly longer than elsewhere.
unsigned placement_choose(const struct thread *thread, unsigned from)
{
    unsigned cpus = percpu_cpu_count();
    bool may_stay = placement_allows(thread, from);
    if (cpus > 1 && placement_is_handed_over(thread)) {
        return cpu_number();
    }
    if (cpus == 1 || (may_stay && placement_is_idle(from))) {
        return from;
    }
    unsigned best = from;
    unsigned best_wait = may_stay ? placement_wait(thread, from) : UINT32_MAX;
    best_wait -= best_wait > 2 && may_stay ? 1 : 0;
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        if (!placement_allows(thread, cpu)) {
            continue;
        }
        if (placement_is_idle(cpu)) {
            return cpu;
        }
        unsigned wait = placement_wait(thread, cpu);
        if (wait < best_wait) {
            best = cpu;
            best_wait = wait;
        }
    }
    assert(best_wait != UINT32_MAX);
    return best;
}

void placement_offer(const struct run_queue *queue)
{
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        if (cpu != queue->number && placement_is_idle(cpu)) {
            cpu_kick(cpu);
            return;
        }
    }
}

// The last thread of the lowest level that may run on `cpu`, among the first few that are looked at: a queue may be as long as users
// like, of threads bound to their CPU, and its lock keeps interrupts off. Queues turn, so the next look sees others.
static struct thread *placement_find_movable_locked(struct run_queue *queue, unsigned cpu)
{
    assert(spin_is_held(&queue->lock));
    unsigned looks = 0;
    for (unsigned level = RUN_QUEUE_LEVELS; level-- > 0;) {
        struct list_head *threads = &queue->levels[level];
        for (struct list_head *link = threads->prev; link != threads && looks < STEAL_LOOKS;
             link = link->prev, looks++) {
            struct thread *thread = list_entry(link, struct thread, run_link);
            if (placement_allows(thread, cpu)) {
                return thread;
            }
        }
    }
    return NULL;
}

// Two CPUs that steal from each other would wait for each other: the second lock is only tried.
static struct thread *placement_take_from(struct run_queue *victim, unsigned cpu)
{
    if (__atomic_load_n(&victim->count, __ATOMIC_RELAXED) == 0 || !spin_try_lock(&victim->lock)) {
        return NULL;
    }
    struct thread *thread = placement_find_movable_locked(victim, cpu);
    if (thread != NULL) {
        assert(
            !thread->is_on_cpu); // only queued ones are found, and nobody's stack is in use there
        run_queue_remove_locked(victim, thread);
        __atomic_store_n(&thread->cpu, (int)cpu, __ATOMIC_RELAXED);
    }
    spin_unlock(&victim->lock);
    return thread;
}

struct thread *placement_steal_locked(struct run_queue *queue)
{
    assert(spin_is_held(&queue->lock));
    unsigned cpus = percpu_cpu_count();
    for (unsigned step = 1; step < cpus; step++) {
        unsigned cpu = (queue->number + step) % cpus;
        struct thread *thread = placement_take_from(run_queue_of(cpu), queue->number);
        if (thread != NULL) {
            return thread;
        }
    }
    return NULL;
}
