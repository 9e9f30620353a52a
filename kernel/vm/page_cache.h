// Pages of an object (a file, a block device, shared anonymous memory) by index. Embedded in the
// object; read, write and mmap see the same frames. Which areas map it is known, so truncate can
// take pages away from them.
#pragma once

#include "lib/compiler.h"
#include "lib/list.h"
#include "lib/radix.h"
#include "lib/types.h"
#include "memory/frame.h"
#include "memory/io_iter.h"
#include "sync/spinlock.h"

struct page_cache;

struct page_cache_ops {
    // Fills a locked, zeroed frame from storage. 0 or -errno. NULL: missing pages are zeros (RamFS).
    // May sleep.
    int (*fill)(struct page_cache *cache, struct frame *frame, uint64_t index);
    // Writes a locked dirty frame to storage. NULL: never cleaned, never evicted (RamFS).
    int (*write_back)(struct page_cache *cache, struct frame *frame, uint64_t index);
    // A page is about to be added (may_add: reserve space, -ENOSPC) or was taken away: one call of
    // removed for each may_add that returned 0. Either may be NULL. may_add may sleep, removed is
    // called under spin locks.
    int (*may_add)(struct page_cache *cache, uint64_t index);
    void (*removed)(struct page_cache *cache, uint64_t index);
    // A page is written to through a mapping for the first time: the object's times. Called with the
    // address space's mutex held; may be NULL.
    void (*written)(struct page_cache *cache);
    bool is_shared_memory; // its mapped pages count as shared memory, not as file pages
};

struct page_cache {
    const struct page_cache_ops *ops; // [I]
    struct spinlock lock;
    struct radix pages;            // [l] struct frame * by page index
    uint64_t page_count;           // [l]
    struct list_head areas;        // [l] struct area by cache_link: everybody who maps it
    uint64_t writable_mappings;    // [l] shared areas that may write (ETXTBSY, sealing)
    bool denies_writers;           // [l] sealed: no such area is let in any more
    uint64_t size_bytes;           // [a] the object's size: faults beyond its last page get SIGBUS.
                                   //     Set by the owner
    void *owner;                   // [I] for ops
    struct atomic64 serial;        // [a] 0 until somebody asked for it
    struct list_head reclaim_link; // [l reclaim] where pages can be filled again
    uint64_t reclaim_cursor;       // [o reclaim] where the next round goes on
    uint32_t reclaim_users;        // [l reclaim] a round is inside
};

void page_cache_init(struct page_cache *cache, const struct page_cache_ops *ops, void *owner);
// A number that no other object has had or will have, unlike its address.
uint64_t page_cache_serial(struct page_cache *cache);
// Drops every page; nobody maps it any more. May sleep.
void page_cache_fini(struct page_cache *cache);

// The frame at `index` with a reference and valid contents, made if it is missing. 0, -ENOMEM,
// -ENOSPC, -EIO. May sleep.
must_check int page_cache_get(struct page_cache *cache, uint64_t index, struct frame **frame);
// The same, only if it is there and valid: NULL otherwise. Does not sleep.
must_check struct frame *page_cache_find(struct page_cache *cache, uint64_t index);
// For a caller that is going to overwrite the whole page: like get, but a missing page is zeros and
// is not filled.
must_check int page_cache_get_for_overwrite(struct page_cache *cache, uint64_t index,
                                            struct frame **frame);
void page_cache_mark_dirty(struct page_cache *cache, struct frame *frame);

// A shared area that may write is about to be made: false where writers are denied. True: it counts as one until
// page_cache_writer_leave, when the area itself counts.
must_check bool page_cache_writer_enter(struct page_cache *cache);
void page_cache_writer_leave(struct page_cache *cache);
// Lets in no such area from now on. False: there are some.
must_check bool page_cache_deny_writers(struct page_cache *cache);

// Copies from or to the pages. read: up to `size_bytes` of the object; holes are zeros and stay
// holes where fill is NULL. write: pages are made; the caller extends size_bytes afterwards. Returns
// bytes moved or -errno if none. Advances the iterator. May sleep; no page lock is held while user
// memory is touched.
ssize_t page_cache_read(struct page_cache *cache, struct io_iter *iter, uint64_t position);
ssize_t page_cache_write(struct page_cache *cache, struct io_iter *iter, uint64_t position);

// New size: sets size_bytes, unmaps and drops pages beyond it, zeros the rest of the last page. May
// sleep.
void page_cache_truncate(struct page_cache *cache, uint64_t size_bytes);
// Makes a hole: drops whole pages inside [start, end), zeros the partial ones. May sleep.
void page_cache_punch(struct page_cache *cache, uint64_t start, uint64_t end);
// First index >= from that holds a page (is_data) or does not. For SEEK_DATA and SEEK_HOLE;
// UINT64_MAX if there is none.
uint64_t page_cache_next(struct page_cache *cache, uint64_t from, bool is_data);
// Writes dirty pages of the byte range back; waits for them. 0 or the first error.
must_check int page_cache_sync(struct page_cache *cache, uint64_t start, uint64_t end);
