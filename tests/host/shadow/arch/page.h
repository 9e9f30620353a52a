/*
 * The kernel's layout, but for physical memory, which a process must have below 2^47 (and outside
 * what ASan keeps for itself).
 */
#pragma once

#include_next "arch/page.h"

#undef PHYSICAL_MAP_BASE
#undef PHYSICAL_MAP_SIZE
#define PHYSICAL_MAP_BASE 0x200000000000UL
#define PHYSICAL_MAP_SIZE 0x010000000000UL
