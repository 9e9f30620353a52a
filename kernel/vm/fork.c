// fork: a second address space that shows the same memory.
//
// One pass over the parent's areas and their present entries: pages are shared, those of private
// areas become read-only on both sides, and the parent's TLB is flushed once at the end. Areas that
// only show cached pages are not copied entry by entry: the child's faults find the pages again.
//
// Until the flush a thread of the parent may still write by a stale entry: to a page that the child
// will see. That is as if it had written before the fork, since the child does not run before the
// flush; and no copy of the page is made meanwhile, since faults wait for the mutex.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "vm/vm_internal.h"

enum { ENTRIES_PER_HOLD = 512 };

struct copy {
    struct address_space *child;
    struct area *area; // the parent's
    struct tlb_batch *batch;
    struct page_entry *child_entry; // of the page before `next`, NULL: look it up
    vaddr_t next;
    unsigned entries_left;
    int error;
};

// The child's entry for `address`; neighbours lie side by side in one table.
static struct page_entry *child_entry(struct copy *copy, vaddr_t address)
{
    bool is_same_table = copy->child_entry != NULL &&
                         (address ^ (copy->next - PAGE_SIZE)) >> page_levels[1].shift == 0;
    if (is_same_table) {
        return copy->child_entry + ((address - (copy->next - PAGE_SIZE)) >> PAGE_SHIFT);
    }
    return page_table_make_locked(copy->child->page_table, address);
}

static int copy_visit(struct page_entry *entry, vaddr_t address, unsigned level, void *context)
{
    struct copy *copy = context;
    assert(level == 0 && !(copy->area->flags & AREA_SHARED));
    (void)level;
    struct page_entry *target = child_entry(copy, address);
    if (target == NULL) {
        copy->error = -ENOMEM;
        return 1;
    }
    assert(page_entry_is_none(*target));
    copy->child_entry = target;
    copy->next = address + PAGE_SIZE;
    if (page_entry_is_writable(*entry)) {
        *entry = page_entry_without_write(*entry);
        tlb_batch_add_page(copy->batch, address);
    }
    struct frame *frame = frame_from_physical(page_entry_address(*entry, 0));
    if (frame != zero_frame) {
        frame_get(frame);
        atomic32_add(&frame->map_count, 1);
        atomic64_add(resident_counter(copy->child, frame), 1);
    }
    *target = *entry;
    return --copy->entries_left == 0;
}

static int copy_pages(struct copy *copy)
{
    struct page_table *parent = copy->area->space->page_table;
    struct page_table *child = copy->child->page_table;
    bool is_more = true;
    copy->next = copy->area->start;
    copy->child_entry = NULL;
    while (is_more && copy->error == 0) {
        copy->entries_left = ENTRIES_PER_HOLD;
        spin_lock(&parent->lock);
        spin_lock_nested(&child->lock, 1); // nobody else has it yet
        is_more =
            page_table_visit_locked(parent, copy->next, copy->area->end, copy_visit, copy) != 0;
        spin_unlock(&child->lock);
        spin_unlock(&parent->lock);
    }
    return copy->error;
}

// Of an area that shows an object only the private copies are the program's own; without any the child's faults find all.
static bool must_copy_pages(const struct area *area)
{
    if ((area->flags & AREA_WIPE_ON_FORK) || !(area->flags & AREA_TOUCHED)) {
        return false;
    }
    return area->cache == NULL || (area->flags & AREA_HAS_PRIVATE) != 0;
}

static int copy_area(struct copy *copy)
{
    if (copy->area->flags & AREA_NO_FORK) {
        return 0;
    }
    struct area *area = area_duplicate(copy->area, copy->child, copy->area->start, copy->area->end);
    if (area == NULL) {
        return -ENOMEM;
    }
    area->flags &= ~(unsigned)AREA_LOCKED; // locks are not inherited
    area_insert_locked(area);
    return must_copy_pages(copy->area) ? copy_pages(copy) : 0;
}

static void copy_description(struct address_space *child, const struct address_space *parent)
{
    child->break_start = parent->break_start;
    child->break_end = parent->break_end;
    child->code_start = parent->code_start;
    child->code_end = parent->code_end;
    child->data_start = parent->data_start;
    child->data_end = parent->data_end;
    child->argument_start = parent->argument_start;
    child->argument_end = parent->argument_end;
    child->environment_start = parent->environment_start;
    child->environment_end = parent->environment_end;
    child->executable = parent->executable;
    backing_get(&child->executable);
    child->saved_auxv_words = parent->saved_auxv_words;
    for (size_t i = 0; i < parent->saved_auxv_words; i++) {
        child->saved_auxv[i] = parent->saved_auxv[i];
    }
    child->limit_total = parent->limit_total;
    child->limit_data = parent->limit_data;
    child->limit_stack = parent->limit_stack;
    child->limit_locked = parent->limit_locked;
}

static int copy_areas(struct address_space *parent, struct address_space *child)
{
    struct tlb_batch batch;
    tlb_batch_begin(&batch, parent->page_table);
    struct copy copy = {.child = child, .batch = &batch};
    int error = 0;
    copy.area = area_find_locked(parent, 0);
    while (copy.area != NULL && error == 0) {
        error = copy_area(&copy);
        copy.area = area_next_locked(copy.area);
    }
    tlb_batch_flush(&batch);
    return error;
}

int address_space_clone(struct address_space *parent, struct address_space **result)
{
    const struct address_space_layout layout = {
        .map_base = parent->map_base,
        .stack_top = parent->stack_top,
    };
    struct address_space *child = address_space_create(&layout);
    if (child == NULL) {
        return -ENOMEM;
    }
    shared_mutex_lock(&parent->mutex);
    shared_mutex_lock_nested(&child->mutex, 1);
    copy_description(child, parent);
    int error = copy_areas(parent, child);
    shared_mutex_unlock(&child->mutex);
    shared_mutex_unlock(&parent->mutex);
    if (error != 0) {
        address_space_put(child);
        return error;
    }
    *result = child;
    return 0;
}
