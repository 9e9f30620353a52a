// From cached pages to the page tables that map them: by the cache's list of areas.
//
// The list and the areas' bounds are under cache->lock, entries under each page table's lock, taken
// inside. TLB batches are flushed with neither held: when one is full, both are dropped and the walk
// starts again, which finds the entries that it took away already gone.
#include "lib/assert.h"
#include "lib/macros.h"
#include "vm/page_cache_internal.h"
#include "vm/vm_internal.h"

struct page_walk {
    struct page_cache *cache;
    struct area *area;
    struct tlb_batch *batch;
    bool private_copies;
};

typedef page_visit_function walk_function;

static int unmap_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    struct page_walk *walk = context;
    (void)level;
    const struct frame *frame = frame_from_physical(page_entry_address(*entry, 0));
    if (frame->kind == FRAME_ANONYMOUS && !walk->private_copies) {
        return 0;
    }
    return zap_entry_locked(walk->area->space, entry, address, walk->batch);
}

static int protect_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    struct page_walk *walk = context;
    (void)level;
    const struct frame *frame = frame_from_physical(page_entry_address(*entry, 0));
    if (frame->kind == FRAME_PAGE_CACHE && page_entry_is_writable(*entry)) {
        *entry = page_entry_without_write(*entry);
        tlb_batch_add_page(walk->batch, address);
    }
    return 0;
}

// The part of the area that shows the pages [first, end). False: none.
static bool area_part(const struct area *area, uint64_t first, uint64_t end, vaddr_t *low,
                      vaddr_t *high)
{
    uint64_t area_first = area->offset >> PAGE_SHIFT;
    uint64_t area_end = area_first + BYTES_TO_PAGES(area->end - area->start);
    first = MAX(first, area_first);
    end = MIN(end, area_end);
    if (first >= end) {
        return false;
    }
    *low = area->start + ((first - area_first) << PAGE_SHIFT);
    *high = area->start + ((end - area_first) << PAGE_SHIFT);
    return true;
}

// One area; true: the batch is full and the walk must be broken off.
static bool walk_area(struct page_walk *walk, uint64_t first, uint64_t end, walk_function *visit)
{
    vaddr_t low, high;
    if (!area_part(walk->area, first, end, &low, &high)) {
        return false;
    }
    struct page_table *table = walk->area->space->page_table;
    spin_lock(&table->lock);
    int stopped = page_table_visit_locked(table, low, high, visit, walk);
    spin_unlock(&table->lock);
    return stopped != 0;
}

// A batch belongs to one table, so it is flushed after each area that filled some of it.
static bool batch_is_empty(const struct tlb_batch *batch)
{
    return batch->frame_count == 0 && batch->start >= batch->end;
}

static void walk_areas(struct page_walk *walk, uint64_t first, uint64_t end, walk_function *visit)
{
    assert(first < end);
    bool is_more = true;
    while (is_more) {
        struct page_table *table = NULL;
        is_more = false;
        spin_lock(&walk->cache->lock);
        list_for_each_entry(walk->area, &walk->cache->areas, cache_link) {
            tlb_batch_begin(walk->batch, walk->area->space->page_table);
            (void)walk_area(walk, first, end, visit);
            if (!batch_is_empty(walk->batch)) {
                table = walk->batch->table;
                page_table_get(table);
                is_more = true;
                break;
            }
        }
        spin_unlock(&walk->cache->lock);
        if (table != NULL) {
            tlb_batch_flush(walk->batch);
            page_table_put(table);
        }
    }
}

void page_cache_unmap(struct page_cache *cache, uint64_t first, uint64_t end, bool private_copies)
{
    struct tlb_batch batch;
    struct page_walk walk = {.cache = cache, .batch = &batch, .private_copies = private_copies};
    walk_areas(&walk, first, end, unmap_visit);
}

void page_cache_protect(struct page_cache *cache, uint64_t index)
{
    struct tlb_batch batch;
    struct page_walk walk = {.cache = cache, .batch = &batch};
    walk_areas(&walk, index, index + 1, protect_visit);
}
