// Areas: the tree of an address space, and what each of them counts for.
//
// Areas do not overlap; the tree is ordered by start. Neighbours that say the same are one area, so
// that /proc/<pid>/maps looks as a reader expects. An area of a page cache is also on the cache's
// list; its bounds and offset change under the cache's lock, since truncation walks that list.
//
// Every change of an area's size or flags goes through account(): total, data, stack, executable and
// locked pages of the space, and the system's committed pages.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "vm/vm_internal.h"

static struct slab_cache area_cache;
static struct atomic64 committed_pages; // [a]

void area_module_init(void)
{
    slab_cache_init(&area_cache, "area", sizeof(struct area), 8);
}

size_t area_committed_pages(void)
{
    return atomic64_load(&committed_pages);
}

static bool is_data(unsigned flags)
{
    return (flags & (AREA_WRITE | AREA_SHARED | AREA_GROWS_DOWN)) == AREA_WRITE;
}

// Adds (sign 1) or takes off (sign -1) the area's pages everywhere they count.
static void account(const struct area *area, int sign)
{
    assert(shared_mutex_is_held(&area->space->mutex));
    struct address_space *space = area->space;
    uint64_t pages = BYTES_TO_PAGES(area->end - area->start);
    assert(sign > 0 || space->total_pages >= pages);
    uint64_t change = sign > 0 ? pages : -pages;
    unsigned flags = area->flags;
    space->total_pages += change;
    if (is_data(flags)) {
        space->data_pages += change;
    }
    if (flags & AREA_GROWS_DOWN) {
        space->stack_pages += change;
    }
    if ((flags & (AREA_EXECUTE | AREA_WRITE)) == AREA_EXECUTE) {
        space->executable_pages += change;
    }
    if (flags & AREA_LOCKED) {
        space->locked_pages += change;
    }
    if ((flags & (AREA_WRITE | AREA_SHARED | AREA_NO_RESERVE)) == AREA_WRITE) {
        atomic64_add(&committed_pages, change);
    }
}

// --- life ---

struct area *area_create(struct address_space *space, const struct map_request *request,
                         vaddr_t start, vaddr_t end)
{
    assert(IS_ALIGNED(start | end, PAGE_SIZE) && start < end && end <= USER_TOP);
    assert(request->cache == NULL ||
           !(request->flags & AREA_GROWS_DOWN)); // its offset would fall below 0
    struct area *area = slab_alloc(&area_cache);
    if (area == NULL) {
        return NULL;
    }
    *area = (struct area){
        .start = start,
        .end = end,
        .flags = request->flags,
        .cache = request->cache,
        .offset = request->offset,
        .backing = request->backing,
        .space = space,
        .special_name = request->special_name,
    };
    backing_get(&area->backing);
    return area;
}

struct area *area_duplicate(const struct area *area, struct address_space *space, vaddr_t start,
                            vaddr_t end)
{
    assert(start < end && IS_ALIGNED(start | end, PAGE_SIZE));
    assert(start >= area->start && end <= area->end);
    struct area *copy = slab_alloc(&area_cache);
    if (copy == NULL) {
        return NULL;
    }
    *copy = *area;
    copy->space = space;
    copy->start = start;
    copy->end = end;
    copy->offset = area->offset + (start - area->start);
    backing_get(&copy->backing);
    return copy;
}

void area_destroy(struct area *area)
{
    backing_put(&area->backing);
    slab_free(&area_cache, area);
}

// --- the cache's list ---

bool area_is_writable_mapping(const struct area *area)
{
    return (area->flags & (AREA_SHARED | AREA_MAY_WRITE)) == (AREA_SHARED | AREA_MAY_WRITE);
}

static void cache_join(struct area *area)
{
    if (area->cache == NULL) {
        return;
    }
    spin_lock(&area->cache->lock);
    list_add_tail(&area->cache->areas, &area->cache_link);
    area->cache->writable_mappings += area_is_writable_mapping(area) ? 1 : 0;
    spin_unlock(&area->cache->lock);
}

void area_leave_cache(struct area *area)
{
    if (area->cache == NULL) {
        return;
    }
    spin_lock(&area->cache->lock);
    list_remove(&area->cache_link);
    assert(!area_is_writable_mapping(area) || area->cache->writable_mappings != 0);
    area->cache->writable_mappings -= area_is_writable_mapping(area) ? 1 : 0;
    spin_unlock(&area->cache->lock);
}

// --- the tree ---

static void tree_insert(struct area *area)
{
    assert(shared_mutex_is_held(&area->space->mutex));
    struct address_space *space = area->space;
    struct rb_node **link = &space->areas.node;
    struct rb_node *parent = NULL;
    while (*link != NULL) {
        parent = *link;
        struct area *other = rb_entry(parent, struct area, node);
        assert(area->end <= other->start || area->start >= other->end);
        link = area->start < other->start ? &parent->left : &parent->right;
    }
    rb_link_node(&area->node, parent, link);
    rb_insert_rebalance(&area->node, &space->areas);
    space->area_count++;
    account(area, 1);
}

void area_insert_locked(struct area *area)
{
    tree_insert(area);
    cache_join(area);
}

void area_remove_locked(struct area *area)
{
    assert(shared_mutex_is_held(&area->space->mutex) && area->space->area_count != 0);
    struct address_space *space = area->space;
    account(area, -1);
    space->area_count--;
    rb_erase(&area->node, &space->areas);
    if (space->last_found == area) {
        space->last_found = NULL;
    }
}

// The area found last is a hint that page faults set side by side. One that stands there is alive: areas go only while nobody else
// holds the lock, and take the hint with them.
struct area *area_find_locked(struct address_space *space, vaddr_t address)
{
    assert(shared_mutex_is_steady(&space->mutex));
    struct area *found = READ_ONCE(space->last_found);
    if (found != NULL && address >= found->start && address < found->end) {
        return found;
    }
    found = NULL;
    struct rb_node *node = space->areas.node;
    while (node != NULL) {
        struct area *area = rb_entry(node, struct area, node);
        if (address < area->end) {
            found = area;
            if (address >= area->start) {
                break;
            }
            node = node->left;
        } else {
            node = node->right;
        }
    }
    // Where threads look side by side, the word would only wander from cache to cache.
    if (found != NULL && atomic32_load(&space->mutex.lookers) <= 1) {
        WRITE_ONCE(space->last_found, found);
    }
    return found;
}

struct area *area_before_locked(struct address_space *space, vaddr_t address)
{
    assert(shared_mutex_is_steady(&space->mutex));
    struct area *found = NULL;
    struct rb_node *node = space->areas.node;
    while (node != NULL) {
        struct area *area = rb_entry(node, struct area, node);
        if (area->start < address) {
            found = area;
            node = node->right;
        } else {
            node = node->left;
        }
    }
    return found;
}

struct area *area_next_locked(struct area *area)
{
    assert(shared_mutex_is_steady(&area->space->mutex));
    return rb_entry_or_null(rb_next(&area->node), struct area, node);
}

struct area *area_previous_locked(struct area *area)
{
    assert(shared_mutex_is_steady(&area->space->mutex));
    return rb_entry_or_null(rb_prev(&area->node), struct area, node);
}

// --- changes ---

static void set_bounds(struct area *area, vaddr_t start, vaddr_t end)
{
    assert(start < end && IS_ALIGNED(start | end, PAGE_SIZE));
    area->offset += start - area->start;
    area->start = start;
    area->end = end;
}

// Under the cache's lock as well: who looks for the areas that show a page has that one alone, and needs bounds and offset of one moment.
void area_resize_locked(struct area *area, vaddr_t start, vaddr_t end)
{
    assert(shared_mutex_is_held(&area->space->mutex));
    account(area, -1);
    if (area->cache != NULL) {
        spin_lock(&area->cache->lock);
        set_bounds(area, start, end);
        spin_unlock(&area->cache->lock);
    } else {
        set_bounds(area, start, end);
    }
    account(area, 1);
}

// What an area counts for follows from its flags: it leaves the counts as it was and enters them as it is now.
void area_set_flags_locked(struct area *area, unsigned flags)
{
    assert(((area->flags ^ flags) & (AREA_SHARED | AREA_MAY_WRITE)) == 0);
    account(area, -1);
    area->flags = flags;
    account(area, 1);
}

int area_split_locked(struct area *area, vaddr_t address)
{
    assert(address > area->start && address < area->end);
    if (area->space->area_count >= AREAS_MAX) {
        return -ENOMEM;
    }
    struct area *upper = area_duplicate(area, area->space, address, area->end);
    if (upper == NULL) {
        return -ENOMEM;
    }
    // Truncation walks the cache's list beside this and must find every page: better in two areas than in none.
    cache_join(upper);
    area_resize_locked(area, area->start, address);
    tree_insert(upper);
    return 0;
}

// An area that shows an object must go on in it where the other one ends. Backings that count areas (System V's attachments) are
// never joined, since each area is one attachment to their owner.
static bool can_join(const struct area *low, const struct area *high)
{
    unsigned differing = (low->flags ^ high->flags) & ~AREA_FOUND_OUT;
    return low->end == high->start && differing == 0 && low->cache == high->cache &&
           (low->cache == NULL || low->offset + (low->end - low->start) == high->offset) &&
           low->backing.ops == high->backing.ops &&
           (low->backing.ops == NULL || !low->backing.ops->counts_areas) &&
           low->backing.object[0] == high->backing.object[0] &&
           low->backing.object[1] == high->backing.object[1] &&
           low->special_name == high->special_name;
}

// The lower one takes over the range of the higher one.
static void join(struct area *low, struct area *high)
{
    assert(low->end == high->start);
    vaddr_t end = high->end;
    unsigned flags = high->flags & AREA_FOUND_OUT;
    area_remove_locked(high);
    low->flags |= flags;
    area_resize_locked(low, low->start, end);
    area_leave_cache(high); // after the lower one has its range: as in area_split_locked
    area_destroy(high);
}

struct area *area_merge_locked(struct area *area)
{
    assert(shared_mutex_is_held(&area->space->mutex));
    struct area *next = area_next_locked(area);
    if (next != NULL && can_join(area, next)) {
        join(area, next);
    }
    struct area *previous = area_previous_locked(area);
    if (previous != NULL && can_join(previous, area)) {
        join(previous, area);
        area = previous;
    }
    return area;
}
