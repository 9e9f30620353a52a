// read and write through the page cache.
//
// No page lock is held while bytes move, since the other end may be user memory that is mapped to
// the very page. A page that does not exist yet is written before it is in the cache, and its
// remainder is cleared before anybody can see it; if another thread made the page meanwhile, the
// bytes go there instead.
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/fail_nth.h"
#include "scheduler/thread.h"
#include "vm/page_cache_internal.h"
#include "vm/reclaim.h"

// A run of bytes within one page.
struct page_run {
    uint64_t index;
    size_t offset;
    size_t bytes;
};

static struct page_run run_at(uint64_t position, size_t remaining)
{
    size_t offset = position % PAGE_SIZE;
    return (struct page_run){
        .index = position >> PAGE_SHIFT,
        .offset = offset,
        .bytes = MIN(remaining, PAGE_SIZE - offset),
    };
}

// What a call that moved `done` bytes and then met `error` returns.
static ssize_t moved_or_error(size_t done, int error)
{
    return done > 0 ? (ssize_t)done : error;
}

static size_t read_run(struct page_cache *cache, struct io_iter *iter, const struct page_run *run,
                       int *error)
{
    struct frame *frame = page_cache_find(cache, run->index);
    if (frame == NULL && cache->ops->fill == NULL) {
        return io_iter_write_zeros(iter, run->bytes);
    }
    if (frame == NULL) {
        *error = page_cache_get(cache, run->index, &frame);
        if (*error != 0) {
            return 0;
        }
    }
    size_t moved = io_iter_write(iter, (char *)frame_to_virtual(frame) + run->offset, run->bytes);
    if (cache->ops->fill != NULL) {
        atomic32_set_bits(&frame->flags, FRAME_RECENT);
    }
    frame_put(frame);
    return moved;
}

ssize_t page_cache_read(struct page_cache *cache, struct io_iter *iter, uint64_t position)
{
    uint64_t size = READ_ONCE(cache->size_bytes);
    if (position >= size) {
        return 0;
    }
    size_t wanted = MIN(io_iter_remaining(iter), size - position);
    size_t done = 0;
    int error = 0;
    while (done < wanted && error == 0) {
        struct page_run run = run_at(position + done, wanted - done);
        size_t moved = read_run(cache, iter, &run, &error);
        done += moved;
        if (done != 0) {
            fail_nth_commit();
        }
        if (moved < run.bytes && error == 0) {
            error = -EFAULT;
        }
    }
    return moved_or_error(done, error);
}

// Into a page that stands in the cache.
static size_t write_existing(struct page_cache *cache, struct frame *frame, struct io_iter *iter,
                             const struct page_run *run)
{
    size_t moved = io_iter_read(iter, (char *)frame_to_virtual(frame) + run->offset, run->bytes);
    if (moved > 0) {
        page_cache_mark_dirty(cache, frame);
    }
    frame_put(frame);
    return moved;
}

// Somebody made the page while `fresh` was being written: its bytes belong there now.
static size_t write_over(struct page_cache *cache, struct frame *fresh, const struct page_run *run,
                         size_t moved, int *error)
{
    struct frame *frame;
    *error = page_cache_get_for_overwrite(cache, run->index, &frame);
    if (*error != 0) {
        return 0;
    }
    memcpy((char *)frame_to_virtual(frame) + run->offset,
           (char *)frame_to_virtual(fresh) + run->offset, moved);
    page_cache_mark_dirty(cache, frame);
    frame_put(frame);
    return moved;
}

// Into a hole: the page is complete before it is inserted.
static size_t write_fresh(struct page_cache *cache, struct io_iter *iter,
                          const struct page_run *run, int *error)
{
    struct frame *fresh = vm_frame_alloc(FRAME_PAGE_CACHE, 0);
    if (fresh == NULL) {
        *error = -ENOMEM;
        return 0;
    }
    char *memory = frame_to_virtual(fresh);
    size_t moved = io_iter_read(iter, memory + run->offset, run->bytes);
    if (moved < run->bytes && cache->ops->fill != NULL) {
        io_iter_rewind(iter, moved); // what storage holds of the rest must not become zeros
        moved = 0;
    }
    if (moved > 0) {
        memset(memory, 0, run->offset);
        memset(memory + run->offset + moved, 0, PAGE_SIZE - run->offset - moved);
        page_cache_mark_dirty(cache, fresh);
        *error = page_cache_insert(cache, run->index, fresh);
        if (*error == 0) {
            return moved;
        }
        (void)page_cache_clear_dirty(cache, fresh);
        size_t wanted = moved;
        moved = *error == -EEXIST ? write_over(cache, fresh, run, wanted, error) : 0;
        io_iter_rewind(iter, wanted - moved);
    }
    frame_put(fresh);
    return moved;
}

static size_t write_run(struct page_cache *cache, struct io_iter *iter, const struct page_run *run,
                        int *error)
{
    struct frame *frame = page_cache_find(cache, run->index);
    bool is_whole = run->bytes == PAGE_SIZE;
    if (frame == NULL && cache->ops->fill != NULL && !is_whole) {
        *error = page_cache_get(cache, run->index, &frame);
        if (*error != 0) {
            return 0;
        }
    }
    return frame != NULL ? write_existing(cache, frame, iter, run)
                         : write_fresh(cache, iter, run, error);
}

ssize_t page_cache_write(struct page_cache *cache, struct io_iter *iter, uint64_t position)
{
    size_t wanted = io_iter_remaining(iter);
    size_t done = 0;
    int error = 0;
    while (done < wanted && error == 0) {
        struct page_run run = run_at(position + done, wanted - done);
        size_t moved = write_run(cache, iter, &run, &error);
        done += moved;
        if (done != 0) {
            fail_nth_commit();
        }
        if (moved < run.bytes && error == 0) {
            error = -EFAULT;
        } else if (thread_is_killed()) {
            break; // it would only eat the reserve that is to let it end
        }
    }
    return moved_or_error(done, error);
}
