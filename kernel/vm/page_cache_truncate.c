// Taking pages away: truncate and holes; and where holes are.
//
// The order that settles races with faults is told in page_cache.c.
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "vm/page_cache_internal.h"

// The next page at `from` or after it and before `end`, with a reference; NULL: none.
static struct frame *next_page(struct page_cache *cache, uint64_t from, uint64_t end)
{
    uint64_t index;
    spin_lock(&cache->lock);
    struct frame *frame = radix_next(&cache->pages, from, &index);
    if (frame != NULL && index < end) {
        frame_get(frame);
    } else {
        frame = NULL;
    }
    spin_unlock(&cache->lock);
    return frame;
}

static void drop_range(struct page_cache *cache, uint64_t first, uint64_t end)
{
    struct frame *frame;
    while ((frame = next_page(cache, first, end)) != NULL) {
        assert(frame->index >= first && frame->index < end);
        first = frame->index + 1;
        page_lock(frame);
        page_cache_remove(cache, frame);
        (void)page_cache_clear_dirty(cache, frame);
        page_unlock(frame);
        frame_put(frame);
    }
}

// Zeros of a part of one page, if the page is there.
static void zero_part(struct page_cache *cache, uint64_t position, size_t bytes)
{
    assert((position & (PAGE_SIZE - 1)) + bytes <= PAGE_SIZE);
    if (bytes == 0) {
        return;
    }
    uint64_t index = position >> PAGE_SHIFT;
    struct frame *frame = page_cache_find(cache, index);
    if (frame == NULL && cache->ops->fill != NULL && page_cache_get(cache, index, &frame) != 0) {
        frame = NULL;
    }
    if (frame != NULL) {
        memset((char *)frame_to_virtual(frame) + position % PAGE_SIZE, 0, bytes);
        page_cache_mark_dirty(cache, frame);
        frame_put(frame);
    }
}

// The size first: from then on faults beyond it fail, so what is taken out below does not come back.
void page_cache_truncate(struct page_cache *cache, uint64_t size_bytes)
{
    uint64_t old_size = cache->size_bytes;
    __atomic_store_n(&cache->size_bytes, size_bytes, __ATOMIC_SEQ_CST);
    if (size_bytes > old_size && cache->page_count == 0) {
        return;
    }
    uint64_t first = (size_bytes >> PAGE_SHIFT) + (size_bytes % PAGE_SIZE != 0);
    drop_range(cache, first, UINT64_MAX);
    if (!list_is_empty(&cache->areas)) {
        page_cache_unmap(cache, first, UINT64_MAX, true);
    }
    // What a later growth brings into view again must be zeros (POSIX, ftruncate).
    if (size_bytes % PAGE_SIZE != 0 && size_bytes < old_size) {
        zero_part(cache, size_bytes, PAGE_SIZE - size_bytes % PAGE_SIZE);
    }
}

void page_cache_punch(struct page_cache *cache, uint64_t start, uint64_t end)
{
    end = MIN(end, cache->size_bytes);
    if (start >= end) {
        return;
    }
    uint64_t first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
    uint64_t last = end == cache->size_bytes ? (end + PAGE_SIZE - 1) >> PAGE_SHIFT
                                             : end >> PAGE_SHIFT; // one past
    if (first > last) {                                           // within one page
        zero_part(cache, start, end - start);
        return;
    }
    zero_part(cache, start, (first << PAGE_SHIFT) - start);
    if (end > last << PAGE_SHIFT) {
        zero_part(cache, last << PAGE_SHIFT, end - (last << PAGE_SHIFT));
    }
    drop_range(cache, first, last);
    if (!list_is_empty(&cache->areas)) {
        page_cache_unmap(cache, first, last, false);
    }
}

uint64_t page_cache_next(struct page_cache *cache, uint64_t from, bool is_data)
{
    uint64_t index = from;
    for (;;) {
        uint64_t found;
        spin_lock(&cache->lock);
        void *page = radix_next(&cache->pages, index, &found);
        spin_unlock(&cache->lock);
        if (is_data) {
            return page != NULL ? found : UINT64_MAX;
        }
        if (page == NULL || found != index) {
            return index;
        }
        if (++index == 0) {
            return UINT64_MAX;
        }
    }
}
