// Physical frames: one record per 4 KiB, and a buddy allocator over all the memory that the
// firmware reports.
//
// A frame is free (in the buddy or a CPU's stock), or allocated with a reference count. What an
// allocated frame is for is told by its kind; the union belongs to the owner that the kind names.
// Records of frames inside a larger block are not valid.
#pragma once

#include "arch/boot_info.h"
#include "arch/page.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/list.h"
#include "lib/types.h"
#include "memory/physical_map.h"
#include "sync/refcount.h"

enum { FRAME_ORDER_MAX = 10 }; // blocks of 1 to 1024 frames (4 MiB)

enum frame_kind {
    FRAME_FREE,
    FRAME_KERNEL, // plain kernel memory
    FRAME_SLAB,   // heap: owner = the slab's header, in every frame of the slab
    FRAME_PAGE_TABLE,
    FRAME_ANONYMOUS,  // a private page of user memory
    FRAME_PAGE_CACHE, // owner = struct page_cache, NULL once it was taken out
    FRAME_STACK,      // kernel stacks
    FRAME_RESERVED,   // image, boot data, firmware
    FRAME_KIND_COUNT
};

enum frame_flag {
    FRAME_DIRTY = 1,      // page cache: differs from what is stored
    FRAME_UP_TO_DATE = 2, // page cache: contents are valid
    FRAME_LOCKED = 4,     // page lock (vm/)
    FRAME_WAITERS = 8,    // somebody waits for the page lock
    FRAME_RECENT = 16,    // reclaim's second chance
    FRAME_ERROR = 32,     // page cache: the last fill failed
    FRAME_SHARED = 64,    // page cache: counts as shared memory where it is mapped
};

struct frame {
    struct refcount references; // [a]
    struct atomic32 map_count;  // [a] user page-table entries that map it
    uint8_t kind;               // [o] enum frame_kind
    uint8_t order;              // [o] of the block that it heads
    uint16_t slab_objects;      // [l] heap: objects in use, in the slab's first frame
    struct atomic32 flags;      // [a] enum frame_flag
    union {
        struct list_head link; // [l] buddy lists
        struct {
            void *owner;    // page cache, slab
            uint64_t index; // page index in the owner; page table: bounds of its used entries
        };
    };
};
static_assert(sizeof(struct frame) == 32, "frame record");

// Builds the records and gives every usable range to the buddy. Called once; records live in
// memory taken from the map itself, which boot has mapped at PHYSICAL_MAP_BASE by then. Panics
// when there is too little memory to go on.
void frame_init(const struct boot_info *info);

// Allocation flags.
enum { FRAME_ZERO = 1, FRAME_BELOW_4G = 2, FRAME_MAY_USE_RESERVE = 4, FRAME_IS_DUE = 8 };

// A block of 2^order frames with one reference and no mapping, or NULL. Never sleeps, never
// reclaims; any context but NMI. At a low mark it calls the pressure hook. `order` is at most
// FRAME_ORDER_MAX. FRAME_ZERO clears it, FRAME_BELOW_4G keeps it below 4 GiB, and
// FRAME_MAY_USE_RESERVE takes what is kept back for those who free memory; FRAME_IS_DUE: the caller
// has asked fail_nth_is_due itself.
must_check struct frame *frame_alloc(unsigned order, enum frame_kind kind, unsigned flags);
// Drops a reference; the last one frees the block. Any context but NMI.
void frame_put(struct frame *frame);
// The same for each of `count`, at most a few dozen: interrupts are off meanwhile.
void frame_put_many(struct frame *const *frames, size_t count);
static inline void frame_get(struct frame *frame)
{
    refcount_get(&frame->references);
}

// Conversions; the address must be memory that has a record (frame_is_valid).
extern struct frame *frame_records; // [I] by physical address / PAGE_SIZE

static inline struct frame *frame_from_physical(paddr_t address)
{
    return &frame_records[address >> PAGE_SHIFT];
}
static inline paddr_t frame_to_physical(const struct frame *frame)
{
    return (paddr_t)(frame - frame_records) << PAGE_SHIFT;
}
static inline void *frame_to_virtual(const struct frame *frame)
{
    return physical_to_virtual(frame_to_physical(frame));
}
// Is it memory that the allocator was given at boot, or may yet get (boot modules)?
bool frame_is_valid(paddr_t address);

// Called (any context, spin locks held, must neither sleep nor take a lock) when free memory falls
// below the low mark. Set once by vm/.
void frame_set_pressure_hook(void (*pressure)(void));

struct frame_statistics {
    size_t total_frames; // given to the allocator at boot
    size_t free_frames;
    size_t low_mark_frames;
    size_t kind_frames[FRAME_KIND_COUNT]; // allocated, by kind
    size_t free_blocks[FRAME_ORDER_MAX + 1];
};
void frame_get_statistics(struct frame_statistics *statistics);
size_t frame_free_count(void);
size_t frame_total_count(void);

// Returns boot memory (the initrd after it was unpacked) to the buddy: whole modules, as the boot
// information names them. Partly covered pages stay reserved.
void frame_release_boot_range(paddr_t base, uint64_t bytes);
