// The general heap: eight slab caches by size, and whole blocks of frames for what is larger.
//
// A block's size is not stored: the record of its frame tells the cache, or the order. So no header stands in front of a block: one
// of 64 bytes takes 64, and an overrun of its neighbour damages no size that a later free would believe.
#include "memory/heap.h"

#include "lib/assert.h"
#include "lib/checked.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/heap_internal.h"
#include "memory/page_copy.h"
#include "sync/atomic.h"

enum { CLASS_COUNT = 8, CLASS_SHIFT_LEAST = 4, CLASS_BYTES_MOST = 2048 };

static const char *const class_names[CLASS_COUNT] = {
    "heap-16", "heap-32", "heap-64", "heap-128", "heap-256", "heap-512", "heap-1024", "heap-2048",
};
static struct slab_cache classes[CLASS_COUNT];
static struct atomic64 large_bytes; // [a] in whole blocks

void heap_init(void)
{
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        slab_cache_init(&classes[i], class_names[i], 16UL << i, 16);
    }
}

static struct slab_cache *class_for(size_t bytes)
{
    assert(bytes != 0 && bytes <= CLASS_BYTES_MOST);
    unsigned log2_ceiling = 64 - (unsigned)__builtin_clzl((bytes - 1) | 15);
    return &classes[log2_ceiling - CLASS_SHIFT_LEAST];
}

static void *large_alloc(size_t bytes, unsigned flags)
{
    unsigned order = 0;
    while (PAGE_SIZE << order < bytes) {
        if (++order > FRAME_ORDER_MAX) {
            return NULL;
        }
    }
    struct frame *frame = frame_alloc(order, FRAME_KERNEL, flags);
    if (frame == NULL) {
        return NULL;
    }
    atomic64_add(&large_bytes, PAGE_SIZE << order);
    return frame_to_virtual(frame);
}

void *heap_alloc(size_t bytes)
{
    if (unlikely(bytes - 1 >= CLASS_BYTES_MOST)) {
        return bytes == 0 ? NULL : large_alloc(bytes, 0);
    }
    return slab_alloc(class_for(bytes));
}

void *heap_alloc_zeroed(size_t bytes)
{
    if (bytes > CLASS_BYTES_MOST) {
        return large_alloc(bytes, FRAME_ZERO);
    }
    void *pointer = heap_alloc(bytes);
    if (pointer != NULL) {
        memset(pointer, 0, bytes);
    }
    return pointer;
}

void *heap_alloc_array(size_t count, size_t bytes_each)
{
    size_t bytes;
    return checked_mul_size(count, bytes_each, &bytes) ? heap_alloc_zeroed(bytes) : NULL;
}

static size_t block_bytes(const void *pointer)
{
    const struct slab_cache *cache = slab_cache_of(pointer);
    if (cache != NULL) {
        return cache->object_bytes;
    }
    return PAGE_SIZE << frame_from_physical(virtual_to_physical(pointer))->order;
}

void *heap_resize(void *pointer, size_t new_bytes)
{
    assert(pointer == NULL || IS_ALIGNED((uintptr_t)pointer, 16));
    if (pointer == NULL) {
        return heap_alloc(new_bytes);
    }
    size_t old_bytes = block_bytes(pointer);
    // A shrunken block moves only where that saves three quarters of it.
    if (new_bytes != 0 && new_bytes <= old_bytes && new_bytes > old_bytes / 4) {
        return pointer;
    }
    void *replacement = heap_alloc(new_bytes);
    if (replacement != NULL) {
        memcpy(replacement, pointer, MIN(old_bytes, new_bytes));
        heap_free(pointer);
    }
    return replacement;
}

void heap_free(void *pointer)
{
    if (pointer == NULL) {
        return;
    }
    struct slab_cache *cache = slab_cache_of(pointer);
    if (likely(cache != NULL)) {
        slab_free(cache, pointer);
        return;
    }
    struct frame *frame = frame_from_physical(virtual_to_physical(pointer));
    assert_always(frame->kind == FRAME_KERNEL && IS_ALIGNED((uintptr_t)pointer, PAGE_SIZE));
    assert(atomic64_load(&large_bytes) >= PAGE_SIZE << frame->order);
    atomic64_subtract(&large_bytes, PAGE_SIZE << frame->order);
    frame_put(frame);
}

char *heap_copy_string(const char *text, size_t limit)
{
    size_t length = strnlen(text, limit);
    char *copy = heap_alloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

static bool add_cache_bytes(const struct slab_cache *cache, void *context)
{
    *(size_t *)context += READ_ONCE(cache->allocated_objects) * cache->object_bytes;
    return true;
}

size_t heap_allocated_bytes(void)
{
    size_t bytes = atomic64_load(&large_bytes);
    slab_cache_visit(add_cache_bytes, &bytes);
    return bytes;
}
