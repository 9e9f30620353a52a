// Open directories: reading entries, and the position in them.
//
// Positions: 0 is ".", 1 is "..", 2 the first child; a larger one names the child that was read
// last by its sequence number, which grows with each insertion. Children are read newest first, so
// what comes after a position has smaller numbers: names that are made meanwhile are not seen,
// names that go do not disturb.
//
// The root of a mount that lets names of the directory below it through (walk_covered.c) lists those
// behind its own, at positions with a bit of their own.
#include "fs/name_entry.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "uapi/dirent.h"

enum { POSITION_DOT = 0, POSITION_DOT_DOT = 1, POSITION_CHILDREN = 2 };
#define POSITION_COVERED (UINT64_C(1) << 62)

static uint64_t position_after(const struct name_entry *child)
{
    return child->sequence + POSITION_CHILDREN;
}

// The first child whose sequence number is below that of the position; a position of 2 stands
// before all of them.
static struct name_entry *child_at(struct name_entry *entry, uint64_t position)
{
    struct name_entry *child = name_entry_next_child(entry, NULL);
    while (child != NULL && position != POSITION_CHILDREN && position_after(child) >= position) {
        child = name_entry_next_child(entry, child);
    }
    return child;
}

// The default of vnode_ops.read_directory: the cached children are the directory.
static int read_children(struct name_entry *entry, struct directory_sink *sink, uint64_t *position)
{
    struct name_entry *child = child_at(entry, *position);
    for (; child != NULL; child = name_entry_next_child(entry, child)) {
        const struct vnode *vnode = child->vnode;
        if (!sink->add(sink, child->name, child->length, vnode->number, DT_OF_MODE(vnode->mode),
                       position_after(child))) {
            return 0;
        }
        *position = position_after(child);
    }
    return 0;
}

static int read_dots(const struct name_entry *entry, struct directory_sink *sink,
                     uint64_t *position)
{
    if (*position == POSITION_DOT) {
        if (!sink->add(sink, ".", 1, entry->vnode->number, DT_DIR, POSITION_DOT_DOT)) {
            return -EAGAIN;
        }
        *position = POSITION_DOT_DOT;
    }
    if (*position == POSITION_DOT_DOT) {
        rcu_read_lock(); // a rename may change the parent, and put the former one
        uint64_t number = rcu_dereference(entry->parent)->vnode->number;
        rcu_read_unlock();
        if (!sink->add(sink, "..", 2, number, DT_DIR, POSITION_CHILDREN)) {
            return -EAGAIN;
        }
        *position = POSITION_CHILDREN;
    }
    return 0;
}

// Hands entries on and remembers whether one was not taken. Those of a covered directory are moved to other positions, and left out
// where the directory that covers has the name.
struct marking_sink {
    struct directory_sink sink;
    struct directory_sink *inner;
    struct name_entry *covering; // NULL: hand all on
    bool is_full;
};

// The mutexes of both directories are held, this one's first: it is of a generated tree, whose rank is the lower one.
static bool has_name(struct name_entry *directory, const char *name, size_t length)
{
    struct name_entry *entry;
    bool is_there = name_entry_look_up(directory, name, length, &entry) == 0;
    if (is_there) {
        is_there = !name_entry_is_negative(entry);
        name_entry_put(entry);
    }
    return is_there;
}

static bool marking_add(struct directory_sink *sink, const char *name, size_t length,
                        uint64_t inode, unsigned type, uint64_t next_position)
{
    struct marking_sink *marking = container_of(sink, struct marking_sink, sink);
    if (marking->covering != NULL && has_name(marking->covering, name, length)) {
        return true;
    }
    uint64_t mark = marking->covering != NULL ? POSITION_COVERED : 0;
    marking->is_full =
        !marking->inner->add(marking->inner, name, length, inode, type, next_position | mark);
    return !marking->is_full;
}

static int read_entries(const struct path *path, struct directory_sink *sink, uint64_t *position)
{
    struct vnode *vnode = path->entry->vnode;
    mutex_lock(&vnode->mutex);
    int error = vnode->link_count == 0 ? -ENOENT : 0;
    if (error == 0 && read_dots(path->entry, sink, position) == 0) {
        error = vnode->ops->read_directory != NULL
                    ? vnode->ops->read_directory(vnode, path->entry, sink, position)
                    : read_children(path->entry, sink, position);
    }
    mutex_unlock(&vnode->mutex);
    return error;
}

// The names that the mount lets through. Where it covers nothing any more, or a directory that was removed, there are none.
static int read_covered(const struct path *path, struct directory_sink *sink, uint64_t *position)
{
    struct path covered = *path;
    path_get(&covered);
    uint64_t at = *position & ~POSITION_COVERED;
    at = at < POSITION_CHILDREN ? POSITION_CHILDREN : at; // its dots are not the mount's
    int error = 0;
    if (mount_cross_up(&covered)) {
        struct marking_sink marking = {
            .sink = {.add = marking_add}, .inner = sink, .covering = path->entry};
        mutex_lock(&path->entry->vnode->mutex);
        error = read_entries(&covered, &marking.sink, &at);
        mutex_unlock(&path->entry->vnode->mutex);
    }
    path_put(&covered);
    *position = at | POSITION_COVERED;
    return error == -ENOENT ? 0 : error;
}

// First the directory's own names, then those that its mount lets through; a bit of the position tells which part it stands in, so
// that a read goes on where the last one ended.
static int directory_read(struct open_file *file, struct directory_sink *sink)
{
    struct vnode *vnode = vnode_from_file(file);
    struct path path;
    bool has_path = vfs_file_path(file, &path);
    assert(has_path);
    (void)has_path;
    struct marking_sink own = {.sink = {.add = marking_add}, .inner = sink};
    bool is_uncovering = path.mount->passes_covered && path.entry == path.mount->root;
    int error = 0;
    if (!is_uncovering || (file->position & POSITION_COVERED) == 0) {
        error = read_entries(&path, is_uncovering ? &own.sink : sink, &file->position);
    }
    if (is_uncovering && error == 0 && !own.is_full) {
        file->position =
            (file->position & POSITION_COVERED) != 0 ? file->position : POSITION_COVERED;
        error = read_covered(&path, sink, &file->position);
    }
    if ((file->flags & O_NOATIME) == 0) {
        vnode_touch_access(vnode, &path);
    }
    return error;
}

static ssize_t directory_read_bytes(struct open_file *file, struct io_iter *iter,
                                    uint64_t *position)
{
    (void)file, (void)iter, (void)position;
    return -EISDIR;
}

static int directory_sync(struct open_file *file, bool data_only)
{
    struct vnode *vnode = vnode_from_file(file);
    return vnode->ops->sync != NULL ? vnode->ops->sync(vnode, data_only) : 0;
}

const struct file_ops directory_file_ops = {
    .name = "directory",
    .read = directory_read_bytes,
    .seek = file_seek_endless,
    .read_directory = directory_read,
    .sync = directory_sync,
};
