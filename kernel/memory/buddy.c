// The buddy: free blocks of 2^order frames, aligned to their size, merged when both halves are free
// (Knowlton's scheme).
//
// A block's state is in the record of its first frame: kind FRAME_FREE and the order, linked on the
// list of its zone and order; or anything else while it is not free. Records inside a block mean
// nothing. That a look at the other half is always a look at a valid record is the one invariant:
// splitting writes both halves' heads, and buddy_announce_range writes those along the ragged ends
// of the ranges that boot gives. So start-up costs a few hundred stores and not one per frame.
//
// Lock: frame_buddy.lock, rank FRAME, over lists and counts. Callers: frame.c, frame_boot.c.
#include "lib/assert.h"
#include "memory/frame_internal.h"

struct buddy frame_buddy = {.lock = SPINLOCK_INIT(LOCK_RANK_FRAME)};

#define ZONE_LIMIT_FRAMES ((size_t)(1UL << 32 >> PAGE_SHIFT))

static size_t frame_number(const struct frame *frame)
{
    return (size_t)(frame - frame_records);
}

static unsigned zone_of(size_t number)
{
    return number < ZONE_LIMIT_FRAMES ? ZONE_LOW : ZONE_HIGH;
}

void buddy_init(void)
{
    for (unsigned zone = 0; zone < ZONE_COUNT; zone++) {
        for (unsigned order = 0; order <= FRAME_ORDER_MAX; order++) {
            list_init(&frame_buddy.free[zone][order]);
        }
    }
}

static void block_link(struct frame *block, unsigned order)
{
    assert(order <= FRAME_ORDER_MAX && (frame_number(block) & ((1UL << order) - 1)) == 0);
    unsigned zone = zone_of(frame_number(block));
    block->kind = FRAME_FREE;
    block->order = (uint8_t)order;
    list_add_head(&frame_buddy.free[zone][order], &block->link);
    frame_buddy.nonempty[zone] |= 1u << order;
    frame_buddy.free_blocks[order]++;
}

static void block_unlink(struct frame *block, unsigned order)
{
    assert(block->kind == FRAME_FREE && block->order == order);
    unsigned zone = zone_of(frame_number(block));
    list_remove(&block->link);
    if (list_is_empty(&frame_buddy.free[zone][order])) {
        frame_buddy.nonempty[zone] &= ~(1u << order);
    }
    frame_buddy.free_blocks[order]--;
}

// The smallest block that is large enough: a larger one is split only where there is none, so that large blocks last.
static struct frame *zone_take(unsigned zone, unsigned order)
{
    assert(zone < ZONE_COUNT && spin_is_held(&frame_buddy.lock));
    uint32_t candidates = frame_buddy.nonempty[zone] & ~0u << order;
    if (candidates == 0) {
        return NULL;
    }
    unsigned found = (unsigned)__builtin_ctz(candidates);
    assert(!list_is_empty(&frame_buddy.free[zone][found])); // the bit says so
    struct frame *block = list_first_entry(&frame_buddy.free[zone][found], struct frame, link);
    block_unlink(block, found);
    while (found > order) {
        found--;
        block_link(block + (1UL << found), found);
    }
    block->kind = FRAME_KERNEL; // not free, also while it lies in a CPU's stock
    block->order = (uint8_t)order;
    return block;
}

struct frame *buddy_take_locked(unsigned order, bool below_4g)
{
    assert(spin_is_held(&frame_buddy.lock) && order <= FRAME_ORDER_MAX);
    // From above 4 GiB first: what lies below is kept for devices that reach no further.
    struct frame *block = below_4g ? NULL : zone_take(ZONE_HIGH, order);
    if (block == NULL) {
        block = zone_take(ZONE_LOW, order);
    }
    if (block != NULL) {
        frame_buddy.free_frames -= 1UL << order;
    }
    return block;
}

void buddy_give_locked(struct frame *block, unsigned order)
{
    assert(spin_is_held(&frame_buddy.lock) && block->kind != FRAME_FREE);
    assert(order <= FRAME_ORDER_MAX);
    size_t number = frame_number(block);
    assert(number + (1UL << order) <= frame_record_count);
    frame_buddy.free_frames += 1UL << order;
    while (order < FRAME_ORDER_MAX) {
        size_t other = number ^ 1UL << order;
        struct frame *half = &frame_records[other];
        if (other >= frame_record_count || half->kind != FRAME_FREE || half->order != order) {
            break;
        }
        block_unlink(half, order);
        number &= ~(1UL << order);
        order++;
    }
    block_link(&frame_records[number], order);
}

// Order of the largest aligned block that starts at `first` and ends by `end`. No such block crosses 4 GiB, which is a multiple of
// the largest block's size: a block lies in one zone.
static unsigned largest_order(size_t first, size_t end)
{
    assert(first < end);
    unsigned order = 0;
    while (order < FRAME_ORDER_MAX && (first & 1UL << order) == 0 &&
           first + (2UL << order) <= end) {
        order++;
    }
    return order;
}

void buddy_announce_range(size_t first, size_t end)
{
    while (first < end) {
        unsigned order = largest_order(first, end);
        for (unsigned level = order; level < FRAME_ORDER_MAX; level++) {
            size_t other = (first & ~((1UL << level) - 1)) ^ 1UL << level;
            if (other < frame_record_count) {
                frame_records[other].kind = FRAME_RESERVED;
            }
        }
        frame_records[first].kind = FRAME_RESERVED;
        first += 1UL << order;
    }
}

void buddy_give_range(size_t first, size_t end)
{
    assert(end <= frame_record_count);
    spin_lock(&frame_buddy.lock);
    while (first < end) {
        unsigned order = largest_order(first, end);
        buddy_give_locked(&frame_records[first], order);
        first += 1UL << order;
    }
    spin_unlock(&frame_buddy.lock);
}
