// mount(2) and umount2(2) on places that were looked up: new mounts, binds, moves, changes of
// flags, removal. The errors and their order are Linux's; propagation between mounts does not exist
// (every mount is private).
#include "fs/mount_internal.h"

#include "fs/fs_context.h"
#include "fs/name_cache.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "uapi/device_number.h"
#include "uapi/mount.h"

// What a mount keeps of mount(2)'s flags.
#define MOUNT_FLAGS                                                                                \
    (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME |     \
     MS_NOSYMFOLLOW | MS_SYNCHRONOUS)
#define MOUNT_TIME_FLAGS (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

// relatime is the default of every mount that a program makes.
static unsigned long mount_effective_flags(unsigned long flags)
{
    if ((flags & MS_NOATIME) == 0) {
        flags |= MS_RELATIME;
    }
    if ((flags & MS_STRICTATIME) != 0) {
        flags &= ~(unsigned long)(MS_RELATIME | MS_NOATIME);
    }
    return flags & MOUNT_FLAGS;
}

static int mount_make_instance(const char *type_name, const char *source, const char *options,
                               unsigned long flags, bool is_root, struct file_system **result)
{
    const struct file_system_type *type = file_system_type_find(type_name);
    if (type == NULL || (type->is_internal && !is_root)) {
        return -ENODEV;
    }
    return type->mount(type, source, options, flags, result);
}

// The place itself shows this instance's root already: Linux refuses to stack it once more.
static bool mount_is_same(const struct path *place, const struct file_system *file_system)
{
    return place->mount->file_system == file_system && place->entry == file_system->root &&
           place->mount->root == place->entry;
}

int mount_new(const char *type, const char *source, const char *options, unsigned long flags,
              const struct path *place)
{
    struct file_system *file_system;
    int error = mount_make_instance(type, source, options, flags, false, &file_system);
    if (error != 0) {
        return error;
    }
    struct vnode *root = file_system->root->vnode;
    if (mount_is_same(place, file_system)) {
        error = -EBUSY;
    } else if (vnode_is_directory(root) != vnode_is_directory(place->entry->vnode)) {
        error = -ENOTDIR;
    }
    struct mount *mount = NULL;
    if (error == 0) {
        file_system->is_read_only = (flags & MS_RDONLY) != 0;
        mount = mount_create(file_system, file_system->root, source, mount_effective_flags(flags));
        error = mount == NULL ? -ENOMEM : mount_attach(mount, place);
    }
    if (error != 0 && mount != NULL) {
        mount_put(mount);
    }
    file_system_put(file_system);
    return error;
}

int mount_root(const char *type, const char *source, const char *options, unsigned long flags)
{
    struct file_system *file_system;
    int error = mount_make_instance(type, source, options, flags, true, &file_system);
    if (error != 0) {
        return error;
    }
    file_system->device_number = device_number_make(0, 2);
    struct mount *mount = mount_create(file_system, file_system->root, source, flags & MOUNT_FLAGS);
    file_system_put(file_system);
    if (mount == NULL) {
        return -ENOMEM;
    }
    error = mount_attach(mount, NULL);
    assert(error == 0); // only a place can refuse it
    fs_context_kernel.root = mount_global_root();
    fs_context_kernel.working_directory = fs_context_kernel.root;
    return error;
}

// ---- bind and move ------------------------------------------------------------------------------

// *result gets the new mount with a reference, since it may be removed as soon as it is attached.
static int mount_bind_one(struct mount *from, struct name_entry *root, const struct path *place,
                          struct mount **result)
{
    struct mount *mount = mount_create(from->file_system, root, from->source, from->flags);
    if (mount == NULL) {
        return -ENOMEM;
    }
    mount_get(mount);
    int error = mount_attach(mount, place);
    if (error != 0) {
        mount_put(mount);
        mount_put(mount);
        return error;
    }
    *result = mount;
    return 0;
}

// A recursive bind repeats each mount that stands below the source, at the same relative place of
// the copy.
struct mount_bind_state {
    struct mount *from; // what is being repeated
    struct mount *onto; // its copy
    int last_id;        // copies that this call makes are not repeated in turn
    unsigned depth;     // of mounts on mounts: the kernel's stack bounds it
    int error;
};

enum { MOUNT_BIND_DEPTH_MAX = 16 };

static bool mount_bind_child(struct mount *mount, void *context);

// Repeats a mount, and what stands on it, at `entry` of the copy.
static void mount_bind_below(struct mount_bind_state *state, struct mount *mount,
                             struct name_entry *entry)
{
    const struct path place = {state->onto, entry};
    struct mount_bind_state below = *state;
    below.from = mount;
    state->error = ++below.depth > MOUNT_BIND_DEPTH_MAX
                       ? -ENOSPC
                       : mount_bind_one(mount, mount->root, &place, &below.onto);
    if (state->error == 0) {
        mount_visit(0, mount_bind_child, &below);
        mount_put(below.onto);
        state->error = below.error;
    }
}

// With references on the place that it covers: a lazy umount or a move may take it from there meanwhile.
static bool mount_bind_child(struct mount *mount, void *context)
{
    struct mount_bind_state *state = context;
    struct path covered = {mount, mount->root};
    path_get(&covered);
    if (mount->id <= state->last_id && mount_cross_up(&covered) && covered.mount == state->from &&
        name_entry_is_below(covered.entry, state->onto->root)) {
        mount_bind_below(state, mount, covered.entry);
    }
    path_put(&covered);
    return state->error == 0;
}

int mount_bind(const struct path *source, const struct path *place, bool recursive)
{
    if (vnode_is_directory(source->entry->vnode) != vnode_is_directory(place->entry->vnode)) {
        return -ENOTDIR;
    }
    struct mount_bind_state state = {.from = source->mount, .last_id = mount_last_id()};
    int error = mount_bind_one(source->mount, source->entry, place, &state.onto);
    if (error != 0) {
        return error;
    }
    if (recursive) {
        mount_visit(0, mount_bind_child, &state);
    }
    mount_put(state.onto);
    return state.error;
}

// One move at a time: while a mount is on its way it stands on nothing, so a second move could not tell that it is about to hang it
// below itself, and every walk up the two would go round for ever.
static struct mutex move_mutex = MUTEX_INIT(move_mutex, LOCK_RANK_RENAME);

// Out of the table for a moment; the table's reference stays. -EINVAL: somebody removed it since it was looked up.
static int mount_take_out(struct mount *mount, const struct path *place, struct path *covered)
{
    int error = 0;
    spin_lock(&mount_lock);
    if (mount->covered.mount == NULL) {
        error = -EINVAL;
    } else if (mount_is_below_locked(place->mount, mount)) {
        error = -ELOOP;
    } else {
        mount_detach_locked(mount, covered);
        mount->is_detached = false;
    }
    spin_unlock(&mount_lock);
    return error;
}

// Neither place takes it any more: it goes as by umount, and nothing can be mounted on it.
static void mount_give_up(struct mount *mount)
{
    spin_lock(&mount_lock);
    mount->is_detached = true;
    spin_unlock(&mount_lock);
    mount_put(mount);
}

static int mount_move_one(struct mount *mount, const struct path *place)
{
    assert(mutex_is_held(&move_mutex));
    struct path covered;
    int error = mount_take_out(mount, place, &covered);
    if (error != 0) {
        return error;
    }
    error = mount_attach(mount, place);
    if (error != 0 && mount_attach(mount, &covered) != 0) {
        mount_give_up(mount);
    }
    path_put(&covered);
    return error;
}

int mount_move(const struct path *from, const struct path *place)
{
    if (from->entry != from->mount->root) {
        return -EINVAL;
    }
    if (vnode_is_directory(from->entry->vnode) != vnode_is_directory(place->entry->vnode)) {
        return -EINVAL;
    }
    mutex_lock(&move_mutex);
    int error = mount_move_one(from->mount, place);
    mutex_unlock(&move_mutex);
    return error;
}

static bool mount_has_writers_locked(const struct mount *mount, bool is_bind)
{
    assert(spin_is_held(&mount_lock));
    struct mount *other;
    if (is_bind) {
        return atomic32_load(&mount->writers) != 0;
    }
    list_for_each_entry(other, &mount_list, link) {
        if (other->file_system == mount->file_system && atomic32_load(&other->writers) != 0) {
            return true;
        }
    }
    return false;
}

// A mount (or, without MS_BIND, its file system) with files open for writing stays writable: -EBUSY.
static int mount_change_flags(struct mount *mount, unsigned long wanted, bool is_bind)
{
    struct file_system *file_system = mount->file_system;
    spin_lock(&mount_lock);
    unsigned long former = mount->flags;
    bool was_read_only = file_system->is_read_only;
    bool wants_read_only = (wanted & MS_RDONLY) != 0;
    WRITE_ONCE(mount->flags, wanted);
    if (!is_bind) {
        WRITE_ONCE(file_system->is_read_only, wants_read_only);
    }
    bool becomes_read_only =
        wants_read_only && ((former & MS_RDONLY) == 0 || (!is_bind && !was_read_only));
    __atomic_thread_fence(__ATOMIC_SEQ_CST); // with the count of who opens meanwhile
    bool is_busy = becomes_read_only && mount_has_writers_locked(mount, is_bind);
    if (is_busy) {
        WRITE_ONCE(mount->flags, former);
        WRITE_ONCE(file_system->is_read_only, was_read_only);
    }
    spin_unlock(&mount_lock);
    return is_busy ? -EBUSY : 0;
}

// The flags change before the file system is asked, so that nobody begins to write meanwhile. Where it refuses its options nothing may
// have changed.
static void mount_restore_flags(struct mount *mount, unsigned long flags, bool is_read_only)
{
    spin_lock(&mount_lock);
    WRITE_ONCE(mount->flags, flags);
    WRITE_ONCE(mount->file_system->is_read_only, is_read_only);
    spin_unlock(&mount_lock);
}

int mount_remount(const struct path *place, unsigned long flags, const char *options)
{
    struct mount *mount = place->mount;
    if (place->entry != mount->root) {
        return -EINVAL;
    }
    struct file_system *file_system = mount->file_system;
    bool is_bind = (flags & MS_BIND) != 0;
    unsigned long former = mount->flags;
    bool was_read_only = file_system->is_read_only;
    unsigned long kept = (flags & MOUNT_TIME_FLAGS) == 0 ? mount->flags & MOUNT_TIME_FLAGS : 0;
    unsigned long wanted = kept != 0 ? (flags & MOUNT_FLAGS) | kept : mount_effective_flags(flags);
    int error = mount_change_flags(mount, wanted, is_bind);
    if (error == 0 && !is_bind && file_system->ops->remount != NULL) {
        error = file_system->ops->remount(file_system, flags, options);
        if (error != 0) {
            mount_restore_flags(mount, former, was_read_only);
        }
    }
    if (error == 0) {
        mount_table_changed();
    }
    return error;
}

// ---- removal ------------------------------------------------------------------------------------

// In use: somebody besides the table and the caller's path holds it. The change is announced before
// the count is read, so a walk that takes a reference now will see the change and give it back.
static int mount_try_detach(struct mount *mount, unsigned flags, struct path *covered)
{
    // The walk of the next umount2 that asks to expire it is one crossing; any other makes it young again.
    enum { CROSSINGS_OF_THE_NEXT_CALL = 2 };
    bool is_lazy = (flags & MNT_DETACH) != 0;
    enum { TABLE_AND_CALLER = 2 };
    int error = 0;
    spin_lock(&mount_lock);
    walk_sequence_start_change();
    if (mount->covered.mount == NULL) {
        error = -EINVAL;
    } else if (mount_has_children_locked(mount) ||
               (!is_lazy && refcount_read(&mount->references) > TABLE_AND_CALLER)) {
        error = -EBUSY;
    } else if ((flags & MNT_EXPIRE) != 0 && mount->expiry_mark == 0) {
        mount->expiry_mark = CROSSINGS_OF_THE_NEXT_CALL;
        error = -EAGAIN;
    } else {
        mount_detach_locked(mount, covered);
    }
    walk_sequence_end_change();
    spin_unlock(&mount_lock);
    return error;
}

void mount_detach_children(struct mount *mount)
{
    for (;;) {
        struct mount *child, *found = NULL;
        struct path covered = {NULL, NULL};
        spin_lock(&mount_lock);
        list_for_each_entry(child, &mount_list, link) {
            if (child != mount && mount_is_below_locked(child, mount) &&
                !mount_has_children_locked(child)) {
                found = child;
                mount_detach_locked(child, &covered);
                break;
            }
        }
        spin_unlock(&mount_lock);
        if (found == NULL) {
            return;
        }
        path_put(&covered);
        mount_put(found);
    }
}

int mount_remove(const struct path *place, unsigned flags)
{
    unsigned known = MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW;
    bool has_conflict = (flags & MNT_EXPIRE) != 0 && (flags & (MNT_FORCE | MNT_DETACH)) != 0;
    struct mount *mount = place->mount;
    if ((flags & ~known) != 0 || has_conflict || place->entry != mount->root) {
        return -EINVAL;
    }
    // Another one may have been mounted on it since its children went: left behind it would stand on nothing, and nobody could
    // ever take it away.
    struct path covered;
    int error;
    do {
        if ((flags & MNT_DETACH) != 0) {
            mount_detach_children(mount);
        }
        error = mount_try_detach(mount, flags, &covered);
    } while ((flags & MNT_DETACH) != 0 && error == -EBUSY);
    if (error != 0) {
        return error;
    }
    if (mount->file_system->ops->sync != NULL) {
        (void)mount->file_system->ops->sync(mount->file_system);
    }
    path_put(&covered);
    mount_put(mount);
    mount_table_changed();
    return 0;
}

// ---- all of them --------------------------------------------------------------------------------

static bool mount_sync_one(struct mount *mount, void *context)
{
    (void)context;
    if (mount->file_system->ops->sync != NULL) {
        (void)mount->file_system->ops->sync(mount->file_system);
    }
    return true;
}

void mount_sync_all(void)
{
    mount_visit(0, mount_sync_one, NULL);
}

void mount_shut_down(void)
{
    mount_sync_all();
    mount_detach_children(mount_global_root().mount);
}
