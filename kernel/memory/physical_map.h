// The one place where physical and virtual addresses are converted. All physical memory is mapped at PHYSICAL_MAP_BASE.
#pragma once

#include "arch/page.h"
#include "lib/types.h"

static inline void *physical_to_virtual(paddr_t address)
{
    return (void *)(uintptr_t)(PHYSICAL_MAP_BASE + address);
}

// Only for addresses in the physical map (what frame_alloc and the heap return), and for the kernel image.
static inline paddr_t virtual_to_physical(const void *pointer)
{
    uintptr_t address = (uintptr_t)pointer;
    return address >= KERNEL_IMAGE_BASE ? address - KERNEL_IMAGE_BASE : address - PHYSICAL_MAP_BASE;
}
