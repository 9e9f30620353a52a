// Between kernel_map.c and kernel_stack.c: the window's division and the entries.
//
// The window is the reach of one entry of the root, so that all page tables share it: stacks in the
// first part, everything else behind.
#pragma once

#include "arch/mmu.h"
#include "arch/page.h"
#include "lib/assert.h"
#include "lib/types.h"

#define KERNEL_STACK_WINDOW_BYTES (1UL << 30)
#define KERNEL_REGION_BASE        (KERNEL_MAP_BASE + KERNEL_STACK_WINDOW_BYTES)
#define KERNEL_REGION_END         (KERNEL_MAP_BASE + (1UL << 39))
static_assert(KERNEL_REGION_END <= KERNEL_MAP_END, "one root entry lies in the window");

struct frame;

// Maps `count` fresh frames at `start` (kind: enum frame_kind). 0 or -ENOMEM, then nothing is mapped.
int kernel_map_frames(vaddr_t start, size_t count, unsigned kind, unsigned frame_flags);
// Maps physical memory that has no frame records.
int kernel_map_physical(vaddr_t start, size_t count, paddr_t base, unsigned rights);
// Takes the entries away; with `has_frames` their frames are put.
void kernel_map_remove(vaddr_t start, size_t count, bool has_frames);
