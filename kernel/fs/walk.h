// Path walk: from text to a path. Handles ., .., symbolic links (40 at most), mounts, trailing
// slashes, magic links; checks search permission on the way.
#pragma once

#include "fs/fs_context.h"
#include "fs/name_entry.h"
#include "lib/compiler.h"

enum walk_flag {
    WALK_FOLLOW = 1,    // follow a symbolic link at the end
    WALK_DIRECTORY = 2, // the result must be a directory (-ENOTDIR)
    WALK_EMPTY = 4,     // "" means the start itself (AT_EMPTY_PATH)
    WALK_NO_AUTOMOUNT = 8,
};

// Resolves `name` from `start` (NULL: the working directory; absolute names start at the context's
// root). *result gets references. 0, -ENOENT, -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG, -ENOMEM,
// -EIO. Where the context restricts the walk (openat2): -EXDEV, -ELOOP.
must_check int walk_path(const struct fs_context *context, const struct path *start,
                         const char *name, unsigned flags, struct path *result);

// For calls that make or remove the last component: the parent and the last name.
struct walk_parent {
    struct path parent; // references
    const char *last;   // points into `name`
    size_t last_length; // 1 and "." or 2 and ".." are reported as they are
    bool has_trailing_slash;
    bool is_root; // the path was "/" only: there is no last name
};
must_check int walk_to_parent(const struct fs_context *context, const struct path *start,
                              const char *name, struct walk_parent *result);

// The link at the end of a path that stands in a sticky directory which everybody may write is
// followed for its owner only, unless the directory's owner made it: nobody is led astray in /tmp
// (Linux's protected_symlinks, which Debian's kernel has on).
bool walk_may_follow(const struct fs_context *context, const struct vnode *directory,
                     const struct vnode *link);
