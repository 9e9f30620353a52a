// Eviction: clean pages that storage can fill again go first when memory is short.
//
// A clock over all caches that can fill: each round goes on where the last one stopped; a page that
// was used since (FRAME_RECENT) loses the mark and stays for one more round; mapped, dirty, locked
// and otherwise referenced pages stay. The list of caches is under reclaim_lock (rank RECLAIM); a
// cache that a round is inside of cannot go away (reclaim_users).
#include "lib/assert.h"
#include "scheduler/wait_queue.h"
#include "vm/page_cache_internal.h"

enum { LOOKED_AT_PER_WANTED = 8 };

static struct spinlock reclaim_lock = SPINLOCK_INIT(LOCK_RANK_RECLAIM);
static struct list_head caches = LIST_INIT(caches); // [l]
static struct wait_queue users_gone = WAIT_QUEUE_INIT(users_gone);

void page_cache_reclaim_add(struct page_cache *cache)
{
    spin_lock(&reclaim_lock);
    list_add_tail(&caches, &cache->reclaim_link);
    spin_unlock(&reclaim_lock);
}

void page_cache_reclaim_remove(struct page_cache *cache)
{
    spin_lock(&reclaim_lock);
    assert(list_is_linked(&cache->reclaim_link));
    list_remove(&cache->reclaim_link);
    spin_unlock(&reclaim_lock);
    WAIT(&users_gone, READ_ONCE(cache->reclaim_users) == 0);
}

// The first of the list, moved to its end, held against page_cache_fini.
static struct page_cache *cache_take_turn(void)
{
    spin_lock(&reclaim_lock);
    struct page_cache *cache = list_first_entry_or_null(&caches, struct page_cache, reclaim_link);
    if (cache != NULL) {
        list_move_tail(&caches, &cache->reclaim_link);
        cache->reclaim_users++;
    }
    spin_unlock(&reclaim_lock);
    return cache;
}

static void cache_release(struct page_cache *cache)
{
    spin_lock(&reclaim_lock);
    assert(cache->reclaim_users != 0);
    cache->reclaim_users--; // from here on, without the lock, the cache may be gone
    spin_unlock(&reclaim_lock);
    wait_queue_wake_all(&users_gone);
}

static size_t caches_count(void)
{
    size_t count = 0;
    struct list_head *link;
    spin_lock(&reclaim_lock);
    for (link = caches.next; link != &caches; link = link->next) {
        count++;
    }
    spin_unlock(&reclaim_lock);
    return count;
}

// The page at the cursor, with a reference. NULL: the cursor wrapped around.
static struct frame *page_take_turn(struct page_cache *cache)
{
    uint64_t index;
    spin_lock(&cache->lock);
    struct frame *frame = radix_next(&cache->pages, cache->reclaim_cursor, &index);
    cache->reclaim_cursor = frame != NULL ? index + 1 : 0;
    if (frame != NULL) {
        frame_get(frame);
    }
    spin_unlock(&cache->lock);
    return frame;
}

static bool page_evict(struct page_cache *cache, struct frame *frame)
{
    uint32_t kept = FRAME_RECENT | FRAME_DIRTY | FRAME_LOCKED;
    uint32_t flags = atomic32_clear_bits(&frame->flags, FRAME_RECENT);
    if ((flags & kept) != 0 || !page_try_lock(frame)) {
        return false;
    }
    bool is_idle = page_cache_remove_idle(cache, frame);
    page_unlock(frame);
    return is_idle;
}

static size_t cache_evict(struct page_cache *cache, size_t wanted)
{
    size_t evicted = 0;
    for (size_t looked_at = 0; looked_at < wanted * LOOKED_AT_PER_WANTED; looked_at++) {
        struct frame *frame = page_take_turn(cache);
        if (frame == NULL || evicted >= wanted) {
            if (frame != NULL) {
                frame_put(frame);
            }
            break;
        }
        evicted += page_evict(cache, frame) ? 1 : 0;
        frame_put(frame);
    }
    return evicted;
}

size_t page_cache_evict(size_t wanted)
{
    size_t evicted = 0;
    for (size_t turns = 2 * caches_count(); turns > 0 && evicted < wanted; turns--) {
        struct page_cache *cache = cache_take_turn();
        if (cache == NULL) {
            break;
        }
        evicted += cache_evict(cache, wanted - evicted);
        cache_release(cache);
    }
    return evicted;
}

size_t page_cache_evictable(void)
{
    size_t count = 0;
    struct page_cache *cache;
    spin_lock(&reclaim_lock);
    list_for_each_entry(cache, &caches, reclaim_link) {
        count += READ_ONCE(cache->page_count);
    }
    spin_unlock(&reclaim_lock);
    return count;
}
