// From cached pages to the page tables that map them: by the cache's list of areas.
//
// The list and the areas' bounds are under cache->lock, entries under each page table's lock, taken
// inside. Both are held for a bounded number of areas and entries; TLB batches are flushed with
// neither held. A marker, an area of no space, keeps the walk's place in the list meanwhile, and the
// index of the next page its place in the area behind the marker. Should that area have gone and
// another have come in its place, nothing is missed: a page that leaves the cache is out of its tree
// before the walk begins, so no new area shows it.
#include "lib/assert.h"
#include "lib/macros.h"
#include "vm/page_cache_internal.h"
#include "vm/vm_internal.h"

struct page_walk {
    struct page_cache *cache;
    struct area *area;
    struct tlb_batch *batch;
    bool private_copies;
    uint64_t first, end; // [first, end): the pages
    const struct area *stopped_in;
    uint64_t next;         // in `stopped_in`: the page to go on with
    vaddr_t visited;       // the last address that was looked at
    unsigned entries_left; // of this hold
};

enum { AREAS_PER_HOLD = 64, ENTRIES_PER_HOLD = 512 };

typedef page_visit_function walk_function;

// Counts an entry; true: enough for one hold.
static bool walk_count(struct page_walk *walk, vaddr_t address)
{
    walk->visited = address;
    return --walk->entries_left == 0;
}

static int unmap_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    struct page_walk *walk = context;
    assert(level == 0 && spin_is_held(&walk->cache->lock));
    (void)level;
    const struct frame *frame = frame_from_physical(page_entry_address(*entry, 0));
    bool is_enough = walk_count(walk, address);
    if (frame->kind == FRAME_ANONYMOUS && !walk->private_copies) {
        return is_enough;
    }
    bool is_full =
        zap_entry_locked(walk->area->space, entry, page_entry_none(), address, walk->batch);
    return is_full || is_enough;
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
    return walk_count(walk, address);
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

// What is left of one area. False: it must be gone on with in another hold.
static bool walk_area(struct page_walk *walk, walk_function *visit)
{
    vaddr_t low, high;
    const struct area *area = walk->area;
    assert(area->cache == walk->cache && area->space != NULL);
    uint64_t first = area == walk->stopped_in ? MAX(walk->next, walk->first) : walk->first;
    walk->stopped_in = NULL;
    if (!area_part(area, first, walk->end, &low, &high)) {
        return true;
    }
    struct page_table *table = area->space->page_table;
    tlb_batch_begin(walk->batch, table);
    spin_lock(&table->lock);
    int is_stopped = page_table_visit_locked(table, low, high, visit, walk);
    spin_unlock(&table->lock);
    if (is_stopped != 0) {
        walk->stopped_in = area;
        walk->next = (area->offset + (walk->visited - area->start) + PAGE_SIZE) >> PAGE_SHIFT;
    }
    return is_stopped == 0;
}

// A batch belongs to one table, so it is flushed after each area that filled some of it.
static bool batch_is_empty(const struct tlb_batch *batch)
{
    return batch->table == NULL || tlb_batch_is_empty(batch);
}

static bool area_is_marker(const struct area *area)
{
    return area->space == NULL;
}

// Goes on behind the marker until a batch must be flushed or it was enough for one hold. False: that was the end of the list, and
// the marker has left it.
static bool walk_some_locked(struct page_walk *walk, struct area *marker, walk_function *visit)
{
    struct list_head *areas = &walk->cache->areas;
    struct list_head *link = marker->cache_link.next;
    bool goes_on = true;
    assert(spin_is_held(&walk->cache->lock));
    for (unsigned i = 0; i < AREAS_PER_HOLD && goes_on && link != areas; i++) {
        walk->area = list_entry(link, struct area, cache_link);
        bool is_done = area_is_marker(walk->area) || walk_area(walk, visit);
        link = is_done ? link->next : link;
        goes_on = is_done && batch_is_empty(walk->batch);
    }
    list_remove(&marker->cache_link);
    if (link == areas) {
        return false;
    }
    list_add_tail(link, &marker->cache_link); // before it
    return true;
}

static no_lock_analysis void walk_areas(struct page_walk *walk, walk_function *visit)
{
    struct area marker = {.space = NULL};
    struct page_cache *cache = walk->cache;
    bool is_more = true;
    spin_lock(&cache->lock);
    list_add_head(&cache->areas, &marker.cache_link);
    while (is_more) {
        struct page_table *table = NULL;
        tlb_batch_begin(walk->batch, NULL);
        walk->entries_left = ENTRIES_PER_HOLD;
        is_more = walk_some_locked(walk, &marker, visit);
        if (!batch_is_empty(walk->batch)) {
            table = walk->batch->table;
            page_table_get(table);
        }
        spin_unlock(&cache->lock);
        if (table != NULL) {
            tlb_batch_flush(walk->batch);
            page_table_put(table);
        }
        if (is_more) {
            spin_lock(&cache->lock);
        }
    }
}

void page_cache_unmap(struct page_cache *cache, uint64_t first, uint64_t end, bool private_copies)
{
    struct tlb_batch batch;
    struct page_walk walk = {
        .cache = cache,
        .batch = &batch,
        .private_copies = private_copies,
        .first = first,
        .end = end,
    };
    walk_areas(&walk, unmap_visit);
}

void page_cache_protect(struct page_cache *cache, uint64_t index)
{
    struct tlb_batch batch;
    struct page_walk walk = {.cache = cache, .batch = &batch, .first = index, .end = index + 1};
    walk_areas(&walk, protect_visit);
}
