// What debug kernels say of locks: a test of its own takes them in the wrong order, hears the complaint, and goes on. Release
// kernels keep no order, so that nothing is asked of them.
#include "kernel_test.h"

#include "scheduler/mutex.h"
#include "sync/lock_debug.h"
#include "sync/rcu.h"
#include "sync/spinlock.h"

#if ASTRA_DEBUG

static struct lock_complaint complaint;
static unsigned complaints;

static void complaint_keep(const struct lock_complaint *made)
{
    complaint = *made;
    complaints++;
}

static struct mutex first_mutex = MUTEX_INIT(first_mutex, LOCK_RANK_TERMINAL);
static struct mutex second_mutex = MUTEX_INIT(second_mutex, LOCK_RANK_TERMINAL);

static void mutexes_take_both(struct mutex *outer, struct mutex *inner)
{
    mutex_lock(outer);
    mutex_lock(inner);
    mutex_unlock(inner);
    mutex_unlock(outer);
}

static void mutexes_swap(void)
{
    mutexes_take_both(&first_mutex, &second_mutex);
    mutexes_take_both(&first_mutex, &second_mutex);
    KT_ASSERT(complaints == 0);
    mutexes_take_both(&second_mutex, &first_mutex);
    KT_ASSERT(complaints == 1 && complaint.fault == LOCK_FAULT_ORDER);
    KT_ASSERT(complaint.path.length == 1);
    const struct lock_edge *seen = complaint.path.edges[0];
    KT_ASSERT(seen->from == first_mutex.class && seen->to == second_mutex.class);
    KT_ASSERT(seen->trace[0] != 0 && seen->trace[1] != 0); // who took them the other way round
}

static struct spinlock low_lock = SPINLOCK_INIT(LOCK_RANK_DESCRIPTORS);
static struct spinlock high_lock = SPINLOCK_INIT(LOCK_RANK_FS_STATE);

static void ranks_swap(void)
{
    complaints = 0;
    spin_lock(&high_lock);
    spin_lock(&low_lock);
    spin_unlock(&low_lock);
    spin_unlock(&high_lock);
    KT_ASSERT(complaints == 1 && complaint.fault == LOCK_FAULT_RANK);
}

static void sleep_checks(void)
{
    complaints = 0;
    lock_debug_check_sleep(NULL);
    KT_ASSERT(complaints == 0);
    rcu_read_lock();
    lock_debug_check_sleep(NULL);
    rcu_read_unlock();
    KT_ASSERT(complaints == 1 && complaint.fault == LOCK_FAULT_SLEEP && complaint.held == NULL);
    spin_lock(&low_lock);
    lock_debug_check_sleep(second_mutex.class);
    spin_unlock(&low_lock);
    KT_ASSERT(complaints == 2 && complaint.wanted == second_mutex.class);
}

static void wrong_use_check(void)
{
    complaints = 0;
    lock_complain_function *former = lock_debug_set_complain(complaint_keep);
    mutexes_swap();
    ranks_swap();
    sleep_checks();
    lock_debug_set_complain(former);
}

static void counts_check(void)
{
    uint64_t before = atomic64_load(&low_lock.class->taken);
    spin_lock(&low_lock);
    spin_unlock(&low_lock);
    KT_ASSERT(atomic64_load(&low_lock.class->taken) == before + 1);
    KT_ASSERT(atomic64_load(&low_lock.class->contended) == 0);
}

#else

static void wrong_use_check(void)
{
    KT_ASSERT(sizeof(struct spinlock) == 8);
}

static void counts_check(void)
{
    KT_ASSERT(sizeof(struct lock_holds) == 0);
}

#endif

KERNEL_TEST(a_wrong_order_of_locks_is_convicted_by_debug_kernels)
{
    wrong_use_check();
}

KERNEL_TEST(locks_are_counted_by_debug_kernels_only)
{
    counts_check();
}
