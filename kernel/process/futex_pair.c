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
    struct futex_hold hold;
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
        pair->hold = futex_hold_of(pair->buckets[0], pair->buckets[1]);
    }
    return error;
}

/* Behind the waiters of the second key. */
static void waiter_move(struct futex_waiter *waiter, void *context)
{
    const struct futex_pair *pair = context;
    assert(spin_is_held(&pair->buckets[0]->lock) && spin_is_held(&pair->buckets[1]->lock));
    list_remove(&waiter->link);
    futex_waiter_join_locked(waiter, pair->buckets[1]);
    waiter->key = pair->keys[1];
    __atomic_store_n(&waiter->bucket, pair->buckets[1], __ATOMIC_RELEASE);
}

/* Up to `count` waiters of one of the words, of those that are there now. */
static struct futex_search pair_search_locked(const struct futex_pair *pair, unsigned which,
                                              unsigned count)
{
    assert(which < ARRAY_SIZE(pair->keys) && spin_is_held(&pair->buckets[which]->lock));
    return (struct futex_search){
        .key = pair->keys[which],
        .bitset = FUTEX_BITSET_MATCH_ANY,
        .count = count,
        .last_arrival = pair->buckets[which]->arrivals,
    };
}

/*
 * The comparison and the beginning of the move are one step under both locks: a waiter cannot come between them and be left behind
 * (futex(2), CMP_REQUEUE). Nor is one taken that comes while the locks are let go on the way: the word may differ by then.
 */
static long requeue_once(struct futex_pair *pair, const struct futex_requeue *requeue)
{
    uint32_t value = 0;
    long result = 0;
    futex_hold_lock(&pair->hold);
    if (requeue->is_compared) {
        result = user_load32_nofault(requeue->from.address, &value);
        if (result == 0 && value != requeue->expected) {
            result = -EAGAIN;
        }
    }
    if (result == 0) {
        const struct futex_search waking = pair_search_locked(pair, 0, requeue->wake);
        struct futex_search moving = pair_search_locked(pair, 0, requeue->move);
        moving.take = waiter_move;
        moving.context = pair;
        unsigned woken = futex_wake_locked(&pair->hold, pair->buckets[0], &waking);
        unsigned moved = 0;
        if (!futex_key_is_equal(&pair->keys[0], &pair->keys[1])) {
            moved = futex_take_locked(&pair->hold, pair->buckets[0], &moving);
        }
        result = (long)woken + (requeue->is_compared ? (long)moved : 0);
    }
    futex_hold_unlock(&pair->hold);
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
        futex_hold_lock(&pair.hold);
        error = operation_run(&operation, second->address, &old);
        if (error == 0) {
            break;
        }
        futex_hold_unlock(&pair.hold);
        if (user_fault_in(second->address, sizeof(uint32_t), true) != 0) {
            return -EFAULT;
        }
    }
    const struct futex_search first_search = pair_search_locked(&pair, 0, wake_first);
    const struct futex_search second_search = pair_search_locked(&pair, 1, wake_second);
    unsigned woken = futex_wake_locked(&pair.hold, pair.buckets[0], &first_search);
    if (operation_compares(&operation, (int32_t)old)) {
        woken += futex_wake_locked(&pair.hold, pair.buckets[1], &second_search);
    }
    futex_hold_unlock(&pair.hold);
    return woken;
}
