/*
 * Futexes (futex(2)): sleeping on a word of user memory. The fast path never comes here; a waiter sleeps only if the word still has the
 * value that it saw, which is checked under the lock that wakers take.
 *
 * A futex is known by its key: address space and address, or, for a word in a shared mapping, object and offset, so that processes meet
 * that map the object at different addresses.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct task;

/* What every operation says of its word. */
struct futex_word {
    uint32_t __user *address; /* 4-byte aligned */
    bool is_private;          /* FUTEX_PRIVATE_FLAG: never in a shared mapping */
};

/*
 * Sleeps while the word is `expected`, until a wake whose bit set shares a bit with `bitset`, or the monotonic deadline (UINT64_MAX: none).
 * 0, -EAGAIN (another value), -ETIMEDOUT, -EFAULT, -EINVAL, -ERESTARTSYS, -ERESTART_RESTARTBLOCK.
 */
must_check long futex_wait(const struct futex_word *word, uint32_t expected, uint64_t deadline_ns,
                           uint32_t bitset);
/* Wakes up to `count` waiters. Their number, -EFAULT, -EINVAL. */
long futex_wake(const struct futex_word *word, unsigned count, uint32_t bitset);

/* Wakes up to `wake` waiters of `from` and moves up to `move` more to `to`. */
struct futex_requeue {
    struct futex_word from, to;
    unsigned wake, move;
    bool
        is_compared; /* only while from's word is `expected`; counts moved waiters too (FUTEX_CMP_REQUEUE) */
    uint32_t expected;
};
must_check long futex_requeue(const struct futex_requeue *requeue);

/* FUTEX_WAKE_OP: changes `second`'s word as `operation` says, wakes `first`, and `second` too where the old value compares true. */
must_check long futex_wake_operation(const struct futex_word *first, unsigned wake_first,
                                     const struct futex_word *second, unsigned wake_second,
                                     uint32_t operation);

/*
 * Futexes with priority inheritance: the word is 0 or its owner's number, with FUTEX_WAITERS and FUTEX_OWNER_DIED. Takes it, waiting
 * until the monotonic deadline (UINT64_MAX: none); `is_try`: without waiting. 0, -EAGAIN (is_try), -EDEADLK (it is the caller's, or
 * its owner waits for the caller), -ESRCH (nobody has the number that it names), -EINVAL (the word contradicts what is known),
 * -ETIMEDOUT, -EFAULT, -ENOMEM, -ERESTARTNOINTR.
 */
must_check long futex_pi_lock(const struct futex_word *word, uint64_t deadline_ns, bool is_try);
/* Gives it to who waits first in rank. 0, -EPERM (not the caller's), -EFAULT, -EINVAL. */
must_check long futex_pi_unlock(const struct futex_word *word);
/* A task leaves its memory: what it holds goes to who waits. `is_final`: nobody can wait for it from now on. */
void futex_pi_end(struct task *task, bool is_final);
/* Its scheduling parameters changed: who waits for what, and for whom, is put in order. */
void futex_pi_priority_changed(struct task *task);

/*
 * A task leaves its memory (exit, exec): futexes of its robust list are marked FUTEX_OWNER_DIED and one waiter of each is woken.
 */
void futex_robust_list_end(struct task *task);
