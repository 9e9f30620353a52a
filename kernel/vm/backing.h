// What stands behind an open file and behind an area: a path, held without knowing what a path is. A value type of two words of the
// owner's (fs/: mount and name entry) and its operations.
#pragma once

#include "lib/types.h"

struct backing;

struct backing_ops {
    void (*get)(const struct backing *backing); // one more reference
    void (*put)(const struct backing *backing);
    // Writes the path as /proc/<pid>/maps shows it ("/bin/busybox", "/tmp/x (deleted)"). Length or -ENAMETOOLONG.
    long (*describe)(const struct backing *backing, char *text, size_t size);
    // Identity for /proc/<pid>/maps.
    void (*identify)(const struct backing *backing, uint64_t *device, uint64_t *inode);
    // Makes a hole in the bytes [start, end) of the object, as its owner allows it: 0 or -errno. Sleeps, no lock held. NULL: nobody is
    // to be asked.
    int (*punch)(const struct backing *backing, uint64_t start, uint64_t end);
    bool counts_areas; // each area counts for the owner: neighbours are never joined
};

struct backing {
    const struct backing_ops *ops; // NULL: nothing behind
    void *object[2];
};

static inline void backing_get(const struct backing *backing)
{
    if (backing->ops != NULL) {
        backing->ops->get(backing);
    }
}

static inline void backing_put(const struct backing *backing)
{
    if (backing->ops != NULL) {
        backing->ops->put(backing);
    }
}
