// Ranked spin locks. Taking one switches interrupts off on this CPU (nested, so no flags variable);
// giving it back restores them. Fair (tickets). Debug kernels check rank, owner, and that it is not
// taken twice.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"
#include "sync/lock_ranks.h"

struct lock_capability("spin lock") spinlock
{
    uint16_t next_ticket; // [a]
    uint16_t now_serving; // [a]
    uint16_t rank;        // [I] enum lock_rank
    uint16_t owner;       // [o] CPU number + 1, 0 when free
};

#define SPINLOCK_INIT(lock_rank)                                                                   \
    {                                                                                              \
        0, 0, (lock_rank), 0                                                                       \
    }

static inline void spin_init(struct spinlock *lock, enum lock_rank rank)
{
    *lock = (struct spinlock)SPINLOCK_INIT((uint16_t)rank);
}

void spin_lock(struct spinlock *lock) acquires(lock);
void spin_unlock(struct spinlock *lock) releases(lock);
// False: somebody else has it; interrupts are as before.
must_check bool spin_try_lock(struct spinlock *lock) acquires_if(true, lock);
// Does this CPU hold it? For assertions in *_locked functions.
bool spin_is_held(const struct spinlock *lock);
