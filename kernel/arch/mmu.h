// Page-table entries and the TLB, as this CPU has them. The walker (memory/page_table.c) is generic: levels are data.
#pragma once

#include "arch/page.h"
#include "lib/types.h"

// One entry of any level.
struct page_entry {
    uint64_t value;
};

// What a mapping permits. PAGE_READ is implied by presence; user-space areas without any right are not present.
struct page_rights {
    unsigned bits;
};
enum {
    PAGE_READ = 1,
    PAGE_WRITE = 2,
    PAGE_EXECUTE = 4,
    PAGE_USER = 8,
    PAGE_GLOBAL = 16,
    PAGE_UNCACHED = 32,
};

struct page_level {
    unsigned shift;   // log2 of the bytes that one entry covers
    unsigned entries; // entries per table
    bool can_be_leaf; // may map memory directly on this CPU
};
enum { PAGE_LEVELS = 4 }; // 0: 4 KiB pages ... 3: the root
extern struct page_level
    page_levels[PAGE_LEVELS]; // set by cpu_init (1 GiB leaves depend on the CPU)

#include "arch/x86_64/mmu_inline.h" // inline:
//   struct page_entry page_entry_none(void)
//   struct page_entry page_entry_leaf(paddr_t, struct page_rights, unsigned level)
//   struct page_entry page_entry_table(paddr_t)          most permissive; rights are checked at the leaf
//   bool page_entry_is_present(e), page_entry_is_leaf(e, level), page_entry_is_none(e)
//   bool page_entry_is_writable(e), page_entry_is_dirty(e), page_entry_is_accessed(e)
//   struct page_entry page_entry_without_write(e), page_entry_clean_young(e) (accessed and dirty cleared)
//   struct page_entry page_entry_hidden(e)                not present, but keeps its frame (PROT_NONE)
//   paddr_t page_entry_address(e, level); struct page_rights page_entry_rights(e)
//   void mmu_root_load(paddr_t), paddr_t mmu_root_current(void)
//   void tlb_flush_page_local(vaddr_t)                    this CPU
//   void tlb_flush_all_local(void)                        this CPU, global entries too
//   void tlb_flush_user_local(void)                       this CPU, user entries

// Adds physical addresses (device registers, firmware tables; at most 1 MiB) to the physical map; what is mapped stays as it is.
// `bits` are PAGE_* of page_rights. Returns the address of `base`, or 0 when boot's page tables are used up. Only during boot,
// before memory/ takes the usable memory over.
vaddr_t mmu_physical_map_extend(paddr_t base, uint64_t bytes, unsigned bits);

// The physical memory that the boot-time tables took out of usable memory. No table is added afterwards.
void mmu_boot_tables_finish(paddr_t *base, uint64_t *bytes);
