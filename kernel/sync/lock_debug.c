// Who holds what, in debug kernels: spin locks by CPU, sleeping locks by thread; and the rules that each lock must obey before it
// is waited for. A lock that is only tried waits for nobody, so it may come in any order.
//
// Spin locks keep interrupts off, so a CPU's list needs no lock; a thread's is its own.
#include "sync/lock_debug.h"

#if ASTRA_DEBUG

#    include "arch/cpu.h"
#    include "sync/percpu.h"
#    include "sync/preempt.h"

static PERCPU_DEFINE(struct lock_holds, spinning);
static PERCPU_DEFINE(bool, is_complaining); // what shows a complaint takes locks: unchecked
static PERCPU_DEFINE(struct lock_hold,
                     long_hold); // [o] class NULL: nothing to tell; since: how long

static lock_complain_function *complain_function;   // [I] but for tests
static lock_long_hold_function *long_hold_function; // [I]
static uint64_t long_hold_limit;                    // [I] timestamps; 0: nobody is told

// Ranks of which one CPU may hold two of one class: by rising address, or by level.
static const uint64_t nests_by_address = 1ULL << LOCK_RANK_SIGNAL | 1ULL << LOCK_RANK_FUTEX;
// Ranks of which two classes may be held at once: the graph finds their order.
static const uint64_t nests_by_class =
    1ULL << LOCK_RANK_TERMINAL | 1ULL << LOCK_RANK_VNODE_DIRECTORY | 1ULL << LOCK_RANK_VNODE_FILE |
    1ULL << LOCK_RANK_WAIT_QUEUE | 1ULL << LOCK_RANK_SIGNAL | 1ULL << LOCK_RANK_PAGE_TABLE;
static_assert(LOCK_RANK_COUNT <= 64, "ranks fit a mask");

lock_complain_function *lock_debug_set_complain(lock_complain_function *complain)
{
    lock_complain_function *former = complain_function;
    complain_function = complain;
    return former;
}

void lock_debug_set_long_hold(uint64_t timestamps, lock_long_hold_function *tell)
{
    long_hold_function = tell;
    long_hold_limit = timestamps;
}

// Showing a complaint takes the log's and the console's locks. Were those checked again, a mistake in their order would recurse
// until the stack ends, and nobody would read either complaint.
static void complain(const struct lock_complaint *complaint)
{
    lock_complain_function *function = complain_function;
    bool *is_busy = percpu_this(is_complaining);
    if (*is_busy) {
        return;
    }
    if (function == NULL) {
        assert_failed("locks are taken in order", __FILE__, (int)complaint->fault);
    }
    *is_busy = true;
    function(complaint);
    *percpu_this(is_complaining) = false;
}

struct lock_holds *lock_debug_spinning(void)
{
    return percpu_this(spinning);
}

// --- the order ---

static bool rank_is_in(uint32_t rank, uint64_t ranks)
{
    return (ranks >> rank & 1) != 0;
}

static bool may_nest(const struct lock_hold *held, const struct lock_request *request)
{
    bool is_higher = (uintptr_t)request->lock > (uintptr_t)held->lock;
    return request->level > held->level ||
           (is_higher && rank_is_in(request->class->rank, nests_by_address));
}

// The rule that `request` breaks against one lock that is held, or -1. The search of the graph comes before the look at the ranks,
// so that a complaint about ranks, too, shows where the other order was seen.
static int fault_against(const struct lock_hold *held, const struct lock_request *request,
                         struct lock_path *path)
{
    bool is_same_rank = held->class->rank == request->class->rank;
    if (held->lock == request->lock) {
        return LOCK_FAULT_TWICE;
    }
    if (held->class == request->class) {
        return may_nest(held, request) ? -1 : LOCK_FAULT_NESTING;
    }
    bool was_seen = lock_graph_find(request->class, held->class, path);
    bool is_lower = held->class->rank > request->class->rank;
    if (is_lower || (is_same_rank && !rank_is_in(request->class->rank, nests_by_class))) {
        return LOCK_FAULT_RANK;
    }
    return was_seen ? LOCK_FAULT_ORDER : -1;
}

void lock_debug_check(const struct lock_holds *holds, const struct lock_request *request)
{
    assert_always(request->class != NULL && request->class->rank < LOCK_RANK_COUNT);
    for (unsigned i = 0; i < holds->count; i++) {
        const struct lock_hold *held = &holds->locks[i];
        struct lock_complaint complaint = {.wanted = request->class, .held = held};
        if (likely(lock_graph_has(held->class, request->class))) {
            continue; // what was in order once stays so
        }
        int fault = fault_against(held, request, &complaint.path);
        if (fault >= 0) {
            complaint.fault = (enum lock_fault)fault;
            complain(&complaint);
        } else if (held->class != request->class) {
            lock_graph_note(held->class, request->class, request->frame);
        }
    }
}

void lock_debug_check_sleep(const struct lock_class *wanted)
{
    if (likely(context_may_sleep()) || *percpu_this(is_complaining)) {
        return;
    }
    const struct lock_holds *holds = percpu_this(spinning);
    complain(&(struct lock_complaint){
        .fault = LOCK_FAULT_SLEEP,
        .wanted = wanted,
        .held = holds->count != 0 ? &holds->locks[holds->count - 1] : NULL,
    });
}

void lock_debug_check_exit(const struct lock_holds *sleeping)
{
    if (unlikely(sleeping->count != 0)) {
        complain(&(struct lock_complaint){
            .fault = LOCK_FAULT_EXIT,
            .held = &sleeping->locks[sleeping->count - 1],
        });
    }
}

// --- what is held ---

void lock_debug_taken(struct lock_holds *holds, const struct lock_request *request)
{
    assert_always(holds->count < LOCKS_HELD_MAX);
    assert(request->frame != 0);
    holds->locks[holds->count++] = (struct lock_hold){
        .lock = request->lock,
        .class = request->class,
        .level = request->level,
        .caller = ((const uint64_t *)request->frame)[1],
        .since = cpu_timestamp(),
    };
    lock_graph_meet(request->class);
    atomic64_add(&request->class->taken, 1);
}

// The log's own locks are held while a line goes out to the console: slow by nature.
static bool may_be_long(const struct lock_class *class)
{
    return class->rank >= LOCK_RANK_LOG;
}

static void hold_account(const struct lock_hold *held)
{
    uint64_t lasted = cpu_timestamp() - held->since;
    struct lock_class *class = held->class;
    bool is_longest = lasted > atomic64_load(&class->held_longest);
    if (!is_longest) {
        return;
    }
    atomic64_store(&class->held_longest, lasted);
    atomic64_store(&class->held_longest_caller, held->caller);
    bool is_spinning = class->rank >= LOCK_RANK_SPIN_FIRST;
    if (is_spinning && long_hold_limit != 0 && lasted > long_hold_limit && !may_be_long(class)) {
        struct lock_hold *told = percpu_this(long_hold);
        *told = *held;
        told->since = lasted;
    }
}

// Logging takes locks: only where this CPU has given its last one back.
static void long_hold_tell(void)
{
    struct lock_hold *told = percpu_this(long_hold);
    struct lock_class *class = told->class;
    if (likely(class == NULL) || percpu_this(spinning)->count != 0) {
        return;
    }
    told->class = NULL;
    long_hold_function(class, told->since, told->caller);
}

// Locks are given back in any order (hand over hand along a path, for one), so the list is searched, from its end.
void lock_debug_released(struct lock_holds *holds, const void *lock)
{
    unsigned place = holds->count;
    while (place > 0 && holds->locks[place - 1].lock != lock) {
        place--;
    }
    assert_always(place > 0);
    hold_account(&holds->locks[place - 1]);
    holds->count--;
    for (unsigned i = place - 1; i < holds->count; i++) {
        holds->locks[i] = holds->locks[i + 1];
    }
    if (holds == percpu_this(spinning)) {
        long_hold_tell();
    }
}

void lock_debug_waited(struct lock_class *class, uint64_t timestamps)
{
    atomic64_add(&class->contended, 1);
    atomic64_add(&class->waited, timestamps);
}

// --- RCU ---

static PERCPU_DEFINE(unsigned, rcu_depth); // [o] sections that this CPU's thread is in

// The depth is the CPU's, not the thread's: a section keeps preemption off, so whoever is in one is on this CPU until its end.
void rcu_debug_enter(void)
{
    assert(cpu_block_get(preempt_count) != 0);
    ++*percpu_this(rcu_depth);
}

void rcu_debug_leave(void)
{
    unsigned *depth = percpu_this(rcu_depth);
    if (*depth == 0) {
        complain(&(struct lock_complaint){.fault = RCU_FAULT_BALANCE});
        return;
    }
    --*depth;
}

void rcu_debug_check_read(void)
{
    bool is_guarded = !context_may_sleep() || !interrupts_are_enabled();
    if (unlikely(!is_guarded)) {
        complain(&(struct lock_complaint){.fault = RCU_FAULT_READ});
    }
}

void rcu_debug_check_switch(void)
{
    if (unlikely(*percpu_this(rcu_depth) != 0)) {
        complain(&(struct lock_complaint){.fault = RCU_FAULT_QUIET});
    }
}

#endif
