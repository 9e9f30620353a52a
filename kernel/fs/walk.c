// Path walk. One walker with two manners:
//
//   lock-free    under RCU from start to end. It takes no lock and no reference until it has
//                arrived; then it takes two and asks whether a rename or a mount has happened
//                meanwhile. What it cannot answer without sleeping or from the cache (-ECHILD)
//                is walked again in the other manner.
//   referenced   holds a reference on the place where it stands, asks file systems for names,
//                reads links, follows jumps.
//
// Links are followed in walk_link.c.
#include "fs/walk.h"

#include "fs/mount.h"
#include "fs/name_cache.h"
#include "fs/vfs.h"
#include "fs/walk_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "uapi/fcntl.h"
#include "uapi/limits.h"

// ---- where the walk stands ----------------------------------------------------------------------

void walk_set(struct walk *walk, const struct path *path)
{
    assert(path->mount != NULL && path->entry != NULL);
    if (!walk->is_lockless) {
        path_put(&walk->at);
    }
    walk->at = *path;
}

void walk_set_borrowed(struct walk *walk, const struct path *path)
{
    if (!walk->is_lockless) {
        path_get(path);
    }
    walk_set(walk, path);
}

// The top of what is mounted on the place.
static void walk_cross_down(struct walk *walk, struct path *path)
{
    if (walk->is_lockless) {
        struct mount *mount;
        while (path->entry->is_mount_point &&
               (mount = mount_find_covering(path->mount, path->entry)) != NULL) {
            mount_note_crossing(mount);
            *path = (struct path){mount, mount->root};
        }
    } else {
        while (path->entry->is_mount_point && mount_cross_down(path)) {}
    }
}

// A bound directory shows what is below it. What was moved out of it is still reached by who stood there, but ".." would lead on to
// the rest of the file system, which the mount does not show. 0, -ENOENT.
static int walk_check_connected(const struct path *path)
{
    const struct mount *mount = path->mount;
    bool shows_all = mount->root == mount->file_system->root || mount->is_internal;
    return likely(shows_all) || name_entry_is_below(path->entry, mount->root) ? 0 : -ENOENT;
}

// From a mount's root it goes up from the place that the mount covers, as often as mounts stand on each other; but never above the
// context's root, where ".." leads to itself (chroot(2)).
static int walk_up(struct walk *walk)
{
    struct path path = walk->at;
    if (walk->is_lockless) {
        struct path covered;
        while (!path_is_equal(&path, &walk->context->root) && path.entry == path.mount->root &&
               mount_peek_covered(path.mount, &covered)) {
            path = covered;
        }
        if (!path_is_equal(&path, &walk->context->root) && path.entry != path.mount->root) {
            path.entry = READ_ONCE(path.entry->parent);
        }
        walk_cross_down(walk, &path);
        walk->at = path;
        return walk_check_connected(&path);
    }
    path_get(&path);
    while (!path_is_equal(&path, &walk->context->root) && mount_cross_up(&path)) {}
    if (!path_is_equal(&path, &walk->context->root) && path.entry != path.mount->root) {
        spin_lock(&name_lock);
        struct name_entry *parent = path.entry->parent;
        name_entry_get(parent);
        spin_unlock(&name_lock);
        name_entry_put(path.entry);
        path.entry = parent;
    }
    walk_cross_down(walk, &path);
    walk_set(walk, &path);
    return walk_check_connected(&path);
}

// Others may have moved a directory out of the scope while the walk stood in it, and its ".." then leads outside. A lock-free walk
// is thrown away whole in that case; this one, which has begun to hold on to things, is for the caller to repeat (openat2(2)).
static int walk_check_scope(const struct walk *walk)
{
    bool is_scoped = walk_forbids(walk->context, RESOLVE_BENEATH | RESOLVE_IN_ROOT);
    return is_scoped && !walk->is_lockless && !walk_sequence_is_unchanged(walk->begun) ? -EAGAIN
                                                                                       : 0;
}

static int walk_up_within(struct walk *walk)
{
    const struct mount *before = walk->at.mount;
    if (walk_forbids(walk->context, RESOLVE_BENEATH) &&
        path_is_equal(&walk->at, &walk->context->root)) {
        return -EXDEV;
    }
    int error = walk_up(walk);
    if (error == 0) {
        error = walk_check_scope(walk);
    }
    return error != 0 ? error : walk_check_mount(walk, before);
}

// ---- components ---------------------------------------------------------------------------------

int walk_check_directory(struct walk *walk)
{
    struct vnode *vnode = walk->at.entry->vnode;
    if (unlikely(!vnode_is_directory(vnode))) {
        return -ENOTDIR;
    }
    if (likely((vnode->mode & 0111) == 0111 && vnode->ops->permission == NULL)) {
        return 0;
    }
    return vnode_permission(vnode, walk->context->credentials, ACCESS_EXECUTE);
}

// Reads the next component; walk->rest must stand on its first character.
static inline void walk_read_component(struct walk *walk, struct component *component)
{
    const char *name = walk->rest, *end = name;
    uint32_t hash = NAME_HASH_START;
    for (; *end != '/' && *end != '\0'; end++) {
        hash = name_hash_byte(hash, *end);
    }
    component->name = name;
    component->length = (size_t)(end - name);
    component->hash = hash;
    if (*end == '/') {
        while (*++end == '/') {}
        if (*end == '\0' && walk->depth == 0 && !walk->wants_parent) {
            walk->flags |= WALK_FOLLOW | WALK_DIRECTORY;
        }
    }
    walk->rest = end;
    component->is_last = *end == '\0' && walk->depth == 0;
}

// Finds a component in the directory where the walk stands: the entry, positive, in *entry
// (borrowed or referenced).
static int walk_find_lockless(struct walk *walk, const struct component *component,
                              struct name_entry **entry)
{
    *entry = name_cache_probe(walk->at.entry, component->name, component->length, component->hash);
    if (unlikely(*entry == NULL)) {
        return -ECHILD;
    }
    struct vnode *vnode = rcu_dereference((*entry)->vnode);
    if (unlikely(vnode == NULL)) {
        return -ENOENT;
    }
    return unlikely((*entry)->needs_check) && !vnode->ops->is_valid(vnode) ? -ECHILD : 0;
}

static int walk_find_referenced(struct walk *walk, const struct component *component,
                                struct name_entry **result)
{
    struct name_entry *directory = walk->at.entry;
    struct name_entry *entry = name_entry_find(directory, component->name, component->length);
    if (entry != NULL && entry->needs_check && entry->vnode != NULL) {
        name_entry_put(entry);
        entry = NULL;
    }
    if (entry == NULL) {
        mutex_lock(&directory->vnode->mutex);
        int error = name_entry_look_up(directory, component->name, component->length, &entry);
        mutex_unlock(&directory->vnode->mutex);
        if (error != 0) {
            return error;
        }
    }
    if (name_entry_is_negative(entry)) {
        name_entry_put(entry);
        return -ENOENT;
    }
    *result = entry;
    return 0;
}

int walk_find(struct walk *walk, const struct component *component, struct name_entry **entry)
{
    return walk->is_lockless ? walk_find_lockless(walk, component, entry)
                             : walk_find_referenced(walk, component, entry);
}

// Goes one component on.
static int walk_step(struct walk *walk, const struct component *component)
{
    if (unlikely(component->name[0] == '.')) {
        if (component->length == 1) {
            return 0;
        }
        if (component->length == 2 && component->name[1] == '.') {
            return walk_up_within(walk);
        }
    }
    struct path next;
    int error = walk_find(walk, component, &next.entry);
    if (unlikely(error == -ENOENT) && walk_may_uncover(walk)) {
        error = walk_find_covered(walk, component, &next.entry);
    }
    if (unlikely(error != 0)) {
        return error;
    }
    next.mount = walk->at.mount;
    if (!walk->is_lockless) {
        mount_get(next.mount);
    }
    if (unlikely(next.entry->is_mount_point)) {
        walk_cross_down(walk, &next);
        error = walk_check_same_mount(walk->context, &walk->at, &next);
        if (error != 0) {
            if (!walk->is_lockless) {
                path_put(&next);
            }
            return error;
        }
    }
    if (unlikely(vnode_is_symlink(next.entry->vnode)) &&
        (!component->is_last || (walk->flags & WALK_FOLLOW) != 0)) {
        return walk_follow(walk, &next, component->is_last);
    }
    walk_set(walk, &next);
    return 0;
}

// Walks all the text, or all but the last component.
static int walk_run(struct walk *walk)
{
    for (;;) {
        while (*walk->rest == '/') {
            walk->rest++;
        }
        if (*walk->rest == '\0') {
            if (walk->depth == 0) {
                return 0;
            }
            heap_free(walk->text);
            walk->depth--;
            walk->rest = walk->stack[walk->depth].rest;
            walk->text = walk->stack[walk->depth].text;
            continue;
        }
        int error = walk_check_directory(walk);
        if (unlikely(error != 0)) {
            return error;
        }
        struct component component;
        walk_read_component(walk, &component);
        if (component.is_last && walk->wants_parent) {
            walk->last = component.name;
            walk->last_length = component.length;
            return walk_may_uncover(walk) ? walk_choose_parent(walk, &component) : 0;
        }
        error = walk_step(walk, &component);
        if (unlikely(error != 0)) {
            return error;
        }
    }
}

// ---- a whole walk -------------------------------------------------------------------------------

static const struct path *walk_start(const struct fs_context *context, const struct path *start,
                                     const char *name)
{
    if (name[0] == '/') {
        return &context->root;
    }
    return start != NULL ? start : &context->working_directory;
}

static int walk_check_end(const struct walk *walk)
{
    if ((walk->flags & WALK_DIRECTORY) != 0 && !walk->wants_parent &&
        !vnode_is_directory(walk->at.entry->vnode)) {
        return -ENOTDIR;
    }
    return 0;
}

// -ECHILD: not to be known without locks.
static int walk_lockless(struct walk *walk)
{
    assert(walk->is_lockless && walk->text == NULL);
    rcu_read_lock();
    int error = walk_run(walk);
    if (error == 0) {
        error = walk_check_end(walk);
    }
    bool is_held = false;
    if (error == 0) {
        /* The mount first: with it the file system stays, to which an entry gives back what it held. */
        is_held = refcount_get_unless_zero(&walk->at.mount->references);
        if (is_held && !refcount_get_unless_zero(&walk->at.entry->references)) {
            rcu_read_unlock();
            mount_put(walk->at.mount);
            return -ECHILD;
        }
        error = is_held ? 0 : -ECHILD;
    }
    bool is_unchanged = walk_sequence_is_unchanged(walk->begun);
    rcu_read_unlock();
    if (unlikely(!is_unchanged)) {
        if (is_held) {
            path_put(&walk->at);
        }
        return -ECHILD;
    }
    return error;
}

static int walk_referenced(struct walk *walk)
{
    path_get(&walk->at);
    int error = walk_run(walk);
    while (walk->depth > 0) {
        heap_free(walk->text);
        walk->text = walk->stack[--walk->depth].text;
    }
    // The last name may stand in a link's text only if the walk followed a link at the end, which
    // wants_parent never does.
    heap_free(walk->text);
    walk->text = NULL;
    if (error == 0) {
        error = walk_check_end(walk);
    }
    if (error != 0) {
        path_put(&walk->at);
    }
    return error;
}

static int walk_whole(struct walk *walk, const struct fs_context *context, const struct path *start,
                      const char *name, unsigned flags)
{
    const struct path *from = walk_start(context, start, name);
    bool is_lockless = true;
    for (;;) {
        walk->context = context;
        walk->begun = walk_sequence_begin();
        walk->at = *from;
        walk->rest = name;
        walk->flags = flags;
        walk->is_lockless = is_lockless;
        walk->depth = 0;
        walk->links = 0;
        walk->last = NULL;
        walk->text = NULL;
        if (!is_lockless) {
            return walk_referenced(walk);
        }
        int error = walk_lockless(walk);
        if (likely(error != -ECHILD)) {
            return error;
        }
        is_lockless = false;
    }
}

int walk_path(const struct fs_context *context, const struct path *start, const char *name,
              unsigned flags, struct path *result)
{
    struct walk walk;
    if (name[0] == '\0' && (flags & WALK_EMPTY) == 0) {
        return -ENOENT;
    }
    walk.wants_parent = false;
    int error = walk_whole(&walk, context, start, name, flags);
    if (error == 0) {
        *result = walk.at;
    }
    return error;
}

int walk_to_parent(const struct fs_context *context, const struct path *start, const char *name,
                   struct walk_parent *result)
{
    struct walk walk;
    if (name[0] == '\0') {
        return -ENOENT;
    }
    walk.wants_parent = true;
    int error = walk_whole(&walk, context, start, name, 0);
    if (error != 0) {
        return error;
    }
    *result = (struct walk_parent){
        .parent = walk.at,
        .last = walk.last,
        .last_length = walk.last_length,
        .is_root = walk.last == NULL,
    };
    result->has_trailing_slash = walk.last != NULL && walk.last[walk.last_length] == '/';
    return 0;
}
