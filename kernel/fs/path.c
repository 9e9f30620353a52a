// Paths: references, the backing that files and areas hold, and the text of a path.
#include "fs/path.h"

#include "fs/mount.h"
#include "fs/name_cache.h"
#include "fs/vfs_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"

void path_get(const struct path *path)
{
    mount_get(path->mount);
    name_entry_get(path->entry);
}

void path_put(struct path *path)
{
    if (path->entry != NULL) {
        name_entry_put(path->entry);
        mount_put(path->mount);
    }
    *path = (struct path){NULL, NULL};
}

// ---- backing ------------------------------------------------------------------------------------

static void path_backing_get(const struct backing *backing)
{
    struct path path;
    if (path_from_backing(backing, &path)) {
        path_get(&path);
    }
}

static void path_backing_put(const struct backing *backing)
{
    struct path path;
    if (path_from_backing(backing, &path)) {
        path_put(&path);
    }
}

static long path_backing_describe(const struct backing *backing, char *text, size_t size)
{
    struct path path;
    return path_from_backing(backing, &path) ? path_describe(&path, NULL, text, size, true)
                                             : -EINVAL;
}

static void path_backing_identify(const struct backing *backing, uint64_t *device, uint64_t *inode)
{
    const struct name_entry *entry = backing->object[1];
    *device = entry->vnode->file_system->device_number;
    *inode = entry->vnode->number;
}

static const struct backing_ops path_backing_ops = {
    .get = path_backing_get,
    .put = path_backing_put,
    .describe = path_backing_describe,
    .identify = path_backing_identify,
};

// Of an area that maps a file through a descriptor open for writing: as long as it lives the file
// counts as open for writing, whether the descriptor does or not. The first comes while the
// descriptor is there, others while there is one: the count was not 0, so nobody denies writing.
static void writer_backing_get(const struct backing *backing)
{
    struct path path;
    if (path_from_backing(backing, &path)) {
        path_get(&path);
        atomic32_add(&path.entry->vnode->writer_count, 1);
        atomic32_add(&path.mount->writers, 1);
    }
}

static void writer_backing_put(const struct backing *backing)
{
    struct path path;
    if (path_from_backing(backing, &path)) {
        atomic32_subtract(&path.mount->writers, 1);
        vnode_end_write(path.entry->vnode);
        path_put(&path);
    }
}

static int writer_backing_punch(const struct backing *backing, uint64_t start, uint64_t end)
{
    struct path path;
    return path_from_backing(backing, &path) ? vnode_punch(path.entry->vnode, start, end) : -EINVAL;
}

static const struct backing_ops writer_backing_ops = {
    .punch = writer_backing_punch,
    .get = writer_backing_get,
    .put = writer_backing_put,
    .describe = path_backing_describe,
    .identify = path_backing_identify,
};

void path_to_backing(const struct path *path, struct backing *backing)
{
    *backing = (struct backing){&path_backing_ops, {path->mount, path->entry}};
}

void path_to_writer_backing(const struct backing *path, struct backing *backing)
{
    *backing = *path;
    if (path->ops == &path_backing_ops) {
        backing->ops = &writer_backing_ops;
    }
}

bool path_from_backing(const struct backing *backing, struct path *path)
{
    if (backing->ops != &path_backing_ops && backing->ops != &writer_backing_ops) {
        return false;
    }
    *path = (struct path){backing->object[0], backing->object[1]};
    return true;
}

// ---- text ---------------------------------------------------------------------------------------

// Text that grows toward the front of a buffer, since a path is known from its end.
struct path_text {
    char *start; // of the buffer
    char *first; // first character written so far
    bool is_full;
};

static void path_text_prepend(struct path_text *text, const char *bytes, size_t length)
{
    if (text->is_full || (size_t)(text->first - text->start) < length) {
        text->is_full = true;
        return;
    }
    text->first -= length;
    memcpy(text->first, bytes, length);
}

static void path_text_prepend_string(struct path_text *text, const char *string)
{
    path_text_prepend(text, string, strlen(string));
}

// Climbs from `path` to `root` or to the global root. The name lock and RCU keep every step in
// place. True: `root` was met.
static bool path_climb_locked(const struct path *path, const struct path *root,
                              struct path_text *text)
{
    assert(spin_is_held(&name_lock));
    struct path at = *path;
    for (;;) {
        if (root != NULL && path_is_equal(&at, root)) {
            return true;
        }
        if (text->is_full) {
            return true; // what more there is does not matter
        }
        bool is_top = at.entry == at.mount->root;
        if (is_top || at.entry->parent == at.entry) {
            struct path covered;
            if (!mount_peek_covered(at.mount, &covered)) {
                return root == NULL;
            }
            if (!is_top) {
                return false; // it was moved out of the directory that the mount shows
            }
            at = covered;
            continue;
        }
        path_text_prepend(text, at.entry->name, at.entry->length);
        path_text_prepend(text, "/", 1);
        at.entry = at.entry->parent;
    }
}

// In one hold of the name lock, so that a rename does not mix two paths; the hold is bounded, since the climb ends where the text is
// full.
long path_describe(const struct path *path, const struct path *root, char *text, size_t size,
                   bool mark_deleted)
{
    if (size == 0) {
        return -ENAMETOOLONG;
    }
    struct path_text built = {.start = text, .first = text + size};
    path_text_prepend(&built, "", 1);
    rcu_read_lock();
    spin_lock(&name_lock);
    bool is_deleted = path->entry->is_detached != 0 && path->entry->parent != path->entry;
    if (mark_deleted && is_deleted) {
        path_text_prepend_string(&built, " (deleted)");
    }
    char *end = built.first;
    bool is_reachable = path_climb_locked(path, root, &built);
    spin_unlock(&name_lock);
    rcu_read_unlock();
    if (built.first == end) {
        path_text_prepend(&built, "/", 1);
    }
    if (!is_reachable && !path->mount->is_internal) {
        path_text_prepend_string(&built, "(unreachable)");
    }
    if (built.is_full) {
        return -ENAMETOOLONG;
    }
    size_t length = (size_t)(text + size - built.first);
    memmove(text, built.first, length);
    return (long)length - 1;
}

long name_entry_describe(const struct name_entry *entry, char *text, size_t size)
{
    if (size == 0) {
        return -ENAMETOOLONG;
    }
    struct path_text built = {.start = text, .first = text + size};
    path_text_prepend(&built, "", 1);
    char *end = built.first;
    rcu_read_lock();
    spin_lock(&name_lock);
    for (; entry->parent != entry && !built.is_full; entry = entry->parent) {
        path_text_prepend(&built, entry->name, entry->length);
        path_text_prepend(&built, "/", 1);
    }
    spin_unlock(&name_lock);
    rcu_read_unlock();
    if (built.first == end) {
        path_text_prepend(&built, "/", 1);
    }
    if (built.is_full) {
        return -ENAMETOOLONG;
    }
    size_t length = (size_t)(text + size - built.first);
    memmove(text, built.first, length);
    return (long)length - 1;
}
