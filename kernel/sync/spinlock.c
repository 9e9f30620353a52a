// Ticket locks: who comes draws a number and waits until it is served, so waiters go in order. The
// owner is recorded in every build (one store), since the assertions of *_locked functions ask for
// it.
#include "sync/spinlock.h"

#include "arch/cpu.h"
#include "lib/assert.h"
#include "sync/lock_debug.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

void spin_lock(struct spinlock *lock) no_lock_analysis
{
    interrupts_block();
    spin_check_order(lock);
    uint16_t ticket = __atomic_fetch_add(&lock->next_ticket, 1, __ATOMIC_SEQ_CST);
    while (unlikely(__atomic_load_n(&lock->now_serving, __ATOMIC_ACQUIRE) != ticket)) {
        cpu_pause();
    }
    lock->owner = (uint16_t)(cpu_number() + 1);
    spin_note_taken(lock);
}

bool spin_try_lock(struct spinlock *lock) no_lock_analysis
{
    interrupts_block();
    uint16_t serving = __atomic_load_n(&lock->now_serving, __ATOMIC_ACQUIRE);
    uint16_t expected = serving;
    // The next number is the one being served: nobody holds it and nobody waits.
    if (!__atomic_compare_exchange_n(&lock->next_ticket, &expected, (uint16_t)(serving + 1), false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
        interrupts_unblock();
        return false;
    }
    lock->owner = (uint16_t)(cpu_number() + 1);
    spin_note_taken(lock);
    return true;
}

void spin_unlock(struct spinlock *lock) no_lock_analysis
{
    assert(spin_is_held(lock));
    spin_note_released(lock);
    lock->owner = 0;
    __atomic_store_n(&lock->now_serving, (uint16_t)(lock->now_serving + 1), __ATOMIC_RELEASE);
    interrupts_unblock();
}

bool spin_is_held(const struct spinlock *lock)
{
    return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == cpu_number() + 1;
}
