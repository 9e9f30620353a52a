// rename(2), renameat2(2).
//
// Within one directory its mutex is enough. Between two the rename mutex comes first: it keeps the
// tree's shape, so that "is this directory below that one" has an answer; then both directories,
// the ancestor first, unrelated ones by address. A file or directory that is replaced is locked
// last. The order of the errors is Linux's.
#include "fs/vfs_internal.h"

#include "lib/assert.h"
#include "lib/errno.h"

static struct mutex rename_mutex = MUTEX_INIT(rename_mutex, LOCK_RANK_RENAME);

struct rename_call {
    const struct fs_context *context;
    unsigned flags;
    struct walk_parent from_parent, to_parent;
    struct vnode *from_directory, *to_directory;
    struct name_entry *from, *to; // references once looked up
};

// One mutex or three, as the case is: more than the static analysis follows.
static void no_lock_analysis rename_lock(struct rename_call *call)
{
    assert(vnode_is_directory(call->from_directory) && vnode_is_directory(call->to_directory));
    struct vnode *first = call->from_directory, *second = call->to_directory;
    if (first == second) {
        mutex_lock(&first->mutex);
        return;
    }
    mutex_lock(&rename_mutex);
    const struct name_entry *from = call->from_parent.parent.entry;
    const struct name_entry *to = call->to_parent.parent.entry;
    bool from_is_below = name_entry_is_below(from, to);
    bool to_is_below = name_entry_is_below(to, from);
    if (from_is_below || (!to_is_below && (uintptr_t)second < (uintptr_t)first)) {
        struct vnode *swap = first;
        first = second;
        second = swap;
    }
    mutex_lock(&first->mutex);
    mutex_lock_nested(&second->mutex, VNODE_MUTEX_SECOND);
}

static void no_lock_analysis rename_unlock(struct rename_call *call)
{
    mutex_unlock(&call->from_directory->mutex);
    if (call->from_directory != call->to_directory) {
        mutex_unlock(&call->to_directory->mutex);
        mutex_unlock(&rename_mutex);
    }
}

// A slash behind a name asks for a directory: in an exchange each its own, else both of them the one that is moved.
static int rename_look_up(struct rename_call *call)
{
    const struct walk_parent *from = &call->from_parent, *to = &call->to_parent;
    int error = name_entry_look_up(from->parent.entry, from->last, from->last_length, &call->from);
    if (error != 0) {
        return error;
    }
    if (name_entry_is_negative(call->from)) {
        return -ENOENT;
    }
    error = name_entry_look_up(to->parent.entry, to->last, to->last_length, &call->to);
    if (error != 0) {
        return error;
    }
    if ((call->flags & RENAME_NOREPLACE) != 0 && !name_entry_is_negative(call->to)) {
        return -EEXIST;
    }
    bool is_exchange = (call->flags & RENAME_EXCHANGE) != 0;
    if (is_exchange && name_entry_is_negative(call->to)) {
        return -ENOENT;
    }
    bool to_needs_directory =
        is_exchange && !vnode_is_directory(call->to->vnode) && to->has_trailing_slash;
    bool from_needs_directory =
        !vnode_is_directory(call->from->vnode) &&
        (from->has_trailing_slash || (!is_exchange && to->has_trailing_slash));
    return to_needs_directory || from_needs_directory ? -ENOTDIR : 0;
}

// A directory cannot go below itself, nor replace one that it stands in.
static int rename_check_loop(const struct rename_call *call)
{
    if (call->from_directory == call->to_directory) {
        return 0;
    }
    if (name_entry_is_below(call->to_parent.parent.entry, call->from)) {
        return -EINVAL;
    }
    if (!name_entry_is_negative(call->to) &&
        name_entry_is_below(call->from_parent.parent.entry, call->to)) {
        return (call->flags & RENAME_EXCHANGE) != 0 ? -EINVAL : -ENOTEMPTY;
    }
    return 0;
}

// A directory that gets another parent has its ".." rewritten.
static int rename_check_parent_change(const struct rename_call *call, struct vnode *vnode)
{
    if (call->from_directory == call->to_directory || !vnode_is_directory(vnode)) {
        return 0;
    }
    return vnode_permission(vnode, call->context->credentials, ACCESS_WRITE);
}

// The directories' rights, then what the file system can do, then the right to rewrite the ".." of what is moved, and mount points
// last: Linux's order of errors.
static int rename_check_rights(const struct rename_call *call)
{
    bool is_directory = vnode_is_directory(call->from->vnode);
    bool is_exchange = (call->flags & RENAME_EXCHANGE) != 0;
    int error = vfs_may_remove(call->context, call->from_directory, call->from, is_directory);
    if (error != 0) {
        return error;
    }
    if (name_entry_is_negative(call->to)) {
        error = vfs_may_create(call->context, call->to_directory);
    } else {
        bool wants = is_exchange ? vnode_is_directory(call->to->vnode) : is_directory;
        error = vfs_may_remove(call->context, call->to_directory, call->to, wants);
    }
    if (error == 0 && call->from_directory->ops->rename == NULL) {
        error = -EPERM;
    }
    if (error == 0) {
        error = rename_check_parent_change(call, call->from->vnode);
    }
    if (error == 0 && is_exchange) {
        error = rename_check_parent_change(call, call->to->vnode);
    }
    if (error == 0 && (call->from->is_mount_point || call->to->is_mount_point)) {
        error = -EBUSY;
    }
    return error;
}

static int no_lock_analysis rename_perform(struct rename_call *call)
{
    struct vnode *replaced = call->to->vnode;
    bool locks_replaced = replaced != NULL && (call->flags & RENAME_EXCHANGE) == 0;
    if (locks_replaced) {
        mutex_lock_nested(&replaced->mutex, VNODE_MUTEX_VICTIM);
    }
    int error = -EBUSY;
    if (!locks_replaced || !call->to->is_mount_point) { // its mutex keeps it so
        error = call->from_directory->ops->rename(call->from_directory, call->from,
                                                  call->to_directory, call->to, call->flags);
    }
    if (locks_replaced) {
        mutex_unlock(&replaced->mutex);
    }
    return error;
}

static int rename_locked(struct rename_call *call)
{
    int error = rename_look_up(call);
    if (error == 0) {
        error = rename_check_loop(call);
    }
    if (error != 0) {
        return error;
    }
    if (call->from->vnode == call->to->vnode) {
        return 0; // two names of one file: nothing happens
    }
    error = rename_check_rights(call);
    return error == 0 ? rename_perform(call) : error;
}

static int rename_between_parents(struct rename_call *call)
{
    if (call->from_parent.parent.mount != call->to_parent.parent.mount) {
        return -EXDEV;
    }
    if (walk_parent_is_dots(&call->from_parent)) {
        return -EBUSY;
    }
    if (walk_parent_is_dots(&call->to_parent)) {
        return (call->flags & RENAME_NOREPLACE) != 0 ? -EEXIST : -EBUSY;
    }
    int error = mount_want_write(&call->from_parent.parent);
    if (error != 0) {
        return error;
    }
    call->from_directory = walk_parent_directory(&call->from_parent);
    call->to_directory = walk_parent_directory(&call->to_parent);
    rename_lock(call);
    error = rename_locked(call);
    rename_unlock(call);
    // Put last: the replaced file's pages may go now, and no directory waits for that.
    if (call->from != NULL) {
        name_entry_put(call->from);
    }
    if (call->to != NULL) {
        name_entry_put(call->to);
    }
    return error;
}

int vfs_rename(const struct fs_context *context, const struct path *old_start, const char *old_name,
               const struct path *new_start, const char *new_name, unsigned flags)
{
    if ((flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0 ||
        flags == (RENAME_NOREPLACE | RENAME_EXCHANGE)) {
        return -EINVAL;
    }
    struct rename_call call = {.context = context, .flags = flags};
    int error = walk_to_parent(context, old_start, old_name, &call.from_parent);
    if (error != 0) {
        return error;
    }
    error = walk_to_parent(context, new_start, new_name, &call.to_parent);
    if (error == 0) {
        error = rename_between_parents(&call);
        path_put(&call.to_parent.parent);
    }
    path_put(&call.from_parent.parent);
    return error;
}
