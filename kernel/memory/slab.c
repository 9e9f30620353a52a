// Slab caches (Bonwick's scheme): blocks of frames cut into objects of one size.
//
// A slab is empty, partial or full. Partial and empty ones are on the cache's list; a full one is on
// no list and comes back with its first free. One empty slab is kept, the next goes back to the
// frame allocator. In front stands a stock of objects per CPU, used with interrupts blocked, so that
// most requests touch neither lock nor slab; a stock takes and gives half of itself at a time.
//
// An object leads to its slab through the record of the frame it lies in. Locks: cache->lock, rank
// HEAP, over the slabs of one cache; the frame allocator is called with it held.
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/fail_nth.h"
#include "memory/heap_debug.h"
#include "memory/heap_internal.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

enum { SLAB_STOCKS_MAX = 64, STOCK_OBJECTS = 14, SLAB_ORDER_MAX = 3 };

struct slab_stock {
    size_t count;                 // [o] this CPU, interrupts blocked
    void *objects[STOCK_OBJECTS]; // [o]
};

// By the cache's number; made at the first use, from this cache.
static PERCPU_DEFINE(struct slab_stock *, slab_stocks[SLAB_STOCKS_MAX]);
static struct slab_cache stock_cache;

// Caches, in the order in which they were made. Only ever grows.
static struct spinlock registry_lock = SPINLOCK_INIT(LOCK_RANK_HEAP);
static struct list_head registry = LIST_INIT(registry);
static unsigned registry_count; // [l registry_lock]

// The smallest order that wastes at most an eighth of the slab.
static unsigned order_choose(size_t stride, size_t first_offset)
{
    assert(stride != 0);
    unsigned order = 0;
    for (; order < SLAB_ORDER_MAX; order++) {
        size_t bytes = PAGE_SIZE << order;
        size_t used = (bytes - first_offset) / stride * stride;
        if (used >= bytes - bytes / 8) {
            break;
        }
    }
    return order;
}

void slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes,
                     size_t alignment)
{
    assert_always(IS_POWER_OF_TWO(alignment) && alignment >= 8 && alignment <= PAGE_SIZE);
    assert_always(object_bytes >= sizeof(void *) && object_bytes <= 2 * PAGE_SIZE);
    size_t stride = ALIGN_UP(object_bytes + heap_debug_extra_bytes(object_bytes), alignment);
    size_t first = ALIGN_UP(sizeof(struct slab), alignment);
    unsigned order = order_choose(stride, first);
    *cache = (struct slab_cache){
        .name = name,
        .object_bytes = (uint32_t)object_bytes,
        .stride_bytes = (uint32_t)stride,
        .alignment = (uint32_t)alignment,
        .objects_per_slab = (uint32_t)(((PAGE_SIZE << order) - first) / stride),
        .first_offset = (uint32_t)first,
        .slab_order = (uint8_t)order,
    };
    spin_init(&cache->lock, LOCK_RANK_HEAP);
    list_init(&cache->partial);
    spin_lock(&registry_lock);
    cache->number = (uint16_t)registry_count++;
    list_add_tail_rcu(&registry, &cache->registry_link);
    spin_unlock(&registry_lock);
}

static struct frame *frame_of(const void *object)
{
    return frame_from_physical(virtual_to_physical(object));
}

struct slab_cache *slab_cache_of(const void *object)
{
    struct frame *frame = frame_of(object);
    return frame->kind == FRAME_SLAB ? ((struct slab *)frame->owner)->cache : NULL;
}

// The chain leads through the objects in rising order, so that what is allocated together lies together.
static struct slab *slab_create(struct slab_cache *cache)
{
    assert(spin_is_held(&cache->lock));
    struct frame *head = frame_alloc(cache->slab_order, FRAME_SLAB, 0);
    if (head == NULL) {
        return NULL;
    }
    struct slab *slab = frame_to_virtual(head);
    slab->cache = cache;
    slab->free = NULL;
    for (size_t i = 0; i < 1UL << cache->slab_order; i++) {
        head[i].kind = FRAME_SLAB;
        head[i].owner = slab;
    }
    char *object = (char *)slab + cache->first_offset;
    object += (size_t)cache->objects_per_slab * cache->stride_bytes;
    for (size_t i = 0; i < cache->objects_per_slab; i++) {
        object -= cache->stride_bytes;
        heap_debug_object_new(cache, object);
        *(void **)object = slab->free;
        slab->free = object;
    }
    list_add_head(&cache->partial, &slab->link);
    cache->slab_count++;
    return slab;
}

// One object out of a slab, NULL when out of memory.
static void *object_take_locked(struct slab_cache *cache)
{
    assert(spin_is_held(&cache->lock));
    struct slab *slab = list_first_entry_or_null(&cache->partial, struct slab, link);
    if (slab == NULL) {
        slab = slab_create(cache);
        if (slab == NULL) {
            return NULL;
        }
    }
    void *object = slab->free;
    assert(object != NULL && slab->cache == cache); // on the list means: has a free one
    slab->free = *(void **)object;
    if (slab->free == NULL) {
        list_remove(&slab->link);
    }
    assert(frame_of(slab)->slab_objects < cache->objects_per_slab);
    frame_of(slab)->slab_objects++;
    cache->allocated_objects++;
    return object;
}

static void object_give_locked(struct slab_cache *cache, void *object)
{
    assert(spin_is_held(&cache->lock));
    struct slab *slab = frame_of(object)->owner;
    struct frame *head = frame_of(slab);
    assert(slab->cache == cache && head->slab_objects != 0 && cache->allocated_objects != 0);
    assert(((uintptr_t)object - (uintptr_t)slab - cache->first_offset) % cache->stride_bytes == 0);
    if (slab->free == NULL) {
        list_add_head(&cache->partial, &slab->link);
    }
    *(void **)object = slab->free;
    slab->free = object;
    head->slab_objects--;
    cache->allocated_objects--;
    // One empty slab stays: a cache whose use swings around a slab's border would take and give frames all the time.
    bool is_only = cache->partial.next == cache->partial.prev;
    if (head->slab_objects == 0 && !is_only) {
        list_remove(&slab->link);
        cache->slab_count--;
        frame_put(head);
    }
}

// The first request of a cache on a CPU makes its stock; without memory for it, or for caches
// beyond the table, there is none and the slabs serve directly.
static noinline struct slab_stock *stock_make(struct slab_cache *cache)
{
    if (cache->number >= SLAB_STOCKS_MAX || cache == &stock_cache) {
        return NULL;
    }
    if (stock_cache.name == NULL) {
        slab_cache_init(&stock_cache, "slab_stock", sizeof(struct slab_stock), 8);
    }
    spin_lock(&stock_cache.lock);
    struct slab_stock *stock = object_take_locked(&stock_cache);
    spin_unlock(&stock_cache.lock);
    if (stock != NULL) {
        heap_debug_object_allocated(&stock_cache, stock);
        stock->count = 0;
        (*percpu_this(slab_stocks))[cache->number] = stock;
    }
    return stock;
}

static struct slab_stock *stock_of(struct slab_cache *cache)
{
    assert(cpu_block_get(interrupt_off_depth) != 0); // the stock is this CPU's for so long
    struct slab_stock *stock = NULL;
    if (likely(cache->number < SLAB_STOCKS_MAX)) {
        stock = (*percpu_this(slab_stocks))[cache->number];
    }
    return likely(stock != NULL) ? stock : stock_make(cache);
}

// Half a stock at a time, given and taken: a full or an empty one would go to the slabs again at the next swing.
static void *object_take(struct slab_cache *cache, struct slab_stock *stock)
{
    spin_lock(&cache->lock);
    void *object = object_take_locked(cache);
    while (object != NULL && stock != NULL && stock->count < STOCK_OBJECTS / 2) {
        void *more = object_take_locked(cache);
        if (more == NULL) {
            break;
        }
        stock->objects[stock->count++] = more;
    }
    spin_unlock(&cache->lock);
    return object;
}

void *slab_alloc(struct slab_cache *cache)
{
    if (fail_nth_is_due()) {
        return NULL;
    }
    interrupts_block();
    struct slab_stock *stock = stock_of(cache);
    void *object;
    if (likely(stock != NULL && stock->count > 0)) {
        object = stock->objects[--stock->count];
    } else {
        object = object_take(cache, stock);
    }
    interrupts_unblock();
    if (likely(object != NULL)) {
        heap_debug_object_allocated(cache, object);
    }
    return object;
}

void *slab_alloc_zeroed(struct slab_cache *cache)
{
    void *object = slab_alloc(cache);
    if (object != NULL) {
        memset(object, 0, cache->object_bytes);
    }
    return object;
}

void slab_free(struct slab_cache *cache, void *object)
{
    assert(slab_cache_of(object) == cache);
    heap_debug_object_freed(cache, object);
    interrupts_block();
    struct slab_stock *stock = stock_of(cache);
    if (likely(stock != NULL && stock->count < STOCK_OBJECTS)) {
        stock->objects[stock->count++] = object;
    } else {
        spin_lock(&cache->lock);
        object_give_locked(cache, object);
        while (stock != NULL && stock->count > STOCK_OBJECTS / 2) {
            object_give_locked(cache, stock->objects[--stock->count]);
        }
        spin_unlock(&cache->lock);
    }
    interrupts_unblock();
}

size_t slab_cache_used(const struct slab_cache *cache)
{
    if (cache == &stock_cache) {
        return 0; // the heap's own
    }
    size_t used = READ_ONCE(cache->allocated_objects);
    for (unsigned cpu = 0; cache->number < SLAB_STOCKS_MAX && cpu < percpu_cpu_count(); cpu++) {
        const struct slab_stock *stock = (*percpu_of(slab_stocks, cpu))[cache->number];
        used -= stock != NULL ? READ_ONCE(stock->count) : 0;
    }
    return used;
}

void slab_cache_visit(bool (*visit)(const struct slab_cache *cache, void *context), void *context)
{
    struct slab_cache *cache;
    list_for_each_entry_rcu(cache, &registry, registry_link)
    {
        if (!visit(cache, context)) {
            return;
        }
    }
}
