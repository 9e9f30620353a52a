/*
 * Spin locks among host threads that stand for CPUs, and what debug kernels refuse.
 *
 * host-sources: sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include <pthread.h>

#include "arch/cpu.h"
#include "sync/lock_debug.h"
#include "sync/percpu.h"
#include "sync/preempt.h"
#include "sync/rcu.h"
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

static struct spinlock inner = SPINLOCK_INIT(LOCK_RANK_LOG);

static void interrupts_come_back_at_the_outermost_end(void **state)
{
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

static struct spinlock low = SPINLOCK_INIT(LOCK_RANK_PROCESS_TREE);
static struct spinlock same = SPINLOCK_INIT(LOCK_RANK_HEAP);

/* Gives this CPU's locks back after a complaint left some of them half taken. */
static void holds_forget(const struct cpu_block *before)
{
    lock_debug_spinning()->count = 0;
    host_cpu_block = *before;
    host_interrupts_enabled = true;
}

static void wrong_use_is_caught(void **state)
{
    struct cpu_block before = host_cpu_block;
    spin_lock(&counter_lock);
    expect_assert_failure(spin_lock(&counter_lock)); /* twice */
    expect_assert_failure(spin_lock(&low));          /* a lower rank */
    expect_assert_failure(spin_lock(&same));         /* the same rank */
    expect_assert_failure(spin_unlock(&low));        /* not the owner */
    host_cpu_block = before;
    cpu_block_set(interrupt_off_depth, 1);
    spin_unlock(&counter_lock);
    holds_forget(&before);
}

static void two_of_one_class_need_an_order(void **state)
{
    struct cpu_block before = host_cpu_block;
    struct spinlock by_level[2], by_address[2];
    for (unsigned i = 0; i < 2; i++) {
        spin_init(&by_level[i], LOCK_RANK_PAGE_TABLE);
        spin_init(&by_address[i], LOCK_RANK_FUTEX);
    }
    spin_lock(&by_level[1]);
    spin_lock_nested(&by_level[0], 1);
    spin_unlock(&by_level[1]);
    spin_unlock(&by_level[0]);
    spin_lock(&by_address[0]);
    spin_lock(&by_address[1]);
    spin_unlock(&by_address[0]);
    expect_assert_failure(spin_lock(&by_address[0]));
    holds_forget(&before);
    spin_lock(&by_level[0]);
    expect_assert_failure(spin_lock(&by_level[1]));
    holds_forget(&before);
}

static struct spinlock first = SPINLOCK_INIT(LOCK_RANK_WAIT_QUEUE);
static struct spinlock second = SPINLOCK_INIT(LOCK_RANK_WAIT_QUEUE);
static struct spinlock third = SPINLOCK_INIT(LOCK_RANK_WAIT_QUEUE);
static struct lock_complaint complaint;
static unsigned complaints;

static void complaint_keep(const struct lock_complaint *made)
{
    complaint = *made;
    complaints++;
}

static void take_both(struct spinlock *outer, struct spinlock *nested)
{
    spin_lock(outer);
    spin_lock(nested);
    spin_unlock(nested);
    spin_unlock(outer);
}

static void a_ring_of_three_is_found_when_it_closes(void **state)
{
    complaints = 0;
    lock_complain_function *former = lock_debug_set_complain(complaint_keep);
    take_both(&first, &second);
    take_both(&second, &third);
    assert_int_equal(complaints, 0);
    take_both(&third, &first);
    lock_debug_set_complain(former);
    assert_int_equal(complaints, 1);
    assert_int_equal(complaint.fault, LOCK_FAULT_ORDER);
    assert_ptr_equal(complaint.wanted, first.class);
    assert_ptr_equal(complaint.held->class, third.class);
    assert_int_equal(complaint.path.length, 2); /* backwards: the last step first */
    assert_ptr_equal(complaint.path.edges[0]->from, second.class);
    assert_ptr_equal(complaint.path.edges[1]->from, first.class);
    assert_true(complaint.path.edges[0]->trace[0] != 0);
}

static void a_tried_lock_may_come_in_any_order(void **state)
{
    complaints = 0;
    lock_complain_function *former = lock_debug_set_complain(complaint_keep);
    spin_lock(&counter_lock);
    assert_true(spin_try_lock(&low));
    spin_unlock(&low);
    spin_unlock(&counter_lock);
    lock_debug_set_complain(former);
    assert_int_equal(complaints, 0);
}

static void what_rcu_guards_is_read_inside_a_section(void **state)
{
    int value = 1, *pointer = &value;
    complaints = 0;
    lock_complain_function *former = lock_debug_set_complain(complaint_keep);
    rcu_read_lock();
    assert_int_equal(*rcu_dereference(pointer), 1);
    rcu_debug_check_switch();
    assert_int_equal(complaints, 1);
    assert_int_equal(complaint.fault, RCU_FAULT_QUIET);
    rcu_read_unlock();
    assert_int_equal(*rcu_dereference(pointer), 1);
    assert_int_equal(complaint.fault, RCU_FAULT_READ);
    preempt_disable();
    rcu_read_unlock();
    assert_int_equal(complaint.fault, RCU_FAULT_BALANCE);
    lock_debug_set_complain(former);
}

static void nobody_sleeps_while_spinning(void **state)
{
    complaints = 0;
    lock_complain_function *former = lock_debug_set_complain(complaint_keep);
    lock_debug_check_sleep(NULL);
    assert_int_equal(complaints, 0);
    spin_lock(&counter_lock);
    lock_debug_check_sleep(NULL);
    assert_int_equal(complaints, 1);
    assert_int_equal(complaint.fault, LOCK_FAULT_SLEEP);
    assert_ptr_equal(complaint.held->lock, &counter_lock);
    spin_unlock(&counter_lock);
    lock_debug_set_complain(former);
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
        cmocka_unit_test(two_of_one_class_need_an_order),
        cmocka_unit_test(a_ring_of_three_is_found_when_it_closes),
        cmocka_unit_test(a_tried_lock_may_come_in_any_order),
        cmocka_unit_test(what_rcu_guards_is_read_inside_a_section),
        cmocka_unit_test(nobody_sleeps_while_spinning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
