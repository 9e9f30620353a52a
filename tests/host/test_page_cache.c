/*
 * The page cache against a byte array: random reads, writes, truncations and holes, on an object that
 * is only memory (as RamFS) and on one with storage behind it, whose pages are written back and
 * evicted in between.
 *
 * host-sources: vm/page_cache.c vm/page_cache_io.c vm/page_cache_truncate.c vm/page_cache_sync.c
 * host-sources: vm/page_cache_evict.c vm/page_lock.c lib/radix.c
 * host-sources: memory/heap.c memory/slab.c memory/heap_debug.c memory/buddy.c memory/frame.c
 * host-sources: memory/frame_boot.c memory/page_copy.c memory/page_table.c memory/page_table_view.c
 * host-sources: memory/tlb_batch.c
 * host-sources: memory/io_iter.c scheduler/wait_queue.c scheduler/sleep.c scheduler/mutex.c
 * host-sources: sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 * host-sources: memory/fail_nth.c
 */
#include "support.h"

#include "vm_floor.h"

#include "lib/errno.h"
#include "vm/page_cache_internal.h"

enum { PAGES_MAX = 40, OBJECT_MAX = PAGES_MAX * 4096, ROUNDS = 20000 };

static unsigned char model[OBJECT_MAX];
static size_t model_size;
static unsigned char storage[OBJECT_MAX];
static unsigned char data[OBJECT_MAX];
static uint64_t seed = 11;
static bool storage_is_broken;
static int reserved_pages;
static bool is_full;

/* Nothing is mapped in this test. */
void page_cache_unmap(struct page_cache *cache, uint64_t first, uint64_t end, bool private_copies)
{
    fail();
}

void page_cache_protect(struct page_cache *cache, uint64_t index)
{
}

static int fill(struct page_cache *cache, struct frame *frame, uint64_t index)
{
    assert_true(atomic32_load(&frame->flags) & FRAME_LOCKED);
    if (storage_is_broken) {
        return -EIO;
    }
    memcpy(frame_to_virtual(frame), storage + index * PAGE_SIZE, PAGE_SIZE);
    return 0;
}

static int write_back(struct page_cache *cache, struct frame *frame, uint64_t index)
{
    memcpy(storage + index * PAGE_SIZE, frame_to_virtual(frame), PAGE_SIZE);
    return 0;
}

static int may_add(struct page_cache *cache, uint64_t index)
{
    if (is_full) {
        return -ENOSPC;
    }
    reserved_pages++;
    return 0;
}

static void removed(struct page_cache *cache, uint64_t index)
{
    reserved_pages--;
}

static const struct page_cache_ops memory_ops = {.may_add = may_add, .removed = removed};
static const struct page_cache_ops storage_ops = {.fill = fill, .write_back = write_back};

static int prepare(void **state)
{
    vm_floor_start();
    page_cache_module_init();
    return 0;
}

static void do_write(struct page_cache *cache)
{
    struct io_iter iter;
    size_t position = test_random(&seed) % (OBJECT_MAX - 1);
    size_t bytes = MIN(test_random(&seed) % 12000, OBJECT_MAX - position);
    if (bytes == 0) {
        return;
    }
    memset(data, (int)test_random(&seed) | 1, bytes);
    io_iter_init_kernel(&iter, data, bytes);
    assert_int_equal(page_cache_write(cache, &iter, position), bytes);
    assert_int_equal(io_iter_remaining(&iter), 0);
    memcpy(model + position, data, bytes);
    model_size = MAX(model_size, position + bytes);
    cache->size_bytes = model_size;
}

static void do_read(struct page_cache *cache)
{
    struct io_iter iter;
    size_t position = test_random(&seed) % (OBJECT_MAX + 5000);
    size_t bytes = 1 + test_random(&seed) % 20000;
    size_t expected = position >= model_size ? 0 : MIN(bytes, model_size - position);
    memset(data, 0x55, bytes);
    io_iter_init_kernel(&iter, data, bytes);
    assert_int_equal(page_cache_read(cache, &iter, position), expected);
    assert_memory_equal(data, model + position, expected);
}

static void do_truncate(struct page_cache *cache)
{
    size_t size = test_random(&seed) % OBJECT_MAX;
    if (size < model_size) {
        memset(model + size, 0, model_size - size);
        memset(storage + ALIGN_UP(size, PAGE_SIZE), 0, OBJECT_MAX - ALIGN_UP(size, PAGE_SIZE));
    }
    model_size = size;
    page_cache_truncate(cache, size);
}

static void do_punch(struct page_cache *cache)
{
    size_t start = test_random(&seed) % OBJECT_MAX;
    size_t end = MIN(start + test_random(&seed) % 30000, OBJECT_MAX);
    size_t stop = MIN(end, model_size);
    page_cache_punch(cache, start, end);
    if (start < stop) {
        memset(model + start, 0, stop - start);
        size_t first = ALIGN_UP(start, PAGE_SIZE);
        if (first < ALIGN_DOWN(stop, PAGE_SIZE) + (stop == model_size ? PAGE_SIZE : 0)) {
            size_t last =
                stop == model_size ? ALIGN_UP(stop, PAGE_SIZE) : ALIGN_DOWN(stop, PAGE_SIZE);
            memset(storage + first, 0, last - first);
        }
    }
}

static void check_holes(struct page_cache *cache)
{
    uint64_t from = test_random(&seed) % PAGES_MAX;
    uint64_t page = page_cache_next(cache, from, true);
    uint64_t hole = page_cache_next(cache, from, false);
    for (uint64_t i = from; i < PAGES_MAX; i++) {
        struct frame *frame = page_cache_find(cache, i);
        assert_true(frame == NULL || i >= page);
        assert_true(frame != NULL || i >= hole);
        assert_true(frame != NULL || i != page);
        if (frame != NULL) {
            frame_put(frame);
        }
    }
}

static void run(struct page_cache *cache)
{
    memset(model, 0, sizeof(model));
    memset(storage, 0, sizeof(storage));
    model_size = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        switch (test_random(&seed) % 16) {
        case 0: do_truncate(cache); break;
        case 1: do_punch(cache); break;
        case 2: check_holes(cache); break;
        case 3: assert_int_equal(page_cache_sync(cache, 0, OBJECT_MAX), 0); break;
        case 4: (void)page_cache_evict(test_random(&seed) % 20); break;
        case 5:
        case 6:
        case 7:
        case 8: do_write(cache); break;
        default: do_read(cache);
        }
    }
}

static void an_object_in_memory_matches_the_model(void **state)
{
    struct page_cache cache;
    page_cache_init(&cache, &memory_ops, NULL);
    run(&cache);
    page_cache_fini(&cache);
    assert_int_equal(frames_in_use(FRAME_PAGE_CACHE), 0);
    assert_int_equal(reserved_pages, 0);
}

static void an_object_in_storage_matches_the_model(void **state)
{
    struct page_cache cache;
    page_cache_init(&cache, &storage_ops, NULL);
    run(&cache);
    page_cache_fini(&cache);
    assert_int_equal(frames_in_use(FRAME_PAGE_CACHE), 0);
    assert_int_equal(page_cache_dirty_count(), 0);
}

static void what_was_written_back_is_in_storage(void **state)
{
    struct page_cache cache;
    struct io_iter iter;
    page_cache_init(&cache, &storage_ops, NULL);
    memset(data, 0x77, 10000);
    io_iter_init_kernel(&iter, data, 10000);
    assert_int_equal(page_cache_write(&cache, &iter, 100), 10000);
    cache.size_bytes = 10100;
    assert_int_equal(page_cache_dirty_count(), 3);
    assert_int_equal(page_cache_evict(100), 0); // dirty pages stay
    assert_int_equal(page_cache_sync(&cache, 0, 10100), 0);
    assert_int_equal(page_cache_dirty_count(), 0);
    assert_memory_equal(storage + 100, data, 10000);
    (void)page_cache_evict(100); // takes the second chance away
    (void)page_cache_evict(100);
    assert_int_equal(cache.page_count, 0);
    page_cache_fini(&cache);
}

static void a_read_error_is_told_and_tried_again(void **state)
{
    struct page_cache cache;
    struct frame *frame;
    page_cache_init(&cache, &storage_ops, NULL);
    cache.size_bytes = PAGE_SIZE;
    storage_is_broken = true;
    assert_int_equal(page_cache_get(&cache, 0, &frame), -EIO);
    storage_is_broken = false;
    assert_int_equal(page_cache_get(&cache, 0, &frame), 0);
    frame_put(frame);
    page_cache_fini(&cache);
}

static void no_space_and_no_memory_are_told(void **state)
{
    struct page_cache cache;
    struct io_iter iter;
    page_cache_init(&cache, &memory_ops, NULL);
    is_full = true;
    io_iter_init_kernel(&iter, data, 100);
    assert_int_equal(page_cache_write(&cache, &iter, 0), -ENOSPC);
    assert_int_equal(io_iter_remaining(&iter), 100);
    is_full = false;
    frames_to_give = 1;
    io_iter_init_kernel(&iter, data, 10000);
    assert_int_equal(page_cache_write(&cache, &iter, 0), 4096);
    frames_to_give = SIZE_MAX;
    page_cache_fini(&cache);
    assert_int_equal(reserved_pages, 0);
}

static void a_bad_user_page_leaves_nothing_behind(void **state)
{
    struct page_cache cache;
    struct io_iter iter;
    page_cache_init(&cache, &memory_ops, NULL);
    io_iter_init_user(&iter, data, 100);
    assert_int_equal(page_cache_write(&cache, &iter, 0), -EFAULT);
    assert_int_equal(cache.page_count, 0);
    page_cache_fini(&cache);
    assert_int_equal(frames_in_use(FRAME_PAGE_CACHE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_in_memory_matches_the_model),
        cmocka_unit_test(an_object_in_storage_matches_the_model),
        cmocka_unit_test(what_was_written_back_is_in_storage),
        cmocka_unit_test(a_read_error_is_told_and_tried_again),
        cmocka_unit_test(no_space_and_no_memory_are_told),
        cmocka_unit_test(a_bad_user_page_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
