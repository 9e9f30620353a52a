// One CPU's runnable threads. Private to scheduler/.
//
// A thread belongs to the queue of thread->cpu, whose lock guards its scheduling fields wherever it
// is: running (is_on_cpu), queued (is_queued), or off the CPU (neither). The running thread is on
// no list. The lock is held across a context switch and given back by the thread that was switched
// to, so nobody who holds it ever sees a thread whose stack is still in use.
#pragma once

#include "lib/list.h"
#include "scheduler/thread.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"

// Level 0 is real-time priority 99, level 98 priority 1, level 99 everybody else.
enum {
    RUN_QUEUE_LEVELS = 100,
    RUN_QUEUE_NORMAL_LEVEL = RUN_QUEUE_LEVELS - 1,
    RUN_QUEUE_MAP_WORDS = 2
};

struct run_queue {
    struct spinlock lock;
    unsigned number;          // [I] CPU
    unsigned count;           // [l] queued threads (read without the lock as a hint)
    struct thread *overtaker; // [l] last queued of the woken threads that go before the current one
    struct thread *current;   // [l]
    struct thread *idle;      // [I]
    struct thread *previous;  // [l] who was switched from, until the switch is finished
    struct thread *displaced; // [l] previous, when it must go on on another CPU
    uint64_t passes;          // [a] choices made: RCU's quiescent states
    uint64_t switches;        // [o]
    uint64_t look_again_ns;   // [l] monotonic: balance.c looks at the other queues then
    uint64_t user_ns, nice_ns, system_ns;      // [l] what the samples saw
    uint64_t level_map[RUN_QUEUE_MAP_WORDS];   // [l] bit per level that has threads
    struct list_head levels[RUN_QUEUE_LEVELS]; // [l]
};

PERCPU_DECLARE(struct run_queue, run_queue);

static inline struct run_queue *run_queue_of(unsigned cpu)
{
    return percpu_of(run_queue, cpu);
}

void run_queue_init(struct run_queue *queue, unsigned number, struct thread *idle);

// Locks the queue that the thread belongs to.
struct run_queue *run_queue_lock_of(const struct thread *thread);

// Into its level, at the tail or at the head (there behind the overtakers).
void run_queue_insert_locked(struct run_queue *queue, struct thread *thread, bool at_head);
void run_queue_remove_locked(struct run_queue *queue, struct thread *thread);

// The thread that should run next: puts `previous` back if it stays runnable, takes the result off
// its list.
struct thread *run_queue_choose_locked(struct run_queue *queue, struct thread *previous,
                                       bool stays);

// Books the time since the last call for the thread that runs.
void run_queue_charge_locked(struct thread *thread, uint64_t now_ns);
// Books the time off the CPU for a thread that comes back to it.
void run_queue_credit_locked(struct thread *thread, uint64_t now_ns);

// Puts a runnable thread that is neither queued nor running on the queue of a CPU that suits it,
// and makes that CPU look if the thread should run now. `has_slept`: it may overtake a thread of
// its own level that has had more of the CPU. Gives the lock of `queue`, the thread's present one,
// back.
void run_queue_place(struct run_queue *queue, struct thread *thread, bool has_slept);

// Makes another CPU choose again.
void cpu_kick(unsigned cpu);
// The same for any CPU: this one chooses when interrupts, which are blocked, come on again.
void cpu_choose_again(unsigned cpu);
// Makes the queue's CPU choose again soon.
void run_queue_reschedule_locked(struct run_queue *queue);

// Arms this CPU's tick for the thread that runs, if it needs one and none comes in time.
void run_queue_tick_arm_locked(struct run_queue *queue, const struct thread *thread,
                               uint64_t now_ns);
// The tick: samples, ends slices. From the timer's event, interrupts off.
void scheduler_tick(uint64_t now_ns);

// A thread's time slice by policy and nice value; INT64_MAX: none, it runs until it blocks.
int64_t policy_slice_ns(const struct thread *thread);

// placement.c: which CPU. `from` is where it ran last.
unsigned placement_choose(const struct thread *thread, unsigned from);
// Threads wait on `queue`, which is not locked: an idle CPU is made to take one.
void placement_offer(const struct run_queue *queue);
static inline bool placement_allows(const struct thread *thread, unsigned cpu)
{
    return (thread->affinity >> cpu & 1) != 0;
}
// A thread of another CPU's queue for `queue`'s CPU, which has none, or NULL. `queue` is locked.
struct thread *placement_steal_locked(struct run_queue *queue);

// balance.c: a thread begins to take part in turns.
void balance_turn_join(struct thread *thread);
// It has used up more than its slice: counts the turn and gives it the next slice.
void balance_turn_end(struct thread *thread);
// Takes over, to the head of the queue, who waits elsewhere and is behind `turn`, the count of whoever would run here next.
void balance_look_locked(struct run_queue *queue, uint64_t turn, uint64_t now_ns);
// Takes over the real-time threads of other queues that are more urgent than `priority`.
void balance_urgent_fetch_locked(struct run_queue *queue, int priority);
// A real-time thread must wait on `queue`: a CPU that runs something less urgent is made to fetch it.
void balance_urgent_offer_locked(const struct run_queue *queue, const struct thread *thread);
extern struct atomic64 urgent_cpus; // a bit for each CPU on whose queue a real-time thread waits

// Chooses again and switches. Interrupts are off with no count held, and so on return.
enum switch_reason { SWITCH_PREEMPT, SWITCH_YIELD, SWITCH_BLOCK };
void scheduler_switch(enum switch_reason reason);

// thread.c: a dead thread's stack is no longer in use.
void thread_bury(struct thread *thread);
// thread.c: the boot code becomes a thread without a stack of ours.
void thread_adopt_boot(struct thread *thread, const char *name);
