// One word, taken by an exchange. Waiters do not go in order: where the CPUs are another machine's
// threads, the next one in order may not be running at all, and everybody behind would wait for it.
// The owner is recorded in debug kernels, where the assertions of *_locked functions ask for it.
//
// Interrupts are off while a lock is held, for a handler that wants it on the same CPU would wait for
// ever; and while it is waited for, since the wait ends with the lock held and one rule is easier to
// keep than two. The price: a CPU that spins answers no IPI, so nobody may wait for an answer to one
// while holding a lock (interrupt/ipi.c asserts it).
//
// Memory order: the exchange that takes is a full barrier, as any locked instruction (SDM 3, 8.2.2).
// The plain store that gives back is a release: x86 moves no load or store past a later store.
#include "sync/spinlock.h"

#include "arch/cpu.h"
#include "lib/assert.h"
#include "sync/lock_debug.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

#define CALLER_FRAME() ((uint64_t)(uintptr_t)__builtin_frame_address(0))

#if ASTRA_DEBUG
static struct lock_request request_of(struct spinlock *lock, unsigned level, uint64_t frame)
{
    return (struct lock_request){lock, lock->class, level, frame};
}

static void check_order(struct spinlock *lock, unsigned level, uint64_t frame)
{
    struct lock_request request = request_of(lock, level, frame);
    lock_debug_check(lock_debug_spinning(), &request);
}

static void note_taken(struct spinlock *lock, unsigned level, uint64_t frame)
{
    struct lock_request request = request_of(lock, level, frame);
    lock_debug_taken(lock_debug_spinning(), &request);
}

static void note_released(const struct spinlock *lock)
{
    lock_debug_released(lock_debug_spinning(), lock);
}

static uint64_t wait_begin_time(void)
{
    return cpu_timestamp();
}

static void note_waited(struct spinlock *lock, uint64_t start)
{
    lock_debug_waited(lock->class, cpu_timestamp() - start);
}
#else
static inline void check_order(struct spinlock *lock, unsigned level, uint64_t frame)
{
    (void)lock, (void)level, (void)frame;
}

static inline void note_taken(struct spinlock *lock, unsigned level, uint64_t frame)
{
    (void)lock, (void)level, (void)frame;
}

static inline void note_released(const struct spinlock *lock)
{
    (void)lock;
}

static inline uint64_t wait_begin_time(void)
{
    return 0;
}

static inline void note_waited(struct spinlock *lock, uint64_t start)
{
    (void)lock, (void)start;
}
#endif

static inline void owner_set(struct spinlock *lock, unsigned owner)
{
    if (ASTRA_DEBUG) {
        lock->owner = (uint16_t)owner;
    }
}

static inline bool try_take(struct spinlock *lock)
{
    return __atomic_exchange_n(&lock->is_taken, 1, __ATOMIC_SEQ_CST) == 0;
}

// Reads until it looks free: only then is the word worth fetching for writing.
static noinline void spin_wait(struct spinlock *lock)
{
    uint64_t start = wait_begin_time();
    do {
        while (__atomic_load_n(&lock->is_taken, __ATOMIC_RELAXED)) {
            cpu_pause();
        }
    } while (!try_take(lock));
    note_waited(lock, start);
}

static always_inline void spin_take(struct spinlock *lock, unsigned level,
                                    uint64_t frame) no_lock_analysis
{
    interrupts_block();
    check_order(lock, level, frame);
    if (unlikely(!try_take(lock))) {
        spin_wait(lock);
    }
    owner_set(lock, cpu_number() + 1);
    note_taken(lock, level, frame);
}

void spin_lock(struct spinlock *lock) no_lock_analysis
{
    spin_take(lock, 0, CALLER_FRAME());
}

void spin_lock_nested(struct spinlock *lock, unsigned level) no_lock_analysis
{
    spin_take(lock, level, CALLER_FRAME());
}

bool spin_try_lock(struct spinlock *lock) no_lock_analysis
{
    interrupts_block();
    if (__atomic_load_n(&lock->is_taken, __ATOMIC_RELAXED) || !try_take(lock)) {
        interrupts_unblock();
        return false;
    }
    owner_set(lock, cpu_number() + 1);
    note_taken(lock, 0, CALLER_FRAME());
    return true;
}

void spin_unlock(struct spinlock *lock) no_lock_analysis
{
    assert(spin_is_held(lock));
    assert(lock->is_taken && !interrupts_are_enabled());
    owner_set(lock, 0); // before the word: after it the next owner may have written its own
    __atomic_store_n(&lock->is_taken, 0, __ATOMIC_RELEASE);
    note_released(lock);
    interrupts_unblock();
}

// Right without the lock: only this CPU ever writes its own number there, so the answer cannot change under whoever asks.
bool spin_is_held(const struct spinlock *lock)
{
    return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == cpu_number() + 1;
}
