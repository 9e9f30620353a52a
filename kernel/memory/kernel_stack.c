// Kernel stacks: slots of one size in a window of their own, the lower half of each unmapped, so a
// stack that overflows by up to its own size hits the guard.
//
// A freed stack keeps its frames in a small cache, since programs are started and end all the time.
// Lock: stack_lock, rank KERNEL_MAP, over bitmap and cache.
#include "lib/assert.h"
#include "lib/bitmap.h"
#include "lib/macros.h"
#include "memory/frame.h"
#include "memory/kernel_map.h"
#include "memory/kernel_map_internal.h"
#include "sync/spinlock.h"

enum {
    SLOT_BYTES = 2 * KERNEL_STACK_BYTES,
    SLOT_COUNT = KERNEL_STACK_WINDOW_BYTES / SLOT_BYTES,
    STACK_PAGES = KERNEL_STACK_BYTES / PAGE_SIZE,
    CACHE_STACKS = 16,
};

static struct spinlock stack_lock = SPINLOCK_INIT(LOCK_RANK_KERNEL_MAP);
static BITMAP_DECLARE(slots_used, SLOT_COUNT); // [l stack_lock]
static size_t slot_hint;                       // [l] no free slot below
static vaddr_t cache[CACHE_STACKS];            // [l]
static size_t cache_count;                     // [l]
static struct atomic32 stack_count;            // handed out

static vaddr_t slot_stack(size_t slot)
{
    return KERNEL_MAP_BASE + slot * SLOT_BYTES + (SLOT_BYTES - KERNEL_STACK_BYTES);
}

static size_t stack_slot(vaddr_t base)
{
    assert(base >= KERNEL_MAP_BASE && (base - KERNEL_MAP_BASE) % SLOT_BYTES == KERNEL_STACK_BYTES);
    return (base - KERNEL_MAP_BASE) / SLOT_BYTES;
}

static void slot_free(size_t slot)
{
    spin_lock(&stack_lock);
    assert(slot < SLOT_COUNT && bitmap_test(slots_used, slot));
    bitmap_clear(slots_used, slot);
    slot_hint = MIN(slot_hint, slot);
    spin_unlock(&stack_lock);
}

// The new stack, 0 when out of memory. Not cleared: what a kernel stack holds never reaches a program but through a structure that
// its filler forgot to fill, and then zeros of the first use would hide the mistake.
static vaddr_t slot_fill(size_t slot)
{
    if (kernel_map_frames(slot_stack(slot), STACK_PAGES, FRAME_STACK, 0) != 0) {
        slot_free(slot);
        return 0;
    }
    return slot_stack(slot);
}

size_t kernel_stack_count(void)
{
    return atomic32_load(&stack_count);
}

vaddr_t kernel_stack_alloc(void)
{
    vaddr_t base = 0;
    size_t slot = SLOT_COUNT;
    spin_lock(&stack_lock);
    if (cache_count > 0) {
        base = cache[--cache_count];
    } else {
        slot = bitmap_find_next_zero(slots_used, SLOT_COUNT, slot_hint);
        if (slot < SLOT_COUNT) {
            bitmap_set(slots_used, slot);
            slot_hint = slot + 1;
        }
    }
    spin_unlock(&stack_lock);
    if (base == 0 && slot < SLOT_COUNT) {
        base = slot_fill(slot);
    }
    if (base != 0) {
        atomic32_add(&stack_count, 1);
    }
    return base;
}

void kernel_stack_free(vaddr_t base)
{
    bool is_cached = false;
    assert(atomic32_load(&stack_count) != 0 && stack_slot(base) < SLOT_COUNT);
    atomic32_subtract(&stack_count, 1);
    spin_lock(&stack_lock);
    if (cache_count < CACHE_STACKS) {
        cache[cache_count++] = base;
        is_cached = true;
    }
    spin_unlock(&stack_lock);
    if (!is_cached) {
        kernel_map_remove(base, STACK_PAGES, true);
        slot_free(stack_slot(base));
    }
}

bool kernel_stack_is_guard(vaddr_t address)
{
    return address >= KERNEL_MAP_BASE && address < KERNEL_MAP_BASE + KERNEL_STACK_WINDOW_BYTES &&
           (address - KERNEL_MAP_BASE) % SLOT_BYTES < SLOT_BYTES - KERNEL_STACK_BYTES;
}
