// Between the files of the page cache, the fault path and reclaim.
#pragma once

#include "vm/page_cache.h"

void page_cache_module_init(void);

// The page lock: held while a page is filled, written back or taken out. May sleep, rank PAGE.
void page_lock(struct frame *frame);
must_check bool page_try_lock(struct frame *frame);
void page_unlock(struct frame *frame);

// As page_cache_get; *was_filled tells whether storage had to be read (a major fault).
must_check int page_cache_get_noting(struct page_cache *cache, uint64_t index, struct frame **frame,
                                     bool *was_filled);
// Puts a frame with valid contents in at a free index: consumes the caller's reference on success.
// 0, -EEXIST, -ENOMEM, or what may_add says.
must_check int page_cache_insert(struct page_cache *cache, uint64_t index, struct frame *frame);
// Takes the page out if it is still there: drops the cache's reference. The page is locked.
void page_cache_remove(struct page_cache *cache, struct frame *frame);
// The same, if it is clean and nobody but the caller holds it. True: taken out.
bool page_cache_remove_idle(struct page_cache *cache, struct frame *frame);

// Takes the pages [first, end) of the cache out of every page table that maps them; with
// `private_copies` also the private copies that programs made of them.
void page_cache_unmap(struct page_cache *cache, uint64_t first, uint64_t end, bool private_copies);
// Makes the page read-only wherever it is mapped, so that the next write is seen.
void page_cache_protect(struct page_cache *cache, uint64_t index);

// Clears the dirty mark; was it set?
bool page_cache_clear_dirty(struct page_cache *cache, struct frame *frame);

// Evicts clean, unmapped pages of caches that can fill them again, about `wanted`; how many went.
size_t page_cache_evict(size_t wanted);
// Cached pages that could be evicted or written back and then evicted.
size_t page_cache_evictable(void);
size_t page_cache_dirty_count(void);
// Pages of caches that are not shared memory: they are stored elsewhere too.
size_t page_cache_stored_count(void);
void page_cache_reclaim_add(struct page_cache *cache);
void page_cache_reclaim_remove(struct page_cache *cache);
