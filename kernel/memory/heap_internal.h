// Between slab.c and heap.c.
#pragma once

#include "memory/frame.h"
#include "memory/heap.h"

// At the start of every slab; each frame of the slab has it as owner.
struct slab {
    struct slab_cache *cache; // [I]
    void *free;               // [l] chain through the first word of each free object
    struct list_head link;    // [l] in cache->partial while it has free objects
};

// The cache that an object came from, NULL for memory that is no slab's.
struct slab_cache *slab_cache_of(const void *object);
