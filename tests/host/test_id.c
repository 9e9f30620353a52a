/*
 * Ids: which numbers are given out, and how they are found.
 *
 * host-sources: scheduler/id.c lib/bitmap.c sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include "memory/heap.h"
#include "scheduler/id.h"

static struct rcu_head *deferred; /* what waits for readers */

void *heap_alloc_zeroed(size_t bytes)
{
    return calloc(1, bytes);
}

void heap_free(void *pointer)
{
    free(pointer);
}

void rcu_defer(struct rcu_head *head, void (*run)(struct rcu_head *head))
{
    head->run = run;
    head->next = deferred;
    deferred = head;
}

static void readers_end(void)
{
    while (deferred) {
        struct rcu_head *head = deferred;
        deferred = head->next;
        head->run(head);
    }
}

static struct id *id_expect(int number)
{
    struct id *id = id_alloc();
    assert_non_null(id);
    assert_int_equal(id->number, number);
    return id;
}

/* The tests run in this order: numbers go on from one to the next. */
static void numbers_start_at_one_and_ascend(void **state)
{
    struct id *first = id_expect(1);
    struct id *second = id_expect(2);
    id_put(first);
    struct id *third = id_expect(3); /* not 1 again: a number rests until the wrap */
    id_put(second);
    id_put(third);
    readers_end();
}

static void an_id_is_found_while_it_has_references(void **state)
{
    struct id *id = id_expect(4);
    struct id *found = id_find(4);
    assert_ptr_equal(found, id);
    id_put(id);
    assert_ptr_equal(id_find(4), found);
    id_put(found);
    id_put(found);
    assert_null(id_find(4));
    readers_end();
}

static void numbers_outside_of_the_range_are_not_found(void **state)
{
    assert_null(id_find(0));
    assert_null(id_find(-1));
    assert_null(id_find(ID_MAX));
    assert_null(id_find(INT32_MAX));
}

static void next_walks_in_order_of_number(void **state)
{
    struct id *low = id_expect(5);
    struct id *gap = id_expect(6);
    struct id *high = id_expect(7);
    id_put(gap);
    int seen[3] = {0};
    size_t count = 0;
    for (struct id *id = id_next(0); id; id = id_next(seen[count - 1] + 1)) {
        seen[count++] = id->number;
        id_put(id);
    }
    assert_int_equal(count, 2);
    assert_int_equal(seen[0], 5);
    assert_int_equal(seen[1], 7);
    id_put(low);
    id_put(high);
    readers_end();
}

static void numbers_wrap_above_those_of_the_system_and_run_out(void **state)
{
    static struct id *all[ID_MAX];
    size_t count = 0;
    struct id *id;
    while ((id = id_alloc()) != NULL) {
        all[count++] = id;
    }
    assert_int_equal(count, ID_MAX - 8); /* 0 is nobody's; 1 to 7 come before the wrap's start */
    for (size_t i = 0; i < count; i++) {
        id_put(all[i]);
    }
    readers_end();
    assert_null(id_next(0));
    id = id_alloc();
    assert_non_null(id);
    assert_true(id->number >= 300);
    id_put(id);
    readers_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_start_at_one_and_ascend),
        cmocka_unit_test(an_id_is_found_while_it_has_references),
        cmocka_unit_test(numbers_outside_of_the_range_are_not_found),
        cmocka_unit_test(next_walks_in_order_of_number),
        cmocka_unit_test(numbers_wrap_above_those_of_the_system_and_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
