// Names that a mount passes through.
//
// Some file systems let the names that their root lacks through from the directory that they cover
// (file_system_type.passes_covered): a tree may keep programs below /sys, where init scripts mount
// sysfs. The walk then goes on below the mount, by the rights of the covered directory; ".." leads
// back above it. Names that are made anew are the covering file system's affair.
#include "fs/walk_internal.h"

#include "lib/errno.h"

// From the root of a mount to the directory that it covers, if names may be looked for there.
static int walk_uncover(struct walk *walk)
{
    struct path covered = walk->at;
    if (walk->is_lockless) {
        if (!mount_peek_covered(walk->at.mount, &covered)) {
            return -ENOENT;
        }
        walk->at = covered;
        return walk_check_directory(walk);
    }
    path_get(&covered);
    if (!mount_cross_up(&covered)) {
        path_put(&covered);
        return -ENOENT;
    }
    walk_set(walk, &covered);
    return walk_check_directory(walk);
}

int walk_find_covered(struct walk *walk, const struct component *component,
                      struct name_entry **entry)
{
    int error = -ENOENT;
    while (error == -ENOENT && walk_may_uncover(walk)) {
        error = walk_uncover(walk);
        if (error != 0) {
            return error;
        }
        error = walk_find(walk, component, entry);
    }
    return error;
}

int walk_choose_parent(struct walk *walk, const struct component *component)
{
    struct name_entry *entry;
    if (walk->is_lockless) {
        return -ECHILD;
    }
    struct path top = walk->at;
    path_get(&top);
    int error = walk_find(walk, component, &entry);
    if (error == -ENOENT) {
        error = walk_find_covered(walk, component, &entry);
    }
    if (error == 0) {
        name_entry_put(entry);
        path_put(&top);
        return 0;
    }
    walk_set(walk, &top);
    return error == -ENOENT ? 0 : error;
}
