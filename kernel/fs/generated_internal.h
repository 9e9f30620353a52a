// Private to generated*.c: a node of a generated tree.
#pragma once

#include "fs/generated.h"

// A file or directory: its row, and what it is about. Made at each look-up that finds nothing
// cached, gone with its last user.
struct generated_node {
    struct vnode vnode;                          // first
    const struct generated_row *row;             // [I]
    const struct generated_directory *validity;  // [I] whose is_valid() applies; NULL: none
    const struct generated_directory *ownership; // [I] whose owner() applies; NULL: root
    struct generated_key key;                    // [I]
};

static inline struct generated_node *generated_node_of(const struct vnode *vnode)
{
    return container_of((struct vnode *)(uintptr_t)vnode, struct generated_node, vnode);
}

extern const struct file_ops generated_file_ops;               // generated_file.c
must_check int generated_file_prepare(struct open_file *file); // at open

void generated_init(void); // at fs_init
