/*
 * A radix tree: a sparse array of pointers by a 64-bit index, six bits a level. It grows upward as
 * large indexes come, so a small file costs one node.
 *
 * Writers hold a lock of the caller. Lookups may run beside one writer under RCU, provided that the
 * allocator's `free` waits for a grace period: a node's slots stay readable, and `deferral` is two
 * words that the allocator may use meanwhile.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

#define RADIX_BITS  6
#define RADIX_SLOTS 64

struct radix_node {
    uintptr_t deferral[2];     /* free for the allocator once `free` was called */
    uint8_t shift;             /* [I] index bits below this level; 0 in a leaf node */
    uint8_t slot_in_parent;    /* [l] */
    uint8_t used;              /* [l] slots that are not NULL */
    struct radix_node *parent; /* [l] */
    void *slots[RADIX_SLOTS];  /* [a] nodes, or in a leaf node items */
};

struct radix_allocator {
    /* Returns memory for one node, `bytes` long, aligned to 8, its content undefined; NULL where
     * there is none. */
    void *(*alloc)(size_t bytes);
    /* Takes the node back, at once or after a grace period. */
    void (*free)(void *node);
};

struct radix {
    struct radix_node *root;                 /* [a] written with the caller's lock */
    const struct radix_allocator *allocator; /* [I] */
    size_t count;                            /* [l] items */
};

void radix_init(struct radix *tree, const struct radix_allocator *allocator);

/* The item at index, or NULL. Borrows: the caller's lock or RCU keeps the item alive. */
void *radix_lookup(const struct radix *tree, uint64_t index);

/*
 * Makes sure that the next radix_insert at index needs no memory. Holds until the next radix_remove
 * or radix_destroy. Returns 0 or -ENOMEM.
 */
must_check int radix_reserve(struct radix *tree, uint64_t index);

/* Stores an item (not NULL). Returns 0, -ENOMEM, or -EEXIST where the index is taken. */
must_check int radix_insert(struct radix *tree, uint64_t index, void *item);

/* Takes the item at index out and returns it, or NULL; nodes that become empty are freed. */
void *radix_remove(struct radix *tree, uint64_t index);

/*
 * The first item at an index >= from; *index gets its index. NULL where there is none (then *index
 * is untouched). A walk: for (item = radix_next(t, 0, &i); item; item = i == UINT64_MAX ? NULL :
 * radix_next(t, i + 1, &i)).
 */
void *radix_next(const struct radix *tree, uint64_t from, uint64_t *index);

/* Frees all nodes and forgets the items, which stay the caller's. The tree is empty, and usable,
 * afterwards. */
void radix_destroy(struct radix *tree);
