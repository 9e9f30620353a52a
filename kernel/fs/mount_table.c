// The mount table: which mount stands on which (mount, name entry).
//
// A mount is made unattached, then attached (in the table, which holds one reference), then
// detached; its memory goes after a grace period, since path walks find mounts under RCU. A mount
// holds the path that it covers, so the mount below stays as long as anything stands on it. Changes
// are announced through the walk sequence.
#include "fs/mount_internal.h"

#include "fs/fs_context.h"
#include "fs/name_cache.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "uapi/mount.h"

enum { MOUNT_BUCKETS = 64 };
static_assert(MOUNTS_MAX <= 4096, "mount_list is walked under the lock");

struct spinlock mount_lock = SPINLOCK_INIT(LOCK_RANK_MOUNT);
struct list_head mount_list = LIST_INIT(mount_list);

static struct hlist_head mount_buckets[MOUNT_BUCKETS]; // [l mount; read under RCU]
static struct mount *mount_first;                      // [I] once set
static int mount_next_id = 1;                          // [l mount]
static unsigned mount_count;                           // [l mount] on mount_list
static struct atomic64 mount_events;                   // [a]

static struct hlist_head *mount_bucket(const struct mount *mount, const struct name_entry *entry)
{
    return &mount_buckets[hash_combine((uint64_t)(uintptr_t)mount, (uint64_t)(uintptr_t)entry) %
                          MOUNT_BUCKETS];
}

static void mount_free(struct rcu_head *head)
{
    heap_free(container_of(head, struct mount, rcu));
}

struct mount *mount_create(struct file_system *file_system, struct name_entry *root,
                           const char *source, unsigned long flags)
{
    struct mount *mount = heap_alloc_zeroed(sizeof(*mount));
    if (mount == NULL) {
        return NULL;
    }
    refcount_init(&mount->references, 1);
    mount->file_system = file_system;
    file_system_get(file_system);
    mount->root = root;
    name_entry_get(root);
    mount->passes_covered = file_system->type->passes_covered && root == file_system->root;
    mount->flags = flags;
    (void)strscpy(mount->source, source, sizeof(mount->source));
    list_init(&mount->link);
    hlist_node_init(&mount->hash_link);
    return mount;
}

struct mount *mount_create_internal(struct file_system *file_system, const char *source)
{
    struct mount *mount = mount_create(file_system, file_system->root, source, 0);
    if (mount != NULL) {
        mount->is_internal = true;
    }
    return mount;
}

void mount_get(struct mount *mount)
{
    refcount_get(&mount->references);
}

void mount_put(struct mount *mount)
{
    if (!refcount_put(&mount->references)) {
        return;
    }
    // The table's reference went with its place; files open for writing hold one each.
    assert(mount->covered.mount == NULL && atomic32_load(&mount->writers) == 0);
    name_entry_put(mount->root);
    file_system_put(mount->file_system);
    rcu_defer(&mount->rcu, mount_free);
}

struct mount *mount_find_covering(const struct mount *mount, const struct name_entry *entry)
{
    struct mount *found;
    hlist_for_each_entry_rcu(found, mount_bucket(mount, entry), hash_link)
    {
        if (found->covered.mount == mount && found->covered.entry == entry) {
            return found;
        }
    }
    return NULL;
}

// is_mount_point is a hint that is read without the lock: set before the mount can be found, and cleared after it cannot, so a walk
// that began after mount(2) had returned never misses the mount.
bool mount_cross_down(struct path *path)
{
    if (!path->entry->is_mount_point) {
        return false;
    }
    spin_lock(&mount_lock);
    struct mount *mount = mount_find_covering(path->mount, path->entry);
    if (mount != NULL) {
        mount_get(mount);
        mount_note_crossing(mount);
    }
    spin_unlock(&mount_lock);
    if (mount == NULL) {
        return false;
    }
    path_put(path);
    *path = (struct path){mount, mount->root};
    name_entry_get(mount->root);
    return true;
}

bool mount_cross_up(struct path *path)
{
    if (path->entry != path->mount->root) {
        return false;
    }
    spin_lock(&mount_lock);
    struct path covered = path->mount->covered;
    if (covered.mount != NULL) {
        path_get(&covered);
    }
    spin_unlock(&mount_lock);
    if (covered.mount == NULL) {
        return false;
    }
    path_put(path);
    *path = covered;
    return true;
}

bool mount_peek_covered(const struct mount *mount, struct path *covered)
{
    covered->mount = READ_ONCE(mount->covered.mount);
    covered->entry = READ_ONCE(mount->covered.entry);
    return covered->mount != NULL && covered->entry != NULL;
}

void mount_table_changed(void)
{
    atomic64_add(&mount_events, 1);
}

uint64_t mount_event_count(void)
{
    return atomic64_load(&mount_events);
}

// The first mount covers nothing and is the global root.
static void mount_attach_root_locked(struct mount *mount)
{
    assert(mount_first == NULL && spin_is_held(&mount_lock));
    mount_first = mount;
    mount->parent_id = mount->id;
}

// Consumes the references of `top`, which nothing covers.
static void mount_cover_locked(struct mount *mount, const struct path *top)
{
    assert(spin_is_held(&mount_lock));
    assert(mount->covered.mount == NULL && top->mount != mount);
    mount->covered = *top;
    mount->parent_id = top->mount->id;
    top->entry->is_mount_point = 1;
    hlist_add_head_rcu(mount_bucket(top->mount, top->entry), &mount->hash_link);
}

// With `top` NULL the mount becomes the root. -EAGAIN: somebody has covered the place meanwhile. -ENOSPC: too many; never for one that
// only moves.
static int mount_enter_table(struct mount *mount, const struct path *top)
{
    spin_lock(&mount_lock);
    if (top != NULL && mount_find_covering(top->mount, top->entry) != NULL) {
        spin_unlock(&mount_lock);
        return -EAGAIN;
    }
    if (mount->id == 0 && mount_count >= MOUNTS_MAX) {
        spin_unlock(&mount_lock);
        return -ENOSPC;
    }
    // Reached by a working directory or a descriptor that outlived a lazy umount: nobody could ever take it away again.
    if (top != NULL && top->mount->is_detached) {
        spin_unlock(&mount_lock);
        return -EINVAL;
    }
    walk_sequence_start_change();
    mount->id = mount_next_id++;
    if (top == NULL) {
        mount_attach_root_locked(mount);
    } else {
        mount_cover_locked(mount, top);
    }
    list_add_tail_rcu(&mount_list, &mount->link);
    mount_count++;
    walk_sequence_end_change();
    spin_unlock(&mount_lock);
    mount_table_changed();
    return 0;
}

// The place's own mutex keeps it from being removed, which looks for mounts under it.
int mount_attach(struct mount *mount, const struct path *place)
{
    if (place == NULL) {
        return mount_enter_table(mount, NULL);
    }
    struct path top = *place;
    path_get(&top);
    int error;
    do {
        while (mount_cross_down(&top)) {}
        struct vnode *vnode = top.entry->vnode;
        vnode_get(vnode);
        mutex_lock(&vnode->mutex);
        error = top.entry->is_detached ? -ENOENT : mount_enter_table(mount, &top);
        mutex_unlock(&vnode->mutex);
        vnode_put(vnode);
    } while (error == -EAGAIN);
    if (error != 0) {
        path_put(&top);
    }
    return error;
}

// is_mount_point stays while any other mount covers the same entry (through a bind).
static bool mount_covers_entry_locked(const struct name_entry *entry)
{
    assert(spin_is_held(&mount_lock));
    struct mount *mount;
    list_for_each_entry(mount, &mount_list, link) {
        if (mount->covered.entry == entry) {
            return true;
        }
    }
    return false;
}

void mount_detach_locked(struct mount *mount, struct path *covered)
{
    assert(spin_is_held(&mount_lock));
    assert(mount->covered.mount != NULL &&
           list_is_linked(&mount->link)); // in the table, and not the root
    walk_sequence_start_change();
    *covered = mount->covered;
    mount->covered = (struct path){NULL, NULL};
    hlist_remove_rcu(&mount->hash_link);
    list_remove(&mount->link);
    mount_count--;
    mount->is_detached = true;
    if (!mount_covers_entry_locked(covered->entry)) {
        covered->entry->is_mount_point = 0;
    }
    walk_sequence_end_change();
}

bool mount_has_children_locked(const struct mount *mount)
{
    assert(spin_is_held(&mount_lock));
    struct mount *other;
    list_for_each_entry(other, &mount_list, link) {
        if (other->covered.mount == mount) {
            return true;
        }
    }
    return false;
}

bool mount_is_below_locked(const struct mount *mount, const struct mount *ancestor)
{
    assert(spin_is_held(&mount_lock));
    for (; mount != NULL; mount = mount->covered.mount) {
        if (mount == ancestor) {
            return true;
        }
    }
    return false;
}

struct path mount_global_root(void)
{
    assert(mount_first != NULL);
    struct path path = {mount_first, mount_first->root};
    while (path.entry->is_mount_point) {
        struct mount *above = mount_find_covering(path.mount, path.entry);
        if (above == NULL) {
            break;
        }
        path = (struct path){above, above->root};
    }
    return path;
}

// The kernel's own context borrows the root.
void mount_remove_root(void)
{
    struct mount *mount = mount_first;
    mount_detach_children(mount); // what was mounted over the first root
    fs_context_kernel.root = (struct path){NULL, NULL};
    fs_context_kernel.working_directory = fs_context_kernel.root;
    spin_lock(&mount_lock);
    mount_first = NULL;
    list_remove(&mount->link);
    mount_count--;
    spin_unlock(&mount_lock);
    mount_put(mount);
}

// The first mount whose number is greater than `id`, with a reference. `before`: the mount of that number, if the caller has it: then the
// next on the list, unless it has gone, or moved to the list's end, meanwhile.
static struct mount *mount_next(const struct mount *before, int id)
{
    struct mount *found = NULL;
    spin_lock(&mount_lock);
    bool is_in_place = before != NULL && before->id == id && list_is_linked(&before->link);
    struct list_head *link = is_in_place ? before->link.next : mount_list.next;
    for (; link != &mount_list && found == NULL; link = link->next) {
        struct mount *mount = list_entry(link, struct mount, link);
        if (mount->id > id) {
            found = mount;
            mount_get(found);
        }
    }
    spin_unlock(&mount_lock);
    return found;
}

void mount_visit(int id, bool (*visit)(struct mount *mount, void *context), void *context)
{
    struct mount *mount = mount_next(NULL, id);
    bool goes_on = true;
    while (mount != NULL && goes_on) {
        id = mount->id;
        goes_on = visit(mount, context);
        struct mount *next = goes_on ? mount_next(mount, id) : NULL;
        mount_put(mount);
        mount = next;
    }
}

int mount_last_id(void)
{
    spin_lock(&mount_lock);
    int id = mount_next_id - 1;
    spin_unlock(&mount_lock);
    return id;
}

int mount_want_write(const struct path *path)
{
    return (mount_flags(path->mount) & MS_RDONLY) != 0 ? -EROFS : 0;
}
