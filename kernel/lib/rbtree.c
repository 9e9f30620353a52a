/*
 * Red-black trees: every node is red or black, no red node has a red child, and every way from the
 * root to an empty place passes the same number of black nodes, so no way is more than twice as
 * long as another. Insertion and removal are Cormen, Leiserson, Rivest and Stein's, with `side` (0
 * left, 1 right) in place of the mirrored half of the cases.
 */
#include "lib/rbtree.h"

#include "lib/assert.h"

#define BLACK ((uintptr_t)1)

static bool is_red(const struct rb_node *node)
{
    return node && !(node->parent_and_colour & BLACK);
}

static void set_black(struct rb_node *node)
{
    node->parent_and_colour |= BLACK;
}

static void set_red(struct rb_node *node)
{
    node->parent_and_colour &= ~BLACK;
}

static void set_parent(struct rb_node *node, struct rb_node *parent)
{
    node->parent_and_colour = (uintptr_t)parent | (node->parent_and_colour & BLACK);
}

static void copy_colour(struct rb_node *to, const struct rb_node *from)
{
    to->parent_and_colour = (uintptr_t)rb_parent(to) | (from->parent_and_colour & BLACK);
}

/* Puts `new` (may be NULL) where `old` hangs below parent, or at the root. */
static void replace_child(struct rb_root *root, struct rb_node *parent, struct rb_node *old,
                          struct rb_node *new)
{
    if (parent) {
        parent->child[parent->child[1] == old] = new;
    } else {
        root->node = new;
    }
    if (new) {
        set_parent(new, parent);
    }
}

/* Turns the edge below `top`: its child on the other side rises, and top becomes that child's child
 * on `side`. */
static void rotate(struct rb_root *root, struct rb_node *top, int side)
{
    struct rb_node *rising = top->child[!side];
    assert(rising != NULL);
    struct rb_node *crossing = rising->child[side];
    replace_child(root, rb_parent(top), top, rising);
    top->child[!side] = crossing;
    if (crossing) {
        set_parent(crossing, top);
    }
    rising->child[side] = top;
    set_parent(top, rising);
}

/*
 * The new node is red. Under a red parent: a red uncle lets the grandparent hand its black down to both and become red itself, which
 * moves the fault two levels up; a black one ends it by one rotation, or by two where the node is the inner grandchild.
 */
void rb_insert_rebalance(struct rb_node *node, struct rb_root *root)
{
    struct rb_node *parent;
    assert(!node->left && !node->right);
    set_red(node);
    while (is_red(parent = rb_parent(node))) {
        struct rb_node *grandparent = rb_parent(parent);
        int side = parent == grandparent->child[1];
        struct rb_node *uncle = grandparent->child[!side];
        set_red(grandparent);
        if (is_red(uncle)) {
            set_black(parent);
            set_black(uncle);
            node = grandparent;
            continue;
        }
        if (node == parent->child[!side]) {
            rotate(root, parent, side);
            parent = node;
        }
        set_black(parent);
        rotate(root, grandparent, !side);
        break;
    }
    set_black(root->node);
}

/* The ways through `node` (may be NULL), below parent, have one black node too few. */
static void erase_rebalance(struct rb_root *root, struct rb_node *node, struct rb_node *parent)
{
    while (parent && !is_red(node)) {
        int side = parent->child[1] == node;
        struct rb_node *sibling = parent->child[!side];
        assert(sibling != NULL);
        if (is_red(sibling)) { /* turned up, so that the next sibling is a black one */
            set_black(sibling);
            set_red(parent);
            rotate(root, parent, side);
            sibling = parent->child[!side];
        }
        if (!is_red(sibling->left) && !is_red(sibling->right)) {
            /* The sibling's side gives one up, too: now all of the parent's ways are one short. */
            set_red(sibling);
            node = parent;
            parent = rb_parent(node);
            continue;
        }
        if (!is_red(sibling->child[!side])) { /* the inner nephew is red: make it the outer one */
            set_black(sibling->child[side]);
            set_red(sibling);
            rotate(root, sibling, !side);
            sibling = parent->child[!side];
        }
        /* The parent comes down black on our side, and the outer nephew makes up for the sibling. */
        copy_colour(sibling, parent);
        set_black(parent);
        set_black(sibling->child[!side]);
        rotate(root, parent, side);
        return;
    }
    if (node) {
        set_black(node);
    }
}

static struct rb_node *outermost(struct rb_node *node, int side)
{
    while (node->child[side]) {
        node = node->child[side];
    }
    return node;
}

/*
 * Takes a node with two children out by putting its successor in its place and colour. What is missing then is missing where the
 * successor stood: below its parent, which is the successor itself if it was the node's own child.
 */
static void erase_inner(struct rb_node *node, struct rb_root *root)
{
    struct rb_node *successor = outermost(node->right, 0);
    struct rb_node *orphan = successor->right;
    struct rb_node *short_of_black = rb_parent(successor);
    bool was_red = is_red(successor);
    if (short_of_black == node) {
        short_of_black = successor;
    } else {
        replace_child(root, short_of_black, successor, orphan);
        successor->right = node->right;
        set_parent(successor->right, successor);
    }
    replace_child(root, rb_parent(node), node, successor);
    copy_colour(successor, node);
    successor->left = node->left;
    set_parent(successor->left, successor);
    if (!was_red) {
        erase_rebalance(root, orphan, short_of_black);
    }
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
    if (node->left && node->right) {
        erase_inner(node, root);
        return;
    }
    struct rb_node *child = node->left ? node->left : node->right;
    struct rb_node *parent = rb_parent(node);
    replace_child(root, parent, node, child);
    if (!is_red(node)) {
        erase_rebalance(root, child, parent);
    }
}

struct rb_node *rb_first(const struct rb_root *root)
{
    return root->node ? outermost(root->node, 0) : NULL;
}

struct rb_node *rb_last(const struct rb_root *root)
{
    return root->node ? outermost(root->node, 1) : NULL;
}

/* The neighbour on `side`: the innermost below on that side, or the first ancestor whose other side
 * holds the node. */
static struct rb_node *neighbour(const struct rb_node *node, int side)
{
    if (node->child[side]) {
        return outermost(node->child[side], !side);
    }
    struct rb_node *parent = rb_parent(node);
    while (parent && node == parent->child[side]) {
        node = parent;
        parent = rb_parent(node);
    }
    return parent;
}

struct rb_node *rb_next(const struct rb_node *node)
{
    return neighbour(node, 1);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
    return neighbour(node, 0);
}
