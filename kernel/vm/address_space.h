// The memory of a program: a page table and a tree of areas. Filled on demand; fork shares and copies
// on write; anonymous and file pages obey one fault path.
//
// The mutex protects the tree and everything that changes it; faults, which change nothing of that, hold it together. Page-table
// entries are under page_table.lock.
#pragma once

#include "lib/compiler.h"
#include "lib/rbtree.h"
#include "lib/types.h"
#include "memory/page_table.h"
#include "scheduler/shared_mutex.h"
#include "vm/backing.h"
#include "vm/page_cache.h"

// Rights and flags of an area. The first three are PROT_READ, PROT_WRITE, PROT_EXEC.
enum area_flag {
    AREA_READ = 1,
    AREA_WRITE = 2,
    AREA_EXECUTE = 4,
    AREA_SHARED = 8,
    AREA_GROWS_DOWN = 16, // the stack: extends on faults below, down to its limit
    AREA_MAY_READ = 32,   // mprotect may not go beyond the MAY bits (file opened read-only)
    AREA_MAY_WRITE = 64,
    AREA_MAY_EXECUTE = 128,
    AREA_HEAP = 256,     // [heap] in maps
    AREA_STACK = 512,    // [stack]
    AREA_NO_FORK = 1024, // MADV_DONTFORK
    AREA_NO_RESERVE = 2048,
    AREA_LOCKED = 4096,        // mlock: populated
    AREA_SPECIAL = 8192,       // named by special_name ([vdso])
    AREA_HAS_PRIVATE = 16384,  // vm/ only: a private page of its own may be in it
    AREA_WIPE_ON_FORK = 32768, // MADV_WIPEONFORK: the child finds zeros
    AREA_TOUCHED = 65536,      // vm/ only: there was a fault, so there may be pages
};

enum memory_lock {
    MEMORY_UNLOCK,
    MEMORY_LOCK,
    MEMORY_LOCK_ON_FAULT, // pages count as locked, but are brought in when they are touched
};

struct area {
    struct rb_node node;
    vaddr_t start, end;       // [l mutex, and cache->lock] page aligned
    unsigned flags;           // [l] enum area_flag; faults add AREA_FOUND_OUT, atomically
    struct page_cache *cache; // [I] NULL: anonymous private memory
    uint64_t offset;          // [l mutex, and cache->lock] of `start` in the object, bytes
    struct backing backing;   // [I] keeps the object alive; ops NULL for private anonymous memory
    struct list_head cache_link; // [l cache->lock]
    struct address_space *space; // [I]
    const char *special_name;    // [I]
};

struct address_space {
    uint64_t serial;            // [I] never given twice: tells one exec's memory from the next
    struct refcount references; // [a] users: tasks that run in it, /proc readers
    struct shared_mutex mutex;
    struct rb_root areas;          // [l]
    struct area *last_found;       // [l] look-up cache; one who looks alone writes it too
    struct page_table *page_table; // [I] a reference
    uint64_t area_count;           // [l]
    uint64_t total_pages;          // [l] size of all areas
    uint64_t data_pages, stack_pages, executable_pages, locked_pages;   // [l]
    struct atomic64 resident_anonymous, resident_file, resident_shared; // [a] pages
    uint64_t resident_peak;                                             // [a] hint
    vaddr_t break_start, break_end;                                     // [l] brk
    vaddr_t map_base;  // [I] top of the mmap region, which grows down
    vaddr_t stack_top; // [I]
    vaddr_t code_start, code_end, data_start, data_end;                       // [o] exec, for /proc
    vaddr_t argument_start, argument_end, environment_start, environment_end; // [o]
    struct backing executable; // [l] /proc/self/exe; a reference
    uint64_t saved_auxv[64];   // [o] exec, for /proc/<pid>/auxv
    size_t saved_auxv_words;
    // Limits in bytes, refreshed by process/ at setrlimit and fork; UINT64_MAX: none.
    uint64_t limit_total, limit_data, limit_stack, limit_locked;
    enum memory_lock lock_later; // [l] mlockall: of what is mapped from now on
};

// Where things start; the random parts come from exec as numbers.
struct address_space_layout {
    vaddr_t map_base;
    vaddr_t stack_top;
};

// One reference each. NULL: out of memory.
must_check struct address_space *address_space_create(const struct address_space_layout *layout);
// fork; 0 or -ENOMEM
must_check int address_space_clone(struct address_space *parent, struct address_space **child);
void address_space_get(struct address_space *space);
void address_space_put(struct address_space *space); // the last one unmaps everything; may sleep

struct map_request {
    vaddr_t address;          // hint, or exact with is_fixed
    size_t bytes;             // rounded up to pages; not 0
    unsigned flags;           // enum area_flag
    bool is_fixed;            // replace what is there
    bool is_fixed_no_replace; // -EEXIST if something is there
    bool is_low;   // MAP_32BIT: where nothing says where, in the range that is kept for it
    bool populate; // MAP_POPULATE, best effort
    struct page_cache *cache; // NULL: private anonymous
    uint64_t offset;          // page aligned
    struct backing backing;   // a reference is taken
    const char *special_name;
};

// All of these take page-aligned addresses unless they say otherwise, return 0 or -errno as Linux's
// calls do, and may sleep.
must_check int address_space_map(struct address_space *space, const struct map_request *request,
                                 vaddr_t *result);
must_check int address_space_unmap(struct address_space *space, vaddr_t start, size_t bytes);
// shmdt: of what was mapped by one call at `start`, with these operations behind it, whatever is left where that call put it. 0, or
// -EINVAL (nothing is).
must_check int address_space_unmap_attachment(struct address_space *space, vaddr_t start,
                                              const struct backing_ops *ops);
// mprotect; with AREA_GROWS_DOWN among the rights from the start of the area that lies there, which must be one that grows.
must_check int address_space_protect(struct address_space *space, vaddr_t start, size_t bytes,
                                     unsigned rights);
// mremap; `flags` are MREMAP_*. MREMAP_DONTUNMAP is -EINVAL.
must_check int address_space_remap(struct address_space *space, vaddr_t old_start, size_t old_bytes,
                                   size_t new_bytes, unsigned flags, vaddr_t new_address,
                                   vaddr_t *result);
// brk: returns the resulting break (the old one if it could not move), as the raw call does. `wanted`
// of any alignment.
vaddr_t address_space_set_break(struct address_space *space, vaddr_t wanted);
// MADV_*
must_check int address_space_advise(struct address_space *space, vaddr_t start, size_t bytes,
                                    int advice);
// MS_*
must_check int address_space_sync(struct address_space *space, vaddr_t start, size_t bytes,
                                  int flags);
// mlock of an aligned range. -ENOMEM: a hole, or the limit.
must_check int address_space_lock_range(struct address_space *space, vaddr_t start, size_t bytes,
                                        enum memory_lock kind);
// mlockall: what is there now, and what will be mapped. -ENOMEM: the limit.
must_check int address_space_lock_all(struct address_space *space, enum memory_lock now,
                                      enum memory_lock later);
// mincore: one byte a page, bit 0 set where the page is in memory. -ENOMEM where nothing is mapped.
must_check int address_space_residency(struct address_space *space, vaddr_t start, size_t pages,
                                       uint8_t *vector);

// Resolves a fault. `access` FAULT_* of arch/upcalls.h. 0; -EFAULT (no area: SEGV_MAPERR), -EACCES
// (SEGV_ACCERR), -ENXIO (beyond the end of the object: SIGBUS), -EIO (SIGBUS), -ENOMEM (out of
// memory). May sleep; takes no vnode lock.
must_check int address_space_fault(struct address_space *space, vaddr_t address, unsigned access);

// Reads or writes another program's memory (/proc/<pid>/mem, cmdline, environ). Bytes moved, or
// -EFAULT/-EIO/-ENOMEM if none.
ssize_t address_space_access(struct address_space *space, vaddr_t address, void *buffer,
                             size_t bytes, bool is_write);

// The area that contains or follows `address`; mutex held. NULL: none.
struct area *area_find_locked(struct address_space *space, vaddr_t address);
struct area *area_next_locked(struct area *area);

// What an area has in memory, in pages; a page is shared where more than one entry of any page table maps it, and dirty where it
// differs from what it was made of.
enum { AREA_SHARE_SHIFT = 12 };
struct area_usage {
    uint64_t present, anonymous, referenced;
    uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
    // Each page's bytes divided by the entries that map it, in parts of a byte (AREA_SHARE_SHIFT); of all, of dirty pages, by kind.
    uint64_t share, share_dirty, share_anonymous, share_file, share_memory;
};
// Adds the area's to *usage; mutex held.
void area_usage_add_locked(struct area *area, struct area_usage *usage);

// One page of a range, as /proc/<pid>/pagemap tells of it.
struct page_state {
    uint64_t frame; // the physical address by PAGE_SIZE
    bool is_present, is_file, is_exclusive;
};
// Of the `count` pages from `start` on. Takes the mutex.
void address_space_page_states(struct address_space *space, vaddr_t start, size_t count,
                               struct page_state *states);

// Shared anonymous memory: an object of its own, `bytes` long, as a cache and a backing that keeps it
// (one reference). 0 or -ENOMEM.
must_check int shared_memory_create(uint64_t bytes, struct page_cache **cache,
                                    struct backing *backing);
// The same without a backing, for an owner that has one of its own. NULL: out of memory. Freed when no area maps it.
struct shared_memory;
must_check struct shared_memory *shared_memory_alloc(uint64_t bytes);
void shared_memory_free(struct shared_memory *memory);                // may sleep
struct page_cache *shared_memory_cache(struct shared_memory *memory); // borrowed
