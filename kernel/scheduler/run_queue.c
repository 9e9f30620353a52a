// The run queue: threads in order of level, round robin within one, and the rules of who runs next
// and who overtakes whom.
//
// A thread keeps its turn until its slice is used up, it yields, or it blocks. Preempted before
// that it goes back to the head of its level, so that it continues next; at the end of its slice it
// goes to the tail with a fresh one. Slices differ by nice value (policy.c), which is how a round
// is shared out.
//
// A thread that wakes up overtakes the running one of its level when it has had clearly less of the
// CPU: each thread has a credit, the time off the CPU less the time on it, within bounds. So an
// interactive thread gets the CPU from a computing one at once, two threads that answer each other
// do not interrupt one another, and a computing thread that sleeps for an instant gains nothing.
//
// Lock: the queue's own. Called by switch.c, wake.c, policy.c, tick.c.
#include "scheduler/run_queue_internal.h"

#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "scheduler/timer_internal.h"

#define CREDIT_LIMIT_NS      ((int64_t)(10 * NS_PER_MS))
#define OVERTAKE_DISTANCE_NS ((int64_t)NS_PER_MS)

PERCPU_DEFINE(struct run_queue, run_queue);

void run_queue_init(struct run_queue *queue, unsigned number, struct thread *idle)
{
    spin_init(&queue->lock, LOCK_RANK_RUN_QUEUE);
    queue->number = number;
    queue->idle = idle;
    queue->current = idle;
    for (unsigned level = 0; level < RUN_QUEUE_LEVELS; level++) {
        list_init(&queue->levels[level]);
    }
}

// thread->cpu changes under the lock of the queue that it leaves (or while nobody else can reach the thread), so the second look is
// the truth.
struct run_queue *run_queue_lock_of(const struct thread *thread) no_lock_analysis
{
    for (;;) {
        unsigned cpu = (unsigned)__atomic_load_n(&thread->cpu, __ATOMIC_RELAXED);
        struct run_queue *queue = run_queue_of(cpu);
        spin_lock(&queue->lock);
        if (likely((unsigned)thread->cpu == cpu)) {
            return queue;
        }
        spin_unlock(&queue->lock);
    }
}

static unsigned thread_level(const struct thread *thread)
{
    assert(thread_priority(thread) >= 0 && thread_priority(thread) < RUN_QUEUE_LEVELS);
    return (unsigned)(RUN_QUEUE_NORMAL_LEVEL - thread_priority(thread));
}

// Does a real-time thread wait?
static bool has_urgent_locked(const struct run_queue *queue)
{
    assert(spin_is_held(&queue->lock));
    uint64_t normal = BIT(RUN_QUEUE_NORMAL_LEVEL % 64);
    return queue->level_map[0] != 0 || (queue->level_map[1] & ~normal) != 0;
}

void run_queue_insert_locked(struct run_queue *queue, struct thread *thread, bool at_head)
{
    assert(spin_is_held(&queue->lock) && !thread->is_queued && thread != queue->idle);
    assert(atomic32_load(&thread->state) != THREAD_DEAD);
    unsigned level = thread_level(thread);
    if (!at_head) {
        list_add_tail(&queue->levels[level], &thread->run_link);
    } else if (queue->overtaker != NULL && level == RUN_QUEUE_NORMAL_LEVEL) {
        list_add_head(&queue->overtaker->run_link, &thread->run_link);
    } else {
        list_add_head(&queue->levels[level], &thread->run_link);
    }
    queue->level_map[level / 64] |= BIT(level % 64);
    if (unlikely(level != RUN_QUEUE_NORMAL_LEVEL)) {
        atomic64_set_bits(&urgent_cpus, BIT(queue->number));
    }
    queue->count++;
    thread->is_queued = 1;
    thread->cpu = (int)queue->number;
}

void run_queue_remove_locked(struct run_queue *queue, struct thread *thread)
{
    assert(spin_is_held(&queue->lock) && thread->is_queued && queue->count != 0);
    assert(thread->cpu == (int)queue->number);
    unsigned level = thread_level(thread);
    if (queue->overtaker == thread) {
        queue->overtaker = NULL;
    }
    list_remove(&thread->run_link);
    if (list_is_empty(&queue->levels[level])) {
        queue->level_map[level / 64] &= ~BIT(level % 64);
        if (unlikely(level != RUN_QUEUE_NORMAL_LEVEL) && !has_urgent_locked(queue)) {
            atomic64_clear_bits(&urgent_cpus, BIT(queue->number));
        }
    }
    queue->count--;
    thread->is_queued = 0;
}

static struct thread *run_queue_first_locked(const struct run_queue *queue)
{
    assert(spin_is_held(&queue->lock));
    for (unsigned word = 0; word < RUN_QUEUE_MAP_WORDS; word++) {
        if (queue->level_map[word] != 0) {
            unsigned level = word * 64 + (unsigned)__builtin_ctzll(queue->level_map[word]);
            return list_first_entry(&queue->levels[level], struct thread, run_link);
        }
    }
    return NULL;
}

// Must the thread that ran, and could run on, give way to `candidate`?
static bool thread_gives_way(const struct run_queue *queue, const struct thread *running,
                             const struct thread *candidate, bool has_slice)
{
    if (thread_priority(candidate) != thread_priority(running)) {
        return thread_priority(candidate) > thread_priority(running);
    }
    return !has_slice || queue->overtaker != NULL;
}

// `thread`, which could run on, has used up its slice: who has waited for longer, here or elsewhere, comes before it. Out of line, as
// the next two, to keep what every choice runs through short.
static noinline void run_queue_end_turn_locked(struct run_queue *queue, struct thread *thread)
{
    assert(spin_is_held(&queue->lock) && thread->slice_left_ns < 0);
    if (thread_priority(thread) != 0) {
        thread->slice_left_ns = policy_slice_ns(thread);
        return;
    }
    balance_turn_end(thread);
    const struct thread *candidate = run_queue_first_locked(queue);
    if (candidate == NULL || thread_priority(candidate) == 0) {
        balance_look_locked(queue, candidate != NULL ? candidate->turn : thread->turn,
                            thread->switched_in_ns);
    }
}

// `previous` could run on.
static noinline struct thread *run_queue_next_turn_locked(struct run_queue *queue,
                                                          struct thread *previous)
{
    assert(spin_is_held(&queue->lock) && previous != queue->idle && !previous->is_queued);
    bool has_slice = previous->slice_left_ns > 0;
    if (previous->slice_left_ns == 0) {
        previous->slice_left_ns = policy_slice_ns(previous);
    } else if (!has_slice) {
        run_queue_end_turn_locked(queue, previous);
    }
    struct thread *candidate = run_queue_first_locked(queue);
    if (candidate == NULL || !thread_gives_way(queue, previous, candidate, has_slice)) {
        return previous;
    }
    run_queue_remove_locked(queue, candidate);
    run_queue_insert_locked(queue, previous, has_slice);
    if (unlikely(thread_priority(previous) != 0)) {
        balance_urgent_offer_locked(queue, previous);
    }
    return candidate;
}

// What waits elsewhere and is more urgent than all that could run here comes to this queue first.
static noinline void run_queue_fetch_urgent_locked(struct run_queue *queue,
                                                   const struct thread *previous, bool stays)
{
    assert(spin_is_held(&queue->lock));
    const struct thread *first = run_queue_first_locked(queue);
    int waiting = first != NULL ? thread_priority(first) : 0;
    balance_urgent_fetch_locked(queue, stays ? MAX(waiting, thread_priority(previous)) : waiting);
}

struct thread *run_queue_choose_locked(struct run_queue *queue, struct thread *previous, bool stays)
{
    assert(spin_is_held(&queue->lock));
    if (unlikely(atomic64_load(&urgent_cpus) != 0)) {
        run_queue_fetch_urgent_locked(queue, previous, stays);
    }
    if (stays) {
        return run_queue_next_turn_locked(queue, previous);
    }
    struct thread *candidate = run_queue_first_locked(queue);
    if (candidate != NULL) {
        run_queue_remove_locked(queue, candidate);
        return candidate;
    }
    candidate = placement_steal_locked(queue);
    return candidate != NULL ? candidate : queue->idle;
}

void run_queue_charge_locked(struct thread *thread, uint64_t now_ns)
{
    assert(spin_is_held(&run_queue_of(thread->cpu)->lock));
    uint64_t ran = now_ns - thread->switched_in_ns;
    thread->switched_in_ns = now_ns;
    thread->run_ns += ran;
    thread->slice_left_ns -= (int64_t)ran;
    thread->credit_ns = MAX(thread->credit_ns - (int64_t)ran, -CREDIT_LIMIT_NS);
}

// How far the thread is behind its share at this moment.
static int64_t thread_credit_now(const struct thread *thread, uint64_t now_ns)
{
    int64_t change = thread->is_on_cpu ? -(int64_t)(now_ns - thread->switched_in_ns)
                                       : (int64_t)(now_ns - thread->off_cpu_since_ns);
    return CLAMP(thread->credit_ns + change, -CREDIT_LIMIT_NS, CREDIT_LIMIT_NS);
}

// Is it of a higher level than what runs?
static bool thread_outranks(const struct run_queue *queue, const struct thread *woken)
{
    const struct thread *running = queue->current;
    return running == queue->idle || thread_priority(woken) > thread_priority(running);
}

// Has it, of the level of what runs, had so much less of the CPU that it should run first?
static bool thread_overtakes(const struct run_queue *queue, const struct thread *woken)
{
    const struct thread *running = queue->current;
    bool is_normal = woken->policy == THREAD_NORMAL && thread_priority(running) == 0;
    if (!is_normal || running->policy == THREAD_IDLE) {
        return is_normal;
    }
    uint64_t now_ns = clock_monotonic_ns();
    return thread_credit_now(woken, now_ns) >
           thread_credit_now(running, now_ns) + OVERTAKE_DISTANCE_NS;
}

void run_queue_credit_locked(struct thread *thread, uint64_t now_ns)
{
    assert(spin_is_held(&run_queue_of(thread->cpu)->lock));
    thread->credit_ns = thread_credit_now(thread, now_ns);
}

static void run_queue_admit_locked(struct run_queue *queue, struct thread *thread, bool has_slept)
{
    assert(spin_is_held(&queue->lock));
    bool outranks = thread_outranks(queue, thread);
    bool overtakes = !outranks && has_slept && thread_overtakes(queue, thread);
    thread->slice_left_ns = policy_slice_ns(thread);
    balance_turn_join(thread);
    run_queue_insert_locked(queue, thread, overtakes);
    if (overtakes) {
        queue->overtaker = thread;
    }
    if (unlikely(thread_priority(thread) != 0) && !outranks) {
        balance_urgent_offer_locked(queue, thread);
    }
    // Another CPU is told in any case: it may have no tick armed yet.
    if (outranks || overtakes || queue->number != cpu_number()) {
        run_queue_reschedule_locked(queue);
    } else if (!timer_tick_is_armed()) {
        run_queue_tick_arm_locked(queue, queue->current, clock_monotonic_ns());
    }
}

void run_queue_place(struct run_queue *queue, struct thread *thread,
                     bool has_slept) no_lock_analysis
{
    unsigned target = placement_choose(thread, queue->number);
    while (target != queue->number) {
        // Between the two locks the thread is runnable, but neither queued nor running: nobody else
        // moves it.
        __atomic_store_n(&thread->cpu, (int)target, __ATOMIC_RELAXED);
        spin_unlock(&queue->lock);
        queue = run_queue_of(target);
        spin_lock(&queue->lock);
        if (!placement_allows(thread, target)) {
            target = placement_choose(thread, target);
        }
    }
    run_queue_admit_locked(queue, thread, has_slept);
    spin_unlock(&queue->lock);
}
