// A place in the tree: a mount and a name entry in it. Open files, cwd, root and areas hold paths.
#pragma once

#include "lib/types.h"
#include "vm/backing.h"

struct mount;
struct name_entry;

struct path {
    struct mount *mount;
    struct name_entry *entry;
};

void path_get(const struct path *path);
void path_put(struct path *path); // and clears it; an empty path is allowed
static inline bool path_is_equal(const struct path *a, const struct path *b)
{
    return a->mount == b->mount && a->entry == b->entry;
}

// A path as a backing (one reference taken by backing_get as usual), and back (borrowed). NULL if
// it is not one of ours.
void path_to_backing(const struct path *path, struct backing *backing);
// The same for areas of a file that the mapping descriptor may write: counts as a writer of the file and its mount.
void path_to_writer_backing(const struct backing *path, struct backing *backing);
bool path_from_backing(const struct backing *backing, struct path *path);

// Writes the absolute path as seen from `root` (NULL: the global root): "/a/b", with " (deleted)"
// for unlinked ones when asked, and "(unreachable)" in front when it is not below root. Length or
// -ENAMETOOLONG.
long path_describe(const struct path *path, const struct path *root, char *text, size_t size,
                   bool mark_deleted);
// The same within its file system, from that one's root on, whatever is mounted where.
long name_entry_describe(const struct name_entry *entry, char *text, size_t size);
