// Poison, red zones and traces of heap objects (debug kernels; see heap_debug.h).
//
// Behind an object stands a record: the red zone, whether the object is allocated, and the return
// addresses of the last allocation and the last release. The first word of a free object is the
// slab's chain; all others hold POISON_FREE. The owner of the object owns its record, so no lock.
#include "memory/heap_debug.h"

#if ASTRA_DEBUG

#    include "arch/cpu.h"
#    include "lib/assert.h"
#    include "lib/macros.h"
#    include "lib/string.h"
#    include "log/backtrace.h"
#    include "log/log.h"
#    include "log/panic.h"
#    include "log/symbols.h"
#    include "memory/frame_internal.h"
#    include "memory/heap_internal.h"

enum { TRACE_DEPTH = 6 };

#    define POISON_FREE      0x6b6b6b6b6b6b6b6bUL
#    define POISON_ALLOCATED 0xa5
#    define RED_ZONE         0x5265645a6f6e6521UL
#    define STATE_ALLOCATED  0x416c6c6f63617465UL
#    define STATE_FREE       0x4672656564467265UL

struct object_record {
    uint64_t red_zone;
    uint64_t state;
    uint64_t allocated_at; // cpu_timestamp
    uint64_t allocated_by[TRACE_DEPTH];
    uint64_t freed_by[TRACE_DEPTH];
};

static size_t record_offset(size_t object_bytes)
{
    return ALIGN_UP(object_bytes, sizeof(uint64_t));
}

static struct object_record *record_of(struct slab_cache *cache, void *object)
{
    assert(((uintptr_t)object & 7) == 0);
    return (struct object_record *)((char *)object + record_offset(cache->object_bytes));
}

size_t heap_debug_extra_bytes(size_t object_bytes)
{
    return record_offset(object_bytes) - object_bytes + sizeof(struct object_record);
}

static void trace_take(uint64_t *trace)
{
    memset(trace, 0, TRACE_DEPTH * sizeof(*trace));
    (void)backtrace_collect((uint64_t)__builtin_frame_address(0), trace, TRACE_DEPTH);
}

static void trace_show(enum log_level level, const char *title, const uint64_t *trace)
{
    log_write(level, "heap: %s", title);
    for (size_t i = 0; i < TRACE_DEPTH && trace[i] != 0; i++) {
        char text[80];
        symbol_describe(trace[i] - 1, text, sizeof(text)); // the call, not what follows it
        log_write(level, "heap:   %s", text);
    }
}

static noreturn void object_is_damaged(struct slab_cache *cache, void *object, const char *what)
{
    struct object_record *record = record_of(cache, object);
    trace_show(LOG_ERROR, "last allocated by", record->allocated_by);
    trace_show(LOG_ERROR, "last freed by", record->freed_by);
    panic("heap: %s: object %p of cache %s", what, object, cache->name);
}

static void poison(struct slab_cache *cache, void *object)
{
    uint64_t *words = object;
    for (size_t i = 1; i < cache->object_bytes / sizeof(*words); i++) {
        words[i] = POISON_FREE;
    }
}

void heap_debug_object_new(struct slab_cache *cache, void *object)
{
    struct object_record *record = record_of(cache, object);
    memset(record, 0, sizeof(*record));
    record->red_zone = RED_ZONE;
    record->state = STATE_FREE;
    poison(cache, object);
}

// A new object is filled with what is no zero and no valid pointer, so that nobody gets away with counting on cleared memory.
void heap_debug_object_allocated(struct slab_cache *cache, void *object)
{
    struct object_record *record = record_of(cache, object);
    const uint64_t *words = object;
    for (size_t i = 1; i < cache->object_bytes / sizeof(*words); i++) {
        if (words[i] != POISON_FREE) {
            log_error("heap: at offset %zu stands %#lx", i * sizeof(*words), words[i]);
            object_is_damaged(cache, object, "written after it was freed");
        }
    }
    if (record->state != STATE_FREE || record->red_zone != RED_ZONE) {
        object_is_damaged(cache, object, "record damaged while free");
    }
    record->state = STATE_ALLOCATED;
    record->allocated_at = cpu_timestamp();
    trace_take(record->allocated_by);
    memset(object, POISON_ALLOCATED, cache->object_bytes);
}

void heap_debug_object_freed(struct slab_cache *cache, void *object)
{
    struct object_record *record = record_of(cache, object);
    // First the state: of an object that is free the red zone may be fine, and the mistake still is the second free.
    if (record->state == STATE_FREE) {
        object_is_damaged(cache, object, "freed twice");
    }
    if (record->state != STATE_ALLOCATED || record->red_zone != RED_ZONE) {
        object_is_damaged(cache, object, "written beyond its end");
    }
    record->state = STATE_FREE;
    trace_take(record->freed_by);
    poison(cache, object);
}

// ---- what is held ----------------------------------------------------------------------------------

static bool is_held_since(const struct object_record *record, uint64_t since)
{
    return record->state == STATE_ALLOCATED && record->red_zone == RED_ZONE &&
           record->allocated_at >= since;
}

// Returns how many objects of the slab it showed.
static unsigned slab_show_held(struct slab *slab, uint64_t since, unsigned most)
{
    struct slab_cache *cache = slab->cache;
    char *object = (char *)slab + cache->first_offset;
    unsigned shown = 0;
    for (size_t i = 0; i < cache->objects_per_slab && shown < most; i++) {
        const struct object_record *record = record_of(cache, object);
        if (is_held_since(record, since)) {
            trace_show(LOG_EMERGENCY, "held, allocated by", record->allocated_by);
            shown++;
        }
        object += cache->stride_bytes;
    }
    return shown;
}

// Full slabs are on no list, so they are found by the frames. What a frame was last says little: its contents have to agree.
void heap_debug_show_held(struct slab_cache *cache, uint64_t since, unsigned most)
{
    for (size_t i = 0; i < frame_record_count && most > 0; i++) {
        const struct frame *frame = &frame_records[i];
        if (!frame_is_valid((paddr_t)i << PAGE_SHIFT) || frame->kind != FRAME_SLAB ||
            frame->owner != frame_to_virtual(frame)) {
            continue;
        }
        struct slab *slab = frame->owner;
        if (slab->cache == cache) {
            most -= slab_show_held(slab, since, most);
        }
    }
}

#endif
