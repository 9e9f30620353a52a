// Kernel mappings by region: large buffers and device registers, each with an unmapped page on
// either side.
//
// Regions are on one list in order of address and found first-fit: there are few of them and they
// live long. Locks: region_lock, rank KERNEL_MAP, over the list; entries under the kernel page
// table's lock, taken separately.
#include "memory/kernel_map.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "memory/kernel_map_internal.h"
#include "memory/page_table.h"

struct kernel_region {
    struct list_head link; // [l]
    vaddr_t start;         // [I] guard page first
    size_t pages;          // [I] both guards counted
};

static struct spinlock region_lock = SPINLOCK_INIT(LOCK_RANK_KERNEL_MAP);
static struct list_head regions = LIST_INIT(regions); // [l region_lock]

// --- entries ---

// From nothing to something needs no flush: the CPU caches no entry that is not present (SDM 3A, 4.10.2.3).
static int entry_set(vaddr_t address, struct page_entry value)
{
    assert(address >= KERNEL_MAP_BASE && address < KERNEL_REGION_END);
    spin_lock(&kernel_page_table.lock);
    struct page_entry *entry = page_table_make_locked(&kernel_page_table, address);
    if (entry != NULL) {
        assert(page_entry_is_none(*entry));
        *entry = value;
    }
    spin_unlock(&kernel_page_table.lock);
    return entry != NULL ? 0 : -ENOMEM;
}

int kernel_map_frames(vaddr_t start, size_t count, unsigned kind, unsigned frame_flags)
{
    assert(IS_ALIGNED(start, PAGE_SIZE));
    const struct page_rights rights = {PAGE_READ | PAGE_WRITE | PAGE_GLOBAL};
    for (size_t i = 0; i < count; i++) {
        struct frame *frame = frame_alloc(0, (enum frame_kind)kind, frame_flags);
        if (frame == NULL) {
            kernel_map_remove(start, i, true);
            return -ENOMEM;
        }
        struct page_entry value = page_entry_leaf(frame_to_physical(frame), rights, 0);
        if (entry_set(start + i * PAGE_SIZE, value) != 0) {
            frame_put(frame);
            kernel_map_remove(start, i, true);
            return -ENOMEM;
        }
    }
    return 0;
}

int kernel_map_physical(vaddr_t start, size_t count, paddr_t base, unsigned rights)
{
    assert(IS_ALIGNED(start, PAGE_SIZE) && IS_ALIGNED(base, PAGE_SIZE));
    for (size_t i = 0; i < count; i++) {
        struct page_rights bits = {rights};
        struct page_entry value = page_entry_leaf(base + i * PAGE_SIZE, bits, 0);
        if (entry_set(start + i * PAGE_SIZE, value) != 0) {
            kernel_map_remove(start, i, false);
            return -ENOMEM;
        }
    }
    return 0;
}

void kernel_map_remove(vaddr_t start, size_t count, bool has_frames)
{
    assert(IS_ALIGNED(start, PAGE_SIZE));
    struct tlb_batch batch;
    tlb_batch_begin(&batch, &kernel_page_table);
    for (size_t i = 0; i < count; i++) {
        vaddr_t address = start + i * PAGE_SIZE;
        spin_lock(&kernel_page_table.lock);
        struct page_entry *entry = page_table_find(&kernel_page_table, address);
        assert(entry != NULL && page_entry_is_present(*entry));
        struct page_entry old = *entry;
        *entry = page_entry_none();
        spin_unlock(&kernel_page_table.lock);
        tlb_batch_add_page(&batch, address);
        if (has_frames &&
            tlb_batch_add_frame(&batch, frame_from_physical(page_entry_address(old, 0)))) {
            tlb_batch_flush(&batch);
        }
    }
    tlb_batch_flush(&batch);
}

// --- regions ---

// Links the region into the first hole that holds it.
static bool region_place_locked(struct kernel_region *region)
{
    assert(spin_is_held(&region_lock));
    vaddr_t start = KERNEL_REGION_BASE;
    size_t bytes = region->pages * PAGE_SIZE;
    struct kernel_region *next;
    list_for_each_entry(next, &regions, link) {
        if (next->start - start >= bytes) {
            break;
        }
        start = next->start + next->pages * PAGE_SIZE;
    }
    if (KERNEL_REGION_END - start < bytes) {
        return false;
    }
    region->start = start;
    list_add_tail(&next->link, &region->link); // before `next`, or at the list's end
    return true;
}

static struct kernel_region *region_create(size_t pages)
{
    struct kernel_region *region = heap_alloc(sizeof(*region));
    if (region == NULL) {
        return NULL;
    }
    region->pages = pages + 2;
    spin_lock(&region_lock);
    bool is_placed = region_place_locked(region);
    spin_unlock(&region_lock);
    if (!is_placed) {
        heap_free(region);
        return NULL;
    }
    return region;
}

static void region_destroy(struct kernel_region *region)
{
    spin_lock(&region_lock);
    list_remove(&region->link);
    spin_unlock(&region_lock);
    heap_free(region);
}

static vaddr_t region_memory(const struct kernel_region *region)
{
    return region->start + PAGE_SIZE;
}

static struct kernel_region *region_find(vaddr_t memory)
{
    struct kernel_region *region;
    struct kernel_region *found = NULL;
    spin_lock(&region_lock);
    list_for_each_entry(region, &regions, link) {
        if (region_memory(region) == memory) {
            found = region;
            break;
        }
    }
    spin_unlock(&region_lock);
    return found;
}

// --- users ---

void *kernel_map_alloc(size_t bytes)
{
    size_t pages = bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
    if (pages == 0 || pages > frame_total_count()) {
        return NULL;
    }
    struct kernel_region *region = region_create(pages);
    if (region == NULL) {
        return NULL;
    }
    if (kernel_map_frames(region_memory(region), pages, FRAME_KERNEL, FRAME_ZERO) != 0) {
        region_destroy(region);
        return NULL;
    }
    return (void *)region_memory(region);
}

void kernel_map_free(void *pointer)
{
    if (pointer == NULL) {
        return;
    }
    struct kernel_region *region = region_find((vaddr_t)pointer);
    assert_always(region != NULL);
    // The entries go, and are flushed on every CPU, before the region's addresses can be given out again.
    kernel_map_remove(region_memory(region), region->pages - 2, true);
    region_destroy(region);
}

vaddr_t kernel_map_device(paddr_t base, size_t bytes)
{
    assert(bytes != 0);
    size_t offset = base % PAGE_SIZE;
    size_t pages = (offset + bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    struct kernel_region *region = region_create(pages);
    if (region == NULL) {
        return 0;
    }
    unsigned rights = PAGE_READ | PAGE_WRITE | PAGE_GLOBAL | PAGE_UNCACHED;
    if (kernel_map_physical(region_memory(region), pages, base - offset, rights) != 0) {
        region_destroy(region);
        return 0;
    }
    return region_memory(region) + offset;
}

void kernel_unmap_device(vaddr_t address, size_t bytes)
{
    (void)bytes; // the region knows
    struct kernel_region *region = region_find(ALIGN_DOWN(address, PAGE_SIZE));
    assert_always(region != NULL);
    kernel_map_remove(region_memory(region), region->pages - 2, false);
    region_destroy(region);
}

void kernel_map_init(void)
{
    // The root's entry must exist before the first table copies the root.
    spin_lock(&kernel_page_table.lock);
    struct page_entry *entry = page_table_make_locked(&kernel_page_table, KERNEL_MAP_BASE);
    spin_unlock(&kernel_page_table.lock);
    assert_always(entry != NULL);
}
