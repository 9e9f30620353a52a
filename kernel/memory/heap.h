// Kernel heap: slab caches, eight general classes of 16 to 2048 bytes, whole frames above. Never
// sleeps; any context but NMI.
#pragma once

#include "lib/compiler.h"
#include "lib/list.h"
#include "lib/types.h"
#include "sync/spinlock.h"

// At least `bytes`, 16-byte aligned, NULL when out of memory (or 0 or more than 4 MiB asked).
// heap_alloc_zeroed clears it.
must_check void *heap_alloc(size_t bytes);
must_check void *heap_alloc_zeroed(size_t bytes);
// count * bytes_each, checked for overflow, zeroed.
must_check void *heap_alloc_array(size_t count, size_t bytes_each);
// New block with the old contents (the smaller of both sizes); the old one is freed on success
// only. `pointer` may be NULL.
must_check void *heap_resize(void *pointer, size_t new_bytes);
// NULL is allowed.
void heap_free(void *pointer);
// Copy of a string of at most `limit` characters, NULL when out of memory.
must_check char *heap_copy_string(const char *text, size_t limit);

// A cache of objects of one size, for what is allocated often. Each CPU has a stock of free objects
// in front of the slabs.
struct slab_cache {
    const char *name;          // [I]
    uint32_t object_bytes;     // [I] as asked
    uint32_t stride_bytes;     // [I] with alignment and, in debug kernels, red zone
    uint32_t alignment;        // [I]
    uint32_t objects_per_slab; // [I]
    uint32_t first_offset;     // [I] of the first object in its slab
    uint16_t number;           // [I] index of its stocks, SLAB_STOCKS_MAX or more: none
    uint8_t slab_order;        // [I] frames of a slab, log2
    struct spinlock lock;
    struct list_head partial;   // [l] slabs with free objects
    uint64_t allocated_objects; // [l] those in stocks too
    uint64_t slab_count;        // [l]
    struct list_head registry_link;
};

// `cache` is static storage of the caller. Alignment a power of two, 8 to 4096; objects up to 8 KiB.
void slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes,
                     size_t alignment);
must_check void *slab_alloc(struct slab_cache *cache);
must_check void *slab_alloc_zeroed(struct slab_cache *cache);
void slab_free(struct slab_cache *cache, void *object);

// Objects that somebody holds: without those in the CPUs' stocks. Exact while nobody allocates.
size_t slab_cache_used(const struct slab_cache *cache);

void heap_init(void);

// For /proc/slabinfo and the shell: calls `visit` for each cache until it returns false. Caches are
// never taken away.
void slab_cache_visit(bool (*visit)(const struct slab_cache *cache, void *context), void *context);
// What is handed out, in bytes as asked, with what lies in the CPUs' stocks.
size_t heap_allocated_bytes(void);
