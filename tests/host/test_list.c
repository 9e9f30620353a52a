/*
 * Lists and hash chains.
 *
 * host-sources:
 */
#include "support.h"

#include "lib/list.h"

struct item {
    int value;
    struct list_head link;
    struct hlist_node chain;
};

static void expect_order(struct list_head *list, const int *values, size_t count)
{
    struct item *item;
    size_t place = 0;
    list_for_each_entry(item, list, link) {
        assert_true(place < count);
        assert_int_equal(item->value, values[place++]);
    }
    assert_int_equal(place, count);
}

static void adding_at_both_ends_keeps_the_order(void **state)
{
    struct list_head list = LIST_INIT(list);
    struct item items[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
    assert_true(list_is_empty(&list));
    assert_null(list_first_entry_or_null(&list, struct item, link));
    list_add_tail(&list, &items[1].link);
    list_add_tail(&list, &items[2].link);
    list_add_head(&list, &items[0].link);
    expect_order(&list, (int[]){1, 2, 3}, 3);
    assert_ptr_equal(list_first_entry(&list, struct item, link), &items[0]);
    assert_ptr_equal(list_last_entry(&list, struct item, link), &items[2]);
}

static void removing_resets_the_element(void **state)
{
    struct list_head list = LIST_INIT(list);
    struct item items[2] = {{.value = 1}, {.value = 2}};
    list_add_tail(&list, &items[0].link);
    list_add_tail(&list, &items[1].link);
    list_remove(&items[0].link);
    assert_false(list_is_linked(&items[0].link));
    list_remove(&items[0].link);
    expect_order(&list, (int[]){2}, 1);
}

static void safe_walk_may_remove_everything(void **state)
{
    struct list_head list = LIST_INIT(list);
    struct item items[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    struct item *item, *following;
    for (int i = 0; i < 4; i++) {
        list_add_tail(&list, &items[i].link);
    }
    list_for_each_entry_safe(item, following, &list, link) {
        list_remove(&item->link);
        memset(item, 0xFF, sizeof(*item));
    }
    assert_true(list_is_empty(&list));
}

static void splicing_moves_all_and_empties_the_source(void **state)
{
    struct list_head list = LIST_INIT(list), other = LIST_INIT(other);
    struct item items[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    list_splice_tail(&list, &other);
    assert_true(list_is_empty(&list));
    list_add_tail(&list, &items[0].link);
    list_add_tail(&list, &items[1].link);
    list_add_tail(&other, &items[2].link);
    list_add_tail(&other, &items[3].link);
    list_splice_tail(&list, &other);
    expect_order(&list, (int[]){1, 2, 3, 4}, 4);
    assert_true(list_is_empty(&other));
    list_move_tail(&list, &items[0].link);
    expect_order(&list, (int[]){2, 3, 4, 1}, 4);
    list_move_head(&list, &items[3].link);
    expect_order(&list, (int[]){4, 2, 3, 1}, 4);
}

static void reader_under_rcu_goes_on_from_a_removed_element(void **state)
{
    struct list_head list = LIST_INIT(list);
    struct item items[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
    struct item *item;
    int sum = 0;
    for (int i = 0; i < 3; i++) {
        list_add_tail_rcu(&list, &items[i].link);
    }
    list_for_each_entry_rcu(item, &list, link)
    {
        sum += item->value;
        if (item->value == 2) {
            list_remove_rcu(&item->link);
        }
    }
    assert_int_equal(sum, 6);
    expect_order(&list, (int[]){1, 3}, 2);
}

static void chains_add_remove_and_walk(void **state)
{
    struct hlist_head head = HLIST_INIT;
    struct item items[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
    struct item *item;
    struct hlist_node *following;
    int sum = 0;
    for (int i = 0; i < 3; i++) {
        hlist_add_head_rcu(&head, &items[i].chain);
    }
    hlist_remove(&items[1].chain);
    hlist_remove(&items[1].chain);
    assert_false(hlist_is_linked(&items[1].chain));
    hlist_for_each_entry_rcu(item, &head, chain)
    {
        sum = sum * 10 + item->value;
    }
    assert_int_equal(sum, 31);
    hlist_for_each_entry_safe(item, following, &head, chain)
    {
        hlist_remove(&item->chain);
        memset(item, 0xFF, sizeof(*item));
    }
    assert_true(hlist_is_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_at_both_ends_keeps_the_order),
        cmocka_unit_test(removing_resets_the_element),
        cmocka_unit_test(safe_walk_may_remove_everything),
        cmocka_unit_test(splicing_moves_all_and_empties_the_source),
        cmocka_unit_test(reader_under_rcu_goes_on_from_a_removed_element),
        cmocka_unit_test(chains_add_remove_and_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
