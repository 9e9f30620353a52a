// The spin locks that each CPU holds, in the order taken, and the rules that they must obey. Called
// by spinlock.c in debug kernels only. Interrupts are off throughout, so a CPU's own list needs no
// lock.
#include "sync/lock_debug.h"

#include "sync/lock_ranks.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"

enum { LOCKS_HELD_MAX = 16 };

struct held_locks {
    unsigned count;                               // [o] this CPU
    const struct spinlock *locks[LOCKS_HELD_MAX]; // [o]
};

static PERCPU_DEFINE(struct held_locks, held_locks);

// Ranks of which one CPU may hold two; their owners order them by address, number or ancestry.
static const uint64_t nesting_ranks = 1ULL << LOCK_RANK_SIGNAL | 1ULL << LOCK_RANK_PAGE_TABLE |
                                      1ULL << LOCK_RANK_FUTEX | 1ULL << LOCK_RANK_WAIT_QUEUE |
                                      1ULL << LOCK_RANK_RUN_QUEUE;
static_assert(LOCK_RANK_COUNT <= 64, "ranks fit a mask");

void lock_debug_check(const struct spinlock *lock)
{
    const struct held_locks *held = percpu_this(held_locks);
    assert_always(lock->rank >= LOCK_RANK_SPIN_FIRST && lock->rank < LOCK_RANK_COUNT);
    for (unsigned i = 0; i < held->count; i++) {
        unsigned rank = held->locks[i]->rank;
        bool is_taken_twice = held->locks[i] == lock;
        bool is_in_order =
            rank < lock->rank || (rank == lock->rank && (nesting_ranks >> rank & 1) != 0);
        assert_always(!is_taken_twice);
        assert_always(is_in_order);
    }
}

void lock_debug_taken(const struct spinlock *lock)
{
    struct held_locks *held = percpu_this(held_locks);
    assert_always(held->count < LOCKS_HELD_MAX);
    held->locks[held->count++] = lock;
}

void lock_debug_released(const struct spinlock *lock)
{
    struct held_locks *held = percpu_this(held_locks);
    unsigned place = held->count;
    while (place > 0 && held->locks[place - 1] != lock) {
        place--;
    }
    assert_always(place > 0);
    held->count--;
    for (unsigned i = place - 1; i < held->count; i++) {
        held->locks[i] = held->locks[i + 1];
    }
}

unsigned lock_debug_held_count(void)
{
    return percpu_this(held_locks)->count;
}
