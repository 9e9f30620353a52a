// One-shot timers: per CPU, in a tree, driven by the clock's event source, which is asked only for
// what is earlier than it has been asked for already. A cancelled timer's event is left to come: it
// finds nothing to do.
//
// A timer is started on the CPU that starts it, except while its callback runs on another: then it
// stays there, so a callback never runs twice at once. `home` is the CPU whose lock guards the
// timer, queued or not.
//
// Lock: the base's; dropped while a callback runs. Interrupts are off in the event function.
#include "scheduler/timer_internal.h"

#include "arch/cpu.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "scheduler/run_queue_internal.h"
#include "sync/preempt.h"

// Callbacks of one event: more come with the next one, so that a timer that restarts itself in the
// past cannot hold the CPU.
enum { TIMER_EXPIRE_MAX = 64 };

PERCPU_DEFINE(struct timer_base, timer_base);

static void timer_program_at_most(struct timer_base *base, uint64_t deadline_ns)
{
    assert(base == percpu_this(timer_base) &&
           !interrupts_are_enabled()); // the event source is this CPU's
    if (deadline_ns < base->programmed_ns) {
        base->programmed_ns = deadline_ns;
        clock_event_program(deadline_ns);
    }
}

void timer_tick_at_most(uint64_t deadline_ns)
{
    struct timer_base *base = percpu_this(timer_base);
    if (deadline_ns < base->tick_deadline_ns) {
        base->tick_deadline_ns = deadline_ns;
        timer_program_at_most(base, deadline_ns);
    }
}

void timer_init(struct timer *timer, void (*expire)(struct timer *timer))
{
    assert(expire != NULL);
    *timer = (struct timer){.expire = expire, .cpu = -1};
}

// The home changes only under the lock of the old home: the second look, under that lock, is the truth.
static struct timer_base *timer_lock_home(const struct timer *timer) no_lock_analysis
{
    for (;;) {
        int home = __atomic_load_n(&timer->home, __ATOMIC_RELAXED);
        struct timer_base *base = percpu_of(timer_base, (unsigned)home);
        spin_lock(&base->lock);
        if (likely(timer->home == home)) {
            return base;
        }
        spin_unlock(&base->lock);
    }
}

static bool timer_dequeue_locked(struct timer_base *base, struct timer *timer)
{
    assert(spin_is_held(&base->lock));
    if (timer->cpu < 0) {
        return false;
    }
    assert(timer->cpu == timer->home);
    timer_tree_remove(&base->tree, timer);
    timer->cpu = -1;
    return true;
}

void timer_start(struct timer *timer, uint64_t deadline_ns) no_lock_analysis
{
    interrupts_block();
    const struct timer_base *own = percpu_this(timer_base);
    struct timer_base *base = timer_lock_home(timer);
    timer_dequeue_locked(base, timer);
    // Between the two locks another CPU may take the timer home, or start it there: look again.
    while (base != own && base->running != timer) {
        __atomic_store_n(&timer->home, (int)cpu_number(), __ATOMIC_RELAXED);
        spin_unlock(&base->lock);
        base = timer_lock_home(timer);
        timer_dequeue_locked(base, timer);
    }
    timer->deadline_ns = deadline_ns;
    timer->cpu = timer->home;
    timer_tree_insert(&base->tree, timer);
    // On another CPU nothing need be programmed: its event is under way, running this very timer, and sets up the next one when
    // the callback is back.
    if (base == own) {
        timer_program_at_most(base, deadline_ns);
    }
    spin_unlock(&base->lock);
    interrupts_unblock();
}

bool timer_cancel(struct timer *timer) no_lock_analysis
{
    bool was_queued = false;
    for (;;) {
        struct timer_base *base = timer_lock_home(timer);
        was_queued |= timer_dequeue_locked(base, timer);
        // On this CPU only the callback itself can ask while it runs: it must not wait for itself.
        bool must_wait = base->running == timer && base != percpu_this(timer_base);
        spin_unlock(&base->lock);
        if (!must_wait) {
            return was_queued;
        }
        cpu_pause();
    }
}

// Runs what is due; returns the earliest deadline left.
static uint64_t timer_expire_due(struct timer_base *base, uint64_t now_ns)
{
    spin_lock(&base->lock);
    for (unsigned i = 0; i < TIMER_EXPIRE_MAX; i++) {
        struct timer *timer = timer_tree_take_due(&base->tree, now_ns);
        if (timer == NULL) {
            break;
        }
        timer->cpu = -1;
        base->running = timer;
        spin_unlock(&base->lock);
        timer->expire(timer); // may free it
        spin_lock(&base->lock);
        base->running = NULL;
    }
    uint64_t earliest = base->tree.first != NULL ? base->tree.first->deadline_ns : UINT64_MAX;
    spin_unlock(&base->lock);
    return earliest;
}

// The clock's event: at or after the deadline asked for, or at every tick of a periodic source.
static void timer_event(void)
{
    struct timer_base *base = percpu_this(timer_base);
    uint64_t now_ns = clock_monotonic_ns();
    assert(base->running == NULL);    // events do not nest
    base->programmed_ns = UINT64_MAX; // it has come; what is left is asked for below
    uint64_t earliest = timer_expire_due(base, now_ns);
    if (base->tick_deadline_ns <= now_ns) {
        base->tick_deadline_ns = UINT64_MAX;
        scheduler_tick(now_ns);
    }
    timer_program_at_most(base, MIN(earliest, base->tick_deadline_ns));
}

void timer_base_init(struct timer_base *base)
{
    spin_init(&base->lock, LOCK_RANK_TIMER);
    base->tick_deadline_ns = UINT64_MAX;
    base->programmed_ns = UINT64_MAX;
}

void timer_setup(void)
{
    clock_event_set_handler(timer_event);
}
