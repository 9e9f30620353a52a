/*
 * What fs/ stands on, beyond fake_floor.h, for tests with one thread: a page cache of malloc'ed pages with the same contract, RCU
 * callbacks that wait for fake_grace_period, no devices. Include it once, after fake_floor.h.
 *
 * The test links the sources named in FS_SOURCES of its comment and those that fake_floor.h asks for.
 */
#pragma once

#include "device/node.h"
#include "fs/devfs/devfs.h"
#include "fs/fs_context.h"
#include "fs/mount.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "scheduler/rcu.h"
#include "vm/page_cache.h"
#include "vm/reclaim.h"

/* --- RCU: callbacks run when the test says that every reader has gone --- */

static struct rcu_head *deferred_callbacks;

void rcu_defer(struct rcu_head *head, void (*run)(struct rcu_head *head))
{
    head->run = run;
    head->next = deferred_callbacks;
    deferred_callbacks = head;
}

static inline void fake_grace_period(void)
{
    assert_int_equal(host_cpu_block.preempt_count, 0);
    while (deferred_callbacks != NULL) {
        struct rcu_head *head = deferred_callbacks;
        deferred_callbacks = head->next;
        head->run(head);
    }
}

/* --- memory --- */

static size_t fake_total_frames = 4096;
static struct reclaimer *fake_reclaimer;

size_t frame_total_count(void)
{
    return fake_total_frames;
}

void *slab_alloc(struct slab_cache *cache)
{
    void *object = fake_alloc(cache->object_bytes);
    if (object != NULL) {
        memset(object, 0xa5, cache->object_bytes);
    }
    return object;
}

char *heap_copy_string(const char *text, size_t limit)
{
    size_t length = strnlen(text, limit);
    char *copy = fake_alloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
    }
    return copy;
}

void reclaimer_register(struct reclaimer *reclaimer)
{
    fake_reclaimer = reclaimer;
}

/* --- the page cache: a chain of pages behind cache->owner's frames --- */

struct fake_page {
    struct fake_page *next;
    struct page_cache *cache;
    uint64_t index;
    struct frame frame;
    uint8_t bytes[PAGE_SIZE];
};
static struct fake_page *fake_pages;

static struct fake_page *fake_page_find(struct page_cache *cache, uint64_t index)
{
    struct fake_page *page = fake_pages;
    while (page != NULL && (page->cache != cache || page->index != index)) {
        page = page->next;
    }
    return page;
}

static int fake_page_get(struct page_cache *cache, uint64_t index, struct fake_page **result)
{
    *result = fake_page_find(cache, index);
    if (*result != NULL) {
        return 0;
    }
    int error = cache->ops->may_add != NULL ? cache->ops->may_add(cache, index) : 0;
    if (error != 0) {
        return error;
    }
    struct fake_page *page = fake_alloc(sizeof(*page));
    page->cache = cache;
    page->index = index;
    page->next = fake_pages;
    refcount_init(&page->frame.references, 1);
    fake_pages = page;
    cache->page_count++;
    *result = page;
    return 0;
}

static void fake_page_drop(struct page_cache *cache, uint64_t first, uint64_t end)
{
    struct fake_page **link = &fake_pages;
    while (*link != NULL) {
        struct fake_page *page = *link;
        if (page->cache != cache || page->index < first || page->index >= end) {
            link = &page->next;
            continue;
        }
        *link = page->next;
        cache->page_count--;
        if (cache->ops->removed != NULL) {
            cache->ops->removed(cache, page->index);
        }
        fake_free(page);
    }
}

void page_cache_init(struct page_cache *cache, const struct page_cache_ops *ops, void *owner)
{
    memset(cache, 0, sizeof(*cache));
    cache->ops = ops;
    cache->owner = owner;
    list_init(&cache->areas);
}

void page_cache_fini(struct page_cache *cache)
{
    fake_page_drop(cache, 0, UINT64_MAX);
}

bool page_cache_deny_writers(struct page_cache *cache)
{
    return cache->writable_mappings == 0;
}

int page_cache_get(struct page_cache *cache, uint64_t index, struct frame **frame)
{
    struct fake_page *page;
    int error = fake_page_get(cache, index, &page);
    if (error == 0) {
        *frame = &page->frame;
        frame_get(*frame);
        live_objects++; /* frame_put takes one off only with the last reference */
        live_objects--;
    }
    return error;
}

ssize_t page_cache_read(struct page_cache *cache, struct io_iter *iter, uint64_t position)
{
    static const uint8_t zeros[PAGE_SIZE];
    ssize_t done = 0;
    while (position < cache->size_bytes && io_iter_remaining(iter) > 0) {
        size_t offset = position % PAGE_SIZE;
        size_t bytes = MIN(PAGE_SIZE - offset, io_iter_remaining(iter));
        bytes = MIN(bytes, cache->size_bytes - position);
        struct fake_page *page = fake_page_find(cache, position / PAGE_SIZE);
        size_t moved = io_iter_write(iter, (page != NULL ? page->bytes : zeros) + offset, bytes);
        assert_int_equal(moved, bytes);
        done += (ssize_t)bytes;
        position += bytes;
    }
    return done;
}

ssize_t page_cache_write(struct page_cache *cache, struct io_iter *iter, uint64_t position)
{
    ssize_t done = 0;
    while (io_iter_remaining(iter) > 0) {
        size_t offset = position % PAGE_SIZE;
        size_t bytes = MIN(PAGE_SIZE - offset, io_iter_remaining(iter));
        struct fake_page *page;
        int error = fake_page_get(cache, position / PAGE_SIZE, &page);
        if (error != 0) {
            return done > 0 ? done : error;
        }
        size_t moved = io_iter_read(iter, page->bytes + offset, bytes);
        assert_int_equal(moved, bytes);
        done += (ssize_t)bytes;
        position += bytes;
    }
    return done;
}

static void fake_zero(struct page_cache *cache, uint64_t start, uint64_t end)
{
    struct fake_page *page = fake_page_find(cache, start / PAGE_SIZE);
    if (page != NULL) {
        memset(page->bytes + start % PAGE_SIZE, 0, end - start);
    }
}

void page_cache_truncate(struct page_cache *cache, uint64_t size)
{
    if (size < cache->size_bytes && size % PAGE_SIZE != 0) {
        fake_zero(cache, size, ALIGN_UP(size, PAGE_SIZE));
    }
    cache->size_bytes = size;
    fake_page_drop(cache, DIV_ROUND_UP(size, PAGE_SIZE), UINT64_MAX);
}

void page_cache_punch(struct page_cache *cache, uint64_t start, uint64_t end)
{
    for (uint64_t at = start; at < end;) {
        uint64_t stop = MIN(ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE, end);
        if (stop - at == PAGE_SIZE) {
            fake_page_drop(cache, at / PAGE_SIZE, at / PAGE_SIZE + 1);
        } else {
            fake_zero(cache, at, stop);
        }
        at = stop;
    }
}

uint64_t page_cache_next(struct page_cache *cache, uint64_t from, bool is_data)
{
    uint64_t end = cache->size_bytes / PAGE_SIZE + 2;
    for (uint64_t index = from; index < end; index++) {
        if ((fake_page_find(cache, index) != NULL) == is_data) {
            return index;
        }
    }
    return UINT64_MAX;
}

/* --- devices --- */

static struct device_node_subscriber *fake_subscriber;

struct device_node *device_node_find(enum device_kind kind, uint32_t number)
{
    return NULL;
}

void device_node_subscribe(struct device_node_subscriber *subscriber)
{
    fake_subscriber = subscriber;
}

void device_node_unsubscribe(struct device_node_subscriber *subscriber)
{
    assert_true(fake_subscriber == subscriber);
    fake_subscriber = NULL;
}

/* --- a fresh tree, and calls on it as some user --- */

static struct credentials fake_user;   /* uid 1000, no capabilities */
static struct fs_context fake_context; /* root's, at the global root */
static struct fs_context fake_user_context;

static void fake_fs_start(void)
{
    fake_floor_start();
    file_init();
    fs_init();
    devfs_start();
    assert_int_equal(mount_root("rootfs", "rootfs", "mode=755", 0), 0);
    fake_context = fs_context_kernel;
    refcount_init(&fake_user.references, 1);
    fake_user.uid = fake_user.euid = fake_user.fsuid = 1000;
    fake_user.gid = fake_user.egid = fake_user.fsgid = 1000;
    fake_user_context = fs_context_kernel;
    fake_user_context.credentials = &fake_user;
}

/* A file with these bytes in it. */
static inline void fake_fs_put(const char *name, const char *text)
{
    struct open_file *file;
    assert_int_equal(vfs_open(&fake_context, NULL, name, O_WRONLY | O_CREAT | O_TRUNC, 0644, &file),
                     0);
    struct io_iter iter;
    io_iter_init_kernel(&iter, (void *)(uintptr_t)text, strlen(text));
    assert_int_equal(file_write(file, &iter), strlen(text));
    open_file_put(file);
}

/* The contents as a string in a static buffer; NULL where it cannot be opened. */
static inline const char *fake_fs_get(const char *name)
{
    static char text[16384];
    struct open_file *file;
    if (vfs_open(&fake_context, NULL, name, O_RDONLY, 0, &file) != 0) {
        return NULL;
    }
    ssize_t length = file_read_kernel(file, text, sizeof(text) - 1, 0);
    open_file_put(file);
    assert_true(length >= 0);
    text[length] = '\0';
    return text;
}

static inline int fake_fs_status(const char *name, unsigned walk_flags, struct uapi_stat *status)
{
    struct path path;
    int error = walk_path(&fake_context, NULL, name, walk_flags, &path);
    if (error == 0) {
        error = vfs_status(&path, status);
        path_put(&path);
    }
    return error;
}

/* The names in a directory in the order in which they are read: "b a ". */
struct fake_listing {
    struct directory_sink sink;
    char text[4096];
    size_t used;
    size_t limit; /* entries to take in one call */
};

static bool fake_listing_add(struct directory_sink *sink, const char *name, size_t length,
                             uint64_t inode, unsigned type, uint64_t next_position)
{
    struct fake_listing *listing = container_of(sink, struct fake_listing, sink);
    if (listing->limit == 0 || listing->used + length + 2 > sizeof(listing->text)) {
        return false;
    }
    listing->limit--;
    memcpy(listing->text + listing->used, name, length);
    listing->used += length;
    listing->text[listing->used++] = ' ';
    listing->text[listing->used] = '\0';
    return true;
}

static inline const char *fake_fs_list(const char *name)
{
    static struct fake_listing listing;
    memset(&listing, 0, sizeof(listing));
    listing.sink.add = fake_listing_add;
    struct open_file *file;
    if (vfs_open(&fake_context, NULL, name, O_RDONLY | O_DIRECTORY, 0, &file) != 0) {
        return NULL;
    }
    size_t before;
    do { /* three at a time: the position must hold between calls */
        before = listing.used;
        listing.limit = 3;
        assert_int_equal(file->ops->read_directory(file, &listing.sink), 0);
    } while (listing.used != before);
    open_file_put(file);
    return listing.text + strlen(". .. ");
}
