/*
 * Address spaces against a model that is an array of pages: random mmap, munmap, mprotect, mremap,
 * madvise, fork, truncate, reads and writes, in a small window, so that everything meets everything.
 *
 * host-sources: vm/address_space.c vm/area.c vm/area_range.c vm/usage.c vm/map.c vm/unmap.c vm/protect.c
 * host-sources: vm/remap.c vm/break.c vm/fork.c vm/lock.c vm/fault.c vm/fault_around.c vm/access.c
 * host-sources: vm/advise.c vm/residency.c vm/shared_memory.c
 * host-sources: vm/page_cache.c vm/page_cache_io.c vm/page_cache_truncate.c vm/page_cache_sync.c
 * host-sources: vm/page_cache_evict.c vm/page_cache_map.c vm/page_lock.c lib/radix.c lib/rbtree.c
 * host-sources: lib/string_text.c
 * host-sources: memory/heap.c memory/slab.c memory/heap_debug.c memory/buddy.c memory/frame.c
 * host-sources: memory/frame_boot.c memory/page_copy.c memory/page_table.c memory/page_table_view.c
 * host-sources: memory/tlb_batch.c
 * host-sources: memory/io_iter.c scheduler/wait_queue.c scheduler/sleep.c scheduler/mutex.c
 * host-sources: scheduler/shared_mutex.c
 * host-sources: sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 * host-sources: memory/fail_nth.c
 */
#include "support.h"

#include "vm_floor.h"

#include "arch/upcalls.h"
#include "lib/errno.h"
#include "uapi/mman.h"
#include "vm/page_cache_internal.h"
#include "vm/vm_internal.h"

enum { WINDOW = 48, FILE_PAGES = 24, FILES = 2, SPACES = 3, ROUNDS = 60000 };

#define BASE     0x40000000UL
#define MAP_BASE 0x7ffff7fff000UL
#define RW       (AREA_READ | AREA_WRITE)
#define MAY_ALL  (AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXECUTE)

/* --- the model --- */

struct model_file {
    uint64_t value[FILE_PAGES]; /* first word of each page */
    uint64_t pages;
};

struct model_page {
    bool is_mapped, is_private_copy, is_shared;
    unsigned rights;
    int file; /* -1: anonymous */
    uint64_t index;
    uint64_t value; /* of anonymous pages and private copies */
};

struct model_space {
    struct address_space *space;
    struct model_page pages[WINDOW];
};

static struct model_file files[FILES];
static struct page_cache caches[FILES];
static int file_users[FILES];
static struct model_space spaces[SPACES];
static uint64_t seed = 5;

static uint64_t choose(uint64_t limit)
{
    return test_random(&seed) % limit;
}

static void file_get(const struct backing *backing)
{
    file_users[(intptr_t)backing->object[0]]++;
}

static void file_put(const struct backing *backing)
{
    file_users[(intptr_t)backing->object[0]]--;
}

static const struct backing_ops file_backing_ops = {.get = file_get, .put = file_put};
static const struct page_cache_ops file_cache_ops = {0};

static vaddr_t address_of(size_t page)
{
    return BASE + page * PAGE_SIZE;
}

static const struct address_space_layout layout = {.map_base = MAP_BASE,
                                                   .stack_top = USER_TOP - PAGE_SIZE};

static int prepare(void **state)
{
    vm_floor_start();
    area_module_init();
    page_cache_module_init();
    shared_memory_module_init();
    address_space_module_init();
    fault_module_init();
    for (int i = 0; i < FILES; i++) {
        page_cache_init(&caches[i], &file_cache_ops, NULL);
    }
    return 0;
}

/* --- operations on both sides --- */

static struct map_request request_make(size_t first, size_t count, int file, uint64_t index,
                                       unsigned flags)
{
    struct map_request request = {
        .address = address_of(first),
        .bytes = count * PAGE_SIZE,
        .flags = flags,
        .is_fixed = true,
        .populate = choose(8) == 0,
    };
    if (file >= 0) {
        request.cache = &caches[file];
        request.offset = index * PAGE_SIZE;
        request.backing = (struct backing){&file_backing_ops, {(void *)(intptr_t)file, NULL}};
    }
    return request;
}

static bool is_beyond_end(const struct model_page *page)
{
    return page->file >= 0 && page->index >= files[page->file].pages;
}

static uint64_t model_value(const struct model_page *page)
{
    bool is_own = page->file < 0 || page->is_private_copy;
    return is_own ? page->value : files[page->file].value[page->index];
}

static void do_map(struct model_space *m)
{
    size_t first = choose(WINDOW);
    size_t count = 1 + choose(WINDOW - first);
    int file = choose(2) ? -1 : (int)choose(FILES);
    uint64_t index = choose(FILE_PAGES - 4);
    unsigned rights = (unsigned)choose(4) ? RW : (unsigned)choose(8);
    unsigned shared = file >= 0 && choose(2) ? AREA_SHARED : 0;
    count = MIN(count, (size_t)12);
    struct map_request request = request_make(first, count, file, index, rights | shared | MAY_ALL);
    vaddr_t result;
    assert_int_equal(address_space_map(m->space, &request, &result), 0);
    assert_int_equal(result, address_of(first));
    for (size_t i = 0; i < count; i++) {
        m->pages[first + i] = (struct model_page){
            .is_mapped = true,
            .is_shared = shared != 0,
            .rights = rights,
            .file = file,
            .index = index + i,
        };
    }
    /* Populating a private writable mapping copies at once, as far as the file reaches. */
    for (size_t i = 0; request.populate && (rights & AREA_WRITE) && !shared && i < count; i++) {
        struct model_page *page = &m->pages[first + i];
        if (is_beyond_end(page)) {
            break;
        }
        page->value = model_value(page);
        page->is_private_copy = true;
    }
}

static void do_unmap(struct model_space *m)
{
    size_t first = choose(WINDOW);
    size_t count = 1 + choose(MIN((size_t)10, WINDOW - first));
    assert_int_equal(address_space_unmap(m->space, address_of(first), count * PAGE_SIZE), 0);
    memset(&m->pages[first], 0, count * sizeof(m->pages[0]));
}

static void do_protect(struct model_space *m)
{
    size_t first = choose(WINDOW);
    size_t count = 1 + choose(MIN((size_t)10, WINDOW - first));
    unsigned rights = (unsigned)choose(8);
    int expected = 0;
    for (size_t i = first; i < first + count && expected == 0; i++) {
        if (!m->pages[i].is_mapped) {
            expected = -ENOMEM;
        } else {
            m->pages[i].rights = rights;
        }
    }
    assert_int_equal(address_space_protect(m->space, address_of(first), count * PAGE_SIZE, rights),
                     expected);
}

/* Is [first, first + count) one area in the model's eyes? */
static bool is_uniform(const struct model_space *m, size_t first, size_t count)
{
    const struct model_page *a = &m->pages[first];
    if (!a->is_mapped) {
        return false;
    }
    for (size_t i = 1; i < count; i++) {
        const struct model_page *b = &m->pages[first + i];
        if (!b->is_mapped || b->file != a->file || b->rights != a->rights ||
            b->is_shared != a->is_shared || (a->file >= 0 && b->index != a->index + i)) {
            return false;
        }
    }
    return true;
}

static void do_remap(struct model_space *m)
{
    size_t first = choose(WINDOW), to = choose(WINDOW);
    size_t old_count = 1 + choose(MIN((size_t)6, WINDOW - first));
    size_t new_count = 1 + choose(MIN((size_t)8, WINDOW - to));
    bool overlaps = first < to + new_count && to < first + old_count;
    vaddr_t result;
    int error = address_space_remap(m->space, address_of(first), old_count * PAGE_SIZE,
                                    new_count * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
                                    address_of(to), &result);
    if (overlaps) {
        assert_int_equal(error, -EINVAL);
        return;
    }
    if (!is_uniform(m, first, old_count)) {
        assert_int_equal(error, -EFAULT);
        return;
    }
    assert_int_equal(error, 0);
    assert_int_equal(result, address_of(to));
    struct model_page moved[WINDOW];
    for (size_t i = 0; i < new_count; i++) {
        if (i < old_count) {
            moved[i] = m->pages[first + i];
        } else {
            moved[i] = m->pages[first];
            moved[i].index = m->pages[first].index + i;
            moved[i].is_private_copy = false;
            moved[i].value = 0;
        }
    }
    memset(&m->pages[first], 0, old_count * sizeof(moved[0]));
    memcpy(&m->pages[to], moved, new_count * sizeof(moved[0]));
}

static void do_shrink(struct model_space *m)
{
    size_t first = choose(WINDOW);
    size_t old_count = 1 + choose(MIN((size_t)6, WINDOW - first));
    size_t new_count = 1 + choose(old_count);
    vaddr_t result;
    int error = address_space_remap(m->space, address_of(first), old_count * PAGE_SIZE,
                                    new_count * PAGE_SIZE, 0, 0, &result);
    if (!m->pages[first].is_mapped) {
        assert_int_equal(error, -EFAULT);
        return;
    }
    assert_int_equal(error, 0);
    memset(&m->pages[first + new_count], 0, (old_count - new_count) * sizeof(m->pages[0]));
}

static void do_drop(struct model_space *m)
{
    size_t first = choose(WINDOW);
    size_t count = 1 + choose(MIN((size_t)8, WINDOW - first));
    int expected = 0;
    for (size_t i = first; i < first + count; i++) {
        expected = m->pages[i].is_mapped ? expected : -ENOMEM;
        m->pages[i].is_private_copy = false;
        m->pages[i].value = 0;
    }
    assert_int_equal(
        address_space_advise(m->space, address_of(first), count * PAGE_SIZE, MADV_DONTNEED),
        expected);
}

static void do_write(struct model_space *m)
{
    struct model_page *page = &m->pages[choose(WINDOW)];
    uint64_t value = test_random(&seed);
    ssize_t result = address_space_access(m->space, address_of((size_t)(page - m->pages)), &value,
                                          sizeof(value), true);
    if (!page->is_mapped || !(page->rights & AREA_WRITE)) {
        assert_int_equal(result, -EFAULT);
        return;
    }
    if (is_beyond_end(page) && !page->is_private_copy) {
        assert_int_equal(result, -EIO);
        return;
    }
    assert_int_equal(result, sizeof(value));
    if (page->file >= 0 && page->is_shared) {
        files[page->file].value[page->index] = value;
    } else {
        page->value = value;
        page->is_private_copy = true;
    }
}

static void check_page(struct model_space *m, size_t i)
{
    const struct model_page *page = &m->pages[i];
    uint64_t value = 0x5a5a;
    ssize_t result = address_space_access(m->space, address_of(i), &value, sizeof(value), false);
    if (!page->is_mapped || page->rights == 0) {
        assert_int_equal(result, -EFAULT);
    } else if (is_beyond_end(page) && !page->is_private_copy) {
        assert_int_equal(result, -EIO);
    } else {
        assert_int_equal(result, sizeof(value));
        assert_int_equal(value, model_value(page));
    }
}

static void do_resize_file(void)
{
    int file = (int)choose(FILES);
    uint64_t pages = choose(FILE_PAGES + 1);
    for (uint64_t i = pages; i < FILE_PAGES; i++) {
        files[file].value[i] = 0;
    }
    if (pages < files[file].pages) {
        for (size_t s = 0; s < SPACES; s++) {
            for (size_t i = 0; i < WINDOW; i++) {
                struct model_page *page = &spaces[s].pages[i];
                if (page->is_mapped && page->file == file && page->index >= pages) {
                    page->is_private_copy = false;
                }
            }
        }
    }
    files[file].pages = pages;
    page_cache_truncate(&caches[file], pages * PAGE_SIZE);
}

static void do_punch_file(void)
{
    int file = (int)choose(FILES);
    uint64_t first = choose(FILE_PAGES);
    uint64_t end = MIN(first + choose(6), (uint64_t)FILE_PAGES);
    page_cache_punch(&caches[file], first * PAGE_SIZE, end * PAGE_SIZE);
    for (uint64_t i = first; i < end; i++) {
        files[file].value[i] = 0;
    }
}

static void do_fork(void)
{
    size_t from = choose(SPACES), to = choose(SPACES);
    if (from == to) {
        return;
    }
    address_space_put(spaces[to].space);
    assert_int_equal(address_space_clone(spaces[from].space, &spaces[to].space), 0);
    memcpy(spaces[to].pages, spaces[from].pages, sizeof(spaces[to].pages));
}

/* --- what must hold at any time --- */

static void check_areas(struct model_space *m)
{
    struct address_space *space = m->space;
    struct area *previous = NULL;
    uint64_t count = 0, pages = 0, mapped = 0;
    shared_mutex_lock(&space->mutex);
    for (struct area *area = area_find_locked(space, 0); area != NULL;
         area = area_next_locked(area)) {
        assert_true(area->start < area->end);
        assert_true(previous == NULL || previous->end <= area->start);
        if (previous != NULL && previous->end == area->start) {
            size_t i = (area->start - BASE) / PAGE_SIZE;
            assert_false(is_uniform(m, i - 1, 2)); /* would be one area on Linux */
        }
        for (vaddr_t at = area->start; at < area->end; at += PAGE_SIZE) {
            const struct model_page *page = &m->pages[(at - BASE) / PAGE_SIZE];
            assert_true(page->is_mapped);
            assert_int_equal(area->flags & AREA_RIGHTS, page->rights);
            assert_true(page->file < 0 ||
                        area->offset + (at - area->start) == page->index * PAGE_SIZE);
        }
        count++;
        pages += (area->end - area->start) / PAGE_SIZE;
        previous = area;
    }
    shared_mutex_unlock(&space->mutex);
    for (size_t i = 0; i < WINDOW; i++) {
        mapped += m->pages[i].is_mapped;
    }
    assert_int_equal(count, space->area_count);
    assert_int_equal(pages, space->total_pages);
    assert_int_equal(pages, mapped);
}

static void check_space(struct model_space *m)
{
    check_areas(m);
    for (size_t i = 0; i < WINDOW; i++) {
        check_page(m, i);
    }
}

static void step(struct model_space *m)
{
    switch (choose(20)) {
    case 0: do_unmap(m); break;
    case 1: do_protect(m); break;
    case 2: do_remap(m); break;
    case 3: do_shrink(m); break;
    case 4: do_drop(m); break;
    case 5: do_resize_file(); break;
    case 6: do_punch_file(); break;
    case 7: do_fork(); break;
    case 8:
    case 9:
    case 10: do_map(m); break;
    case 11:
    case 12:
    case 13: check_page(m, choose(WINDOW)); break;
    default: do_write(m);
    }
}

static void random_operations_match_the_model(void **state)
{
    for (size_t s = 0; s < SPACES; s++) {
        spaces[s].space = address_space_create(&layout);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        step(&spaces[choose(SPACES)]);
        if (round % 50 == 0) {
            check_space(&spaces[choose(SPACES)]);
        }
    }
    for (size_t s = 0; s < SPACES; s++) {
        check_space(&spaces[s]);
        address_space_put(spaces[s].space);
    }
    for (int i = 0; i < FILES; i++) {
        assert_int_equal(caches[i].writable_mappings, 0);
        page_cache_truncate(&caches[i], 0);
        assert_int_equal(file_users[i], 0);
    }
    assert_int_equal(frames_in_use(FRAME_ANONYMOUS), 0);
    assert_int_equal(frames_in_use(FRAME_PAGE_CACHE), 0);
    assert_int_equal(frames_in_use(FRAME_PAGE_TABLE), 0);
}

/* --- single promises --- */

static struct address_space *space;

static int space_make(void **state)
{
    space = address_space_create(&layout);
    return space == NULL;
}

static int space_drop(void **state)
{
    address_space_put(space);
    return frames_in_use(FRAME_ANONYMOUS) != 0;
}

static vaddr_t map(vaddr_t hint, size_t pages, unsigned flags)
{
    const struct map_request request = {
        .address = hint, .bytes = pages * PAGE_SIZE, .flags = flags | MAY_ALL};
    vaddr_t result = 0;
    assert_int_equal(address_space_map(space, &request, &result), 0);
    return result;
}

static void places_go_top_down(void **state)
{
    vaddr_t first = map(0, 3, RW);
    assert_int_equal(first, MAP_BASE - 3 * PAGE_SIZE);
    vaddr_t second = map(0, 2, AREA_READ);
    assert_int_equal(second, first - 2 * PAGE_SIZE);
    assert_int_equal(address_space_unmap(space, first, PAGE_SIZE), 0);
    assert_int_equal(map(0, 1, RW), first);
    assert_int_equal(map(BASE + 5, 1, RW), BASE + PAGE_SIZE);
    assert_int_equal(map(first, 1, RW), second - PAGE_SIZE); /* taken: the hint does not help */
}

static void wrong_arguments_are_refused(void **state)
{
    vaddr_t result;
    struct map_request request = {.flags = RW | MAY_ALL};
    assert_int_equal(address_space_map(space, &request, &result), -EINVAL);
    request.bytes = UINT64_MAX - 10;
    assert_int_equal(address_space_map(space, &request, &result), -ENOMEM);
    request.bytes = PAGE_SIZE;
    request.is_fixed = true;
    request.address = BASE + 1;
    assert_int_equal(address_space_map(space, &request, &result), -EINVAL);
    request.address = 0;
    assert_int_equal(address_space_map(space, &request, &result), -EPERM);
    request.address = USER_TOP;
    assert_int_equal(address_space_map(space, &request, &result), -ENOMEM);
    request.address = map(0, 1, RW);
    request.is_fixed_no_replace = true;
    assert_int_equal(address_space_map(space, &request, &result), -EEXIST);
    assert_int_equal(address_space_unmap(space, BASE + 1, PAGE_SIZE), -EINVAL);
    assert_int_equal(address_space_unmap(space, BASE, 0), -EINVAL);
    assert_int_equal(address_space_unmap(space, USER_TOP, PAGE_SIZE), -EINVAL);
    assert_int_equal(address_space_advise(space, BASE, PAGE_SIZE, 5), -EINVAL);
    assert_int_equal(address_space_advise(space, BASE, PAGE_SIZE, MADV_NORMAL), -ENOMEM);
}

static void limits_hold(void **state)
{
    vaddr_t result;
    struct map_request request = {.bytes = 5 * PAGE_SIZE, .flags = RW | MAY_ALL};
    space->limit_total = 4 * PAGE_SIZE;
    assert_int_equal(address_space_map(space, &request, &result), -ENOMEM);
    space->limit_total = UINT64_MAX;
    space->limit_data = 4 * PAGE_SIZE;
    assert_int_equal(address_space_map(space, &request, &result), -ENOMEM);
    request.flags = AREA_READ | MAY_ALL;
    assert_int_equal(address_space_map(space, &request, &result), 0);
    assert_int_equal(address_space_protect(space, result, PAGE_SIZE, RW), 0);
    assert_int_equal(space->data_pages, 1);
    space->limit_data = UINT64_MAX;
    request.flags = RW | MAY_ALL;
    request.bytes = 2ul * FLOOR_MEMORY_BYTES;
    assert_int_equal(address_space_map(space, &request, &result), -ENOMEM);
    request.flags |= AREA_NO_RESERVE;
    assert_int_equal(address_space_map(space, &request, &result), 0);
}

static void rights_cannot_grow_beyond_may(void **state)
{
    const struct map_request request = {.bytes = PAGE_SIZE, .flags = AREA_READ | AREA_MAY_READ};
    vaddr_t result;
    assert_int_equal(address_space_map(space, &request, &result), 0);
    assert_int_equal(address_space_protect(space, result, PAGE_SIZE, RW), -EACCES);
    assert_int_equal(address_space_protect(space, result, PAGE_SIZE, 0), 0);
}

static void the_stack_grows_to_its_limit(void **state)
{
    vaddr_t top = layout.stack_top;
    struct map_request request = {
        .address = top - 4 * PAGE_SIZE,
        .bytes = 4 * PAGE_SIZE,
        .flags = RW | MAY_ALL | AREA_GROWS_DOWN | AREA_STACK,
        .is_fixed = true,
    };
    vaddr_t result;
    space->limit_stack = 64 * PAGE_SIZE;
    assert_int_equal(address_space_map(space, &request, &result), 0);
    assert_int_equal(address_space_fault(space, top - 30 * PAGE_SIZE, FAULT_WRITE), 0);
    assert_int_equal(space->stack_pages, 30);
    assert_int_equal(address_space_fault(space, top - 64 * PAGE_SIZE, FAULT_WRITE), 0);
    assert_int_equal(address_space_fault(space, top - 65 * PAGE_SIZE, FAULT_WRITE), -EFAULT);
    space->limit_stack = UINT64_MAX;
    request.address = top - 400 * PAGE_SIZE;
    request.bytes = PAGE_SIZE;
    request.flags = RW | MAY_ALL;
    assert_int_equal(address_space_map(space, &request, &result), 0);
    assert_int_equal(address_space_fault(space, top - 120 * PAGE_SIZE, FAULT_WRITE), 0);
    assert_int_equal(address_space_fault(space, top - 150 * PAGE_SIZE, FAULT_WRITE), -EFAULT);
}

static void the_break_moves_and_survives_a_guard_page(void **state)
{
    space->break_start = space->break_end = BASE + 100;
    assert_int_equal(address_space_set_break(space, 0), BASE + 100);
    assert_int_equal(address_space_set_break(space, BASE + 0x2000), BASE + 0x2000);
    const struct map_request guard = {
        .address = BASE + PAGE_SIZE, .bytes = PAGE_SIZE, .is_fixed = true, .flags = MAY_ALL};
    vaddr_t result;
    assert_int_equal(address_space_map(space, &guard, &result), 0);
    assert_int_equal(address_space_set_break(space, BASE + 0x5000), BASE + 0x5000);
    assert_int_equal(address_space_fault(space, BASE + 0x4000, FAULT_WRITE), 0);
    assert_int_equal(address_space_fault(space, BASE + 0x1000, FAULT_WRITE), -EACCES);
    assert_int_equal(address_space_set_break(space, BASE + 0x2800), BASE + 0x2800);
    assert_int_equal(address_space_fault(space, BASE + 0x4000, FAULT_WRITE), -EFAULT);
    assert_int_equal(address_space_set_break(space, BASE), BASE + 0x2800);
    (void)map(BASE + 0x6000, 1, RW);
    assert_int_equal(address_space_set_break(space, BASE + 0x6000), BASE + 0x2800);
    assert_int_equal(address_space_set_break(space, BASE + 0x5000), BASE + 0x5000);
}

static void growth_moves_where_it_must(void **state)
{
    vaddr_t at = map(BASE, 2, RW);
    uint64_t value = 77;
    assert_int_equal(address_space_access(space, at, &value, 8, true), 8);
    vaddr_t result;
    assert_int_equal(address_space_remap(space, at, 2 * PAGE_SIZE, 4 * PAGE_SIZE, 0, 0, &result),
                     0);
    assert_int_equal(result, at);
    (void)map(at + 4 * PAGE_SIZE, 1, AREA_READ);
    assert_int_equal(address_space_remap(space, at, 4 * PAGE_SIZE, 8 * PAGE_SIZE, 0, 0, &result),
                     -ENOMEM);
    assert_int_equal(
        address_space_remap(space, at, 4 * PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE, 0, &result),
        0);
    assert_int_not_equal(result, at);
    value = 0;
    assert_int_equal(address_space_access(space, result, &value, 8, false), 8);
    assert_int_equal(value, 77);
    assert_int_equal(address_space_fault(space, at, FAULT_READ), -EFAULT);
    assert_int_equal(address_space_remap(space, result, PAGE_SIZE, 2 * PAGE_SIZE,
                                         MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0, &result),
                     -EINVAL);
}

static size_t cached_frames(void)
{
    struct frame_statistics frames;
    frame_get_statistics(&frames);
    return frames.kind_frames[FRAME_PAGE_CACHE];
}

static void shared_memory_is_seen_by_the_child(void **state)
{
    size_t before = cached_frames();
    struct map_request request = {.bytes = 2 * PAGE_SIZE, .flags = RW | MAY_ALL | AREA_SHARED};
    assert_int_equal(shared_memory_create(request.bytes, &request.cache, &request.backing), 0);
    vaddr_t at;
    assert_int_equal(address_space_map(space, &request, &at), 0);
    backing_put(&request.backing);
    struct address_space *child;
    assert_int_equal(address_space_clone(space, &child), 0);
    uint64_t value = 4711;
    assert_int_equal(address_space_access(child, at + PAGE_SIZE, &value, 8, true), 8);
    value = 0;
    assert_int_equal(address_space_access(space, at + PAGE_SIZE, &value, 8, false), 8);
    assert_int_equal(value, 4711);
    assert_int_equal(atomic64_load(&child->resident_shared), 1);
    assert_int_equal(cached_frames(), before + 1);
    address_space_put(child);
    assert_int_equal(address_space_unmap(space, at, request.bytes), 0);
    assert_int_equal(cached_frames(), before);
}

static void fork_out_of_memory_leaves_nothing(void **state)
{
    for (vaddr_t i = 0; i < 20; i++) {
        vaddr_t at = map(BASE + i * 0x40000000, 1, RW);
        assert_int_equal(address_space_fault(space, at, FAULT_WRITE), 0);
    }
    static struct frame *held[FLOOR_MEMORY_BYTES / 4096];
    size_t count = 0;
    while ((held[count] = frame_alloc(0, FRAME_KERNEL, 0)) != NULL) {
        count++;
    }
    for (size_t i = 0; i < 10; i++) {
        frame_put(held[--count]);
    }
    struct address_space *child;
    assert_int_equal(address_space_clone(space, &child), -ENOMEM);
    while (count > 0) {
        frame_put(held[--count]);
    }
    assert_int_equal(atomic64_load(&space->resident_anonymous), 20);
}

static void residency_tells_what_is_there(void **state)
{
    uint8_t vector[4] = {9, 9, 9, 9};
    vaddr_t at = map(0, 4, RW);
    assert_int_equal(address_space_fault(space, at + PAGE_SIZE, FAULT_WRITE), 0);
    assert_int_equal(address_space_residency(space, at, 4, vector), 0);
    assert_memory_equal(vector, "\0\1\0\0", 4);
    assert_int_equal(address_space_residency(space, at, 5, vector), -ENOMEM);
}

static void locks_are_counted(void **state)
{
    vaddr_t at = map(0, 4, RW);
    space->limit_locked = 3 * PAGE_SIZE;
    assert_int_equal(address_space_lock_range(space, at, 4 * PAGE_SIZE, MEMORY_LOCK), -ENOMEM);
    assert_int_equal(address_space_lock_range(space, at, 2 * PAGE_SIZE, MEMORY_LOCK), 0);
    assert_int_equal(space->locked_pages, 2);
    assert_int_equal(atomic64_load(&space->resident_anonymous), 2);
    assert_int_equal(address_space_advise(space, at, PAGE_SIZE, MADV_DONTNEED), -EINVAL);
    assert_int_equal(address_space_lock_range(space, at, 4 * PAGE_SIZE, MEMORY_UNLOCK), 0);
    assert_int_equal(space->locked_pages, 0);
    assert_int_equal(space->area_count, 1);
}

static void a_large_hardly_touched_range_moves_with_few_tables(void **state)
{
    enum { TABLES_MOST = 16 };
    const uint64_t bytes = UINT64_C(1) << 36;
    const struct map_request request = {
        .bytes = bytes, .flags = AREA_READ | AREA_WRITE | AREA_NO_RESERVE | MAY_ALL};
    vaddr_t at, moved;
    assert_int_equal(address_space_map(space, &request, &at), 0);
    assert_int_equal(address_space_fault(space, at, FAULT_WRITE), 0);
    assert_int_equal(address_space_fault(space, at + bytes - PAGE_SIZE, FAULT_WRITE), 0);
    moved = at - bytes;
    assert_int_equal(
        address_space_remap(space, at, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, moved, &moved),
        0);
    assert_int_equal(atomic64_load(&space->resident_anonymous), 2);
    assert_true(space->page_table->table_frames <= TABLES_MOST);
}

static void neighbours_are_mapped_with_a_read_fault(void **state)
{
    struct page_cache *cache;
    struct backing backing;
    assert_int_equal(shared_memory_create(32 * PAGE_SIZE, &cache, &backing), 0);
    for (uint64_t i = 0; i < 32; i++) {
        struct frame *frame;
        assert_int_equal(page_cache_get(cache, i, &frame), 0);
        frame_put(frame);
    }
    const struct map_request request = {.address = BASE,
                                        .bytes = 32 * PAGE_SIZE,
                                        .is_fixed = true,
                                        .flags = AREA_READ | MAY_ALL,
                                        .cache = cache,
                                        .backing = backing};
    vaddr_t at;
    assert_int_equal(address_space_map(space, &request, &at), 0);
    backing_put(&backing);
    assert_int_equal(address_space_fault(space, BASE + 5 * PAGE_SIZE, FAULT_READ), 0);
    assert_int_equal(atomic64_load(&space->resident_shared), 16);
    struct area_usage usage = {0};
    shared_mutex_lock(&space->mutex);
    area_usage_add_locked(area_find_locked(space, BASE), &usage);
    shared_mutex_unlock(&space->mutex);
    assert_int_equal(usage.present, 16);
    assert_int_equal(usage.anonymous, 0);
}

#define WITH_SPACE(test) cmocka_unit_test_setup_teardown(test, space_make, space_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_match_the_model),
        WITH_SPACE(places_go_top_down),
        WITH_SPACE(wrong_arguments_are_refused),
        WITH_SPACE(limits_hold),
        WITH_SPACE(rights_cannot_grow_beyond_may),
        WITH_SPACE(the_stack_grows_to_its_limit),
        WITH_SPACE(the_break_moves_and_survives_a_guard_page),
        WITH_SPACE(growth_moves_where_it_must),
        WITH_SPACE(shared_memory_is_seen_by_the_child),
        WITH_SPACE(fork_out_of_memory_leaves_nothing),
        WITH_SPACE(residency_tells_what_is_there),
        WITH_SPACE(locks_are_counted),
        WITH_SPACE(a_large_hardly_touched_range_moves_with_few_tables),
        WITH_SPACE(neighbours_are_mapped_with_a_read_fault),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
