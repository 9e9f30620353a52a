/*
 * What the files of futexes share.
 */
#pragma once

#include "lib/list.h"
#include "process/futex.h"
#include "scheduler/thread.h"
#include "sync/spinlock.h"

struct futex_key {
    uint64_t
        object; /* serial of the address space, or (bit 0 set) of a shared mapping's object: never used again */
    uint64_t offset; /* address, or offset in the object */
};

struct futex_bucket {
    struct spinlock lock;
    struct list_head waiters; /* [l] in the order of arrival */
};

struct futex_waiter {
    struct list_head link;       /* [l bucket] */
    struct futex_key key;        /* [l bucket] */
    struct futex_bucket *bucket; /* [l both buckets while it moves] */
    struct thread *thread;       /* [I] */
    uint32_t bitset;             /* [I] */
    bool is_woken;               /* [l bucket] off the list */
};

static inline bool futex_key_is_equal(const struct futex_key *a, const struct futex_key *b)
{
    return a->object == b->object && a->offset == b->offset;
}

/* 0, -EINVAL (alignment), -EFAULT (nothing is mapped there). May sleep. */
must_check int futex_key_make(const struct futex_word *word, struct futex_key *key);
struct futex_bucket *futex_bucket_of(const struct futex_key *key);
void futex_wake_waiter_locked(struct futex_waiter *waiter);
unsigned futex_wake_key_locked(struct futex_bucket *bucket, const struct futex_key *key,
                               unsigned count, uint32_t bitset);
void futex_init(void); /* by process_init, as the next one */
void futex_pi_init(void);
