// Private to the files of path walk: the walk's state, and the steps that they share.
#pragma once

#include "fs/mount.h"
#include "fs/walk.h"
#include "lib/errno.h"
#include "uapi/fcntl.h"
#include "uapi/limits.h"
#include "uapi/mount.h"

struct walk {
    const struct fs_context *context;
    struct path at;   // lock-free: borrowed; referenced: ours
    const char *rest; // text still to be walked
    unsigned flags;   // enum walk_flag
    bool is_lockless;
    bool wants_parent; // stop in front of the last component
    unsigned depth;    // texts on the stack
    unsigned links;    // links followed so far
    uint32_t begun;    // walk_sequence_begin's answer
    const char *last;  // wants_parent: the last component
    size_t last_length;
    char *text; // referenced: copy of the link text being walked, or NULL
    struct {
        const char *rest;
        char *text;
    } stack[SYMLOOP_MAX];
};

// One component as it was read.
struct component {
    const char *name;
    size_t length;
    uint32_t hash;
    bool is_last;
};

// Goes to `path`; consumes its references in the referenced manner.
void walk_set(struct walk *walk, const struct path *path);
void walk_set_borrowed(struct walk *walk, const struct path *path); // takes its own
// May the walk look for a name where it stands? 0, -ENOTDIR, -EACCES.
must_check int walk_check_directory(struct walk *walk);
// Looks for a component where the walk stands: the entry, positive, in *entry (borrowed or
// referenced). 0, -ENOENT, -ECHILD (lock-free: not to be known), or the file system's error.
must_check int walk_find(struct walk *walk, const struct component *component,
                         struct name_entry **entry);

// ---- what openat2 forbids (the context says so) -----------------------------------------------

static inline bool walk_forbids(const struct fs_context *context, unsigned resolve)
{
    return unlikely((context->resolve & resolve) != 0);
}

// The walk came from `before` to where it stands: 0, or -EXDEV where that is another mount.
must_check static inline int walk_check_mount(const struct walk *walk, const struct mount *before)
{
    return walk_forbids(walk->context, RESOLVE_NO_XDEV) && walk->at.mount != before ? -EXDEV : 0;
}

// May the link be followed at all? 0, -ELOOP, -EXDEV.
must_check static inline int walk_check_link(const struct fs_context *context,
                                             const struct path *link)
{
    bool is_magic = link->entry->vnode->is_magic_link;
    if (walk_forbids(context, RESOLVE_NO_SYMLINKS) ||
        (is_magic && walk_forbids(context, RESOLVE_NO_MAGICLINKS)) ||
        (link->mount->flags & MS_NOSYMFOLLOW) != 0) {
        return -ELOOP;
    }
    return is_magic && walk_forbids(context, RESOLVE_BENEATH | RESOLVE_IN_ROOT) ? -EXDEV : 0;
}

// ---- walk_link.c --------------------------------------------------------------------------------

// Follows a symbolic link: the walk then stands in its text, or where it jumps to. Consumes the link's references in the referenced
// manner. 0, -ECHILD (lock-free: not without references), -ELOOP, -EACCES, -EXDEV, or the file system's error.
must_check int walk_follow(struct walk *walk, struct path *link, bool is_last);

// ---- walk_covered.c -----------------------------------------------------------------------------

static inline bool walk_may_uncover(const struct walk *walk)
{
    const struct mount *mount = walk->at.mount;
    return unlikely(mount->passes_covered) && walk->at.entry == mount->root &&
           !path_is_equal(&walk->at, &walk->context->root);
}
// The component is not here, and the walk may uncover: looks for it below. As walk_find; the walk
// stands where the name was found.
must_check int walk_find_covered(struct walk *walk, const struct component *component,
                                 struct name_entry **entry);
// The walk stops in front of the last component: in the covered directory if the name is only
// there, else in the one that covers it. 0, -ECHILD, or an error.
must_check int walk_choose_parent(struct walk *walk, const struct component *component);
