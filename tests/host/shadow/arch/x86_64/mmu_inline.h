/*
 * Page-table entries are the kernel's own; the instructions that load a root or flush the TLB are
 * replaced by a variable and by nothing.
 */
#pragma once

#define mmu_root_current     kernel_mmu_root_current
#define mmu_root_load        kernel_mmu_root_load
#define tlb_flush_page_local kernel_tlb_flush_page_local
#define tlb_flush_user_local kernel_tlb_flush_user_local
#define tlb_flush_all_local  kernel_tlb_flush_all_local
#include_next "arch/x86_64/mmu_inline.h"
#undef mmu_root_current
#undef mmu_root_load
#undef tlb_flush_page_local
#undef tlb_flush_user_local
#undef tlb_flush_all_local

static paddr_t host_mmu_root __attribute__((__unused__));

static inline paddr_t mmu_root_current(void)
{
    return host_mmu_root;
}

static inline void mmu_root_load(paddr_t root)
{
    host_mmu_root = root;
}

static inline void tlb_flush_page_local(vaddr_t address)
{
    (void)address;
}

static inline void tlb_flush_user_local(void)
{
}

static inline void tlb_flush_all_local(void)
{
}
