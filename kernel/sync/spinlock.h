// Ranked spin locks. Taking one switches interrupts off on this CPU (nested, so no flags variable);
// giving it back restores them. Waiters get it in no order. Debug kernels check order and owner (lock_debug.h).
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"
#include "sync/lock_class.h"
#include "sync/lock_ranks.h"

struct lock_capability("spin lock") spinlock
{
    uint32_t is_taken; // [a]
    uint16_t rank;     // [I] enum lock_rank
    uint16_t owner;    // [o] debug: CPU number + 1, 0 when free
    LOCK_CLASS_MEMBER  // [I] debug
};

// For locks at file scope; elsewhere spin_init.
#define SPINLOCK_INIT(lock_rank)                                                                   \
    {                                                                                              \
        .rank = (lock_rank)LOCK_CLASS_FIRST_USE(lock_rank)                                         \
    }

static inline void spin_init_class(struct spinlock *lock, enum lock_rank rank,
                                   struct lock_class *class)
{
    *lock = (struct spinlock){.rank = (uint16_t)rank};
    LOCK_CLASS_SET(lock, class);
}
#define spin_init(lock, lock_rank) spin_init_class(lock, lock_rank, LOCK_CLASS_HERE(lock_rank))

void spin_lock(struct spinlock *lock) acquires(lock);
// For a second lock of one class where nobody else can hold both: a higher level than the first's, which is 0.
void spin_lock_nested(struct spinlock *lock, unsigned level) acquires(lock);
void spin_unlock(struct spinlock *lock) releases(lock);
// False: somebody else has it; interrupts are as before.
must_check bool spin_try_lock(struct spinlock *lock) acquires_if(true, lock);
// Does this CPU hold it? For assertions in *_locked functions, in debug kernels.
bool spin_is_held(const struct spinlock *lock);
