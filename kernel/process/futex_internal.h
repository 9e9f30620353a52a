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
    uint64_t arrivals;        /* [l] waiters that ever came, moved ones too */
};

struct futex_waiter {
    struct list_head link;       /* [l bucket] */
    struct futex_key key;        /* [l bucket] */
    struct futex_bucket *bucket; /* [l both buckets while it moves] */
    struct thread *thread;       /* [I] */
    uint64_t arrival;            /* [l bucket] its bucket's count when it came */
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
/* At the end of the bucket. */
void futex_waiter_join_locked(struct futex_waiter *waiter, struct futex_bucket *bucket);

/*
 * Locks of one or two buckets. A bucket may have as many waiters as there are threads, whatever words they wait for, so whoever goes
 * through one lets all locks go every so often.
 */
struct futex_hold {
    struct futex_bucket *low, *high; /* by address; the same where it is one */
};
struct futex_hold futex_hold_of(struct futex_bucket *first, struct futex_bucket *second);
void futex_hold_lock(const struct futex_hold *hold);
void futex_hold_unlock(const struct futex_hold *hold);

/* Whom to look for, and what comes of it. */
struct futex_search {
    struct futex_key key;
    uint32_t bitset;
    unsigned count; /* at most */
    uint64_t
        last_arrival; /* the bucket's count when the call began: who comes later is not meant */
    /* Takes a waiter out of the bucket that it is in. */
    void (*take)(struct futex_waiter *waiter, void *context);
    void *context;
};
/* The hold is the caller's, before and after, and let go in between. Returns how many were taken. */
unsigned futex_take_locked(const struct futex_hold *hold, struct futex_bucket *bucket,
                           const struct futex_search *search);
unsigned futex_wake_locked(const struct futex_hold *hold, struct futex_bucket *bucket,
                           const struct futex_search *search); /* the same; `take` wakes them */
void futex_init(void); /* by process_init, as the next one */
void futex_pi_init(void);
