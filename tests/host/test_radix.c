/*
 * Radix trees, with an allocator that counts its nodes and can run dry.
 *
 * host-sources: lib/radix.c
 */
#include "support.h"

#include "lib/errno.h"
#include "lib/radix.h"

static int nodes;
static int nodes_allowed;

static void *node_alloc(size_t bytes)
{
    if (nodes >= nodes_allowed) {
        return NULL;
    }
    nodes++;
    void *node = malloc(bytes);
    memset(node, 0xA5, bytes);
    return node;
}

static void node_free(void *node)
{
    nodes--;
    free(node);
}

static const struct radix_allocator allocator = {.alloc = node_alloc, .free = node_free};

static int start(void **state)
{
    nodes_allowed = 1000000;
    return nodes;
}

static void *item(uint64_t number)
{
    return (void *)(uintptr_t)(number * 16 + 8);
}

static const uint64_t indexes[] = {
    0,          1,          63,         64,         4095,           4096,      1u << 20,
    UINT32_MAX, 1ull << 36, 1ull << 59, 1ull << 60, UINT64_MAX - 1, UINT64_MAX};
#define INDEXES (sizeof(indexes) / sizeof(indexes[0]))

static void items_are_found_at_the_whole_range_of_indexes(void **state)
{
    struct radix tree;
    radix_init(&tree, &allocator);
    for (size_t i = 0; i < INDEXES; i++) {
        assert_null(radix_lookup(&tree, indexes[i]));
        assert_int_equal(radix_insert(&tree, indexes[i], item(i)), 0);
        assert_int_equal(radix_insert(&tree, indexes[i], item(99)), -EEXIST);
    }
    assert_int_equal(tree.count, INDEXES);
    for (size_t i = 0; i < INDEXES; i++) {
        assert_ptr_equal(radix_lookup(&tree, indexes[i]), item(i));
        assert_null(radix_lookup(&tree, indexes[i] ^ 2));
    }
    for (size_t i = 0; i < INDEXES; i++) {
        assert_ptr_equal(radix_remove(&tree, indexes[i]), item(i));
        assert_null(radix_remove(&tree, indexes[i]));
    }
    assert_int_equal(nodes, 0);
}

static void a_walk_visits_every_item_in_order_and_nothing_else(void **state)
{
    struct radix tree;
    radix_init(&tree, &allocator);
    uint64_t index = 7;
    assert_null(radix_next(&tree, 0, &index));
    assert_int_equal(index, 7);
    for (size_t i = INDEXES; i > 0; i--) {
        assert_int_equal(radix_insert(&tree, indexes[i - 1], item(i - 1)), 0);
    }
    size_t place = 0;
    void *found = radix_next(&tree, 0, &index);
    while (found) {
        assert_ptr_equal(found, item(place));
        assert_true(index == indexes[place]);
        place++;
        found = index == UINT64_MAX ? NULL : radix_next(&tree, index + 1, &index);
    }
    assert_int_equal(place, INDEXES);
    assert_ptr_equal(radix_next(&tree, 4097, &index), item(6));
    radix_destroy(&tree);
    assert_int_equal(nodes, 0);
    assert_null(radix_lookup(&tree, 0));
}

static void without_memory_nothing_changes_and_nothing_leaks(void **state)
{
    struct radix tree;
    radix_init(&tree, &allocator);
    assert_int_equal(radix_insert(&tree, 5, item(5)), 0);
    int used = nodes;
    for (nodes_allowed = used; nodes_allowed < used + 4; nodes_allowed++) {
        assert_int_equal(radix_insert(&tree, 1u << 20, item(1)), -ENOMEM);
        assert_ptr_equal(radix_lookup(&tree, 5), item(5));
        assert_null(radix_lookup(&tree, 1u << 20));
    }
    nodes_allowed = 1000;
    assert_int_equal(radix_insert(&tree, 1u << 20, item(1)), 0);
    radix_destroy(&tree);
    assert_int_equal(nodes, 0);
}

static void after_reserving_an_insertion_needs_no_memory(void **state)
{
    struct radix tree;
    radix_init(&tree, &allocator);
    assert_int_equal(radix_reserve(&tree, 1ull << 40), 0);
    nodes_allowed = nodes;
    assert_null(radix_lookup(&tree, 1ull << 40));
    assert_int_equal(radix_insert(&tree, 1ull << 40, item(3)), 0);
    assert_ptr_equal(radix_remove(&tree, 1ull << 40), item(3));
    assert_int_equal(nodes, 0);
}

static void random_use_equals_an_array(void **state)
{
    static void *model[5000];
    struct radix tree;
    uint64_t seed = 3, index = 0;
    radix_init(&tree, &allocator);
    for (int i = 0; i < 40000; i++) {
        uint64_t at = test_random(&seed) % 5000;
        if (test_random(&seed) % 2) {
            assert_int_equal(radix_insert(&tree, at, item(at)), model[at] ? -EEXIST : 0);
            model[at] = item(at);
        } else {
            assert_ptr_equal(radix_remove(&tree, at), model[at]);
            model[at] = NULL;
        }
        at = test_random(&seed) % 5000;
        void *found = radix_next(&tree, at, &index);
        while (at < 5000 && !model[at]) {
            at++;
        }
        assert_ptr_equal(found, at < 5000 ? model[at] : NULL);
        assert_true(!found || index == at);
    }
    radix_destroy(&tree);
    assert_int_equal(nodes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(items_are_found_at_the_whole_range_of_indexes, start),
        cmocka_unit_test_setup(a_walk_visits_every_item_in_order_and_nothing_else, start),
        cmocka_unit_test_setup(without_memory_nothing_changes_and_nothing_leaks, start),
        cmocka_unit_test_setup(after_reserving_an_insertion_needs_no_memory, start),
        cmocka_unit_test_setup(random_use_equals_an_array, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
