// Address spaces: their life from exec or fork to the last user's exit.
#include "vm/address_space.h"

#include "lib/assert.h"
#include "memory/heap.h"
#include "vm/vm_internal.h"

static struct slab_cache space_cache;

void address_space_module_init(void)
{
    slab_cache_init(&space_cache, "address_space", sizeof(struct address_space), 8);
}

struct address_space *address_space_create(const struct address_space_layout *layout)
{
    static struct atomic64 last_serial;
    struct address_space *space = slab_alloc_zeroed(&space_cache);
    if (space == NULL) {
        return NULL;
    }
    space->page_table = page_table_create();
    if (space->page_table == NULL) {
        slab_free(&space_cache, space);
        return NULL;
    }
    refcount_init(&space->references, 1);
    shared_mutex_init(&space->mutex, LOCK_RANK_ADDRESS_SPACE);
    rb_init(&space->areas);
    space->serial = atomic64_add(&last_serial, 1);
    space->map_base = layout->map_base;
    space->stack_top = layout->stack_top;
    space->limit_total = UINT64_MAX;
    space->limit_data = UINT64_MAX;
    space->limit_stack = UINT64_MAX;
    space->limit_locked = UINT64_MAX;
    return space;
}

void address_space_get(struct address_space *space)
{
    refcount_get(&space->references);
}

// No thread runs in it any more, so nobody can use a stale TLB entry and nothing is flushed: a CPU
// that still has the table loaded runs kernel code and drops it at its next switch.
static void unmap_everything(struct address_space *space)
{
    struct tlb_batch batch;
    tlb_batch_begin(&batch, NULL);
    shared_mutex_lock(&space->mutex);
    struct rb_node *node;
    while ((node = space->areas.node) != NULL) {
        struct area *area = rb_entry(node, struct area, node);
        if (area->flags & AREA_TOUCHED) {
            zap_range(space, area->start, area->end, &batch);
        }
        area_remove_locked(area);
        area_leave_cache(area);
        area_destroy(area);
    }
    assert(space->area_count == 0);
    shared_mutex_unlock(&space->mutex);
    tlb_batch_flush(&batch);
}

void address_space_put(struct address_space *space)
{
    if (!refcount_put(&space->references)) {
        return;
    }
    unmap_everything(space);
    // What is not back at zero was counted on one side only: the areas' pages, or the pages that were there.
    assert(space->total_pages == 0 && space->data_pages == 0 && space->locked_pages == 0);
    assert(atomic64_load(&space->resident_anonymous) == 0);
    assert(atomic64_load(&space->resident_file) == 0 &&
           atomic64_load(&space->resident_shared) == 0);
    backing_put(&space->executable);
    page_table_put(space->page_table);
    slab_free(&space_cache, space);
}
