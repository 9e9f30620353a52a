/*
 * /proc/slabinfo, version 2.1: one line for each cache of objects. What lies in the CPUs' stocks counts as active, as it does for
 * the slabs. The numbers are read without the caches' locks: each is right by itself, a line may mix two moments.
 */
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/text.h"
#include "memory/heap.h"
#include "sync/atomic.h"

static bool show_cache(const struct slab_cache *cache, void *context)
{
    struct text_buffer *text = context;
    assert(cache->name != NULL && cache->objects_per_slab != 0);
    unsigned long long slabs = READ_ONCE(cache->slab_count);
    text_format(text,
                "%-17s %6llu %6llu %6u %4u %4u : tunables %4u %4u %4u : slabdata %6llu %6llu %6u\n",
                cache->name, (unsigned long long)READ_ONCE(cache->allocated_objects),
                slabs * cache->objects_per_slab, cache->stride_bytes, cache->objects_per_slab,
                1U << cache->slab_order, 0, 0, 0, slabs, slabs, 0);
    return true;
}

int proc_show_slabinfo(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "slabinfo - version: 2.1\n"
                          "# name            <active_objs> <num_objs> <objsize> <objperslab> "
                          "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : "
                          "slabdata <active_slabs> <num_slabs> <sharedavail>\n");
    slab_cache_visit(show_cache, text);
    return 0;
}
