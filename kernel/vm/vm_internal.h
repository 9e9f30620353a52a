// Between the files of vm/: areas, zapping, faults. The address space's mutex is held throughout, alone
// by what changes areas, unless a contract says otherwise.
#pragma once

#include "vm/address_space.h"

enum { AREAS_MAX = 65530 };               // as Linux's max_map_count
#define STACK_GUARD_GAP (256 * PAGE_SIZE) // between a stack and what lies below it
#define AREA_RIGHTS     (AREA_READ | AREA_WRITE | AREA_EXECUTE)
#define AREA_FOUND_OUT                                                                             \
    ((unsigned)(AREA_HAS_PRIVATE | AREA_TOUCHED)) // what faults leave in the flags
#define BYTES_TO_PAGES(size) ((uint64_t)(size) >> PAGE_SHIFT)

void area_module_init(void);
void address_space_module_init(void);
void fault_module_init(void);
void shared_memory_module_init(void);

// --- area.c ---

// Not in the tree yet; takes a reference of the request's backing. NULL: out of memory.
must_check struct area *area_create(struct address_space *space, const struct map_request *request,
                                    vaddr_t start, vaddr_t end);
// A copy for [start, end) of it in `space`, not in the tree; takes a reference of the backing.
must_check struct area *area_duplicate(const struct area *area, struct address_space *space,
                                       vaddr_t start, vaddr_t end);
void area_destroy(struct area *area); // not in the tree
// Could it ever write to the object that it shows?
bool area_is_writable_mapping(const struct area *area);
void area_insert_locked(struct area *area);
// Out of the tree: nobody finds it there any more. Truncation does, on its cache's list, until area_leave_cache, for which no lock
// of the address space is needed: before, its pages go.
void area_remove_locked(struct area *area);
void area_leave_cache(struct area *area);
struct area *area_previous_locked(struct area *area);
// The last area that starts below `address`, NULL: none.
struct area *area_before_locked(struct address_space *space, vaddr_t address);
// New bounds; the offset follows the start.
void area_resize_locked(struct area *area, vaddr_t start, vaddr_t end);
void area_set_flags_locked(struct area *area, unsigned flags);
// Cuts at `address` inside of the area; the area keeps the lower part. 0 or -ENOMEM.
must_check int area_split_locked(struct area *area, vaddr_t address);
// Cuts at start and end where they fall inside of areas. 0 or -ENOMEM.
must_check int area_split_around_locked(struct address_space *space, vaddr_t start, vaddr_t end);
// Joins the area with its neighbours where they say the same; returns what it is part of now.
struct area *area_merge_locked(struct area *area);
// The first area of [start, end), NULL: none.
struct area *area_first_in_locked(struct address_space *space, vaddr_t start, vaddr_t end);
// Is every page of [start, end) in some area?
bool area_range_is_mapped_locked(struct address_space *space, vaddr_t start, vaddr_t end);
// Sets and clears flags of all areas of the range, cut and merged as needed. -ENOMEM: there was a
// hole (what lies around it has changed), or no memory.
must_check int area_change_range_locked(struct address_space *space, vaddr_t start, vaddr_t end,
                                        unsigned set, unsigned clear);
// Pages promised to programs, system-wide.
size_t area_committed_pages(void);

// --- lock.c ---

// May so much more be locked?
bool lock_limit_allows_locked(const struct address_space *space, uint64_t more_bytes);

// --- map.c ---

// The lowest address that may be mapped by somebody else below this area.
vaddr_t area_guarded_start(const struct area *area);
// A free range: the hint if it is free, else top down below map_base, else above. -ENOMEM.
must_check int map_find_place_locked(struct address_space *space, vaddr_t hint, size_t bytes,
                                     vaddr_t *result);
// May `bytes` more with these flags be mapped? 0 or -ENOMEM.
must_check int map_check_limits_locked(const struct address_space *space, uint64_t bytes,
                                       unsigned flags);
// The same for what is mapped already and becomes, by `flags`, private and writable: only what counts data.
must_check int map_check_data_limits_locked(const struct address_space *space, uint64_t bytes,
                                            unsigned flags);
// Maps at a place that is free. 0, -ENOMEM, or -EPERM (the object is sealed against it).
must_check int map_at_locked(struct address_space *space, const struct map_request *request,
                             vaddr_t start, vaddr_t end);
// Is the range within what programs may map?
bool map_range_is_valid(vaddr_t start, uint64_t bytes);

// --- unmap.c ---

must_check int unmap_locked(struct address_space *space, vaddr_t start, vaddr_t end);
// Takes the pages of a range away; the areas stay.
void zap_range(struct address_space *space, vaddr_t start, vaddr_t end, struct tlb_batch *batch);
// Takes one entry's page away, page-table lock held: accounting, batch. `new` stands there at once: an entry that is empty for a
// moment may be filled without the lock (install_first). True: the batch is full.
bool zap_entry_locked(struct address_space *space, struct page_entry *entry, struct page_entry new,
                      vaddr_t address, struct tlb_batch *batch);

// --- fault.c ---

extern struct frame *zero_frame; // [I] what reads of untouched anonymous memory see; never counted

// Makes the page of `address` accessible. Results as address_space_fault; held together with others, a positive one: hold it alone.
must_check int fault_resolve_locked(struct address_space *space, vaddr_t address, unsigned access);
// Touches every page of the range as far as it goes.
void fault_populate_locked(struct address_space *space, vaddr_t start, vaddr_t end);
// Rights of a leaf entry of the area.
struct page_rights area_page_rights(const struct area *area, bool is_writable);
struct atomic64 *resident_counter(struct address_space *space, const struct frame *frame);
