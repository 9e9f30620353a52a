/*
 * Futexes with priority inheritance (FUTEX_LOCK_PI and its kin): the word holds its owner's number, the kernel knows who waits, hands
 * the lock to the first of them, and lends the owner the priority of whoever waits longest in rank.
 *
 * A lock is known here only while somebody waits for it, or while one who was given it after its owner's death has not written its own
 * number yet (is_settling). Its owner has it on its list; a waiter knows its lock; so priorities are passed on along a chain of owners
 * that wait themselves, and a circle is found before it closes. All of it is under one lock, futex_pi_lock_all (rank FUTEX_PI): these
 * calls are rare. Waiters stand on their sleepers' stacks; who is woken takes that lock once more before it returns.
 *
 * Numbers are looked up before the lock is taken; where the word has changed meanwhile, the call starts over. See futex(2).
 */
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "memory/user_copy.h"
#include "process/futex_internal.h"
#include "process/process_internal.h"
#include "uapi/futex.h"

enum {
    PI_BUCKETS = 64,
    CHAIN_MAX =
        1024, /* owners that wait for owners; a longer chain counts as a circle, as on Linux */
};

struct pi_lock {
    struct list_head link;       /* [l] in its bucket */
    struct list_head owner_link; /* [l] in owner->pi_locks */
    struct futex_key key;        /* [I] */
    struct task *owner;          /* [l] it gives its locks up before it ends */
    struct rb_root waiters;      /* [l] by priority, then arrival */
    uint64_t arrivals;           /* [l] */
    bool is_settling;            /* [l] the owner has not written the word yet */
};

struct pi_waiter {
    struct rb_node node;  /* [l] */
    struct task *task;    /* [I] */
    struct pi_lock *lock; /* [l] */
    int priority;         /* [l] its place in the tree */
    uint64_t arrival;     /* [l] */
    bool is_owner;        /* [a, written under l] it was handed the lock */
};

/* One call of FUTEX_LOCK_PI. */
struct pi_call {
    const struct futex_word *word;
    struct futex_key key;
    struct pi_waiter waiter;
    struct pi_lock *spare; /* for the first who waits; NULL: used, or none is needed */
    struct task *owner;    /* a reference: whom `value` names; NULL: nobody who lives */
    uint32_t value;
    bool is_try;
};

enum { PI_QUEUED = 1, PI_LOOK_AGAIN = 2 };

static struct spinlock futex_pi_lock_all = SPINLOCK_INIT(LOCK_RANK_FUTEX_PI);
static struct list_head buckets[PI_BUCKETS]; /* [l] */
static struct slab_cache lock_cache;

void futex_pi_init(void)
{
    slab_cache_init(&lock_cache, "pi_lock", sizeof(struct pi_lock), 8);
    for (size_t i = 0; i < PI_BUCKETS; i++) {
        list_init(&buckets[i]);
    }
}

static struct list_head *bucket_of(const struct futex_key *key)
{
    return &buckets[hash_combine(key->object, key->offset) % PI_BUCKETS];
}

static struct pi_lock *lock_find_locked(const struct futex_key *key)
{
    assert(spin_is_held(&futex_pi_lock_all));
    struct pi_lock *lock;
    list_for_each_entry(lock, bucket_of(key), link) {
        if (futex_key_is_equal(&lock->key, key)) {
            return lock;
        }
    }
    return NULL;
}

static uint32_t number_of(const struct task *task)
{
    return (uint32_t)task->thread.number;
}

/* ---- who waits, and what the owner gains by it ----------------------------------------------------- */

static struct pi_waiter *first_waiter(const struct pi_lock *lock)
{
    return rb_entry_or_null(rb_first(&lock->waiters), struct pi_waiter, node);
}

static bool goes_before(const struct pi_waiter *a, const struct pi_waiter *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a->arrival < b->arrival;
}

static void waiter_insert_locked(struct pi_waiter *waiter)
{
    assert(spin_is_held(&futex_pi_lock_all));
    struct rb_node **link = &waiter->lock->waiters.node;
    struct rb_node *parent = NULL;
    waiter->priority = thread_priority(&waiter->task->thread);
    while (*link != NULL) {
        parent = *link;
        bool is_left = goes_before(waiter, rb_entry(parent, struct pi_waiter, node));
        link = is_left ? &parent->left : &parent->right;
    }
    rb_link_node(&waiter->node, parent, link);
    rb_insert_rebalance(&waiter->node, &waiter->lock->waiters);
}

static int highest_waiting_locked(struct task *task)
{
    assert(spin_is_held(&futex_pi_lock_all));
    struct pi_lock *lock;
    int highest = 0;
    list_for_each_entry(lock, &task->pi_locks, owner_link) {
        const struct pi_waiter *waiter = first_waiter(lock);
        highest = waiter != NULL ? MAX(highest, waiter->priority) : highest;
    }
    return highest;
}

/* Lends the task what its waiters have, and passes a change on to whomever it waits for itself. */
static void priority_pass_on_locked(struct task *task)
{
    assert(spin_is_held(&futex_pi_lock_all));
    for (unsigned step = 0; step < CHAIN_MAX; step++) {
        thread_set_inherited_priority(&task->thread, highest_waiting_locked(task));
        struct pi_waiter *waiter = task->pi_waiter;
        if (waiter == NULL || waiter->priority == thread_priority(&task->thread)) {
            return;
        }
        rb_erase(&waiter->node, &waiter->lock->waiters);
        waiter_insert_locked(waiter);
        task = waiter->lock->owner;
    }
}

/* Would a wait of `task` for something of `owner` never end? */
static bool closes_circle_locked(const struct task *task, const struct task *owner)
{
    assert(spin_is_held(&futex_pi_lock_all));
    for (unsigned step = 0; step < CHAIN_MAX; step++) {
        if (owner == task) {
            return true;
        }
        if (owner->pi_waiter == NULL) {
            return false;
        }
        owner = owner->pi_waiter->lock->owner;
    }
    return true;
}

static void lock_release_if_unused_locked(struct pi_lock *lock)
{
    assert(spin_is_held(&futex_pi_lock_all));
    if (rb_is_empty(&lock->waiters) && !lock->is_settling) {
        list_remove(&lock->link);
        list_remove(&lock->owner_link);
        slab_free(&lock_cache, lock);
    }
}

static void waiter_leave_locked(struct pi_waiter *waiter)
{
    assert(spin_is_held(&futex_pi_lock_all));
    struct pi_lock *lock = waiter->lock;
    struct task *owner = lock->owner;
    rb_erase(&waiter->node, &lock->waiters);
    waiter->task->pi_waiter = NULL;
    lock_release_if_unused_locked(lock);
    priority_pass_on_locked(owner);
}

/* The first waiter has the lock. `is_settling`: it has to write the word. */
static void hand_over_locked(struct pi_lock *lock, bool is_settling)
{
    struct pi_waiter *waiter = first_waiter(lock);
    struct task *former = lock->owner;
    assert(spin_is_held(&futex_pi_lock_all) && waiter != NULL && waiter->task != former);
    rb_erase(&waiter->node, &lock->waiters);
    waiter->task->pi_waiter = NULL;
    lock->owner = waiter->task;
    lock->is_settling = is_settling;
    list_move_tail(&waiter->task->pi_locks, &lock->owner_link);
    lock_release_if_unused_locked(lock);
    priority_pass_on_locked(waiter->task);
    priority_pass_on_locked(former);
    __atomic_store_n(&waiter->is_owner, true, __ATOMIC_RELEASE);
    thread_wake(&waiter->task->thread);
}

/* ---- taking ---------------------------------------------------------------------------------------- */

/* The word from `expected` to `desired`. 0, PI_LOOK_AGAIN (it has another value), -EFAULT. */
static int word_change(const struct futex_word *word, uint32_t expected, uint32_t desired)
{
    uint32_t seen;
    int error = user_cmpxchg32_nofault(word->address, expected, desired, &seen);
    return error == 0 && seen != expected ? PI_LOOK_AGAIN : error;
}

/* Whom the word names, for the attempt that follows. */
static int call_look(struct pi_call *call)
{
    if (call->owner != NULL) {
        task_put(call->owner);
        call->owner = NULL;
    }
    if (user_copy_in(&call->value, call->word->address, sizeof(call->value)) != 0) {
        return -EFAULT;
    }
    uint32_t number = call->value & FUTEX_TID_MASK;
    call->owner = number != 0 ? task_find((int)number) : NULL;
    return 0;
}

/* May one wait for it, by what the word says? */
static int check_owner_locked(const struct pi_call *call, const struct pi_lock *lock,
                              uint32_t value)
{
    assert(spin_is_held(&futex_pi_lock_all));
    uint32_t number = value & FUTEX_TID_MASK;
    if (lock != NULL) {
        bool is_dead = number == 0 && (value & FUTEX_OWNER_DIED) != 0;
        return lock->is_settling || is_dead || number == number_of(lock->owner) ? 0 : -EINVAL;
    }
    if (value != call->value) {
        return PI_LOOK_AGAIN;
    }
    return call->owner == NULL || call->owner->pi_is_over ? -ESRCH : 0;
}

static struct pi_lock *lock_make_locked(struct pi_call *call)
{
    assert(spin_is_held(&futex_pi_lock_all) && call->spare != NULL && !call->owner->pi_is_over);
    struct pi_lock *lock = call->spare;
    call->spare = NULL;
    *lock = (struct pi_lock){.key = call->key, .owner = call->owner};
    list_add_tail(bucket_of(&call->key), &lock->link);
    list_add_tail(&call->owner->pi_locks, &lock->owner_link);
    return lock;
}

static void call_queue_locked(struct pi_call *call, struct pi_lock *lock)
{
    assert(spin_is_held(&futex_pi_lock_all) && call->waiter.task->pi_waiter == NULL);
    struct pi_waiter *waiter = &call->waiter;
    waiter->lock = lock;
    waiter->arrival = lock->arrivals++;
    waiter_insert_locked(waiter);
    waiter->task->pi_waiter = waiter;
    priority_pass_on_locked(lock->owner);
}

/* 0: it is the caller's; PI_QUEUED; PI_LOOK_AGAIN; -errno. */
static int attempt_locked(struct pi_call *call)
{
    assert(spin_is_held(&futex_pi_lock_all));
    uint32_t value;
    uint32_t own = number_of(call->waiter.task);
    int error = user_load32_nofault(call->word->address, &value);
    if (error != 0) {
        return error;
    }
    if ((value & FUTEX_TID_MASK) == own) {
        return -EDEADLK;
    }
    struct pi_lock *lock = lock_find_locked(&call->key);
    if (lock == NULL && (value & FUTEX_TID_MASK) == 0) {
        return word_change(call->word, value, own | (value & FUTEX_OWNER_DIED));
    }
    error = check_owner_locked(call, lock, value);
    if (error == 0 && (value & FUTEX_WAITERS) == 0) {
        error = word_change(call->word, value, value | FUTEX_WAITERS);
    }
    if (error != 0 || call->is_try) {
        return error != 0 ? error : -EAGAIN;
    }
    if (closes_circle_locked(call->waiter.task, lock != NULL ? lock->owner : call->owner)) {
        return -EDEADLK;
    }
    call_queue_locked(call, lock != NULL ? lock : lock_make_locked(call));
    return PI_QUEUED;
}

static int take_or_queue(struct pi_call *call)
{
    for (;;) {
        int result = call_look(call);
        if (result != 0) {
            return result;
        }
        spin_lock(&futex_pi_lock_all);
        result = attempt_locked(call);
        spin_unlock(&futex_pi_lock_all);
        if (result == -EFAULT) {
            result = user_fault_in(call->word->address, sizeof(uint32_t), true);
            result = result == 0 ? PI_LOOK_AGAIN : result;
        }
        if (result != PI_LOOK_AGAIN || thread_is_killed()) {
            return result != PI_LOOK_AGAIN ? result : -ERESTARTNOINTR;
        }
    }
}

/* The former owner died with it: the word gets the new one's number, and says so. */
static int settle_locked(struct pi_call *call)
{
    assert(spin_is_held(&futex_pi_lock_all) && call->waiter.lock->is_settling);
    uint32_t value;
    uint32_t desired = number_of(call->waiter.task) | FUTEX_OWNER_DIED | FUTEX_WAITERS;
    int error = user_load32_nofault(call->word->address, &value);
    if (error == 0) {
        error = word_change(call->word, value, desired);
    }
    if (error == 0) {
        struct pi_lock *lock = call->waiter.lock;
        lock->is_settling = false;
        lock_release_if_unused_locked(lock);
    }
    return error;
}

/* The word is out of reach: somebody else may have better luck. */
static void settle_fail(struct pi_call *call)
{
    struct pi_lock *lock = call->waiter.lock;
    spin_lock(&futex_pi_lock_all);
    if (first_waiter(lock) != NULL) {
        hand_over_locked(lock, true);
    } else {
        lock->is_settling = false;
        lock_release_if_unused_locked(lock);
    }
    spin_unlock(&futex_pi_lock_all);
}

static int settle(struct pi_call *call)
{
    int result = PI_LOOK_AGAIN;
    while (result == PI_LOOK_AGAIN && !thread_is_killed()) {
        spin_lock(&futex_pi_lock_all);
        result = settle_locked(call);
        spin_unlock(&futex_pi_lock_all);
        if (result == -EFAULT && user_fault_in(call->word->address, sizeof(uint32_t), true) == 0) {
            result = PI_LOOK_AGAIN;
        }
    }
    if (result != 0) {
        settle_fail(call);
    }
    return result == 0 ? 0 : -EFAULT;
}

/* Must the one that has just been handed the lock write the word? Its lock is kept only then, or while others wait. */
static bool must_settle_locked(const struct pi_waiter *waiter, const struct futex_key *key)
{
    assert(spin_is_held(&futex_pi_lock_all));
    const struct pi_lock *lock = lock_find_locked(key);
    return lock != NULL && lock->owner == waiter->task && lock->is_settling;
}

static int wait_for_lock(struct pi_call *call, uint64_t deadline_ns)
{
    struct pi_waiter *waiter = &call->waiter;
    int result = 0;
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED_INTERRUPTIBLE);
        if (__atomic_load_n(&waiter->is_owner, __ATOMIC_ACQUIRE) || result != 0) {
            break;
        }
        result = wait_sleep(THREAD_BLOCKED_INTERRUPTIBLE, deadline_ns);
    }
    thread_cancel_block();
    spin_lock(&futex_pi_lock_all);
    bool is_owner = waiter->is_owner;
    bool must_settle = is_owner && must_settle_locked(waiter, &call->key);
    if (!is_owner) {
        waiter_leave_locked(waiter);
    }
    spin_unlock(&futex_pi_lock_all);
    if (!is_owner) {
        return result == -ERESTARTSYS ? -ERESTARTNOINTR : result;
    }
    return must_settle ? settle(call) : 0;
}

long futex_pi_lock(const struct futex_word *word, uint64_t deadline_ns, bool is_try)
{
    struct pi_call call = {.word = word, .is_try = is_try, .waiter.task = task_current()};
    int result = futex_key_make(word, &call.key);
    if (result != 0) {
        return result;
    }
    call.spare = is_try ? NULL : slab_alloc(&lock_cache);
    if (call.spare == NULL && !is_try) {
        return -ENOMEM;
    }
    result = take_or_queue(&call);
    if (result == PI_QUEUED) {
        result = wait_for_lock(&call, deadline_ns);
    }
    if (call.owner != NULL) {
        task_put(call.owner);
    }
    if (call.spare != NULL) {
        slab_free(&lock_cache, call.spare);
    }
    return result;
}

/* ---- giving up --------------------------------------------------------------------------------------- */

static int unlock_once_locked(const struct futex_word *word, const struct futex_key *key)
{
    assert(spin_is_held(&futex_pi_lock_all));
    uint32_t value;
    const struct task *task = task_current();
    int error = user_load32_nofault(word->address, &value);
    if (error != 0) {
        return error;
    }
    if ((value & FUTEX_TID_MASK) != number_of(task)) {
        return -EPERM;
    }
    struct pi_lock *lock = lock_find_locked(key);
    if (lock == NULL) {
        return word_change(word, value, 0);
    }
    if (lock->owner != task || first_waiter(lock) == NULL) {
        return -EINVAL; /* the word was written by somebody who does not have the lock */
    }
    error = word_change(word, value, FUTEX_WAITERS | number_of(first_waiter(lock)->task));
    if (error == 0) {
        hand_over_locked(lock, false);
    }
    return error;
}

long futex_pi_unlock(const struct futex_word *word)
{
    struct futex_key key;
    int result = futex_key_make(word, &key);
    if (result != 0) {
        return result;
    }
    result = PI_LOOK_AGAIN;
    while (result == PI_LOOK_AGAIN && !thread_is_killed()) {
        spin_lock(&futex_pi_lock_all);
        result = unlock_once_locked(word, &key);
        spin_unlock(&futex_pi_lock_all);
        if (result == -EFAULT && user_fault_in(word->address, sizeof(uint32_t), true) == 0) {
            result = PI_LOOK_AGAIN;
        }
    }
    return result == PI_LOOK_AGAIN ? -EINTR : result;
}

void futex_pi_end(struct task *task, bool is_final)
{
    bool is_more = true;
    while (is_more) {
        spin_lock(&futex_pi_lock_all);
        task->pi_is_over = is_final;
        is_more = !list_is_empty(&task->pi_locks);
        if (is_more) {
            hand_over_locked(list_first_entry(&task->pi_locks, struct pi_lock, owner_link), true);
        }
        spin_unlock(&futex_pi_lock_all);
    }
}

void futex_pi_priority_changed(struct task *task)
{
    spin_lock(&futex_pi_lock_all);
    priority_pass_on_locked(task);
    spin_unlock(&futex_pi_lock_all);
}
