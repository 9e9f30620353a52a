// Shared anonymous memory: a page cache without a file. Most of it is kept by the areas that map it; memory of System V has an owner
// in ipc/, which keeps it while nobody does.
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "sync/refcount.h"
#include "vm/address_space.h"
#include "vm/vm_internal.h"

struct shared_memory {
    struct refcount references; // [a] one per backing; not used where there is an owner
    struct page_cache cache;
    uint64_t number; // [I] shown as the inode number
};

static struct slab_cache object_cache;
static struct atomic64 last_number; // [a]

void shared_memory_module_init(void)
{
    slab_cache_init(&object_cache, "shared_memory", sizeof(struct shared_memory), 8);
}

static const struct page_cache_ops cache_ops = {
    .is_shared_memory = true,
};

static struct shared_memory *object_of(const struct backing *backing)
{
    return backing->object[0];
}

static void object_get(const struct backing *backing)
{
    refcount_get(&object_of(backing)->references);
}

static void object_put(const struct backing *backing)
{
    struct shared_memory *object = object_of(backing);
    if (refcount_put(&object->references)) {
        shared_memory_free(object);
    }
}

static long object_describe(const struct backing *backing, char *text, size_t size)
{
    (void)backing;
    ssize_t length = strscpy(text, "/dev/zero (deleted)", size);
    return length < 0 ? -ENAMETOOLONG : length;
}

static void object_identify(const struct backing *backing, uint64_t *device, uint64_t *inode)
{
    *device = 1; // as Linux numbers its first unnamed device
    *inode = object_of(backing)->number;
}

static const struct backing_ops backing_ops = {
    .get = object_get,
    .put = object_put,
    .describe = object_describe,
    .identify = object_identify,
};

struct shared_memory *shared_memory_alloc(uint64_t bytes)
{
    struct shared_memory *object = slab_alloc(&object_cache);
    if (object == NULL) {
        return NULL;
    }
    refcount_init(&object->references, 1);
    object->number = atomic64_add(&last_number, 1);
    page_cache_init(&object->cache, &cache_ops, object);
    object->cache.size_bytes = ALIGN_UP(bytes, PAGE_SIZE);
    return object;
}

void shared_memory_free(struct shared_memory *memory)
{
    page_cache_fini(&memory->cache);
    slab_free(&object_cache, memory);
}

struct page_cache *shared_memory_cache(struct shared_memory *memory)
{
    return &memory->cache;
}

int shared_memory_create(uint64_t bytes, struct page_cache **cache, struct backing *backing)
{
    struct shared_memory *object = shared_memory_alloc(bytes);
    if (object == NULL) {
        return -ENOMEM;
    }
    *cache = &object->cache;
    *backing = (struct backing){.ops = &backing_ops, .object = {object, NULL}};
    return 0;
}
