/*
 * An intrusive red-black tree. The caller walks down by its own order, links the new node at the
 * place found, and asks for the balance to be restored:
 *
 *     struct rb_node **link = &root->node, *parent = NULL;
 *     while (*link) {
 *         parent = *link;
 *         link = key < rb_entry(parent, struct thing, node)->key ? &parent->left : &parent->right;
 *     }
 *     rb_link_node(&thing->node, parent, link);
 *     rb_insert_rebalance(&thing->node, root);
 *
 * No locks; all operations are O(log n) and need no memory.
 */
#pragma once

#include "lib/macros.h"
#include "lib/types.h"

struct rb_node {
    uintptr_t parent_and_colour; /* the parent's address; bit 0 set on a black node */
    union {
        struct {
            struct rb_node *left;
            struct rb_node *right;
        };
        struct rb_node *child[2]; /* the same two, for code that is symmetric */
    };
};

struct rb_root {
    struct rb_node *node; /* NULL in an empty tree */
};

#define RB_INIT                                                                                    \
    {                                                                                              \
        NULL                                                                                       \
    }
#define rb_entry(pointer, type, member) container_of(pointer, type, member)
#define rb_entry_or_null(pointer, type, member)                                                    \
    ({                                                                                             \
        struct rb_node *rb_node_ = (pointer);                                                      \
        rb_node_ ? container_of(rb_node_, type, member) : (type *)NULL;                            \
    })

static inline void rb_init(struct rb_root *root)
{
    root->node = NULL;
}

static inline bool rb_is_empty(const struct rb_root *root)
{
    return root->node == NULL;
}

static inline struct rb_node *rb_parent(const struct rb_node *node)
{
    return (struct rb_node *)(node->parent_and_colour & ~(uintptr_t)1);
}

/* Hangs a new node at *link, which is the root's pointer (parent NULL) or a NULL child pointer of
 * parent. */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
    node->parent_and_colour = (uintptr_t)parent;
    node->left = NULL;
    node->right = NULL;
    *link = node;
}

/* Restores the balance after rb_link_node. */
void rb_insert_rebalance(struct rb_node *node, struct rb_root *root);

/* Takes the node out; its own fields are left as they were. */
void rb_erase(struct rb_node *node, struct rb_root *root);

/* First and last in order; NULL in an empty tree. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);

/* The neighbour in order, or NULL at the end. */
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);
