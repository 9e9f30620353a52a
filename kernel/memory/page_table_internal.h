// Between page_table.c and page_table_view.c.
#pragma once

#include "memory/page_table.h"

enum { ROOT_LEVEL = PAGE_LEVELS - 1 };

static inline struct page_entry *page_table_entries(paddr_t table)
{
    return physical_to_virtual(table);
}

unsigned page_table_slot(vaddr_t address, unsigned level);
// A root that shows the kernel's half and nothing else. NULL: out of memory.
must_check struct frame *page_table_root_create(void);

// --- page_table_view.c ---

void page_table_view_module_init(void);
// What this CPU has to load. Interrupts are off, and nothing of the table is in the TLB.
paddr_t page_table_view_root(struct page_table *table);
void page_table_views_free(struct page_table_views *views);
