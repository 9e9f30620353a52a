// Views: how a CPU is left out of flushes of memory that it never looked at.
//
// Threads of one program share its page table, so each unmapping has to be flushed on every CPU that runs one of them, though most
// of what a thread maps is touched by that thread alone. The hardware does not tell who has looked at an entry. But a CPU cannot
// have looked at what its root does not lead to: once a flush has gone to another CPU, every CPU that faults gets a root of its own,
// empty at first, and a slot of the root (512 GiB) is copied from the table's root when the CPU faults there. `viewers` says for
// each slot which of these CPUs show it, and flushes go to them and to those that still load the table's own root. vm/map.c places
// what different threads map in different slots.
//
// Below the roots all is shared, so nothing ever has to be changed in more than one place but a slot, and a slot changes only from
// empty to a table that then stays: while there are views the last level of tables is not pruned.
//
// The protocol is that of active_cpus (tlb_batch.c): a CPU enters itself as a viewer before it copies the slot, a change is written
// before the viewers are read, and between the two stands a full barrier on both sides. So either the flush goes to the CPU, or the
// CPU walks tables that have changed already. A CPU leaves the viewers only when its TLB has nothing of the slot any more.
//
// A thread that moves to another CPU would be shown by both for ever. So views start empty again: every few times that they are
// loaded, and when flushes have gone to the CPU several times without that. It asks again for what it still uses, by a fault each.
#include "memory/page_table_internal.h"

#include "arch/upcalls.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "sync/preempt.h"

enum {
    USER_SLOTS = 256, // of the root
    SLOT_WORDS = USER_SLOTS / 64,
    LOADS_PER_VIEW = 16,
    FLUSHES_PER_VIEW = 8,
};

// Of one CPU, which alone changes it.
struct view {
    paddr_t root;
    uint64_t shown[SLOT_WORDS]; // slots of the root that are not empty
    unsigned loads;             // since it was empty
    unsigned flushes;           // as well; a hint, counted by those who flush
};

struct page_table_views {
    struct view
        *views[CPU_MAX];  // [o] each set once, by its CPU; NULL: it loads the table's own root
    struct atomic64 cpus; // [a] that have one
    struct atomic64 viewers[USER_SLOTS]; // [a] CPUs among `cpus` that show the slot
};

static struct slab_cache views_cache, view_cache;

void page_table_view_module_init(void)
{
    slab_cache_init(&views_cache, "page_table_views", sizeof(struct page_table_views), 8);
    slab_cache_init(&view_cache, "page_table_view", sizeof(struct view), 8);
}

void page_table_views_free(struct page_table_views *views)
{
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        if (views->views[cpu] != NULL) {
            frame_put(frame_from_physical(views->views[cpu]->root));
            slab_free(&view_cache, views->views[cpu]);
        }
    }
    slab_free(&views_cache, views);
}

static struct page_table_views *views_of(const struct page_table *table)
{
    return __atomic_load_n(&table->views, __ATOMIC_ACQUIRE);
}

static struct view *view_of_cpu(const struct page_table *table, unsigned cpu)
{
    const struct page_table_views *views = views_of(table);
    return views != NULL ? __atomic_load_n(&views->views[cpu], __ATOMIC_ACQUIRE) : NULL;
}

// This CPU shows nothing any more; what it has in the TLB still counts, so it stays a viewer.
static void view_clear(const struct view *view)
{
    struct page_entry *root = page_table_entries(view->root);
    for (unsigned word = 0; word < SLOT_WORDS; word++) {
        for (uint64_t bits = view->shown[word]; bits != 0; bits &= bits - 1) {
            unsigned slot = word * 64 + (unsigned)__builtin_ctzll(bits);
            WRITE_ONCE(root[slot].value, page_entry_none().value);
        }
    }
}

// After view_clear, when the TLB has forgotten it all.
static void view_leave(struct page_table *table, struct view *view)
{
    struct atomic64 *viewers = views_of(table)->viewers;
    for (unsigned word = 0; word < SLOT_WORDS; word++) {
        for (uint64_t bits = view->shown[word]; bits != 0; bits &= bits - 1) {
            unsigned slot = word * 64 + (unsigned)__builtin_ctzll(bits);
            atomic64_clear_bits(&viewers[slot], BIT(cpu_number()));
        }
        view->shown[word] = 0;
    }
    view->loads = 0;
    WRITE_ONCE(view->flushes, 0);
}

paddr_t page_table_view_root(struct page_table *table)
{
    assert(!interrupts_are_enabled());
    struct view *view = view_of_cpu(table, cpu_number());
    if (view == NULL) {
        return table->root;
    }
    if (++view->loads == LOADS_PER_VIEW) {
        view_clear(view);
        view_leave(table, view);
    }
    return view->root;
}

void upcall_flush_user(void)
{
    assert(!interrupts_are_enabled());
    struct page_table *table = *percpu_this(page_table_loaded);
    struct view *view = table != NULL ? view_of_cpu(table, cpu_number()) : NULL;
    if (view != NULL) {
        view_clear(view);
    }
    tlb_flush_user_local();
    if (view != NULL) {
        view_leave(table, view);
    }
}

bool page_table_note_flush(const struct page_table *table, unsigned cpu)
{
    struct view *view = view_of_cpu(table, cpu);
    if (view == NULL) {
        return false;
    }
    unsigned flushes = READ_ONCE(view->flushes) + 1;
    WRITE_ONCE(view->flushes, flushes);
    return flushes >= FLUSHES_PER_VIEW;
}

uint64_t page_table_viewers(struct page_table *table, vaddr_t start, vaddr_t end, uint64_t cpus)
{
    assert(start < end && end <= USER_TOP);
    struct page_table_views *views = views_of(table);
    if (views == NULL) {
        return cpus;
    }
    uint64_t viewers = ~atomic64_load(&views->cpus);
    for (unsigned slot = page_table_slot(start, ROOT_LEVEL);
         slot <= page_table_slot(end - 1, ROOT_LEVEL); slot++) {
        viewers |= atomic64_load(&views->viewers[slot]);
    }
    return cpus & viewers;
}

// Published under the lock: page_table_prune_locked asks there.
static struct page_table_views *views_make(struct page_table *table)
{
    struct page_table_views *made = slab_alloc_zeroed(&views_cache);
    if (made == NULL) {
        return NULL;
    }
    spin_lock(&table->lock);
    struct page_table_views *views = table->views;
    if (views == NULL) {
        views = made;
        __atomic_store_n(&table->views, made, __ATOMIC_RELEASE);
    }
    spin_unlock(&table->lock);
    if (views != made) {
        slab_free(&views_cache, made);
    }
    return views;
}

static struct view *view_make(void)
{
    struct view *view = slab_alloc_zeroed(&view_cache);
    struct frame *root = view != NULL ? page_table_root_create() : NULL;
    if (view != NULL && root == NULL) {
        slab_free(&view_cache, view);
        return NULL;
    }
    if (view != NULL) {
        view->root = frame_to_physical(root);
    }
    return view;
}

// From now on this CPU has a view, which shows nothing. What its TLB has goes as the root is loaded; only then is it left out of
// flushes.
static struct view *view_begin(struct page_table *table)
{
    struct page_table_views *views = views_of(table);
    views = views != NULL ? views : views_make(table);
    struct view *view = views != NULL ? view_make() : NULL;
    if (view != NULL) {
        assert(views->views[cpu_number()] == NULL);
        mmu_root_load(view->root);
        __atomic_store_n(&views->views[cpu_number()], view, __ATOMIC_RELEASE);
        atomic64_set_bits(&views->cpus, BIT(cpu_number()));
    }
    return view;
}

// False: the table itself has nothing there, or it is shown already.
static bool view_widen(struct page_table *table, struct view *view, unsigned slot)
{
    struct page_entry *shown = &page_table_entries(view->root)[slot];
    const struct page_entry *entry = &page_table_entries(table->root)[slot];
    if (!page_entry_is_none(*shown) || READ_ONCE(entry->value) == page_entry_none().value) {
        return false;
    }
    view->shown[slot / 64] |= BIT(slot % 64);
    atomic64_set_bits(&views_of(table)->viewers[slot], BIT(cpu_number()));
    WRITE_ONCE(shown->value, READ_ONCE(entry->value));
    return true;
}

bool page_table_widen_view(struct page_table *table, vaddr_t address, bool may_begin)
{
    assert(address < USER_TOP);
    bool is_wider = false;
    interrupts_block();
    if (page_table_is_loaded(table)) {
        struct view *view = view_of_cpu(table, cpu_number());
        if (view == NULL && may_begin) {
            view = view_begin(table);
        }
        is_wider = view != NULL && view_widen(table, view, page_table_slot(address, ROOT_LEVEL));
    }
    interrupts_unblock();
    return is_wider;
}
