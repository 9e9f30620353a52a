/*
 * The heap against a model: live blocks keep their contents, sizes are what was asked, nothing
 * leaks; and the debug kernel's checks find what they are for.
 *
 * host-sources: memory/heap.c memory/slab.c memory/heap_debug.c memory/buddy.c memory/frame.c
 * host-sources: memory/frame_boot.c memory/page_copy.c
 * host-sources: sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 * host-sources: memory/fail_nth.c
 */
#include "support.h"

#include "lib/macros.h"
#include "log/backtrace.h"
#include "log/symbols.h"
#include "memory/frame.h"
#include "memory/heap.h"

enum { MEMORY_BYTES = 32 << 20, LIVE_MAX = 3000, ROUNDS = 60000 };

static struct boot_info info;
static struct block {
    unsigned char *pointer;
    size_t bytes;
    unsigned char mark;
    struct slab_cache *cache;
} live[LIVE_MAX];
static size_t live_count;
static uint64_t seed = 7;
static struct slab_cache caches[3];

size_t backtrace_collect(uint64_t frame_pointer, uint64_t *addresses, size_t limit)
{
    return 0;
}

int symbol_describe(uint64_t address, char *text, size_t size)
{
    return snprintf(text, size, "%#lx", (unsigned long)address);
}

static int prepare(void **state)
{
    host_physical_memory_add(0, MEMORY_BYTES);
    info.memory[0] = (struct boot_memory_range){0, MEMORY_BYTES, BOOT_MEMORY_USABLE};
    info.memory_count = 1;
    info.kernel_start = info.kernel_end = 0x100000;
    frame_init(&info);
    heap_init();
    slab_cache_init(&caches[0], "small", 24, 8);
    slab_cache_init(&caches[1], "aligned", 576, 64);
    slab_cache_init(&caches[2], "large", 5000, 32);
    return 0;
}

static size_t random_size(void)
{
    switch (test_random(&seed) % 8) {
    case 0: return 1 + test_random(&seed) % 40000;
    case 1: return 1 + test_random(&seed) % 4096;
    default: return 1 + test_random(&seed) % 600;
    }
}

static void fill(const struct block *block)
{
    memset(block->pointer, block->mark, block->bytes);
}

static void check(const struct block *block, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        assert_int_equal(block->pointer[i], block->mark);
    }
}

static void take(void)
{
    struct block *block = &live[live_count];
    block->mark = (unsigned char)test_random(&seed);
    block->cache = test_random(&seed) % 3 == 0 ? &caches[test_random(&seed) % 3] : NULL;
    if (block->cache != NULL) {
        block->bytes = block->cache->object_bytes;
        block->pointer = slab_alloc(block->cache);
    } else {
        block->bytes = random_size();
        block->pointer = heap_alloc(block->bytes);
    }
    if (block->pointer == NULL) {
        return;
    }
    size_t alignment = block->cache != NULL ? block->cache->alignment : 16;
    assert_int_equal((uintptr_t)block->pointer % alignment, 0);
    fill(block);
    live_count++;
}

static void give(size_t index)
{
    struct block *block = &live[index];
    check(block, block->bytes);
    if (block->cache != NULL) {
        slab_free(block->cache, block->pointer);
    } else {
        heap_free(block->pointer);
    }
    *block = live[--live_count];
}

static void resize(size_t index)
{
    struct block *block = &live[index];
    size_t bytes = random_size();
    if (block->cache != NULL) {
        return;
    }
    void *moved = heap_resize(block->pointer, bytes);
    if (moved != NULL) {
        block->pointer = moved;
        check(block, MIN(bytes, block->bytes));
        block->bytes = bytes;
        fill(block);
    }
}

static void blocks_keep_their_contents(void **state)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        bool grows = (round / 6000) % 2 == 0;
        if (test_random(&seed) % 100 < (grows ? 60 : 40) && live_count < LIVE_MAX) {
            take();
        } else if (live_count > 0 && test_random(&seed) % 4 == 0) {
            resize(test_random(&seed) % live_count);
        } else if (live_count > 0) {
            give(test_random(&seed) % live_count);
        }
    }
    while (live_count > 0) {
        give(live_count - 1);
    }
}

/* What stays behind is the stocks' and one empty slab a cache. */
static void frames_come_back(void **state)
{
    assert_in_range(frame_total_count() - frame_free_count(), 0, 250);
}

static void zero_and_huge_requests_fail(void **state)
{
    assert_null(heap_alloc(0));
    assert_null(heap_alloc_zeroed(0));
    assert_null(heap_alloc((4 << 20) + 1));
    assert_null(heap_alloc_array(SIZE_MAX / 2, 3));
    assert_null(heap_alloc(SIZE_MAX));
    void *most = heap_alloc(4 << 20);
    assert_non_null(most);
    heap_free(most);
    heap_free(NULL);
}

static void zeroed_memory_is_zero(void **state)
{
    for (size_t bytes = 1; bytes < 9000; bytes += 37) {
        unsigned char *memory = heap_alloc_array(bytes, 1);
        assert_non_null(memory);
        for (size_t i = 0; i < bytes; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xff, bytes);
        heap_free(memory);
    }
}

static void strings_are_copied_up_to_the_limit(void **state)
{
    char *copy = heap_copy_string("hello, world", 5);
    assert_string_equal(copy, "hello");
    heap_free(copy);
}

static bool count_named(const struct slab_cache *cache, void *context)
{
    *(int *)context += strcmp(cache->name, "heap-64") == 0 || strcmp(cache->name, "aligned") == 0;
    return true;
}

static void caches_are_listed(void **state)
{
    int found = 0;
    slab_cache_visit(count_named, &found);
    assert_int_equal(found, 2);
}

static void freeing_twice_is_found(void **state)
{
    void *object = slab_alloc(&caches[0]);
    slab_free(&caches[0], object);
    expect_assert_failure(slab_free(&caches[0], object));
}

static void writing_beyond_the_end_is_found(void **state)
{
    char *object = slab_alloc(&caches[0]);
    object[24] ^= 1;
    expect_assert_failure(slab_free(&caches[0], object));
    object[24] ^= 1;
    slab_free(&caches[0], object);
}

static void writing_after_the_free_is_found(void **state)
{
    char *object = slab_alloc(&caches[0]);
    slab_free(&caches[0], object);
    object[16] ^= 1;
    expect_assert_failure((void)(slab_alloc(&caches[0]) == NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_their_contents),
        cmocka_unit_test(frames_come_back),
        cmocka_unit_test(zero_and_huge_requests_fail),
        cmocka_unit_test(zeroed_memory_is_zero),
        cmocka_unit_test(strings_are_copied_up_to_the_limit),
        cmocka_unit_test(caches_are_listed),
        cmocka_unit_test(freeing_twice_is_found),
        cmocka_unit_test(writing_beyond_the_end_is_found),
        cmocka_unit_test(writing_after_the_free_is_found),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
