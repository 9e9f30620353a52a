/*
 * Red-black trees: order and balance after every change.
 *
 * host-sources: lib/rbtree.c
 */
#include "support.h"

#include "lib/macros.h"
#include "lib/rbtree.h"

#define KEYS 300

struct key {
    unsigned int value;
    bool is_in;
    struct rb_node node;
};

static void insert(struct rb_root *root, struct key *key)
{
    struct rb_node **link = &root->node;
    struct rb_node *parent = NULL;
    while (*link) {
        parent = *link;
        bool is_less = key->value < rb_entry(parent, struct key, node)->value;
        link = is_less ? &parent->left : &parent->right;
    }
    rb_link_node(&key->node, parent, link);
    rb_insert_rebalance(&key->node, root);
    key->is_in = true;
}

static bool is_red(const struct rb_node *node)
{
    return node && !(node->parent_and_colour & 1);
}

/* Checks the rules below a node; returns the number of black nodes on each way down. */
static int check_below(const struct rb_node *node, const struct rb_node *parent)
{
    if (!node) {
        return 1;
    }
    assert_ptr_equal(rb_parent(node), parent);
    assert_false(is_red(node) && is_red(parent));
    int left = check_below(node->left, node);
    int right = check_below(node->right, node);
    assert_int_equal(left, right);
    return left + !is_red(node);
}

static void check(const struct rb_root *root, const struct key *keys)
{
    const struct rb_node *node = rb_first(root);
    assert_false(is_red(root->node));
    check_below(root->node, NULL);
    for (int i = 0; i < KEYS; i++) {
        if (keys[i].is_in) {
            assert_ptr_equal(node, &keys[i].node);
            node = rb_next(node);
        }
    }
    assert_null(node);
}

static void shuffle(unsigned int *order, uint64_t seed)
{
    for (unsigned int i = 0; i < KEYS; i++) {
        order[i] = i;
    }
    for (unsigned int i = KEYS - 1; i > 0; i--) {
        unsigned int other = (unsigned int)(test_random(&seed) % (i + 1));
        unsigned int saved = order[i];
        order[i] = order[other];
        order[other] = saved;
    }
}

static void random_insertions_and_removals_keep_all_rules(void **state)
{
    static struct key keys[KEYS];
    unsigned int order[KEYS];
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct rb_root root = RB_INIT;
        for (unsigned int i = 0; i < KEYS; i++) {
            keys[i] = (struct key){.value = i};
        }
        shuffle(order, seed);
        for (unsigned int i = 0; i < KEYS; i++) {
            insert(&root, &keys[order[i]]);
            check(&root, keys);
        }
        shuffle(order, seed + 100);
        for (unsigned int i = 0; i < KEYS; i++) {
            rb_erase(&keys[order[i]].node, &root);
            keys[order[i]].is_in = false;
            check(&root, keys);
        }
        assert_true(rb_is_empty(&root));
    }
}

static void ascending_insertion_stays_balanced_and_walks_backward(void **state)
{
    static struct key keys[KEYS];
    struct rb_root root = RB_INIT;
    for (unsigned int i = 0; i < KEYS; i++) {
        keys[i] = (struct key){.value = i};
        insert(&root, &keys[i]);
    }
    check(&root, keys);
    struct rb_node *node = rb_last(&root);
    for (unsigned int i = KEYS; i > 0; i--) {
        assert_ptr_equal(rb_entry(node, struct key, node), &keys[i - 1]);
        node = rb_prev(node);
    }
    assert_null(node);
}

static void empty_tree_has_no_first_and_no_last(void **state)
{
    struct rb_root root = RB_INIT;
    assert_null(rb_first(&root));
    assert_null(rb_last(&root));
    assert_null(rb_entry_or_null(rb_first(&root), struct key, node));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_insertions_and_removals_keep_all_rules),
        cmocka_unit_test(ascending_insertion_stays_balanced_and_walks_backward),
        cmocka_unit_test(empty_tree_has_no_first_and_no_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
