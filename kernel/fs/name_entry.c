// Name entries: making them, references, and the changes of the tree (attach, detach, move,
// exchange).
//
// An entry holds a reference to its parent and to its vnode. The last reference gives both back at
// once; the memory itself goes after a grace period, since lock-free walks may still look at it.
#include "fs/name_entry.h"

#include "fs/mount.h"
#include "fs/name_cache.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "uapi/limits.h"

static struct slab_cache name_entry_cache;

void name_entry_init(void)
{
    slab_cache_init(&name_entry_cache, "name_entry", sizeof(struct name_entry), 64);
}

static void name_entry_free(struct rcu_head *head)
{
    struct name_entry *entry = container_of(head, struct name_entry, rcu);
    if (entry->name != entry->inline_name) {
        heap_free((void *)(uintptr_t)entry->name);
    }
    slab_free(&name_entry_cache, entry);
}

// A new entry that nobody can find yet, with one reference. NULL: out of memory.
static struct name_entry *name_entry_alloc(struct file_system *file_system, const char *name,
                                           size_t length, uint32_t hash)
{
    struct name_entry *entry = slab_alloc_zeroed(&name_entry_cache);
    if (entry == NULL) {
        return NULL;
    }
    entry->name = entry->inline_name;
    if (length >= NAME_INLINE_BYTES) {
        char *copy = heap_alloc(length + 1);
        if (copy == NULL) {
            slab_free(&name_entry_cache, entry);
            return NULL;
        }
        copy[length] = '\0';
        entry->name = copy;
    }
    memcpy((char *)(uintptr_t)entry->name, name, length);
    refcount_init(&entry->references, 1);
    entry->length = (uint32_t)length;
    entry->hash = hash;
    entry->file_system = file_system;
    list_init(&entry->children);
    list_init(&entry->child_link);
    list_init(&entry->lru_link);
    hlist_node_init(&entry->hash_link);
    return entry;
}

struct name_entry *name_entry_create_root(struct file_system *file_system, struct vnode *vnode)
{
    struct name_entry *entry = name_entry_alloc(file_system, "/", 1, name_hash("/", 1));
    if (entry == NULL) {
        vnode_put(vnode);
        return NULL;
    }
    entry->vnode = vnode;
    entry->parent = entry;
    return entry;
}

struct name_entry *name_entry_create_detached(struct name_entry *directory, struct vnode *vnode,
                                              const char *name, size_t length)
{
    struct name_entry *entry =
        name_entry_alloc(directory->file_system, name, length, name_hash(name, length));
    if (entry == NULL) {
        vnode_put(vnode);
        return NULL;
    }
    name_entry_get(directory);
    entry->parent = directory;
    entry->vnode = vnode;
    entry->is_detached = 1;
    return entry;
}

struct name_entry *name_entry_create_unnamed(struct name_entry *directory, struct vnode *vnode)
{
    char name[24];
    size_t length = (size_t)format_string(name, sizeof(name), "#%lu", (unsigned long)vnode->number);
    return name_entry_create_detached(directory, vnode, name, length);
}

void name_entry_get(struct name_entry *entry)
{
    refcount_get(&entry->references);
}

// Gives back what an unreferenced entry holds, and its parent in turn where that was the parent's
// last reference: in a loop, since a tree is deeper than the kernel's stack.
void name_entry_destroy(struct name_entry *entry)
{
    for (;;) {
        assert(!entry->is_hashed && refcount_read(&entry->references) == 0);
        assert(!entry->is_mount_point);
        struct name_entry *parent = entry->parent;
        struct vnode *vnode = entry->vnode;
        rcu_defer(&entry->rcu, name_entry_free);
        if (vnode != NULL) {
            vnode_put(vnode);
        }
        if (parent == entry || !refcount_put(&parent->references)) {
            return;
        }
        entry = parent;
    }
}

void name_entry_put(struct name_entry *entry)
{
    if (refcount_put(&entry->references)) {
        name_entry_destroy(entry);
    }
}

struct name_entry *name_entry_find(struct name_entry *parent, const char *name, size_t length)
{
    uint32_t hash = name_hash(name, length);
    uint32_t begun = walk_sequence_begin();
    rcu_read_lock();
    struct name_entry *entry = name_cache_probe(parent, name, length, hash);
    if (entry != NULL && !refcount_get_unless_zero(&entry->references)) {
        entry = NULL;
    }
    rcu_read_unlock();
    if (likely(walk_sequence_is_unchanged(begun))) {
        return entry;
    }
    // A rename was under way: look again while none can be.
    if (entry != NULL) {
        name_entry_put(entry);
    }
    spin_lock(&name_lock);
    entry = name_cache_probe(parent, name, length, hash);
    if (entry != NULL && !refcount_get_unless_zero(&entry->references)) {
        entry = NULL;
    }
    spin_unlock(&name_lock);
    return entry;
}

// Asks the file system for a name that is not cached, and makes the answer findable, but for "not there" where the caller means to
// make it: then it becomes findable when it is. While nobody finds the entry it changes under the directory's mutex only.
static int name_entry_load(struct name_entry *parent, struct name_entry *entry, bool will_make)
{
    struct vnode *directory = parent->vnode;
    assert(mutex_is_held(&directory->mutex) && !entry->is_hashed);
    name_entry_get(parent);
    entry->parent = parent;
    if (directory->ops->lookup != NULL) {
        int error = directory->ops->lookup(directory, entry);
        if (error != 0) {
            return error;
        }
    }
    bool is_kept_back = will_make && name_entry_is_negative(entry);
    if (!entry->is_hashed && !entry->is_detached && !is_kept_back) {
        spin_lock(&name_lock);
        name_cache_insert_locked(entry);
        spin_unlock(&name_lock);
    }
    return 0;
}

static int name_entry_find_or_load(struct name_entry *parent, const char *name, size_t length,
                                   bool will_make, struct name_entry **result)
{
    assert(mutex_is_held(&parent->vnode->mutex));
    struct name_entry *entry = name_entry_find(parent, name, length);
    if (entry != NULL) {
        if (!entry->needs_check || entry->vnode == NULL ||
            entry->vnode->ops->is_valid(entry->vnode)) {
            *result = entry;
            return 0;
        }
        name_entry_detach(entry);
        name_entry_put(entry);
    }
    if (length > NAME_MAX) {
        return -ENAMETOOLONG;
    }
    if (parent->vnode->link_count == 0) {
        return -ENOENT; // the directory itself was removed
    }
    name_cache_trim();
    entry = name_entry_alloc(parent->file_system, name, length, name_hash(name, length));
    if (entry == NULL) {
        return -ENOMEM;
    }
    int error = name_entry_load(parent, entry, will_make);
    if (error != 0) {
        name_entry_put(entry);
        return error;
    }
    *result = entry;
    return 0;
}

int name_entry_look_up(struct name_entry *parent, const char *name, size_t length,
                       struct name_entry **result)
{
    return name_entry_find_or_load(parent, name, length, false, result);
}

int name_entry_look_up_to_make(struct name_entry *parent, const char *name, size_t length,
                               struct name_entry **result)
{
    return name_entry_find_or_load(parent, name, length, true, result);
}

void name_entry_attach(struct name_entry *entry, struct vnode *vnode, bool pin)
{
    assert(entry->vnode == NULL && refcount_read(&vnode->references) != 0);
    spin_lock(&name_lock);
    entry->needs_check = vnode->ops->is_valid != NULL; // before walks find the vnode
    rcu_assign(entry->vnode, vnode);
    entry->is_pinned = pin;
    if (entry->is_hashed) {
        name_cache_rehash_locked(entry);
    } else if (!entry->is_detached) {
        name_cache_insert_locked(entry);
    }
    spin_unlock(&name_lock);
}

// Forgets the negative children of a directory that goes: they would keep it. What is none has no children, and needs no lock to say so.
static void name_entry_drop_negative(struct name_entry *directory)
{
    if (directory->vnode == NULL || !vnode_is_directory(directory->vnode)) {
        assert(list_is_empty(&directory->children));
        return;
    }
    for (;;) {
        struct name_entry *child = NULL;
        spin_lock(&name_lock);
        if (!list_is_empty(&directory->children)) {
            child = list_last_entry(&directory->children, struct name_entry, child_link);
            if (!name_entry_is_negative(child) || !name_cache_remove_locked(child)) {
                child = NULL;
            }
        }
        spin_unlock(&name_lock);
        if (child == NULL) {
            return;
        }
        name_entry_put(child);
    }
}

void name_entry_detach(struct name_entry *entry)
{
    name_entry_drop_negative(entry);
    spin_lock(&name_lock);
    bool was_cached = name_cache_remove_locked(entry);
    entry->is_detached = 1;
    spin_unlock(&name_lock);
    if (was_cached) {
        name_entry_put(entry);
    }
}

// Swaps the names of two entries, wherever their bytes stand.
static void name_swap_locked(struct name_entry *a, struct name_entry *b)
{
    assert(spin_is_held(&name_lock));
    const char *a_heap = a->name == a->inline_name ? NULL : a->name;
    const char *b_heap = b->name == b->inline_name ? NULL : b->name;
    char bytes[NAME_INLINE_BYTES];
    memcpy(bytes, a->inline_name, sizeof(bytes));
    memcpy(a->inline_name, b->inline_name, sizeof(bytes));
    memcpy(b->inline_name, bytes, sizeof(bytes));
    a->name = b_heap != NULL ? b_heap : a->inline_name;
    b->name = a_heap != NULL ? a_heap : b->inline_name;
    uint32_t hash = a->hash, length = a->length;
    a->hash = b->hash;
    a->length = b->length;
    b->hash = hash;
    b->length = length;
}

// `from` gets the name of `to`. Where both are short `to` keeps its own, which is what /proc shows
// as "(deleted)"; long names change hands, so that a rename needs no memory.
static void name_take_locked(struct name_entry *from, struct name_entry *to)
{
    assert(spin_is_held(&name_lock));
    if (from->name != from->inline_name || to->name != to->inline_name) {
        name_swap_locked(from, to);
        return;
    }
    memcpy(from->inline_name, to->inline_name, sizeof(from->inline_name));
    from->hash = to->hash;
    from->length = to->length;
}

// The references are given back after the lock: the last one frees, and takes the lock itself for what it held.
void name_entry_move(struct name_entry *from, struct name_entry *to)
{
    name_entry_drop_negative(to);
    name_entry_get(to->parent);
    spin_lock(&name_lock);
    assert(from != to && from->is_hashed && from->vnode != NULL);
    walk_sequence_start_change();
    struct name_entry *old_parent = from->parent;
    bool was_cached = name_cache_remove_locked(to);
    to->is_detached = 1;
    name_take_locked(from, to);
    from->parent = to->parent;
    name_cache_rehash_locked(from);
    walk_sequence_end_change();
    spin_unlock(&name_lock);
    name_entry_put(old_parent);
    if (was_cached) {
        name_entry_put(to);
    }
}

void name_entry_exchange(struct name_entry *a, struct name_entry *b)
{
    spin_lock(&name_lock);
    assert(a != b && a->is_hashed && b->is_hashed);
    walk_sequence_start_change();
    struct name_entry *parent = a->parent;
    a->parent = b->parent;
    b->parent = parent;
    name_swap_locked(a, b);
    name_cache_rehash_locked(b);
    name_cache_rehash_locked(a);
    walk_sequence_end_change();
    spin_unlock(&name_lock);
}

// A removed entry keeps its own links, so the step from it is safe under RCU; positive children of
// pinned file systems do not go while the directory's mutex is held.
struct name_entry *name_entry_next_child(struct name_entry *parent, struct name_entry *after)
{
    struct name_entry *child = NULL;
    rcu_read_lock();
    struct list_head *next = after != NULL ? rcu_dereference(after->child_link.next)
                                           : rcu_dereference(parent->children.next);
    if (next != &parent->children) {
        child = list_entry(next, struct name_entry, child_link);
        if (name_entry_is_negative(child)) {
            child = NULL;
        }
    }
    rcu_read_unlock();
    return child;
}

// Climbs a bounded number of steps with the name lock held; *entry is where the climb got to. True: it met `ancestor` or a root.
static bool climb_some(const struct name_entry **entry, const struct name_entry *ancestor)
{
    enum { STEPS_PER_HOLD = 128 };
    bool is_at_end = false;
    spin_lock(&name_lock);
    for (unsigned i = 0; i < STEPS_PER_HOLD && !is_at_end; i++) {
        is_at_end = *entry == ancestor || (*entry)->parent == *entry;
        *entry = is_at_end ? *entry : (*entry)->parent;
    }
    spin_unlock(&name_lock);
    return is_at_end;
}

// Between two holds the chain may be cut above by a rename unless the caller keeps renames out: RCU keeps the entry that was reached,
// and what has then been looked at was right when it was looked at.
bool name_entry_is_below(const struct name_entry *entry, const struct name_entry *ancestor)
{
    rcu_read_lock();
    while (!climb_some(&entry, ancestor)) {}
    rcu_read_unlock();
    return entry == ancestor;
}

bool name_entry_has_children(struct name_entry *entry)
{
    return name_entry_next_child(entry, NULL) != NULL;
}
