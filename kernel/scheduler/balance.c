// Fairness between CPUs that all have work; CPUs that have none steal (placement.c).
//
// A turn is one time slice used up, and every thread counts its turns. On a long queue they come seldom, on a short one often, and a
// queue that real-time work holds up has none. So whose turn is over looks whether on another CPU somebody waits who has fallen
// BEHIND_TURNS behind, and takes him over to run here at once. Nobody weighs queues: slices differ by nice value, so equal counts are
// what nice values promise, on any number of CPUs, and three busy threads get two thirds of two CPUs each.
//
// A delay is remembered for DELAY_TURNS at most: who has slept starts level with the foremost (`latest_turn`), and who is far behind,
// alone on his CPU or bound to a crowded one, is brought up to that distance.
//
// Real-time threads that wait are told by a bit for their CPU (`urgent_cpus`). Each choice of a thread looks at that word, and first
// fetches a real-time thread that is more urgent than what would run here. Who leaves one waiting kicks a CPU that runs less.
//
// Locks: the own run queue's is held; another's is only tried, as in placement.c. Where that fails for a real-time thread, the choice
// is repeated. What runs on other CPUs is read without their locks, as a hint. Called by run_queue.c and policy.c.
#include "scheduler/run_queue_internal.h"

#include "arch/cpu_block.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/macros.h"

enum {
    BEHIND_TURNS = 2,
    DELAY_TURNS = 8,
    LOOKED_AT_MAX = 64, // threads of one queue
};
#define LOOK_PAUSE_NS                                                                              \
    (4 * NS_PER_MS) // between two looks of one CPU: slices of nice threads are short

struct atomic64 urgent_cpus;        // [a] changed by the CPU's own queue, under its lock
static struct atomic64 latest_turn; // [a] the highest count of turns

// --- turns ---

void balance_turn_join(struct thread *thread)
{
    uint64_t latest = atomic64_load(&latest_turn);
    if (thread->turn < latest) {
        thread->turn = latest;
    }
}

static void latest_turn_raise(uint64_t turn)
{
    uint64_t latest = atomic64_load(&latest_turn);
    while (latest < turn && !atomic64_compare_exchange(&latest_turn, &latest, turn)) {}
}

// Ticks come late, so what was overdrawn counts too: a nice thread that is alone uses up several slices between two of them.
void balance_turn_end(struct thread *thread)
{
    assert(thread->slice_left_ns < 0 && thread_priority(thread) == 0);
    uint64_t slice_ns = (uint64_t)policy_slice_ns(thread);
    uint64_t overdrawn_ns = (uint64_t)-thread->slice_left_ns;
    uint64_t turn = thread->turn + 1 + overdrawn_ns / slice_ns;
    uint64_t latest = atomic64_load(&latest_turn);
    thread->slice_left_ns = (int64_t)(slice_ns - overdrawn_ns % slice_ns);
    thread->turn = latest > DELAY_TURNS ? MAX(turn, latest - DELAY_TURNS) : turn;
    latest_turn_raise(thread->turn);
}

static struct thread *waiter_find_locked(const struct run_queue *victim, unsigned cpu,
                                         uint64_t turn)
{
    assert(spin_is_held(&victim->lock));
    struct thread *thread;
    unsigned looked_at = 0;
    list_for_each_entry(thread, &victim->levels[RUN_QUEUE_NORMAL_LEVEL], run_link) {
        if (placement_allows(thread, cpu) && thread->turn + BEHIND_TURNS <= turn) {
            return thread;
        }
        if (++looked_at == LOOKED_AT_MAX) {
            break;
        }
    }
    return NULL;
}

static bool waiter_take_over_locked(struct run_queue *queue, struct run_queue *victim,
                                    uint64_t turn)
{
    assert(spin_is_held(&queue->lock) && victim != queue);
    if (__atomic_load_n(&victim->count, __ATOMIC_RELAXED) == 0 || !spin_try_lock(&victim->lock)) {
        return false;
    }
    struct thread *thread = waiter_find_locked(victim, queue->number, turn);
    if (thread != NULL) {
        run_queue_remove_locked(victim, thread);
        run_queue_insert_locked(queue, thread, true);
    }
    spin_unlock(&victim->lock);
    return thread != NULL;
}

void balance_look_locked(struct run_queue *queue, uint64_t turn, uint64_t now_ns)
{
    assert(spin_is_held(&queue->lock));
    unsigned cpus = percpu_cpu_count();
    if (cpus == 1 || now_ns < queue->look_again_ns) {
        return;
    }
    queue->look_again_ns = now_ns + LOOK_PAUSE_NS;
    for (unsigned step = 1; step < cpus; step++) {
        unsigned cpu = (queue->number + step) % cpus;
        if (waiter_take_over_locked(queue, run_queue_of(cpu), turn)) {
            return;
        }
    }
}

// --- real-time threads ---

static struct thread *urgent_find_locked(const struct run_queue *victim, unsigned cpu, int priority)
{
    assert(spin_is_held(&victim->lock) && priority >= 0);
    for (unsigned level = 0; level < (unsigned)(RUN_QUEUE_NORMAL_LEVEL - priority); level++) {
        struct thread *thread;
        list_for_each_entry(thread, &victim->levels[level], run_link) {
            if (placement_allows(thread, cpu)) {
                return thread;
            }
        }
    }
    return NULL;
}

// Returns the priority that is to be outdone from here on.
static int urgent_fetch_from_locked(struct run_queue *queue, struct run_queue *victim, int priority)
{
    assert(spin_is_held(&queue->lock) && victim != queue);
    if (!spin_try_lock(&victim->lock)) {
        cpu_block_set(reschedule_pending, 1);
        return priority;
    }
    struct thread *thread = urgent_find_locked(victim, queue->number, priority);
    if (thread != NULL) {
        run_queue_remove_locked(victim, thread);
        run_queue_insert_locked(queue, thread, true);
        priority = thread_priority(thread);
    }
    spin_unlock(&victim->lock);
    return priority;
}

void balance_urgent_fetch_locked(struct run_queue *queue, int priority)
{
    assert(spin_is_held(&queue->lock));
    uint64_t cpus = atomic64_load(&urgent_cpus) & ~BIT(queue->number);
    for (; cpus != 0; cpus &= cpus - 1) {
        unsigned cpu = (unsigned)__builtin_ctzll(cpus);
        priority = urgent_fetch_from_locked(queue, run_queue_of(cpu), priority);
    }
}

// How urgent what a CPU runs is: a hint.
static int urgency_of(unsigned cpu)
{
    const struct run_queue *queue = run_queue_of(cpu);
    const struct thread *current = __atomic_load_n(&queue->current, __ATOMIC_RELAXED);
    return current == queue->idle ? -1 : thread_priority(current);
}

void balance_urgent_offer_locked(const struct run_queue *queue, const struct thread *thread)
{
    assert(spin_is_held(&queue->lock) && thread->is_queued && thread_priority(thread) > 0);
    unsigned best = queue->number;
    int least = thread_priority(thread);
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        if (placement_allows(thread, cpu) && urgency_of(cpu) < least) {
            best = cpu;
            least = urgency_of(cpu);
        }
    }
    if (best != queue->number) {
        cpu_choose_again(best); // it may be this one, that looks after another's queue
    }
}
