/*
 * The order in which timers come out of their tree.
 *
 * host-sources: scheduler/timer_tree.c lib/rbtree.c
 */
#include "support.h"

#include "lib/macros.h"
#include "scheduler/timer_internal.h"

enum { TIMERS = 500 };

static void timers_come_out_in_order_of_deadline(void **state)
{
    struct timer_tree tree = {0};
    struct timer timers[TIMERS] = {0};
    uint64_t random = 1;
    for (size_t i = 0; i < TIMERS; i++) {
        timers[i].deadline_ns = test_random(&random) % 100000;
        timer_tree_insert(&tree, &timers[i]);
    }
    uint64_t last = 0;
    for (size_t i = 0; i < TIMERS; i++) {
        struct timer *timer = timer_tree_take_due(&tree, UINT64_MAX);
        assert_non_null(timer);
        assert_true(timer->deadline_ns >= last);
        last = timer->deadline_ns;
    }
    assert_null(timer_tree_take_due(&tree, UINT64_MAX));
}

static void equal_deadlines_keep_the_order_of_insertion(void **state)
{
    struct timer_tree tree = {0};
    struct timer timers[8] = {0};
    for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
        timers[i].deadline_ns = 7;
        timer_tree_insert(&tree, &timers[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
        assert_ptr_equal(timer_tree_take_due(&tree, 7), &timers[i]);
    }
}

static void what_is_not_due_stays(void **state)
{
    struct timer_tree tree = {0};
    struct timer timer = {.deadline_ns = 100};
    assert_null(timer_tree_take_due(&tree, UINT64_MAX));
    timer_tree_insert(&tree, &timer);
    assert_null(timer_tree_take_due(&tree, 99));
    assert_ptr_equal(tree.first, &timer);
    assert_ptr_equal(timer_tree_take_due(&tree, 100), &timer);
}

static void removal_keeps_the_first_right(void **state)
{
    struct timer_tree tree = {0};
    struct timer timers[TIMERS] = {0};
    uint64_t random = 2;
    for (size_t i = 0; i < TIMERS; i++) {
        timers[i].deadline_ns = test_random(&random) % 1000;
        timer_tree_insert(&tree, &timers[i]);
    }
    for (size_t i = 0; i < TIMERS; i++) {
        timer_tree_remove(&tree, &timers[i]);
        uint64_t earliest = UINT64_MAX;
        for (size_t k = i + 1; k < TIMERS; k++) {
            earliest = MIN(earliest, timers[k].deadline_ns);
        }
        assert_true(i + 1 == TIMERS ? tree.first == NULL : tree.first->deadline_ns == earliest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_out_in_order_of_deadline),
        cmocka_unit_test(equal_deadlines_keep_the_order_of_insertion),
        cmocka_unit_test(what_is_not_due_stays),
        cmocka_unit_test(removal_keeps_the_first_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
