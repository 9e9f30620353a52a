// Allocation and release of frames: a stock of single frames per CPU in front of the buddy.
//
// Nearly every request is for one frame, so each CPU keeps a few at hand and touches the buddy's
// lock only to take or give a batch. The stock is used with interrupts blocked, by its CPU only.
// The counts by kind are per CPU too and may be negative there; their sum is right.
//
// frame_alloc never sleeps and never reclaims: below the low mark it calls the pressure hook, and
// the last frames (the reserve) go only to those who ask for it in order to free memory.
#include "memory/frame.h"

#include "lib/assert.h"
#include "lib/macros.h"
#include "memory/fail_nth.h"
#include "memory/frame_internal.h"
#include "memory/page_copy.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

// A stock has room for STOCK_FRAMES, but all stocks together take no more than that part of the memory; a quarter of the room is
// moved at a time.
enum { STOCK_FRAMES = 256, STOCK_FRAMES_LEAST = 16, STOCKS_MEMORY_PART = 64 };

struct frame_stock {
    size_t count;                          // [o] this CPU, interrupts blocked
    size_t room;                           // [o] how many it may hold, as of the last move
    struct frame *frames[STOCK_FRAMES];    // [o]
    int64_t kind_frames[FRAME_KIND_COUNT]; // [o]
};

static PERCPU_DEFINE(struct frame_stock, frame_stock);

static void (*pressure_hook)(void); // [I]

void frame_set_pressure_hook(void (*pressure)(void))
{
    assert(pressure_hook == NULL && pressure != NULL);
    pressure_hook = pressure;
}

// Is there room for 2^order frames above what must stay? Tells the hook when it gets tight.
static bool may_take_locked(unsigned order, unsigned flags)
{
    assert(spin_is_held(&frame_buddy.lock));
    size_t frames = 1UL << order;
    size_t kept = (flags & FRAME_MAY_USE_RESERVE) ? 0 : frame_buddy.reserve;
    // Told at each request below the mark, not once at the crossing: the hook only sets a flag and wakes, and reclaim may have
    // ended for want of candidates that there are by now.
    if (unlikely(frame_buddy.free_frames < frame_buddy.low_mark + frames) && pressure_hook) {
        pressure_hook();
    }
    return frame_buddy.free_frames >= kept + frames;
}

static struct frame *take_block(unsigned order, unsigned flags)
{
    spin_lock(&frame_buddy.lock);
    struct frame *block = NULL;
    if (may_take_locked(order, flags)) {
        block = buddy_take_locked(order, (flags & FRAME_BELOW_4G) != 0);
    }
    spin_unlock(&frame_buddy.lock);
    return block;
}

static size_t stock_room(void)
{
    size_t part = frame_total_count() / STOCKS_MEMORY_PART / percpu_cpu_count();
    return MIN(MAX(part, (size_t)STOCK_FRAMES_LEAST), (size_t)STOCK_FRAMES);
}

static void stock_refill(struct frame_stock *stock, unsigned flags)
{
    assert(stock == percpu_this(frame_stock) && cpu_block_get(interrupt_off_depth) != 0);
    spin_lock(&frame_buddy.lock);
    stock->room = stock_room();
    while (stock->count < stock->room / 4 && may_take_locked(0, flags)) {
        struct frame *frame = buddy_take_locked(0, false);
        if (frame == NULL) {
            break;
        }
        stock->frames[stock->count++] = frame;
    }
    spin_unlock(&frame_buddy.lock);
}

static void stock_drain(struct frame_stock *stock, size_t keep)
{
    assert(stock == percpu_this(frame_stock) && stock->count <= STOCK_FRAMES);
    spin_lock(&frame_buddy.lock);
    while (stock->count > keep) {
        buddy_give_locked(stock->frames[--stock->count], 0);
    }
    spin_unlock(&frame_buddy.lock);
}

static struct frame *take_single(struct frame_stock *stock, unsigned flags)
{
    if (unlikely(flags & FRAME_BELOW_4G)) {
        return take_block(0, flags);
    }
    if (stock->count == 0) {
        stock_refill(stock, flags);
    }
    return stock->count > 0 ? stock->frames[--stock->count] : NULL;
}

// The frames of this CPU's stock cannot merge while they lie there: give them back and try again.
static struct frame *take_large(struct frame_stock *stock, unsigned order, unsigned flags)
{
    struct frame *block = take_block(order, flags);
    if (block == NULL && stock->count > 0) {
        stock_drain(stock, 0);
        block = take_block(order, flags);
    }
    return block;
}

struct frame *frame_alloc(unsigned order, enum frame_kind kind, unsigned flags)
{
    assert(order <= FRAME_ORDER_MAX && kind != FRAME_FREE);
    if ((flags & FRAME_IS_DUE) == 0 && fail_nth_is_due()) {
        return NULL;
    }
    interrupts_block();
    struct frame_stock *stock = percpu_this(frame_stock);
    struct frame *frame =
        likely(order == 0) ? take_single(stock, flags) : take_large(stock, order, flags);
    if (likely(frame != NULL)) {
        stock->kind_frames[kind] += 1L << order;
    }
    interrupts_unblock();
    if (unlikely(frame == NULL)) {
        return NULL;
    }
    assert(frame->kind == FRAME_KERNEL); // as the buddy and frame_free leave what is in a stock
    refcount_init(&frame->references, 1);
    atomic32_store(&frame->map_count, 0);
    frame->kind = (uint8_t)kind;
    frame->order = (uint8_t)order;
    frame->slab_objects = 0;
    atomic32_store(&frame->flags, 0);
    if (flags & FRAME_ZERO) {
        page_zero(frame_to_virtual(frame), 1UL << order);
    }
    return frame;
}

// The last reference is gone. Interrupts are blocked.
static void frame_free(struct frame_stock *stock, struct frame *frame)
{
    assert(atomic32_load(&frame->map_count) == 0);
    assert((atomic32_load(&frame->flags) & FRAME_WAITERS) == 0);
    assert(frame->kind != FRAME_RESERVED && frame->order <= FRAME_ORDER_MAX);
    unsigned order = frame->order;
    stock->kind_frames[frame->kind] -= 1L << order;
    frame->kind = FRAME_KERNEL; // in a stock: not free for the buddy's eyes
    if (likely(order == 0)) {
        if (stock->count >= stock->room) {
            stock->room = stock_room();
            stock_drain(stock, stock->room - stock->room / 4);
        }
        stock->frames[stock->count++] = frame;
    } else {
        spin_lock(&frame_buddy.lock);
        buddy_give_locked(frame, order);
        spin_unlock(&frame_buddy.lock);
    }
}

void frame_put(struct frame *frame)
{
    assert(frame->kind != FRAME_FREE);
    if (refcount_put(&frame->references)) {
        interrupts_block();
        frame_free(percpu_this(frame_stock), frame);
        interrupts_unblock();
    }
}

void frame_put_many(struct frame *const *frames, size_t count)
{
    assert(count <= 64); // each may drain a batch of the stock
    interrupts_block();
    struct frame_stock *stock = percpu_this(frame_stock);
    for (size_t i = 0; i < count; i++) {
        assert(frames[i]->kind != FRAME_FREE);
        if (refcount_put(&frames[i]->references)) {
            frame_free(stock, frames[i]);
        }
    }
    interrupts_unblock();
}

size_t frame_free_count(void)
{
    size_t count = READ_ONCE(frame_buddy.free_frames);
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        count += READ_ONCE(percpu_of(frame_stock, cpu)->count);
    }
    return count;
}

size_t frame_total_count(void)
{
    return READ_ONCE(frame_buddy.total_frames);
}

void frame_get_statistics(struct frame_statistics *statistics)
{
    *statistics = (struct frame_statistics){
        .total_frames = frame_total_count(),
        .free_frames = frame_free_count(),
        .low_mark_frames = frame_buddy.low_mark,
    };
    spin_lock(&frame_buddy.lock);
    for (unsigned order = 0; order <= FRAME_ORDER_MAX; order++) {
        statistics->free_blocks[order] = frame_buddy.free_blocks[order];
    }
    spin_unlock(&frame_buddy.lock);
    for (unsigned kind = 0; kind < FRAME_KIND_COUNT; kind++) {
        int64_t sum = 0;
        for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
            sum += READ_ONCE(percpu_of(frame_stock, cpu)->kind_frames[kind]);
        }
        statistics->kind_frames[kind] = sum > 0 ? (size_t)sum : 0;
    }
}
