// What debug kernels add to each object: poison while it is free, a red zone behind it, and who
// allocated and freed it. In release kernels all of it is nothing.
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

struct slab_cache;

#if ASTRA_DEBUG
// Bytes behind an object of `object_bytes`, up to its red zone and traces.
size_t heap_debug_extra_bytes(size_t object_bytes);
// An object that was never handed out.
void heap_debug_object_new(struct slab_cache *cache, void *object);
// Checks the poison, fills with a pattern that is no zero. Panics with the traces if it was touched.
void heap_debug_object_allocated(struct slab_cache *cache, void *object);
// Checks the red zone and that it is not free already; poisons.
void heap_debug_object_freed(struct slab_cache *cache, void *object);
// Logs who allocated the objects of the cache that were handed out after `since` (cpu_timestamp) and are held, `most` of them at most.
// For the end of the machine, when nobody allocates.
void heap_debug_show_held(struct slab_cache *cache, uint64_t since, unsigned most);
#else
static inline size_t heap_debug_extra_bytes(size_t object_bytes)
{
    (void)object_bytes;
    return 0;
}
static inline void heap_debug_object_new(struct slab_cache *cache, void *object)
{
    (void)cache;
    (void)object;
}
static inline void heap_debug_object_allocated(struct slab_cache *cache, void *object)
{
    (void)cache;
    (void)object;
}
static inline void heap_debug_object_freed(struct slab_cache *cache, void *object)
{
    (void)cache;
    (void)object;
}
#endif
