// Between fault.c and fault_around.c.
#pragma once

#include "vm/vm_internal.h"

// One fault on its way.
struct fault {
    struct address_space *space;
    struct area *area;
    vaddr_t address;          // of the page
    unsigned access;          // FAULT_*
    uint64_t index;           // page index in the area's cache
    struct page_entry *entry; // where the page goes
    struct page_entry seen;   // what stood there
    bool was_filled;          // storage was read
};

// May a shared mapping be writable before the first write? Only where nobody tracks dirty pages.
bool fault_may_map_writable(const struct area *area);
// After a read fault on a cached page: maps its neighbours that are in the cache anyway.
void fault_map_around(struct fault *fault);
