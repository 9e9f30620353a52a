// Page-table entries of 4-level paging (Intel SDM 3A, 4.5).
#pragma once

#include "arch/mmu.h"
#include "arch/x86_64/constants.h"
#include "lib/types.h"

#define ENTRY_PRESENT      0x1UL
#define ENTRY_WRITE        0x2UL
#define ENTRY_USER         0x4UL
#define ENTRY_UNCACHED     0x18UL // PWT and PCD: strong uncacheable in the default PAT
#define ENTRY_ACCESSED     0x20UL
#define ENTRY_DIRTY        0x40UL
#define ENTRY_LARGE        0x80UL
#define ENTRY_GLOBAL       0x100UL
#define ENTRY_NO_EXECUTE   0x8000000000000000UL
#define ENTRY_ADDRESS_MASK 0x000ffffffffff000UL

static inline struct page_entry page_entry_none(void)
{
    return (struct page_entry){0};
}

static inline struct page_entry page_entry_leaf(paddr_t address, struct page_rights rights,
                                                unsigned level)
{
    uint64_t value = address | ENTRY_PRESENT;
    value |= (rights.bits & PAGE_WRITE) ? ENTRY_WRITE : 0;
    value |= (rights.bits & PAGE_USER) ? ENTRY_USER : 0;
    value |= (rights.bits & PAGE_GLOBAL) ? ENTRY_GLOBAL : 0;
    value |= (rights.bits & PAGE_UNCACHED) ? ENTRY_UNCACHED : 0;
    value |= (rights.bits & PAGE_EXECUTE) ? 0 : ENTRY_NO_EXECUTE;
    value |= level > 0 ? ENTRY_LARGE : 0;
    return (struct page_entry){value};
}

static inline struct page_entry page_entry_table(paddr_t table)
{
    return (struct page_entry){table | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER};
}

static inline bool page_entry_is_present(struct page_entry entry)
{
    return (entry.value & ENTRY_PRESENT) != 0;
}

static inline bool page_entry_is_none(struct page_entry entry)
{
    return entry.value == 0;
}

static inline bool page_entry_is_leaf(struct page_entry entry, unsigned level)
{
    return page_entry_is_present(entry) && (level == 0 || (entry.value & ENTRY_LARGE));
}

static inline bool page_entry_is_writable(struct page_entry entry)
{
    return (entry.value & ENTRY_WRITE) != 0;
}

static inline bool page_entry_is_dirty(struct page_entry entry)
{
    return (entry.value & ENTRY_DIRTY) != 0;
}

static inline bool page_entry_is_accessed(struct page_entry entry)
{
    return (entry.value & ENTRY_ACCESSED) != 0;
}

static inline struct page_entry page_entry_without_write(struct page_entry entry)
{
    return (struct page_entry){entry.value & ~ENTRY_WRITE};
}

// Not present, but it keeps its frame: what a mapping without any right looks like. page_entry_address still works on it.
static inline struct page_entry page_entry_hidden(struct page_entry entry)
{
    return (struct page_entry){entry.value & ~ENTRY_PRESENT};
}

static inline struct page_entry page_entry_clean_young(struct page_entry entry)
{
    return (struct page_entry){entry.value & ~(ENTRY_DIRTY | ENTRY_ACCESSED)};
}

// A large leaf keeps its PAT bit among the low address bits: the level's mask drops it.
static inline paddr_t page_entry_address(struct page_entry entry, unsigned level)
{
    return entry.value & ENTRY_ADDRESS_MASK &
           (page_entry_is_leaf(entry, level) ? ~((1UL << (12 + 9 * level)) - 1) : ~0UL);
}

static inline struct page_rights page_entry_rights(struct page_entry entry)
{
    unsigned bits = page_entry_is_present(entry) ? PAGE_READ : 0;
    bits |= (entry.value & ENTRY_WRITE) ? PAGE_WRITE : 0;
    bits |= (entry.value & ENTRY_NO_EXECUTE) ? 0 : PAGE_EXECUTE;
    bits |= (entry.value & ENTRY_USER) ? PAGE_USER : 0;
    bits |= (entry.value & ENTRY_GLOBAL) ? PAGE_GLOBAL : 0;
    bits |= (entry.value & ENTRY_UNCACHED) == ENTRY_UNCACHED ? PAGE_UNCACHED : 0;
    return (struct page_rights){bits};
}

static inline paddr_t mmu_root_current(void)
{
    uint64_t root;
    __asm__ volatile("movq %%cr3, %0" : "=r"(root));
    return root & ENTRY_ADDRESS_MASK;
}

static inline void mmu_root_load(paddr_t root)
{
    __asm__ volatile("movq %0, %%cr3" : : "r"(root) : "memory");
}

static inline void tlb_flush_page_local(vaddr_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

// Loading the root drops everything but global entries. Interrupts are off: a handler that loads another root in between would be
// undone.
static inline void tlb_flush_user_local(void)
{
    mmu_root_load(mmu_root_current());
}

// Any change of CR4's PGE bit drops everything; without global pages the root's load already did.
static inline void tlb_flush_all_local(void)
{
    uint64_t cr4;
    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    if (!(cr4 & CR4_GLOBAL_PAGES)) {
        tlb_flush_user_local();
        return;
    }
    __asm__ volatile("movq %0, %%cr4\n\tmovq %1, %%cr4"
                     :
                     : "r"(cr4 & ~(uint64_t)CR4_GLOBAL_PAGES), "r"(cr4)
                     : "memory");
}
