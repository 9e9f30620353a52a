// The buddy's side of the frame allocator: private to memory/frame*.c.
#pragma once

#include "memory/frame.h"
#include "sync/spinlock.h"

enum { ZONE_LOW, ZONE_HIGH, ZONE_COUNT }; // below and above 4 GiB; blocks never cross the line

struct buddy {
    struct spinlock lock;
    struct list_head free[ZONE_COUNT][FRAME_ORDER_MAX + 1]; // [l] heads of free blocks
    uint32_t nonempty[ZONE_COUNT];                          // [l] bit per order
    size_t free_blocks[FRAME_ORDER_MAX + 1];                // [l]
    size_t free_frames;                                     // [l]
    size_t total_frames;                                    // [l]
    size_t low_mark;                                        // [I]
    size_t reserve;                                         // [I]
};
extern struct buddy frame_buddy;
extern size_t frame_record_count; // [I]

void buddy_init(void);
// Takes a block out; NULL if no block is large enough. The lock is held.
struct frame *buddy_take_locked(unsigned order, bool below_4g);
// Gives a block back and merges it with its free buddies. The lock is held.
void buddy_give_locked(struct frame *block, unsigned order);

// Writes the records that merging around the frames [first, end) will look at, as reserved. Every
// range that the buddy gets, now or later, is announced once before any block is given.
void buddy_announce_range(size_t first, size_t end);
// Gives the frames [first, end) as the largest aligned blocks.
void buddy_give_range(size_t first, size_t end);
