/*
 * Futex operations on two words: moving waiters, and the combined change and wake. Both buckets are locked, by address.
 */
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/user_copy.h"
#include "process/futex_internal.h"
#include "uapi/futex.h"

struct futex_pair {
    struct futex_key keys[2];
    struct futex_bucket *buckets[2];
};

static int pair_make(struct futex_pair *pair, const struct futex_word *first,
                     const struct futex_word *second)
{
    int error = futex_key_make(first, &pair->keys[0]);
    if (error == 0) {
        error = futex_key_make(second, &pair->keys[1]);
    }
    if (error == 0) {
        pair->buckets[0] = futex_bucket_of(&pair->keys[0]);
        pair->buckets[1] = futex_bucket_of(&pair->keys[1]);
    }
    return error;
}

static no_lock_analysis void pair_lock(const struct futex_pair *pair)
{
    /* By address, so that two operations on the same pair the other way round do not wait for each other. */
    struct futex_bucket *low = MIN(pair->buckets[0], pair->buckets[1]);
    struct futex_bucket *high = MAX(pair->buckets[0], pair->buckets[1]);
    spin_lock(&low->lock);
    if (high != low) {
        spin_lock(&high->lock);
    }
}

static no_lock_analysis void pair_unlock(const struct futex_pair *pair)
{
    spin_unlock(&pair->buckets[0]->lock);
    if (pair->buckets[1] != pair->buckets[0]) {
        spin_unlock(&pair->buckets[1]->lock);
    }
}

/* Moves up to `count` waiters of the first key behind those of the second. */
static unsigned pair_move_locked(const struct futex_pair *pair, unsigned count)
{
    assert(spin_is_held(&pair->buckets[0]->lock) && spin_is_held(&pair->buckets[1]->lock));
    struct futex_waiter *waiter;
    struct futex_waiter *next;
    unsigned moved = 0;
    list_for_each_entry_safe(waiter, next, &pair->buckets[0]->waiters, link) {
        if (moved == count) {
            break;
        }
        if (futex_key_is_equal(&waiter->key, &pair->keys[0])) {
            list_move_tail(&pair->buckets[1]->waiters, &waiter->link);
            waiter->key = pair->keys[1];
            __atomic_store_n(&waiter->bucket, pair->buckets[1], __ATOMIC_RELEASE);
            moved++;
        }
    }
    return moved;
}

/* The comparison and the move are one step under both locks: a waiter cannot come between them and be left behind (futex(2), CMP_REQUEUE). */
static long requeue_once(const struct futex_pair *pair, const struct futex_requeue *requeue)
{
    uint32_t value = 0;
    long result = 0;
    pair_lock(pair);
    if (requeue->is_compared) {
        result = user_load32_nofault(requeue->from.address, &value);
        if (result == 0 && value != requeue->expected) {
            result = -EAGAIN;
        }
    }
    if (result == 0) {
        unsigned woken = futex_wake_key_locked(pair->buckets[0], &pair->keys[0], requeue->wake,
                                               FUTEX_BITSET_MATCH_ANY);
        unsigned moved = 0;
        if (!futex_key_is_equal(&pair->keys[0], &pair->keys[1])) {
            moved = pair_move_locked(pair, requeue->move);
        }
        result = (long)woken + (requeue->is_compared ? (long)moved : 0);
    }
    pair_unlock(pair);
    return result;
}

long futex_requeue(const struct futex_requeue *requeue)
{
    struct futex_pair pair;
    int error = pair_make(&pair, &requeue->from, &requeue->to);
    if (error != 0) {
        return error;
    }
    for (;;) {
        long result = requeue_once(&pair, requeue);
        if (result != -EFAULT) {
            return result;
        }
        if (user_fault_in(requeue->from.address, sizeof(uint32_t), false) != 0) {
            return -EFAULT;
        }
    }
}

/* The parts of FUTEX_WAKE_OP's third value, as futex(2) encodes them; signed 12-bit arguments. */
struct wake_operation {
    unsigned kind, compare;
    int32_t argument, compare_argument;
};

static int operation_decode(uint32_t encoded, struct wake_operation *operation)
{
    *operation = (struct wake_operation){
        .kind = encoded >> 28 & 7,
        .compare = encoded >> 24 & 15,
        .argument = (int32_t)(encoded << 8) >> 20,
        .compare_argument = (int32_t)(encoded << 20) >> 20,
    };
    if ((encoded >> 28 & FUTEX_OP_OPARG_SHIFT) != 0) {
        operation->argument = (int32_t)(1u << (operation->argument & 31));
    }
    return operation->kind > FUTEX_OP_XOR || operation->compare > FUTEX_OP_CMP_GE ? -ENOSYS : 0;
}

static uint32_t operation_apply(const struct wake_operation *operation, uint32_t old)
{
    uint32_t argument = (uint32_t)operation->argument;
    switch (operation->kind) {
    case FUTEX_OP_SET: return argument;
    case FUTEX_OP_ADD: return old + argument;
    case FUTEX_OP_OR: return old | argument;
    case FUTEX_OP_ANDN: return old & ~argument;
    default: return old ^ argument;
    }
}

static bool operation_compares(const struct wake_operation *operation, int32_t old)
{
    int32_t argument = operation->compare_argument;
    switch (operation->compare) {
    case FUTEX_OP_CMP_EQ: return old == argument;
    case FUTEX_OP_CMP_NE: return old != argument;
    case FUTEX_OP_CMP_LT: return old < argument;
    case FUTEX_OP_CMP_LE: return old <= argument;
    case FUTEX_OP_CMP_GT: return old > argument;
    default: return old >= argument;
    }
}

/* Changes the word atomically; the lock keeps our own wakers out, the loop other CPUs' plain instructions. 0 or -EFAULT. */
static int operation_run(const struct wake_operation *operation, uint32_t __user *address,
                         uint32_t *old)
{
    uint32_t seen = 0;
    int error = user_load32_nofault(address, old);
    while (error == 0) {
        error = user_cmpxchg32_nofault(address, *old, operation_apply(operation, *old), &seen);
        if (error == 0 && seen == *old) {
            return 0;
        }
        *old = seen;
    }
    return error;
}

long futex_wake_operation(const struct futex_word *first, unsigned wake_first,
                          const struct futex_word *second, unsigned wake_second, uint32_t encoded)
{
    struct wake_operation operation;
    struct futex_pair pair;
    uint32_t old;
    int error = operation_decode(encoded, &operation);
    if (error == 0) {
        error = pair_make(&pair, first, second);
    }
    if (error != 0) {
        return error;
    }
    for (;;) {
        pair_lock(&pair);
        error = operation_run(&operation, second->address, &old);
        if (error == 0) {
            break;
        }
        pair_unlock(&pair);
        if (user_fault_in(second->address, sizeof(uint32_t), true) != 0) {
            return -EFAULT;
        }
    }
    unsigned woken =
        futex_wake_key_locked(pair.buckets[0], &pair.keys[0], wake_first, FUTEX_BITSET_MATCH_ANY);
    if (operation_compares(&operation, (int32_t)old)) {
        woken += futex_wake_key_locked(pair.buckets[1], &pair.keys[1], wake_second,
                                       FUTEX_BITSET_MATCH_ANY);
    }
    pair_unlock(&pair);
    return woken;
}
