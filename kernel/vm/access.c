// Another program's memory, page by page through the physical map: /proc/<pid>/mem, cmdline, environ.
//
// The other side keeps running; each page is found, held and copied by itself.
#include "arch/upcalls.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "vm/page_cache_internal.h"
#include "vm/vm_internal.h"

enum { ATTEMPTS = 8 }; // a page may go away between fault and look-up

static struct frame *frame_hold(struct address_space *space, vaddr_t address, bool is_write)
{
    struct frame *frame = NULL;
    spin_lock(&space->page_table->lock);
    const struct page_entry *entry = page_table_find(space->page_table, address);
    if (entry != NULL && page_entry_is_present(*entry) &&
        (!is_write || page_entry_is_writable(*entry))) {
        frame = frame_from_physical(page_entry_address(*entry, 0));
        frame_get(frame);
    }
    spin_unlock(&space->page_table->lock);
    return frame;
}

// The page of `address` with a reference, made present with the right asked for.
static int page_hold_locked(struct address_space *space, vaddr_t address, bool is_write,
                            struct frame **result)
{
    assert(shared_mutex_is_held(&space->mutex));
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct frame *frame = frame_hold(space, address, is_write);
        if (frame != NULL) {
            *result = frame;
            return 0;
        }
        int error = fault_resolve_locked(space, address, is_write ? FAULT_WRITE : FAULT_READ);
        if (error != 0) {
            return error;
        }
    }
    return -EIO;
}

static int access_page(struct address_space *space, vaddr_t address, void *buffer, size_t bytes,
                       bool is_write)
{
    assert(bytes != 0 && (address & (PAGE_SIZE - 1)) + bytes <= PAGE_SIZE);
    struct frame *frame;
    int error = page_hold_locked(space, address, is_write, &frame);
    if (error != 0) {
        return error;
    }
    char *memory = (char *)frame_to_virtual(frame) + address % PAGE_SIZE;
    if (is_write) {
        memcpy(memory, buffer, bytes);
    } else {
        memcpy(buffer, memory, bytes);
    }
    frame_put(frame);
    return 0;
}

ssize_t address_space_access(struct address_space *space, vaddr_t address, void *buffer,
                             size_t bytes, bool is_write)
{
    size_t done = 0;
    int error = 0;
    shared_mutex_lock(&space->mutex);
    while (done < bytes && error == 0) {
        vaddr_t place = address + done;
        size_t run = MIN(bytes - done, PAGE_SIZE - place % PAGE_SIZE);
        if (place < address || place >= USER_TOP) {
            error = -EFAULT;
            break;
        }
        error = access_page(space, place, (char *)buffer + done, run, is_write);
        done += error == 0 ? run : 0;
    }
    shared_mutex_unlock(&space->mutex);
    if (done > 0 || error == 0 || error == -ENOMEM) {
        return done > 0 ? (ssize_t)done : error;
    }
    return error == -EACCES || error == -EFAULT ? -EFAULT : -EIO;
}
