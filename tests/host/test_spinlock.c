/*
 * Spin locks among host threads that stand for CPUs, and what debug kernels refuse.
 *
 * host-sources: sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c
 */
#include "support.h"

#include <pthread.h>

#include "arch/cpu.h"
#include "sync/percpu.h"
#include "sync/preempt.h"
#include "sync/spinlock.h"

enum { CPUS = 4, ROUNDS = 5000, COPY_BYTES = 1 << 16 };

static struct spinlock counter_lock = SPINLOCK_INIT(LOCK_RANK_HEAP);
static uint64_t counter;
static unsigned reschedules;
static _Thread_local char percpu_copy[COPY_BYTES];
static char percpu_anchor section(".percpu");

void upcall_reschedule(void);
void upcall_reschedule(void)
{
    assert_false(host_interrupts_enabled);
    reschedules++;
    cpu_block_set(reschedule_pending, 0);
}

/* This host thread is a CPU with a copy of the per-CPU section. */
static void cpu_become(unsigned number)
{
    cpu_block_set(number, number);
    uint64_t delta = (uintptr_t)percpu_copy + COPY_BYTES / 2 - (uintptr_t)&percpu_anchor;
    cpu_block_set(percpu_delta, number == 0 ? 0 : delta & ~7UL);
}

static void *cpu_count(void *number)
{
    cpu_become((unsigned)(uintptr_t)number);
    for (unsigned i = 0; i < ROUNDS; i++) {
        spin_lock(&counter_lock);
        counter++;
        spin_unlock(&counter_lock);
    }
    return NULL;
}

static void only_one_cpu_holds_a_lock(void **state)
{
    pthread_t threads[CPUS];
    for (uintptr_t i = 0; i < CPUS; i++) {
        pthread_create(&threads[i], NULL, cpu_count, (void *)(i + 1));
    }
    for (unsigned i = 0; i < CPUS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(counter, CPUS * ROUNDS);
}

static void interrupts_come_back_at_the_outermost_end(void **state)
{
    struct spinlock inner = SPINLOCK_INIT(LOCK_RANK_LOG);
    spin_lock(&counter_lock);
    spin_lock(&inner);
    assert_false(host_interrupts_enabled);
    assert_false(context_may_sleep());
    spin_unlock(&inner);
    assert_false(host_interrupts_enabled);
    spin_unlock(&counter_lock);
    assert_true(host_interrupts_enabled);
    assert_true(context_may_sleep());
}

static void a_handler_keeps_interrupts_off(void **state)
{
    host_interrupts_enabled = false;
    spin_lock(&counter_lock);
    spin_unlock(&counter_lock);
    assert_false(host_interrupts_enabled);
    host_interrupts_enabled = true;
}

static void a_choice_waits_for_the_last_count(void **state)
{
    reschedules = 0;
    preempt_disable();
    spin_lock(&counter_lock);
    cpu_block_set(reschedule_pending, 1);
    spin_unlock(&counter_lock);
    assert_int_equal(reschedules, 0);
    preempt_enable();
    assert_int_equal(reschedules, 1);
    assert_true(host_interrupts_enabled);
    spin_lock(&counter_lock);
    cpu_block_set(reschedule_pending, 1);
    spin_unlock(&counter_lock);
    assert_int_equal(reschedules, 2);
}

static void a_try_succeeds_only_on_a_free_lock(void **state)
{
    assert_true(spin_try_lock(&counter_lock));
    assert_true(spin_is_held(&counter_lock));
    assert_false(spin_try_lock(&counter_lock));
    assert_false(host_interrupts_enabled);
    spin_unlock(&counter_lock);
    assert_false(spin_is_held(&counter_lock));
    assert_true(host_interrupts_enabled);
}

static void wrong_use_is_caught(void **state)
{
    struct spinlock low = SPINLOCK_INIT(LOCK_RANK_PROCESS_TREE);
    struct spinlock same = SPINLOCK_INIT(LOCK_RANK_HEAP);
    struct spinlock pair[2] = {SPINLOCK_INIT(LOCK_RANK_PAGE_TABLE),
                               SPINLOCK_INIT(LOCK_RANK_PAGE_TABLE)};
    struct cpu_block before = host_cpu_block;
    spin_lock(&counter_lock);
    expect_assert_failure(spin_lock(&counter_lock)); /* twice */
    expect_assert_failure(spin_lock(&low));          /* a lower rank */
    expect_assert_failure(spin_lock(&same));         /* the same rank */
    expect_assert_failure(spin_unlock(&low));        /* not the owner */
    host_cpu_block = before;
    cpu_block_set(interrupt_off_depth, 1);
    spin_unlock(&counter_lock);
    spin_lock(&pair[0]);
    spin_lock(&pair[1]); /* a rank of which two may be held */
    spin_unlock(&pair[0]);
    spin_unlock(&pair[1]);
    host_interrupts_enabled = true;
    host_cpu_block = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_cpu_holds_a_lock),
        cmocka_unit_test(interrupts_come_back_at_the_outermost_end),
        cmocka_unit_test(a_handler_keeps_interrupts_off),
        cmocka_unit_test(a_choice_waits_for_the_last_count),
        cmocka_unit_test(a_try_succeeds_only_on_a_free_lock),
        cmocka_unit_test(wrong_use_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
