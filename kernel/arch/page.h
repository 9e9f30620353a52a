// The sizes and the virtual layout that every folder may rely on.
//
// The layout is a constant (docs/architecture.md has the picture): user space below USER_TOP, all physical
// memory at PHYSICAL_MAP_BASE, kernel mappings (stacks, device registers) from KERNEL_MAP_BASE, the kernel's
// image in the top 2 GiB.
#pragma once

#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define USER_BOTTOM       0x10000UL        // lowest address that a program may map (mmap_min_addr)
#define USER_TOP          0x7ffffffff000UL // first address above user space: 2^47 less one page
#define PHYSICAL_MAP_BASE 0xffff888000000000UL
#define PHYSICAL_MAP_SIZE 0x0000400000000000UL
#define KERNEL_MAP_BASE   0xffffc90000000000UL
#define KERNEL_MAP_END    0xffffe90000000000UL
#define KERNEL_IMAGE_BASE                                                                          \
    0xffffffff80000000UL // virtual address of physical 0 in the image's mapping

#define CPU_MAX 64
