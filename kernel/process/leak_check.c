// The last count of a debug kernel (holdings.h): everything that came after the base has to be gone when the machine ends.
//
// The base is what the kernel holds before it mounts the root: all that its own start allocated, kernel threads and the data of each
// CPU among it. Both counts are made by the boot thread, so that its own stack stands in both. No locks: nobody else runs by then.
#include "process/holdings.h"

#include "arch/cpu.h"
#include "interrupt/clock.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/log.h"
#include "memory/heap.h"
#include "memory/heap_debug.h"
#include "scheduler/thread.h"

#if ASTRA_DEBUG

// A thread that has just ended is reaped by another one, which may be on another CPU.
enum { HOLDINGS_MAX = 128, TRACES_MAX = 4, ROUNDS = 50 };

enum group { GROUP_FRAMES, GROUP_OBJECTS, GROUP_DESCRIPTORS, GROUP_THREADS, GROUP_COUNT };

struct comparison {
    size_t index;                    // of the holding that is looked at
    size_t differences[GROUP_COUNT]; // sums of what is too much or too little
    bool shows;
};

static size_t base[HOLDINGS_MAX]; // by the order of holdings_visit; caches made later held nothing
static uint64_t base_timestamp;

static void base_take(const char *name, size_t count, void *context)
{
    size_t *index = context;
    (void)name;
    assert_always(*index < HOLDINGS_MAX);
    base[(*index)++] = count;
}

void leak_check_begin(void)
{
    size_t index = 0;
    holdings_settle();
    holdings_visit(base_take, &index);
    base_timestamp = cpu_timestamp();
}

static enum group group_of(const char *name)
{
    static const struct {
        const char *name;
        enum group group;
    } groups[] = {
        {"open_file", GROUP_DESCRIPTORS},    {"descriptor_table", GROUP_DESCRIPTORS},
        {"stacks", GROUP_THREADS},           {"task", GROUP_THREADS},
        {"frames-kernel", GROUP_FRAMES},     {"frames-anonymous", GROUP_FRAMES},
        {"frames-page-cache", GROUP_FRAMES}, {"frames-page-table", GROUP_FRAMES},
    };
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (strcmp(groups[i].name, name) == 0) {
            return groups[i].group;
        }
    }
    return GROUP_OBJECTS;
}

static bool cache_show_held(const struct slab_cache *cache, void *context)
{
    if (strcmp(cache->name, context) != 0) {
        return true;
    }
    heap_debug_show_held((struct slab_cache *)(uintptr_t)cache, base_timestamp, TRACES_MAX);
    return false;
}

static void compare(const char *name, size_t count, void *context)
{
    struct comparison *comparison = context;
    size_t before = base[comparison->index++];
    if (count == before) {
        return;
    }
    comparison->differences[group_of(name)] += count > before ? count - before : before - count;
    if (comparison->shows) {
        log_write(LOG_EMERGENCY, "leak check: %s: %zu held, %zu at the start", name, count, before);
        slab_cache_visit(cache_show_held, (void *)(uintptr_t)name);
    }
}

static bool is_equal(struct comparison *comparison)
{
    size_t sum = 0;
    holdings_visit(compare, comparison);
    for (unsigned i = 0; i < GROUP_COUNT; i++) {
        sum += comparison->differences[i];
    }
    return sum == 0;
}

bool leak_check_passes(void)
{
    struct comparison comparison = {0};
    bool passes = false;
    for (unsigned round = 0; round < ROUNDS && !passes; round++) {
        if (round > 0) {
            thread_sleep_until(clock_monotonic_ns() + 10 * NS_PER_MS, false);
        }
        holdings_settle();
        comparison = (struct comparison){0};
        passes = is_equal(&comparison);
    }
    const size_t *differences = comparison.differences;
    log_write(passes ? LOG_NOTICE : LOG_EMERGENCY,
              "leak check: frames %zu, objects %zu, descriptors %zu, threads %zu",
              differences[GROUP_FRAMES], differences[GROUP_OBJECTS], differences[GROUP_DESCRIPTORS],
              differences[GROUP_THREADS]);
    if (!passes) {
        comparison = (struct comparison){.shows = true};
        (void)is_equal(&comparison);
    }
    return passes;
}

#endif
