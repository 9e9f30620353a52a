// The page cache: look-up, insertion, filling and removal of single pages.
//
// A page is in the tree with a reference of the cache; its frame's owner and index name the place,
// and owner is NULL once it was taken out. Contents are valid with FRAME_UP_TO_DATE. A page that must
// be filled is inserted locked and not up to date: who finds it so waits on the page lock.
//
// Order when a page leaves (truncate, punch, evict): page lock, out of the tree and owner NULL under
// cache->lock, then out of the page tables. A fault maps a page only if, under the page-table lock,
// the frame still has the cache as owner and the index lies within the size: so either the fault sees
// that the page is gone, or the unmapping sees the fault's entry. No fault needs the page lock.
//
// Locks: cache->lock (rank PAGE_CACHE) over the tree and the list of areas; the page lock.
#include "vm/page_cache.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "vm/page_cache_internal.h"
#include "vm/reclaim.h"

static struct slab_cache node_cache;

static void *node_alloc(size_t bytes)
{
    assert(bytes == sizeof(struct radix_node));
    (void)bytes;
    return slab_alloc(&node_cache);
}

static void node_free(void *node)
{
    slab_free(&node_cache, node); // look-ups hold the lock: nobody stands on it
}

static const struct radix_allocator node_allocator = {.alloc = node_alloc, .free = node_free};

void page_cache_module_init(void)
{
    slab_cache_init(&node_cache, "radix_node", sizeof(struct radix_node), 8);
}

void page_cache_init(struct page_cache *cache, const struct page_cache_ops *ops, void *owner)
{
    *cache = (struct page_cache){
        .ops = ops,
        .owner = owner,
    };
    spin_init(&cache->lock, LOCK_RANK_PAGE_CACHE);
    radix_init(&cache->pages, &node_allocator);
    list_init(&cache->areas);
    list_init(&cache->reclaim_link);
    if (ops->fill != NULL) {
        page_cache_reclaim_add(cache);
    }
}

uint64_t page_cache_serial(struct page_cache *cache)
{
    static struct atomic64 last_serial;
    uint64_t seen = atomic64_load(&cache->serial);
    if (seen == 0) {
        uint64_t own = atomic64_add(&last_serial, 1);
        if (atomic64_compare_exchange(&cache->serial, &seen, own)) {
            return own;
        }
    }
    return seen;
}

void page_cache_fini(struct page_cache *cache)
{
    assert(list_is_empty(&cache->areas));
    if (cache->ops->fill != NULL) {
        page_cache_reclaim_remove(cache);
    }
    if (cache->page_count != 0) {
        page_cache_truncate(cache, 0);
    }
    assert(cache->page_count == 0);
    radix_destroy(&cache->pages);
}

// Asking whether there are writers and shutting the door to new ones is one step under the lock, as is passing the door and being
// counted: so a writer is either refused, or seen by who wants to shut it.
bool page_cache_writer_enter(struct page_cache *cache)
{
    spin_lock(&cache->lock);
    bool is_let_in = !cache->denies_writers;
    cache->writable_mappings += is_let_in ? 1 : 0;
    spin_unlock(&cache->lock);
    return is_let_in;
}

void page_cache_writer_leave(struct page_cache *cache)
{
    spin_lock(&cache->lock);
    assert(cache->writable_mappings != 0);
    cache->writable_mappings--;
    spin_unlock(&cache->lock);
}

bool page_cache_deny_writers(struct page_cache *cache)
{
    spin_lock(&cache->lock);
    bool has_none = cache->writable_mappings == 0;
    cache->denies_writers |= has_none;
    spin_unlock(&cache->lock);
    return has_none;
}

// The frame with a reference, whatever its state; NULL: a hole.
static struct frame *page_look_up(struct page_cache *cache, uint64_t index)
{
    spin_lock(&cache->lock);
    struct frame *frame = radix_lookup(&cache->pages, index);
    if (frame != NULL) {
        frame_get(frame);
    }
    spin_unlock(&cache->lock);
    return frame;
}

static bool is_up_to_date(const struct frame *frame)
{
    return (atomic32_load_acquire(&frame->flags) & FRAME_UP_TO_DATE) != 0;
}

struct frame *page_cache_find(struct page_cache *cache, uint64_t index)
{
    struct frame *frame = page_look_up(cache, index);
    if (frame != NULL && !is_up_to_date(frame)) {
        frame_put(frame);
        return NULL;
    }
    return frame;
}

// Pages that are kept elsewhere too; all others of the page cache are the only copy, which counts as shared memory.
static struct atomic64 stored_count;

static void count_stored(const struct page_cache *cache, int64_t change)
{
    if (!cache->ops->is_shared_memory) {
        atomic64_add(&stored_count, (uint64_t)change);
    }
}

size_t page_cache_stored_count(void)
{
    return atomic64_load(&stored_count);
}

// Adds a frame in whatever state; takes a second reference for the cache. 0 or -errno.
static int page_add(struct page_cache *cache, uint64_t index, struct frame *frame)
{
    if (cache->ops->may_add != NULL) {
        int result = cache->ops->may_add(cache, index);
        if (result != 0) {
            return result;
        }
    }
    assert(frame->kind == FRAME_PAGE_CACHE && refcount_read(&frame->references) != 0);
    frame->owner = cache;
    frame->index = index;
    if (cache->ops->is_shared_memory) {
        atomic32_set_bits(&frame->flags, FRAME_SHARED);
    }
    spin_lock(&cache->lock);
    int result = radix_insert(&cache->pages, index, frame);
    if (result == 0) {
        frame_get(frame);
        cache->page_count++;
        count_stored(cache, 1);
    }
    spin_unlock(&cache->lock);
    if (result != 0) {
        frame->owner = NULL;
        if (cache->ops->removed != NULL) {
            cache->ops->removed(cache, index);
        }
    }
    return result;
}

int page_cache_insert(struct page_cache *cache, uint64_t index, struct frame *frame)
{
    atomic32_set_bits(&frame->flags, FRAME_UP_TO_DATE | FRAME_RECENT);
    int result = page_add(cache, index, frame);
    if (result == 0) {
        frame_put(frame);
    }
    return result;
}

// Does only the tree hold it, and the caller? Look-ups get their references under the lock, and who
// writes marks the page before he lets go of it: so nobody comes in between.
static bool is_idle_locked(const struct frame *frame)
{
    return refcount_read(&frame->references) == 2 && !(atomic32_load(&frame->flags) & FRAME_DIRTY);
}

static bool remove_if(struct page_cache *cache, struct frame *frame, bool must_be_idle)
{
    assert(atomic32_load(&frame->flags) & FRAME_LOCKED);
    assert(frame->kind == FRAME_PAGE_CACHE);
    spin_lock(&cache->lock);
    bool is_there = frame->owner == cache && (!must_be_idle || is_idle_locked(frame));
    if (is_there) {
        assert(radix_lookup(&cache->pages, frame->index) == frame && cache->page_count != 0);
        radix_remove(&cache->pages, frame->index);
        cache->page_count--;
        count_stored(cache, -1);
        __atomic_store_n(&frame->owner, NULL, __ATOMIC_RELEASE);
        if (cache->ops->removed != NULL) {
            cache->ops->removed(cache, frame->index);
        }
    }
    spin_unlock(&cache->lock);
    if (is_there) {
        frame_put(frame);
    }
    return is_there;
}

void page_cache_remove(struct page_cache *cache, struct frame *frame)
{
    (void)remove_if(cache, frame, false);
}

bool page_cache_remove_idle(struct page_cache *cache, struct frame *frame)
{
    return remove_if(cache, frame, true);
}

// The page exists but was not valid when it was found: whoever fills it has it locked.
static int page_wait(struct page_cache *cache, struct frame *frame)
{
    page_lock(frame);
    bool is_there = frame->owner == cache;
    page_unlock(frame);
    if (is_up_to_date(frame)) {
        return 0;
    }
    return is_there ? -EIO : -EAGAIN;
}

// A new page at a hole. -EEXIST: somebody was faster.
static int page_make(struct page_cache *cache, uint64_t index, bool must_fill,
                     struct frame **result)
{
    struct frame *frame = vm_frame_alloc(FRAME_PAGE_CACHE, FRAME_ZERO);
    if (frame == NULL) {
        return -ENOMEM;
    }
    uint32_t state = must_fill ? FRAME_LOCKED : FRAME_UP_TO_DATE;
    atomic32_store(&frame->flags, state | FRAME_RECENT);
    int error = page_add(cache, index, frame);
    if (error == 0 && must_fill) {
        error = cache->ops->fill(cache, frame, index);
        if (error == 0) {
            atomic32_set_bits(&frame->flags, FRAME_UP_TO_DATE);
        } else {
            page_cache_remove(cache, frame); // the next one tries again
        }
        page_unlock(frame);
    }
    if (error != 0) {
        frame_put(frame);
        return error;
    }
    *result = frame;
    return 0;
}

static int page_get(struct page_cache *cache, uint64_t index, bool must_fill, struct frame **result,
                    bool *was_filled)
{
    for (;;) {
        struct frame *frame = page_look_up(cache, index);
        if (frame == NULL) {
            int error = page_make(cache, index, must_fill, result);
            if (error != -EEXIST) {
                *was_filled = error == 0 && must_fill;
                return error;
            }
            continue;
        }
        int error = is_up_to_date(frame) ? 0 : page_wait(cache, frame);
        if (error == 0) {
            *result = frame;
            return 0;
        }
        frame_put(frame);
        if (error != -EAGAIN) {
            return error;
        }
    }
}

int page_cache_get_noting(struct page_cache *cache, uint64_t index, struct frame **frame,
                          bool *was_filled)
{
    *was_filled = false;
    return page_get(cache, index, cache->ops->fill != NULL, frame, was_filled);
}

int page_cache_get(struct page_cache *cache, uint64_t index, struct frame **frame)
{
    bool was_filled;
    return page_cache_get_noting(cache, index, frame, &was_filled);
}

int page_cache_get_for_overwrite(struct page_cache *cache, uint64_t index, struct frame **frame)
{
    bool was_filled;
    return page_get(cache, index, false, frame, &was_filled);
}
