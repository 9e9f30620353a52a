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

// For open, which looks the last name up itself where it may have to make it. May the link that it
// found there, in `directory`, be followed? 0, -EACCES, -ELOOP, -EXDEV.
must_check int walk_check_last_link(const struct fs_context *context, const struct vnode *directory,
                                    const struct path *link);
// Did going from `before` to `after` leave the mount where the context forbids that? 0, -EXDEV.
must_check int walk_check_same_mount(const struct fs_context *context, const struct path *before,
                                     const struct path *after);
// May a link's text begin at the root, for a link that stands on `from`? 0, -EXDEV.
must_check int walk_check_absolute(const struct fs_context *context, const struct path *from);
