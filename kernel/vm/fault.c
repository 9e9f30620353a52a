// Page faults: one path for anonymous and file pages, private and shared.
//
// Faults hold the address space's mutex together: the tree and the page tables themselves stand still, while other threads'
// faults and truncation, which holds the page-table lock only, change entries. So a fault looks at the entry once (`seen`), gets
// what it needs without a lock, and installs its page only if the entry is still as seen; otherwise it returns and the
// instruction faults again. Only a stack that grows changes the tree: that fault starts again with the mutex for itself.
//
//   entry        access  area      what happens
//   none         read    private   anonymous: the zero frame, read-only; file: the cached page, read-only
//   none         write   private   a fresh page: zeros, or a copy of the cached page
//   none         any     shared    the cached page; writable at once where nobody tracks dirty pages
//   read-only    write   private   the page itself if nobody else has it, else a copy
//   read-only    write   shared    marked dirty and made writable
//   hidden       any     private   as a write to a read-only page: another thread's write is about to replace it
#include "arch/upcalls.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/fail_nth.h"
#include "memory/page_copy.h"
#include "scheduler/thread.h"
#include "vm/fault_internal.h"
#include "vm/page_cache_internal.h"
#include "vm/reclaim.h"
#include "vm/vm_internal.h"

// Of fault_resolve_locked, where the mutex is held together with others: the tree has to change.
enum { FAULT_WANTS_CHANGE = 1 };

struct frame *zero_frame;

void fault_module_init(void)
{
    zero_frame = frame_alloc(0, FRAME_RESERVED, FRAME_ZERO);
    assert_always(zero_frame != NULL);
}

struct page_rights area_page_rights(const struct area *area, bool is_writable)
{
    unsigned bits = PAGE_USER | PAGE_READ;
    bits |= (area->flags & AREA_EXECUTE) ? PAGE_EXECUTE : 0;
    bits |= is_writable ? PAGE_WRITE : 0;
    return (struct page_rights){bits};
}

struct atomic64 *resident_counter(struct address_space *space, const struct frame *frame)
{
    if (likely(frame->kind == FRAME_ANONYMOUS)) {
        return &space->resident_anonymous;
    }
    return (atomic32_load(&frame->flags) & FRAME_SHARED) ? &space->resident_shared
                                                         : &space->resident_file;
}

// Does the frame still stand where the fault found it? Page-table lock held (see page_cache.c).
static bool is_still_cached(const struct fault *fault, const struct frame *frame)
{
    const struct page_cache *cache = fault->area->cache;
    return __atomic_load_n(&frame->owner, __ATOMIC_ACQUIRE) == cache &&
           fault->index << PAGE_SHIFT < __atomic_load_n(&cache->size_bytes, __ATOMIC_SEQ_CST);
}

// Threads on other CPUs may look at the page that is to be replaced: they must have lost it before anybody can write to the new
// one. Whether there are any is asked by the flush, after the entry was hidden: one that comes later finds it so. Who comes to the
// hidden page meanwhile replaces it too, and waits for its own flush: the first one to install wins.
static void hide_old(struct fault *fault)
{
    struct address_space *space = fault->space;
    struct tlb_batch batch;
    tlb_batch_begin(&batch, space->page_table);
    spin_lock(&space->page_table->lock);
    if (fault->entry->value == fault->seen.value) {
        fault->seen = page_entry_hidden(fault->seen);
        *fault->entry = fault->seen;
        tlb_batch_add_page(&batch, fault->address);
    }
    spin_unlock(&space->page_table->lock);
    tlb_batch_flush(&batch);
}

// A shared page becomes writable: from now on the program changes it unseen. It is marked dirty under the same hold of the
// page-table lock that gives the right. page_cache_sync.c clears the mark first and takes the right away then, so whatever comes
// in between, a page that can be written to carries the mark.
static void mark_if_written_locked(const struct fault *fault, struct frame *frame)
{
    assert(spin_is_held(&fault->space->page_table->lock));
    bool is_shared_write =
        (fault->access & FAULT_WRITE) != 0 && (fault->area->flags & AREA_SHARED) != 0;
    if (is_shared_write && is_still_cached(fault, frame)) {
        page_cache_mark_dirty(fault->area->cache, frame);
    }
}

// Puts `frame` (consumes the reference) into the entry. Where the entry has changed meanwhile, or the
// cached page is gone, nothing happens and the fault comes again. A page that is replaced is put
// after the flush.
static void install(struct fault *fault, struct frame *frame, bool is_writable)
{
    struct address_space *space = fault->space;
    struct tlb_batch batch;
    bool is_cached = frame->kind == FRAME_PAGE_CACHE;
    bool has_old = !page_entry_is_none(fault->seen);
    if (has_old) {
        hide_old(fault);
        tlb_batch_begin(&batch, space->page_table);
    }
    spin_lock(&space->page_table->lock);
    bool is_current =
        fault->entry->value == fault->seen.value && (!is_cached || is_still_cached(fault, frame));
    if (is_current) {
        struct page_rights rights = area_page_rights(fault->area, is_writable);
        struct page_entry entry = page_entry_leaf(frame_to_physical(frame), rights, 0);
        mark_if_written_locked(fault, frame);
        if (has_old) {
            (void)zap_entry_locked(space, fault->entry, entry, fault->address, &batch);
        } else {
            *fault->entry = entry;
        }
        if (frame != zero_frame) {
            atomic32_add(&frame->map_count, 1);
            atomic64_add(resident_counter(space, frame), 1);
        }
    }
    spin_unlock(&space->page_table->lock);
    if (has_old) {
        tlb_batch_flush(&batch);
    }
    if (!is_current && frame != zero_frame) {
        frame_put(frame);
    }
}

static void allow_write_locked(struct fault *fault)
{
    assert(spin_is_held(&fault->space->page_table->lock));
    paddr_t address = page_entry_address(fault->seen, 0);
    mark_if_written_locked(fault, frame_from_physical(address));
    *fault->entry = page_entry_leaf(address, area_page_rights(fault->area, true), 0);
}

// Gives the right to write to the page that is there. A stale read-only copy in a TLB costs no more
// than a fault that finds nothing to do.
static void allow_write(struct fault *fault)
{
    spin_lock(&fault->space->page_table->lock);
    if (fault->entry->value == fault->seen.value) {
        allow_write_locked(fault);
    }
    spin_unlock(&fault->space->page_table->lock);
    tlb_flush_page_local(fault->address);
}

// As install, into an empty entry of anonymous memory, without the page-table lock: only other faults fill such an entry while the
// mutex is held together, and who empties or moves entries leaves empty ones alone.
static void install_first(struct fault *fault, struct frame *frame, bool is_writable)
{
    assert(fault->area->cache == NULL && page_entry_is_none(fault->seen));
    struct page_rights rights = area_page_rights(fault->area, is_writable);
    struct page_entry entry = page_entry_leaf(frame_to_physical(frame), rights, 0);
    uint64_t expected = page_entry_none().value;
    if (frame != zero_frame) {
        atomic32_store(&frame->map_count, 1); // nobody else knows the frame yet
    }
    bool is_first = __atomic_compare_exchange_n(&fault->entry->value, &expected, entry.value, false,
                                                __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    if (frame == zero_frame) {
        return;
    }
    if (likely(is_first)) {
        atomic64_add(&fault->space->resident_anonymous, 1);
    } else {
        atomic32_store(&frame->map_count, 0);
        frame_put(frame);
    }
}

static int fault_anonymous(struct fault *fault)
{
    bool is_write = (fault->access & FAULT_WRITE) != 0;
    struct frame *frame = is_write ? vm_frame_alloc(FRAME_ANONYMOUS, FRAME_ZERO) : zero_frame;
    if (frame == NULL) {
        return -ENOMEM;
    }
    if (fault->area->cache == NULL && page_entry_is_none(fault->seen)) {
        install_first(fault, frame, is_write);
    } else {
        install(fault, frame, is_write);
    }
    return 0;
}

// Beside other faults. Once it is there, nobody writes to the word any more.
static void area_note(struct area *area, unsigned flag)
{
    if ((READ_ONCE(area->flags) & flag) == 0) {
        __atomic_fetch_or(&area->flags, flag, __ATOMIC_RELAXED);
    }
}

// A private page with the contents of `source`, whose reference stays the caller's.
static int install_copy(struct fault *fault, const struct frame *source)
{
    assert(!(fault->area->flags & AREA_SHARED));
    struct frame *frame = vm_frame_alloc(FRAME_ANONYMOUS, 0);
    if (frame == NULL) {
        return -ENOMEM;
    }
    page_copy(frame_to_virtual(frame), frame_to_virtual(source));
    area_note(fault->area, AREA_HAS_PRIVATE);
    install(fault, frame, true);
    return 0;
}

// The object's times, before the first write can happen: they may be early by a moment, but never miss one.
static void note_write(const struct fault *fault)
{
    struct page_cache *cache = fault->area->cache;
    if (cache->ops->written != NULL) {
        cache->ops->written(cache);
    }
}

static int fault_cached(struct fault *fault)
{
    const struct area *area = fault->area;
    struct page_cache *cache = area->cache;
    if (fault->index << PAGE_SHIFT >= READ_ONCE(cache->size_bytes)) {
        return -ENXIO;
    }
    struct frame *frame;
    bool was_filled;
    int result = page_cache_get_noting(cache, fault->index, &frame, &was_filled);
    if (result != 0) {
        return result == -ENOSPC ? -ENXIO : result;
    }
    fault->was_filled = was_filled;
    bool is_write = (fault->access & FAULT_WRITE) != 0;
    if (!(area->flags & AREA_SHARED) && is_write) {
        result = install_copy(fault, frame);
        frame_put(frame);
        return result;
    }
    if (is_write) {
        note_write(fault);
    }
    install(fault, frame, is_write || fault_may_map_writable(area));
    if (!is_write) {
        fault_map_around(fault);
    }
    return 0;
}

// The frame with a reference, since truncation or another thread's write may take it away while it is used. NULL: nothing is to be
// done any more: the page was this program's alone and is writable now, or the entry has changed.
static struct frame *hold_old(struct fault *fault)
{
    struct frame *frame = frame_from_physical(page_entry_address(fault->seen, 0));
    spin_lock(&fault->space->page_table->lock);
    if (fault->entry->value != fault->seen.value) {
        frame = NULL;
    } else if (frame->kind == FRAME_ANONYMOUS && refcount_read(&frame->references) == 1) {
        allow_write_locked(fault);
        frame = NULL;
    } else {
        frame_get(frame);
    }
    spin_unlock(&fault->space->page_table->lock);
    return frame;
}

// A write to a page that is there, but read-only; or a page that is hidden.
static int fault_read_only(struct fault *fault)
{
    if (frame_from_physical(page_entry_address(fault->seen, 0)) == zero_frame) {
        return fault_anonymous(fault);
    }
    struct frame *frame = hold_old(fault);
    if (frame == NULL) {
        tlb_flush_page_local(fault->address);
        return 0;
    }
    int result = 0;
    if (fault->area->flags & AREA_SHARED) {
        note_write(fault);
        allow_write(fault);
    } else {
        result = install_copy(fault, frame);
    }
    frame_put(frame);
    return result;
}

// Usually the tables are there. They stand still while the mutex is held, so nobody has to be kept out to find the entry.
static bool fault_find_entry(struct fault *fault)
{
    fault->entry = page_table_find(fault->space->page_table, fault->address);
    if (likely(fault->entry != NULL)) {
        fault->seen.value = READ_ONCE(fault->entry->value);
        return true;
    }
    spin_lock(&fault->space->page_table->lock);
    fault->entry = page_table_make_locked(fault->space->page_table, fault->address);
    fault->seen = fault->entry != NULL ? *fault->entry : page_entry_none();
    spin_unlock(&fault->space->page_table->lock);
    return fault->entry != NULL;
}

// Tables are made under a spin lock, where nobody waits for memory. Where there is none, a frame is
// waited for without the lock and given back, for the next attempt to find; each makes one table.
static int fault_make_entry(struct fault *fault)
{
    for (unsigned tables = 0; !fault_find_entry(fault); tables++) {
        struct frame *frame = tables < PAGE_LEVELS ? vm_frame_alloc(FRAME_PAGE_TABLE, 0) : NULL;
        if (frame == NULL) {
            return -ENOMEM;
        }
        frame_put(frame);
    }
    return 0;
}

static int fault_page(struct fault *fault)
{
    int error = fault_make_entry(fault);
    if (error != 0) {
        return error;
    }
    if (page_entry_is_none(fault->seen)) {
        return fault->area->cache == NULL ? fault_anonymous(fault) : fault_cached(fault);
    }
    bool needs_write = (fault->access & FAULT_WRITE) && !page_entry_is_writable(fault->seen);
    bool is_hidden = !page_entry_is_present(fault->seen);
    // No access gets here where the area has no right at all: what hides a page is a write beside this one.
    assert(!is_hidden || (fault->area->flags & (AREA_SHARED | AREA_WRITE)) == AREA_WRITE);
    return needs_write || is_hidden ? fault_read_only(fault) : 0;
}

// The stack below `address` grows to it, if that is what lies above and the limits allow.
static struct area *grow_stack(struct address_space *space, struct area *area, vaddr_t address)
{
    assert(shared_mutex_is_held(&space->mutex) && address < area->start);
    vaddr_t start = ALIGN_DOWN(address, PAGE_SIZE);
    if (!(area->flags & AREA_GROWS_DOWN) || area->end - start > space->limit_stack ||
        start < USER_BOTTOM + STACK_GUARD_GAP) {
        return NULL;
    }
    struct area *below = area_previous_locked(area);
    if (below != NULL && (below->flags & AREA_RIGHTS) && !(below->flags & AREA_GROWS_DOWN) &&
        below->end + STACK_GUARD_GAP > start) {
        return NULL;
    }
    uint64_t more = area->start - start;
    bool is_too_much = (area->flags & AREA_LOCKED) != 0 && !lock_limit_allows_locked(space, more);
    if (is_too_much || map_check_limits_locked(space, more, area->flags) != 0) {
        return NULL;
    }
    area_resize_locked(area, start, area->end);
    return area;
}

// x86 has no way to forbid reading what may be written or executed.
static bool area_allows(const struct area *area, unsigned access)
{
    if (access & FAULT_WRITE) {
        return (area->flags & AREA_WRITE) != 0;
    }
    if (access & FAULT_EXECUTE) {
        return (area->flags & AREA_EXECUTE) != 0;
    }
    return (area->flags & AREA_RIGHTS) != 0;
}

int fault_resolve_locked(struct address_space *space, vaddr_t address, unsigned access)
{
    assert(shared_mutex_is_steady(&space->mutex));
    struct area *area = area_find_locked(space, address);
    if (unlikely(area != NULL && area->start > address)) {
        if (!shared_mutex_is_held(&space->mutex)) {
            return FAULT_WANTS_CHANGE;
        }
        area = grow_stack(space, area, address);
    }
    if (area == NULL) {
        return -EFAULT;
    }
    if (!area_allows(area, access)) {
        return -EACCES;
    }
    area_note(area, AREA_TOUCHED);
    struct fault fault = {
        .space = space,
        .area = area,
        .address = ALIGN_DOWN(address, PAGE_SIZE),
        .access = access,
    };
    fault.index = (fault.address - area->start + area->offset) >> PAGE_SHIFT;
    int result = fault_page(&fault);
    // What failed, or goes on in another way, is not counted: getrusage(2) tells of pages that came.
    if (result == 0) {
        struct thread *thread = thread_current();
        thread->major_faults += fault.was_filled ? 1 : 0;
        thread->minor_faults += fault.was_filled ? 0 : 1;
    }
    return result;
}

// Of programs with several threads, when flushes go between CPUs: a CPU may not show yet what is there.
static bool view_was_widened(struct address_space *space, vaddr_t address)
{
    struct page_table *table = space->page_table;
    if (likely(!READ_ONCE(table->is_flushed_elsewhere))) {
        return false;
    }
    bool is_alone = refcount_read(&space->references) == 1;
    return (!is_alone || page_table_has_views(table)) &&
           page_table_widen_view(table, address, !is_alone);
}

int address_space_fault(struct address_space *space, vaddr_t address, unsigned access)
{
    if (address >= USER_TOP) {
        return -EFAULT;
    }
    if (view_was_widened(space, address)) {
        return 0;
    }
    shared_mutex_look(&space->mutex);
    int result = fault_resolve_locked(space, address, access);
    shared_mutex_leave(&space->mutex);
    if (unlikely(result == FAULT_WANTS_CHANGE)) {
        shared_mutex_lock(&space->mutex);
        result = fault_resolve_locked(space, address, access);
        shared_mutex_unlock(&space->mutex);
    }
    return result;
}

void fault_populate_locked(struct address_space *space, vaddr_t start, vaddr_t end)
{
    fail_nth_commit(); // what cannot be brought in is left for faults, and nobody is told
    assert(shared_mutex_is_held(&space->mutex));
    for (vaddr_t address = start; address < end; address += PAGE_SIZE) {
        const struct area *area = area_find_locked(space, address);
        if (area == NULL || area->start > address) {
            return;
        }
        bool wants_write = (area->flags & (AREA_WRITE | AREA_SHARED)) == AREA_WRITE;
        unsigned access = wants_write ? FAULT_WRITE : FAULT_READ;
        if (fault_resolve_locked(space, address, access) != 0 || thread_is_killed()) {
            return;
        }
    }
}
