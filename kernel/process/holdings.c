// What the kernel holds, read from the counters of memory/ (holdings.h). Descriptors, threads, processes and mounts are objects of
// caches, so they need no counts of their own. Left out is what the heap and the kernel's own page table keep once they had it.
#include "process/holdings.h"

#include "lib/assert.h"
#include "lib/macros.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "memory/page_table.h"
#include "scheduler/rcu.h"
#include "scheduler/work.h"
#include "vm/reclaim.h"

#if ASTRA_DEBUG

// A free may put off another one: of a name, then its file, then its file system.
enum { SETTLE_ROUNDS = 3 };

struct visit {
    void (*visit)(const char *name, size_t count, void *context);
    void *context;
};

void holdings_settle(void)
{
    vm_drop_caches();
    for (unsigned i = 0; i < SETTLE_ROUNDS; i++) {
        work_flush();
        rcu_synchronize();
    }
}

static bool visit_cache(const struct slab_cache *cache, void *context)
{
    const struct visit *visit = context;
    visit->visit(cache->name, slab_cache_used(cache), visit->context);
    return true;
}

void holdings_visit(void (*visit)(const char *name, size_t count, void *context), void *context)
{
    static const struct {
        const char *name;
        enum frame_kind kind;
    } kinds[] = {{"frames-kernel", FRAME_KERNEL},
                 {"frames-anonymous", FRAME_ANONYMOUS},
                 {"frames-page-cache", FRAME_PAGE_CACHE}};
    struct frame_statistics frames;
    frame_get_statistics(&frames);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        visit(kinds[i].name, frames.kind_frames[kinds[i].kind], context);
    }
    visit("frames-page-table",
          frames.kind_frames[FRAME_PAGE_TABLE] - kernel_page_table.table_frames, context);
    visit("stacks", kernel_stack_count(), context);
    slab_cache_visit(visit_cache, &(struct visit){visit, context});
}

#endif
