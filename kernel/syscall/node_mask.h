/*
 * A mask of memory's nodes as a program gives it.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

/* Which there are, and whether it names others or any. */
struct node_mask {
    bool has_first, has_others, is_empty;
};

/* `max_node` is one more than the mask has bits. 0, -EINVAL (too long, or it names what can never be), -EFAULT. (memory_policy.c) */
must_check int node_mask_copy_in(struct node_mask *mask, const uint64_t __user *user,
                                 uint64_t max_node);
