// Dirty pages: marking, counting, writing back.
//
// A page is clean from the moment its write-back starts: its mark is cleared, it is made read-only
// wherever it is mapped, then it is written. A write that comes meanwhile marks it again. In this
// order: a fault that gives the right to write marks the page in the same hold of the page-table lock.
// If that comes before the mark is cleared, the right is taken away after; if later, the mark stays.
// The other way round the mark could be cleared after the right was given, and what is written from
// then on would be thrown away with a clean page. Pages of caches that cannot write back (RamFS)
// carry no mark.
#include "lib/assert.h"
#include "lib/macros.h"
#include "vm/page_cache_internal.h"

static struct atomic64 dirty_pages; // [a]

size_t page_cache_dirty_count(void)
{
    return atomic64_load(&dirty_pages);
}

void page_cache_mark_dirty(struct page_cache *cache, struct frame *frame)
{
    if (cache->ops->write_back == NULL) {
        return;
    }
    if (!(atomic32_set_bits(&frame->flags, FRAME_DIRTY) & FRAME_DIRTY)) {
        atomic64_add(&dirty_pages, 1);
    }
}

bool page_cache_clear_dirty(struct page_cache *cache, struct frame *frame)
{
    if (cache->ops->write_back == NULL ||
        !(atomic32_clear_bits(&frame->flags, FRAME_DIRTY) & FRAME_DIRTY)) {
        return false;
    }
    assert(atomic64_load(&dirty_pages) != 0);
    atomic64_subtract(&dirty_pages, 1);
    return true;
}

// The next dirty page of [from, end) with a reference.
static struct frame *next_dirty(struct page_cache *cache, uint64_t from, uint64_t end)
{
    struct frame *found = NULL;
    while (found == NULL && from < end) {
        uint64_t index;
        spin_lock(&cache->lock);
        struct frame *frame = radix_next(&cache->pages, from, &index);
        if (frame == NULL || index >= end) {
            from = end;
        } else {
            from = index + 1;
            if (atomic32_load(&frame->flags) & FRAME_DIRTY) {
                frame_get(frame);
                found = frame;
            }
        }
        spin_unlock(&cache->lock);
    }
    return found;
}

static int write_page(struct page_cache *cache, struct frame *frame)
{
    int error = 0;
    page_lock(frame);
    if (frame->owner == cache) {
        bool was_dirty = page_cache_clear_dirty(cache, frame);
        page_cache_protect(cache, frame->index);
        if (was_dirty) {
            error = cache->ops->write_back(cache, frame, frame->index);
        }
        if (error != 0) {
            page_cache_mark_dirty(cache, frame);
        }
    }
    page_unlock(frame);
    return error;
}

int page_cache_sync(struct page_cache *cache, uint64_t start, uint64_t end)
{
    if (cache->ops->write_back == NULL) {
        return 0;
    }
    int first_error = 0;
    uint64_t index = start >> PAGE_SHIFT;
    uint64_t last = (end >> PAGE_SHIFT) + (end % PAGE_SIZE != 0);
    struct frame *frame;
    while ((frame = next_dirty(cache, index, last)) != NULL) {
        index = frame->index + 1;
        int error = write_page(cache, frame);
        first_error = first_error != 0 ? first_error : error;
        frame_put(frame);
    }
    return first_error;
}
