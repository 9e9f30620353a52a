/*
 * Futex waiters in hashed buckets. Lock: the bucket's, rank FUTEX; two by address when waiters move. The word is read and changed under it
 * without resolving faults; on a fault the lock is dropped, the page brought in, and the operation starts over.
 *
 * A waiter stands on its sleeper's stack. It leaves its bucket under the bucket's lock, by the waker or by the sleeper, and the sleeper
 * takes that lock once more before it returns, so that a waker never touches a waiter that is gone.
 */
#include "process/futex.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "lib/macros.h"
#include "memory/user_copy.h"
#include "process/futex_internal.h"
#include "process/process.h"
#include "uapi/futex.h"

enum { FUTEX_BUCKETS = 256, LOOKS_PER_HOLD = 128 };

static struct futex_bucket buckets[FUTEX_BUCKETS];

void futex_init(void)
{
    for (size_t i = 0; i < FUTEX_BUCKETS; i++) {
        spin_init(&buckets[i].lock, LOCK_RANK_FUTEX);
        list_init(&buckets[i].waiters);
    }
}

struct futex_bucket *futex_bucket_of(const struct futex_key *key)
{
    return &buckets[hash_combine(key->object, key->offset) % FUTEX_BUCKETS];
}

int futex_key_make(const struct futex_word *word, struct futex_key *key)
{
    vaddr_t address = (vaddr_t)(uintptr_t)word->address;
    struct address_space *space = task_current()->space;
    if (address % sizeof(uint32_t) != 0) {
        return -EINVAL;
    }
    if (!user_range_is_valid(word->address, sizeof(uint32_t))) {
        return -EFAULT;
    }
    *key = (struct futex_key){space->serial << 1, address};
    if (word->is_private) {
        return 0;
    }
    /* In a private mapping of a file the address is the key, too: each space has a copy of its own as soon as it is written to. */
    shared_mutex_look(&space->mutex);
    const struct area *area = area_find_locked(space, address);
    bool is_mapped = area != NULL && area->start <= address;
    if (is_mapped && area->cache != NULL && (area->flags & AREA_SHARED) != 0) {
        *key = (struct futex_key){page_cache_serial(area->cache) << 1 | 1,
                                  area->offset + (address - area->start)};
    }
    shared_mutex_leave(&space->mutex);
    return is_mapped ? 0 : -EFAULT;
}

void futex_waiter_join_locked(struct futex_waiter *waiter, struct futex_bucket *bucket)
{
    assert(spin_is_held(&bucket->lock));
    waiter->arrival = ++bucket->arrivals;
    list_add_tail(&bucket->waiters, &waiter->link);
}

static void waiter_wake(struct futex_waiter *waiter, void *context)
{
    (void)context;
    assert(spin_is_held(&waiter->bucket->lock) && !waiter->is_woken);
    list_remove(&waiter->link);
    __atomic_store_n(&waiter->is_woken, true, __ATOMIC_RELEASE);
    thread_wake(waiter->thread);
}

/* Locks the bucket where the waiter is now: it may move meanwhile. */
static no_lock_analysis struct futex_bucket *waiter_lock(struct futex_waiter *waiter)
{
    for (;;) {
        struct futex_bucket *bucket = __atomic_load_n(&waiter->bucket, __ATOMIC_ACQUIRE);
        spin_lock(&bucket->lock);
        if (bucket == waiter->bucket) {
            return bucket;
        }
        spin_unlock(&bucket->lock);
    }
}

/* Queues the waiter if the word still has the value. 0, -EAGAIN, -EFAULT (the page must be brought in first). */
static int waiter_queue(struct futex_waiter *waiter, const struct futex_word *word,
                        uint32_t expected)
{
    struct futex_bucket *bucket = waiter->bucket;
    uint32_t value = 0;
    spin_lock(&bucket->lock);
    int error = user_load32_nofault(word->address, &value);
    if (error == 0 && value != expected) {
        error = -EAGAIN;
    }
    if (error == 0) {
        futex_waiter_join_locked(waiter, bucket);
    }
    spin_unlock(&bucket->lock);
    return error;
}

/* Sleeps until woken, the deadline, or a signal. */
static no_lock_analysis int waiter_sleep(struct futex_waiter *waiter, uint64_t deadline_ns)
{
    int result = 0;
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED_INTERRUPTIBLE);
        if (__atomic_load_n(&waiter->is_woken, __ATOMIC_ACQUIRE) || result != 0) {
            break;
        }
        result = wait_sleep(THREAD_BLOCKED_INTERRUPTIBLE, deadline_ns);
    }
    thread_cancel_block();
    struct futex_bucket *bucket = waiter_lock(waiter);
    if (waiter->is_woken) {
        result = 0;
    } else {
        list_remove(&waiter->link);
    }
    spin_unlock(&bucket->lock);
    return result;
}

static int wait_once(const struct futex_word *word, uint32_t expected, uint64_t deadline_ns,
                     uint32_t bitset)
{
    struct futex_waiter waiter = {.thread = thread_current(), .bitset = bitset};
    int error = futex_key_make(word, &waiter.key);
    if (error != 0) {
        return error;
    }
    waiter.bucket = futex_bucket_of(&waiter.key);
    for (;;) {
        error = waiter_queue(&waiter, word, expected);
        if (error != -EFAULT) {
            break;
        }
        if (user_fault_in(word->address, sizeof(uint32_t), false) != 0) {
            return -EFAULT;
        }
    }
    return error != 0 ? error : waiter_sleep(&waiter, deadline_ns);
}

/* A wait with a deadline goes on until the same deadline after a handler that does not restart it was ignored or stopped and continued. */
static long wait_restart(struct task *task)
{
    const uint64_t *argument = task->restart.argument;
    const struct futex_word word = {(uint32_t __user *)argument[0], argument[1] != 0};
    return futex_wait(&word, (uint32_t)argument[2], task->restart.deadline_ns,
                      (uint32_t)argument[3]);
}

long futex_wait(const struct futex_word *word, uint32_t expected, uint64_t deadline_ns,
                uint32_t bitset)
{
    if (bitset == 0) {
        return -EINVAL;
    }
    int result = wait_once(word, expected, deadline_ns, bitset);
    if (result != -ERESTARTSYS || deadline_ns == UINT64_MAX) {
        return result;
    }
    task_current()->restart = (struct restart_block){
        .restart = wait_restart,
        .deadline_ns = deadline_ns,
        .argument = {(uint64_t)(uintptr_t)word->address, word->is_private, expected, bitset},
    };
    return -ERESTART_RESTARTBLOCK;
}

/* ---- going through a bucket ---------------------------------------------------------------------- */

struct futex_hold futex_hold_of(struct futex_bucket *first, struct futex_bucket *second)
{
    /* By address, so that two operations on the same pair the other way round do not wait for each other. */
    return (struct futex_hold){MIN(first, second), MAX(first, second)};
}

no_lock_analysis void futex_hold_lock(const struct futex_hold *hold)
{
    spin_lock(&hold->low->lock);
    if (hold->high != hold->low) {
        spin_lock(&hold->high->lock);
    }
}

no_lock_analysis void futex_hold_unlock(const struct futex_hold *hold)
{
    if (hold->high != hold->low) {
        spin_unlock(&hold->high->lock);
    }
    spin_unlock(&hold->low->lock);
}

/* Lets others in; the place is kept by a waiter that waits for nothing. Returns the link to go on from. */
static struct list_head *hold_pause(const struct futex_hold *hold, struct futex_bucket *bucket,
                                    struct list_head *next)
{
    struct futex_waiter marker = {.bucket = bucket}; /* no key has the object 0 */
    assert(spin_is_held(&bucket->lock));
    list_add_tail(next, &marker.link);
    futex_hold_unlock(hold);
    futex_hold_lock(hold);
    next = marker.link.next;
    list_remove(&marker.link);
    return next;
}

/* Waiters stand in the order of arrival, so the first that came too late ends it: this comes to an end, whoever is moved here. */
unsigned futex_take_locked(const struct futex_hold *hold, struct futex_bucket *bucket,
                           const struct futex_search *search)
{
    assert(spin_is_held(&bucket->lock) && search->key.object != 0);
    unsigned taken = 0, looked = 0;
    struct list_head *link = bucket->waiters.next;
    while (link != &bucket->waiters && taken < search->count) {
        if (++looked % LOOKS_PER_HOLD == 0) {
            link = hold_pause(hold, bucket, link);
            continue;
        }
        struct futex_waiter *waiter = list_entry(link, struct futex_waiter, link);
        link = link->next;
        if (waiter->arrival > search->last_arrival) {
            break;
        }
        if (futex_key_is_equal(&waiter->key, &search->key) &&
            (waiter->bitset & search->bitset) != 0) {
            search->take(waiter, search->context);
            taken++;
        }
    }
    return taken;
}

unsigned futex_wake_locked(const struct futex_hold *hold, struct futex_bucket *bucket,
                           const struct futex_search *search)
{
    struct futex_search waking = *search;
    waking.take = waiter_wake;
    return futex_take_locked(hold, bucket, &waking);
}

long futex_wake(const struct futex_word *word, unsigned count, uint32_t bitset)
{
    struct futex_key key;
    if (bitset == 0) {
        return -EINVAL;
    }
    int error = futex_key_make(word, &key);
    if (error != 0) {
        return error;
    }
    struct futex_bucket *bucket = futex_bucket_of(&key);
    const struct futex_hold hold = futex_hold_of(bucket, bucket);
    futex_hold_lock(&hold);
    const struct futex_search search = {
        .key = key, .bitset = bitset, .count = count, .last_arrival = bucket->arrivals};
    unsigned woken = futex_wake_locked(&hold, bucket, &search);
    futex_hold_unlock(&hold);
    return woken;
}
