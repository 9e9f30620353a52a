/*
 * Radix trees. A node's `shift` says which six bits of the index choose among its slots; the root's
 * shift is as small as the largest index allows, and the tree grows by putting a new root above the
 * old one. A node never changes its shift or place while it hangs in the tree, and slots and root
 * are published with release stores: that is all a reader under RCU needs.
 */
#include "lib/radix.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"

static unsigned int slot_of(const struct radix_node *node, uint64_t index)
{
    return (unsigned int)(index >> node->shift) & (RADIX_SLOTS - 1);
}

static bool node_covers(const struct radix_node *root, uint64_t index)
{
    return (index >> root->shift) < RADIX_SLOTS;
}

static void publish(void **slot, void *value)
{
    __atomic_store_n(slot, value, __ATOMIC_RELEASE);
}

static void publish_root(struct radix *tree, struct radix_node *node)
{
    __atomic_store_n(&tree->root, node, __ATOMIC_RELEASE);
}

void radix_init(struct radix *tree, const struct radix_allocator *allocator)
{
    *tree = (struct radix){.allocator = allocator};
}

static struct radix_node *node_create(struct radix *tree, unsigned int shift)
{
    struct radix_node *node = tree->allocator->alloc(sizeof(*node));
    if (node) {
        memset(node, 0, sizeof(*node));
        node->shift = (uint8_t)shift;
    }
    return node;
}

/* Hangs a node below parent at the slot for index. */
static void node_attach(struct radix_node *parent, struct radix_node *node, uint64_t index)
{
    unsigned int slot = slot_of(parent, index);
    assert(!parent->slots[slot] && parent->shift == node->shift + RADIX_BITS);
    node->parent = parent;
    node->slot_in_parent = (uint8_t)slot;
    parent->used++;
    publish(&parent->slots[slot], node);
}

/* Frees the node, and its ancestors, as far as they are empty. */
static void prune(struct radix *tree, struct radix_node *node)
{
    while (node && node->used == 0) {
        struct radix_node *parent = node->parent;
        if (parent) {
            assert(parent->slots[node->slot_in_parent] == node && parent->used > 0);
            publish(&parent->slots[node->slot_in_parent], NULL);
            parent->used--;
        } else {
            publish_root(tree, NULL);
        }
        tree->allocator->free(node);
        node = parent;
    }
}

/* Makes the root cover index. */
static int grow(struct radix *tree, uint64_t index)
{
    if (!tree->root) {
        unsigned int shift = 0;
        while ((index >> shift) >= RADIX_SLOTS) {
            shift += RADIX_BITS;
        }
        publish_root(tree, node_create(tree, shift));
        return tree->root ? 0 : -ENOMEM;
    }
    while (!node_covers(tree->root, index)) {
        struct radix_node *top = node_create(tree, tree->root->shift + RADIX_BITS);
        if (!top) {
            return -ENOMEM;
        }
        node_attach(top, tree->root, 0);
        publish_root(tree, top);
    }
    return 0;
}

/* The leaf node for index, made with its ancestors where it is missing; NULL without memory (and
 * nothing is left behind). */
static struct radix_node *leaf_for(struct radix *tree, uint64_t index)
{
    if (grow(tree, index) != 0) {
        return NULL;
    }
    struct radix_node *node = tree->root;
    while (node->shift > 0) {
        struct radix_node *child = node->slots[slot_of(node, index)];
        if (!child) {
            child = node_create(tree, node->shift - RADIX_BITS);
            if (!child) {
                prune(tree, node);
                return NULL;
            }
            node_attach(node, child, index);
        }
        node = child;
    }
    return node;
}

int radix_reserve(struct radix *tree, uint64_t index)
{
    return leaf_for(tree, index) ? 0 : -ENOMEM;
}

int radix_insert(struct radix *tree, uint64_t index, void *item)
{
    assert(item != NULL);
    struct radix_node *leaf = leaf_for(tree, index);
    if (!leaf) {
        return -ENOMEM;
    }
    void **slot = &leaf->slots[slot_of(leaf, index)];
    if (*slot) {
        return -EEXIST;
    }
    leaf->used++;
    tree->count++;
    publish(slot, item);
    return 0;
}

/* The root, where the tree is high enough for index; else NULL. */
static struct radix_node *root_for(const struct radix *tree, uint64_t index)
{
    struct radix_node *root = __atomic_load_n(&tree->root, __ATOMIC_ACQUIRE);
    return root && node_covers(root, index) ? root : NULL;
}

/* The leaf node that holds index, or NULL. */
static struct radix_node *find_leaf(const struct radix *tree, uint64_t index)
{
    struct radix_node *node = root_for(tree, index);
    while (node && node->shift > 0) {
        node = __atomic_load_n(&node->slots[slot_of(node, index)], __ATOMIC_ACQUIRE);
    }
    return node;
}

void *radix_lookup(const struct radix *tree, uint64_t index)
{
    const struct radix_node *leaf = find_leaf(tree, index);
    return leaf ? __atomic_load_n(&leaf->slots[slot_of(leaf, index)], __ATOMIC_ACQUIRE) : NULL;
}

void *radix_remove(struct radix *tree, uint64_t index)
{
    struct radix_node *leaf = find_leaf(tree, index);
    if (!leaf || !leaf->slots[slot_of(leaf, index)]) {
        return NULL;
    }
    void **slot = &leaf->slots[slot_of(leaf, index)];
    void *item = *slot;
    publish(slot, NULL);
    assert(leaf->used > 0 && tree->count > 0);
    leaf->used--;
    tree->count--;
    prune(tree, leaf);
    return item;
}

/*
 * Moves *from to the first index at or after it whose slot in this node is not empty and returns
 * what is there; NULL where the rest of the node is empty, with *from at the first index behind the
 * node (0 where there is none).
 */
static void *next_in_node(const struct radix_node *node, uint64_t *from)
{
    for (unsigned int slot = slot_of(node, *from); slot < RADIX_SLOTS; slot++) {
        void *found = __atomic_load_n(&node->slots[slot], __ATOMIC_ACQUIRE);
        if (found) {
            return found;
        }
        uint64_t step = UINT64_C(1) << node->shift;
        *from = (*from & ~(step - 1)) + step;
        if (*from == 0) {
            break;
        }
    }
    return NULL;
}

/*
 * Goes down from the root; where a node has nothing more, starts again for the first index behind
 * it. The root's last slots end the search: behind them the index is not covered, or has wrapped to
 * 0.
 */
void *radix_next(const struct radix *tree, uint64_t from, uint64_t *index)
{
    const struct radix_node *node = root_for(tree, from);
    while (node) {
        void *found = next_in_node(node, &from);
        if (found && node->shift == 0) {
            *index = from;
            return found;
        }
        if (!found && from == 0) {
            return NULL;
        }
        node = found ? found : root_for(tree, from);
    }
    return NULL;
}

/* A node below this inner one, taken off it; NULL where there is none left. */
static struct radix_node *detach_child(struct radix_node *node)
{
    for (unsigned int slot = 0; node->shift > 0 && node->used > 0 && slot < RADIX_SLOTS; slot++) {
        struct radix_node *child = node->slots[slot];
        if (child) {
            publish(&node->slots[slot], NULL);
            node->used--;
            return child;
        }
    }
    return NULL;
}

void radix_destroy(struct radix *tree)
{
    struct radix_node *node = tree->root;
    publish_root(tree, NULL);
    tree->count = 0;
    while (node) {
        struct radix_node *child = detach_child(node);
        if (child) {
            node = child;
            continue;
        }
        struct radix_node *parent = node->parent;
        tree->allocator->free(node);
        node = parent;
    }
}
