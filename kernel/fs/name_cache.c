// The hash table of name entries, its LRU list, and their reclaim.
//
// A hashed entry holds a reference for the cache. Unpinned ones also stand on the LRU list in the
// order of their insertion; they are dropped when only the cache's reference is left: past a bound
// that follows the size of memory, at unmount, and under memory pressure. One spin lock covers
// chains, list and tree links; look-ups take none.
//
// What is dropped for want of room holds a reference to its file system until it is gone: the last mount may go meanwhile, and an
// entry gives its vnode and its parent back to an instance that must still be there.
#include "fs/name_cache.h"

#include "fs/mount.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "vm/reclaim.h"

enum { NAME_BUCKET_BITS = 11, NAME_TRIM_BATCH = 16, NAME_SCAN_LIMIT = 128 };

struct spinlock name_lock = SPINLOCK_INIT(LOCK_RANK_NAME);

static struct hlist_head name_buckets[1 << NAME_BUCKET_BITS]; // [l name; read under RCU]
static struct list_head name_lru = LIST_INIT(name_lru);       // [l name]
static size_t name_lru_count;                                 // [l name]
static size_t name_lru_limit = 1024;                          // [I]
static uint64_t name_sequence;                                // [l name]

static struct atomic32 changes_started;
static struct atomic32 changes_ended;

void walk_sequence_start_change(void)
{
    atomic32_add(&changes_started, 1);
}

void walk_sequence_end_change(void)
{
    atomic32_add(&changes_ended, 1);
}

// A change is under way exactly while more have started than have ended. The walk begins with the number that ended and ends by
// comparing it with the number that started: equal means that none was under way at the beginning and none has begun since. Two
// counters instead of one that is odd meanwhile, since two changes (a rename and a mount) may overlap.
uint32_t walk_sequence_begin(void)
{
    return atomic32_load_acquire(&changes_ended);
}

// The full barrier pairs with the read-modify-write of start_change: either the changer sees the
// references that the walk took, or the walk sees that a change has begun.
bool walk_sequence_is_unchanged(uint32_t begun)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return atomic32_load(&changes_started) == begun;
}

static struct hlist_head *name_bucket(const struct name_entry *parent, uint32_t hash)
{
    uint32_t mixed = (hash ^ (uint32_t)((uintptr_t)parent >> 6)) * 0x9e3779b1u;
    return &name_buckets[mixed >> (32 - NAME_BUCKET_BITS)];
}

static bool name_bytes_equal(const char *a, const char *b, size_t length)
{
    for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t)) {
        uint64_t left, right;
        __builtin_memcpy(&left, a, sizeof(left));
        __builtin_memcpy(&right, b, sizeof(right));
        if (left != right) {
            return false;
        }
        a += sizeof(left);
        b += sizeof(right);
    }
    for (; length > 0; length--) {
        if (*a++ != *b++) {
            return false;
        }
    }
    return true;
}

// Under RCU the entry may be renamed while it is compared: the bytes that are read are then a mix, and may even lie behind a short
// name's end (in kernel memory that is mapped, and is only compared). The walk sequence tells, and the answer is thrown away.
struct name_entry *name_cache_probe(const struct name_entry *parent, const char *name,
                                    size_t length, uint32_t hash)
{
    struct name_entry *entry;
    hlist_for_each_entry_rcu(entry, name_bucket(parent, hash), hash_link)
    {
        if (entry->hash == hash && entry->parent == parent && entry->length == length &&
            name_bytes_equal(entry->name, name, length)) {
            return entry;
        }
    }
    return NULL;
}

// Positive children stand before negative ones, the newest first: directory reading stops at the
// first negative one.
static void name_link_child_locked(struct name_entry *entry)
{
    assert(spin_is_held(&name_lock) && entry->parent != entry);
    struct list_head *children = &entry->parent->children;
    entry->sequence = ++name_sequence;
    if (name_entry_is_negative(entry)) {
        list_add_tail_rcu(children, &entry->child_link);
    } else {
        list_add_head_rcu(children, &entry->child_link);
    }
}

void name_cache_insert_locked(struct name_entry *entry)
{
    assert(spin_is_held(&name_lock));
    assert(!entry->is_hashed);
    entry->is_hashed = 1;
    refcount_get(&entry->references);
    name_link_child_locked(entry);
    hlist_add_head_rcu(name_bucket(entry->parent, entry->hash), &entry->hash_link);
    if (!entry->is_pinned) {
        list_add_tail(&name_lru, &entry->lru_link);
        name_lru_count++;
    }
}

static void name_lru_leave_locked(struct name_entry *entry)
{
    assert(spin_is_held(&name_lock));
    if (list_is_linked(&entry->lru_link)) {
        assert(name_lru_count != 0);
        list_remove(&entry->lru_link);
        name_lru_count--;
    }
}

bool name_cache_remove_locked(struct name_entry *entry)
{
    assert(spin_is_held(&name_lock));
    if (!entry->is_hashed) {
        return false;
    }
    entry->is_hashed = 0;
    entry->is_pinned = 0;
    hlist_remove_rcu(&entry->hash_link);
    list_remove_rcu(&entry->child_link);
    name_lru_leave_locked(entry);
    return true;
}

void name_cache_rehash_locked(struct name_entry *entry)
{
    assert(spin_is_held(&name_lock));
    assert(entry->is_hashed);
    hlist_remove_rcu(&entry->hash_link);
    list_remove_rcu(&entry->child_link);
    name_link_child_locked(entry);
    hlist_add_head_rcu(name_bucket(entry->parent, entry->hash), &entry->hash_link);
    if (entry->is_pinned) {
        name_lru_leave_locked(entry);
    }
}

// Claims an entry that nobody uses: the count that falls from one to zero under the lock makes lock-free look-ups leave it alone. For
// an unmount (`only`) the file system has no references left; else the entry comes with one to its file system.
static bool name_claim_locked(struct name_entry *entry, const struct file_system *only)
{
    assert(spin_is_held(&name_lock));
    uint32_t unused_count = 1;
    if (!atomic32_compare_exchange(&entry->references.count, &unused_count, 0)) {
        return false;
    }
    if (only != NULL || refcount_get_unless_zero(&entry->file_system->references)) {
        return true;
    }
    // Its unmount has begun and will drop it.
    refcount_init(&entry->references, 1);
    return false;
}

// Takes an entry that nobody uses off the cache, onto `victims` by its lru_link. False: it is in use.
static bool name_collect_locked(struct name_entry *entry, const struct file_system *only,
                                struct list_head *victims)
{
    if (!name_claim_locked(entry, only)) {
        return false;
    }
    bool was_hashed = name_cache_remove_locked(entry);
    assert(was_hashed);
    (void)was_hashed;
    list_add_tail(victims, &entry->lru_link);
    return true;
}

// A place in the LRU list, kept while the lock is not held: an entry of no file system.
static bool name_is_marker(const struct name_entry *entry)
{
    return entry->file_system == NULL;
}

// `only` as for name_claim_locked.
static void names_destroy(struct list_head *victims, const struct file_system *only)
{
    while (!list_is_empty(victims)) {
        struct name_entry *entry = list_first_entry(victims, struct name_entry, lru_link);
        struct file_system *file_system = entry->file_system;
        list_remove(&entry->lru_link);
        name_entry_destroy(entry);
        if (only == NULL) {
            file_system_put(file_system);
        }
    }
}

// Drops up to a batch of the oldest entries. What was looked at and kept (a directory of cached names, mostly) goes behind, so that
// the next call looks at others.
static size_t name_cache_drop_oldest(void)
{
    struct list_head victims;
    size_t scanned = 0, collected = 0;
    struct name_entry *entry, *following;
    list_init(&victims);
    spin_lock(&name_lock);
    list_for_each_entry_safe(entry, following, &name_lru, lru_link) {
        if (collected == NAME_TRIM_BATCH || scanned++ == NAME_SCAN_LIMIT) {
            break;
        }
        if (name_is_marker(entry)) {
            continue;
        }
        if (name_collect_locked(entry, NULL, &victims)) {
            collected++;
        } else {
            list_move_tail(&name_lru, &entry->lru_link);
        }
    }
    spin_unlock(&name_lock);
    names_destroy(&victims, NULL);
    return collected;
}

void name_cache_trim(void)
{
    if (READ_ONCE(name_lru_count) > name_lru_limit) {
        name_cache_drop_oldest();
    }
}

// Goes on behind the marker for a bounded number of entries. False: that was the end of the list, and the marker has left it.
static bool name_scan_some(struct name_entry *marker, const struct file_system *only,
                           size_t *collected)
{
    struct list_head victims;
    list_init(&victims);
    spin_lock(&name_lock);
    struct list_head *link = marker->lru_link.next;
    for (size_t i = 0; i < NAME_SCAN_LIMIT && link != &name_lru; i++) {
        struct name_entry *entry = list_entry(link, struct name_entry, lru_link);
        link = link->next;
        if (entry->file_system == only && name_collect_locked(entry, only, &victims)) {
            ++*collected;
        }
    }
    list_remove(&marker->lru_link);
    bool is_more = link != &name_lru;
    if (is_more) {
        list_add_tail(link, &marker->lru_link); // before it
    }
    spin_unlock(&name_lock);
    names_destroy(&victims, only);
    return is_more;
}

// Each pass frees leaves; their directories are free for the next one.
void name_cache_shrink(struct file_system *file_system)
{
    struct name_entry marker = {.references = REFCOUNT_INIT(0)};
    size_t collected;
    do {
        collected = 0;
        spin_lock(&name_lock);
        list_add_head(&name_lru, &marker.lru_link);
        spin_unlock(&name_lock);
        while (name_scan_some(&marker, file_system, &collected)) {}
    } while (collected != 0);
}

static size_t name_reclaim_count(void)
{
    return READ_ONCE(name_lru_count) * sizeof(struct name_entry) / PAGE_SIZE;
}

static size_t name_reclaim_shrink(size_t frames)
{
    size_t wanted = frames * PAGE_SIZE / sizeof(struct name_entry);
    size_t dropped = 0;
    size_t scans = wanted / NAME_TRIM_BATCH + READ_ONCE(name_lru_count) / NAME_SCAN_LIMIT + 1;
    for (; scans > 0 && dropped < wanted; scans--) {
        dropped += name_cache_drop_oldest();
    }
    return dropped * sizeof(struct name_entry) / PAGE_SIZE;
}

static struct reclaimer name_reclaimer = {
    .name = "names",
    .shrink = name_reclaim_shrink,
    .count = name_reclaim_count,
};

void name_cache_init(void)
{
    name_lru_limit = CLAMP(frame_total_count() / 32, (size_t)256, (size_t)16384);
    reclaimer_register(&name_reclaimer);
}
