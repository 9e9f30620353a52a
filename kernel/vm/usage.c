// What areas have in memory, page by page: the numbers of /proc/<pid>/smaps and pagemap.
//
// Pages are looked at through their entries, a bounded number in one hold of the page table's lock, so a view of a large area is
// no snapshot: the mutex keeps the areas, not the other programs that map the same pages.
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "vm/vm_internal.h"

enum { ENTRIES_PER_HOLD = 512 };

struct usage_visit {
    struct area_usage *usage;
    vaddr_t next; // where to go on after a stop
    unsigned entries_left;
};

static void usage_add_share(struct area_usage *usage, const struct frame *frame, uint64_t share,
                            bool is_dirty)
{
    usage->share += share;
    usage->share_dirty += is_dirty ? share : 0;
    if (frame->kind == FRAME_ANONYMOUS) {
        usage->share_anonymous += share;
    } else if ((atomic32_load(&frame->flags) & FRAME_SHARED) != 0) {
        usage->share_memory += share;
    } else {
        usage->share_file += share;
    }
}

static void usage_add_page(struct area_usage *usage, const struct frame *frame,
                           struct page_entry entry)
{
    unsigned mapped = MAX(atomic32_load(&frame->map_count), 1U);
    bool is_anonymous = frame->kind == FRAME_ANONYMOUS;
    bool is_dirty = is_anonymous || page_entry_is_dirty(entry) ||
                    (atomic32_load(&frame->flags) & FRAME_DIRTY) != 0;
    usage->present++;
    usage->anonymous += is_anonymous ? 1 : 0;
    usage->referenced += page_entry_is_accessed(entry) ? 1 : 0;
    if (mapped > 1) {
        *(is_dirty ? &usage->shared_dirty : &usage->shared_clean) += 1;
    } else {
        *(is_dirty ? &usage->private_dirty : &usage->private_clean) += 1;
    }
    usage_add_share(usage, frame, ((uint64_t)PAGE_SIZE << AREA_SHARE_SHIFT) / mapped, is_dirty);
}

static int usage_visit_entry(struct page_entry *entry, vaddr_t address, unsigned level,
                             void *context)
{
    struct usage_visit *visit = context;
    (void)level;
    const struct frame *frame = frame_from_physical(page_entry_address(*entry, 0));
    if (frame != zero_frame) {
        usage_add_page(visit->usage, frame, *entry);
    }
    visit->next = address + PAGE_SIZE;
    return --visit->entries_left == 0;
}

void area_usage_add_locked(struct area *area, struct area_usage *usage)
{
    assert(shared_mutex_is_held(&area->space->mutex));
    assert(area->start < area->end);
    struct usage_visit visit = {.usage = usage, .next = area->start};
    struct page_table *table = area->space->page_table;
    bool is_more = true;
    while (is_more) {
        visit.entries_left = ENTRIES_PER_HOLD;
        spin_lock(&table->lock);
        is_more =
            page_table_visit_locked(table, visit.next, area->end, usage_visit_entry, &visit) != 0;
        spin_unlock(&table->lock);
    }
}

struct states_visit {
    vaddr_t start;
    struct page_state *states;
};

static int states_visit_entry(struct page_entry *entry, vaddr_t address, unsigned level,
                              void *context)
{
    const struct states_visit *visit = context;
    (void)level;
    paddr_t physical = page_entry_address(*entry, 0);
    const struct frame *frame = frame_from_physical(physical);
    if (frame == zero_frame) {
        return 0;
    }
    visit->states[(address - visit->start) >> PAGE_SHIFT] = (struct page_state){
        .frame = physical >> PAGE_SHIFT,
        .is_present = true,
        .is_file = frame->kind != FRAME_ANONYMOUS,
        .is_exclusive = atomic32_load(&frame->map_count) == 1,
    };
    return 0;
}

void address_space_page_states(struct address_space *space, vaddr_t start, size_t count,
                               struct page_state *states)
{
    assert(IS_ALIGNED(start, PAGE_SIZE) && count <= ENTRIES_PER_HOLD);
    const struct states_visit visit = {start, states};
    memset(states, 0, count * sizeof(*states));
    shared_mutex_lock(&space->mutex);
    spin_lock(&space->page_table->lock);
    page_table_visit_locked(space->page_table, start, start + count * PAGE_SIZE, states_visit_entry,
                            (void *)(uintptr_t)&visit);
    spin_unlock(&space->page_table->lock);
    shared_mutex_unlock(&space->mutex);
}
