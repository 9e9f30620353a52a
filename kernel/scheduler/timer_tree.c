// The tree behind each CPU's timers. The earliest one is remembered, so looking at it costs
// nothing. A timer is the first exactly if the way down to its place never turned right; equal
// deadlines turn right, which keeps them in the order in which they were started.
//
// Called by timer.c, under the lock of the base that the tree belongs to.
#include "scheduler/timer_internal.h"

#include "lib/assert.h"

void timer_tree_insert(struct timer_tree *tree, struct timer *timer)
{
    struct rb_node **link = &tree->root.node;
    struct rb_node *parent = NULL;
    bool is_first = true;
    while (*link != NULL) {
        parent = *link;
        if (timer->deadline_ns < rb_entry(parent, struct timer, node)->deadline_ns) {
            link = &parent->left;
        } else {
            link = &parent->right;
            is_first = false;
        }
    }
    rb_link_node(&timer->node, parent, link);
    rb_insert_rebalance(&timer->node, &tree->root);
    if (is_first) {
        tree->first = timer;
    }
}

void timer_tree_remove(struct timer_tree *tree, struct timer *timer)
{
    assert(tree->first != NULL && tree->first->deadline_ns <= timer->deadline_ns);
    if (tree->first == timer) {
        tree->first = rb_entry_or_null(rb_next(&timer->node), struct timer, node);
    }
    rb_erase(&timer->node, &tree->root);
}

struct timer *timer_tree_take_due(struct timer_tree *tree, uint64_t now_ns)
{
    struct timer *timer = tree->first;
    if (timer == NULL || timer->deadline_ns > now_ns) {
        return NULL;
    }
    timer_tree_remove(tree, timer);
    return timer;
}
