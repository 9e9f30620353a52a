// Page tables (Intel SDM 3A, 4.5) through one walker; page_levels of arch/ says how an address is cut.
//
// Every table shares the kernel's upper half by copying the root's entries when it is made: these
// never change after kernel_map_init, which makes the last of them. Tables are frames of kind
// FRAME_PAGE_TABLE. The record of a table that holds tables (level 1 and up) remembers in `index`
// between which slots its entries lie, so that tearing down does not look at 512 slots to find two.
//
// A table stays alive while a CPU has it loaded: the CPU holds a reference, so a kernel thread may
// borrow what ran before it. Locks: page_table.lock, rank PAGE_TABLE.
#include "memory/page_table_internal.h"

#include "lib/assert.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

struct page_table kernel_page_table;

static struct slab_cache table_cache;
PERCPU_DEFINE(struct page_table *, page_table_loaded);

// The root's slots in use above user space, found when the first table is made.
static uint16_t kernel_slots[16]; // [I]
static size_t kernel_slot_count;  // [I]

unsigned page_table_slot(vaddr_t address, unsigned level)
{
    assert(level < PAGE_LEVELS);
    return (unsigned)(address >> page_levels[level].shift) & (page_levels[level].entries - 1);
}

// The slots in use of a table of level 1 or more: lowest in the lower half of `index`, one past the
// highest in the upper.
static void bounds_widen(paddr_t table, unsigned slot)
{
    assert(slot < page_levels[ROOT_LEVEL].entries);
    struct frame *frame = frame_from_physical(table);
    uint32_t low = (uint32_t)frame->index;
    uint32_t end = (uint32_t)(frame->index >> 32);
    frame->index = (uint64_t)MAX(end, slot + 1) << 32 | (end == 0 ? slot : MIN(low, slot));
}

static unsigned bounds_low(paddr_t table)
{
    return (uint32_t)frame_from_physical(table)->index;
}

static unsigned bounds_end(paddr_t table)
{
    return (unsigned)(frame_from_physical(table)->index >> 32);
}

// --- life ---

// All CPUs count as users of the kernel's table: its half is in every other one, so whatever is loaded, its entries may be cached.
void page_table_init(void)
{
    refcount_init(&kernel_page_table.references, 1);
    kernel_page_table.root = mmu_root_current();
    spin_init(&kernel_page_table.lock, LOCK_RANK_PAGE_TABLE);
    atomic64_store(&kernel_page_table.active_cpus, ~0UL);
    slab_cache_init(&table_cache, "page_table", sizeof(struct page_table), 8);
    page_table_view_module_init();
}

static void kernel_slots_collect(void)
{
    const struct page_entry *root = page_table_entries(kernel_page_table.root);
    size_t count = 0;
    for (unsigned slot = page_table_slot(USER_TOP, ROOT_LEVEL) + 1;
         slot < page_levels[ROOT_LEVEL].entries; slot++) {
        if (!page_entry_is_none(root[slot])) {
            assert_always(count < ARRAY_SIZE(kernel_slots));
            kernel_slots[count++] = (uint16_t)slot;
        }
    }
    kernel_slot_count = count;
}

struct frame *page_table_root_create(void)
{
    struct frame *root = frame_alloc(0, FRAME_PAGE_TABLE, FRAME_ZERO);
    if (root == NULL) {
        return NULL;
    }
    root->index = 0;
    struct page_entry *entries = page_table_entries(frame_to_physical(root));
    const struct page_entry *kernel_entries = page_table_entries(kernel_page_table.root);
    for (size_t i = 0; i < kernel_slot_count; i++) {
        entries[kernel_slots[i]] = kernel_entries[kernel_slots[i]];
    }
    return root;
}

struct page_table *page_table_create(void)
{
    if (kernel_slot_count == 0) {
        kernel_slots_collect();
    }
    struct page_table *table = slab_alloc(&table_cache);
    if (table == NULL) {
        return NULL;
    }
    struct frame *root = page_table_root_create();
    if (root == NULL) {
        slab_free(&table_cache, table);
        return NULL;
    }
    *table = (struct page_table){
        .references = REFCOUNT_INIT(1),
        .root = frame_to_physical(root),
        .table_frames = 1,
    };
    spin_init(&table->lock, LOCK_RANK_PAGE_TABLE);
    return table;
}

void page_table_get(struct page_table *table)
{
    refcount_get(&table->references);
}

// Frees a table and all tables below it; the leaves' table (level 0) is not looked into.
static void subtree_free(paddr_t table, unsigned level)
{
    assert(frame_from_physical(table)->kind == FRAME_PAGE_TABLE);
    const struct page_entry *entries = page_table_entries(table);
    unsigned end = level > 0 ? bounds_end(table) : 0;
    for (unsigned slot = level > 0 ? bounds_low(table) : 0; slot < end; slot++) {
        if (page_entry_is_present(entries[slot])) {
            subtree_free(page_entry_address(entries[slot], level), level - 1);
        }
    }
    frame_put(frame_from_physical(table));
}

void page_table_put(struct page_table *table)
{
    if (refcount_put(&table->references)) {
        assert(table != &kernel_page_table);
        assert(atomic64_load(&table->active_cpus) ==
               0); // a CPU that has it loaded holds a reference
        if (table->views != NULL) {
            page_table_views_free(table->views);
        }
        subtree_free(table->root, ROOT_LEVEL);
        slab_free(&table_cache, table);
    }
}

void page_table_activate(struct page_table *table)
{
    assert(table->root != 0 && !interrupts_are_enabled());
    struct page_table **active = percpu_this(page_table_loaded);
    struct page_table *old = *active != NULL ? *active : &kernel_page_table;
    if (old == table) {
        return;
    }
    uint64_t this_cpu = BIT(cpu_number());
    // The order is what a shoot-down relies on (tlb_batch.c): our bit before the new root can bring entries in, the old bit away
    // only when the load has thrown the old entries out.
    *active = table;
    if (table != &kernel_page_table) {
        page_table_get(table);
        atomic64_set_bits(&table->active_cpus, this_cpu);
    }
    mmu_root_load(page_table_view_root(table));
    if (old != &kernel_page_table) {
        atomic64_clear_bits(&old->active_cpus, this_cpu);
        page_table_put(old);
    }
}

// --- the walker ---

struct page_entry *page_table_find(struct page_table *table, vaddr_t address)
{
    paddr_t current = table->root;
    for (unsigned level = ROOT_LEVEL; level > 0; level--) {
        struct page_entry entry = {
            READ_ONCE(page_table_entries(current)[page_table_slot(address, level)].value)};
        if (!page_entry_is_present(entry) || page_entry_is_leaf(entry, level)) {
            return NULL;
        }
        current = page_entry_address(entry, level);
    }
    return &page_table_entries(current)[page_table_slot(address, 0)];
}

// Hangs a new, empty table of `level` - 1 into the slot for `address`.
static bool table_add(struct page_table *table, paddr_t parent, unsigned level, vaddr_t address)
{
    assert(spin_is_held(&table->lock));
    struct frame *frame = frame_alloc(0, FRAME_PAGE_TABLE, FRAME_ZERO);
    if (frame == NULL) {
        return false;
    }
    frame->index = 0;
    unsigned slot = page_table_slot(address, level);
    assert(page_entry_is_none(page_table_entries(parent)[slot]));
    // In one store, after the table was cleared: the CPU's walker reads it without any lock, and x86 keeps the stores in order.
    WRITE_ONCE(page_table_entries(parent)[slot].value,
               page_entry_table(frame_to_physical(frame)).value);
    if (table != &kernel_page_table) {
        bounds_widen(parent, slot);
    }
    table->table_frames++;
    return true;
}

struct page_entry *page_table_make_locked(struct page_table *table, vaddr_t address)
{
    assert(spin_is_held(&table->lock));
    paddr_t current = table->root;
    for (unsigned level = ROOT_LEVEL; level > 0; level--) {
        struct page_entry *entry = &page_table_entries(current)[page_table_slot(address, level)];
        if (!page_entry_is_present(*entry) && !table_add(table, current, level, address)) {
            return NULL;
        }
        if (page_entry_is_leaf(*entry, level)) {
            return NULL;
        }
        current = page_entry_address(*entry, level);
    }
    return &page_table_entries(current)[page_table_slot(address, 0)];
}

struct visit {
    page_visit_function *function;
    void *context;
};

static int visit_table(paddr_t table, unsigned level, vaddr_t start, vaddr_t end,
                       const struct visit *visit)
{
    struct page_entry *entry = &page_table_entries(table)[page_table_slot(start, level)];
    uint64_t reach = 1UL << page_levels[level].shift;
    for (vaddr_t address = start, next; address < end; address = next, entry++) {
        next = MIN(ALIGN_DOWN(address, reach) + reach, end);
        if (page_entry_is_none(*entry)) {
            continue;
        }
        int result;
        if (level == 0 || page_entry_is_leaf(*entry, level)) {
            result = visit->function(entry, address, level, visit->context);
        } else {
            result =
                visit_table(page_entry_address(*entry, level), level - 1, address, next, visit);
        }
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

int page_table_visit_locked(struct page_table *table, vaddr_t start, vaddr_t end,
                            page_visit_function *visit, void *context)
{
    assert(spin_is_held(&table->lock) && end <= USER_TOP);
    const struct visit arguments = {visit, context};
    return visit_table(table->root, ROOT_LEVEL, start, end, &arguments);
}

struct prune {
    struct page_table *owner;
    struct tlb_batch *batch;
    vaddr_t gap_start, gap_end; // nothing is mapped there: a table whose reach lies within can go
};

// Takes tables out below one table (level 1 or more) that reach into [start, end). True: the batch is full.
static bool prune_table(const struct prune *prune, paddr_t table, unsigned level, vaddr_t start,
                        vaddr_t end)
{
    uint64_t reach = 1UL << page_levels[level].shift;
    unsigned first = MAX(page_table_slot(start, level), bounds_low(table));
    vaddr_t base = start & ~(reach * page_levels[level].entries - 1);
    for (unsigned slot = first; slot < bounds_end(table); slot++) {
        vaddr_t low = base + slot * reach;
        struct page_entry *entry = &page_table_entries(table)[slot];
        if (low >= end) {
            break;
        }
        if (page_entry_is_none(*entry)) {
            continue;
        }
        // What goes, goes with all that hangs below it.
        bool can_go = low >= prune->gap_start && low + reach <= prune->gap_end &&
                      (level < ROOT_LEVEL || prune->owner->views == NULL);
        paddr_t below = page_entry_address(*entry, level);
        if (level > 1 && prune_table(prune, below, level - 1, can_go ? low : MAX(low, start),
                                     can_go ? low + reach : MIN(low + reach, end))) {
            return true;
        }
        if (can_go) {
            *entry = page_entry_none();
            prune->owner->table_frames--;
            tlb_batch_add_page(prune->batch, low); // and what the CPU remembers of upper levels
            if (tlb_batch_add_table(prune->batch, frame_from_physical(below))) {
                return true;
            }
        }
    }
    return false;
}

bool page_table_prune_locked(struct page_table *table, vaddr_t start, vaddr_t end,
                             vaddr_t gap_start, vaddr_t gap_end, struct tlb_batch *batch)
{
    assert(spin_is_held(&table->lock) && gap_end <= USER_TOP);
    assert(gap_start <= start && end <= gap_end && batch->table == table);
    const struct prune prune = {table, batch, gap_start, gap_end};
    return start < end && prune_table(&prune, table->root, ROOT_LEVEL, start, end);
}

bool page_table_translate(struct page_table *table, vaddr_t address, struct page_entry *entry,
                          unsigned *level)
{
    paddr_t current = table->root;
    for (unsigned depth = PAGE_LEVELS; depth-- > 0;) {
        struct page_entry found = page_table_entries(current)[page_table_slot(address, depth)];
        if (!page_entry_is_present(found)) {
            return false;
        }
        if (page_entry_is_leaf(found, depth)) {
            *entry = found;
            *level = depth;
            return true;
        }
        current = page_entry_address(found, depth);
    }
    return false;
}
