// Clearing and copying whole pages: by vector registers, else by unrolled 8-byte stores, since string instructions run one
// element a step where the CPU is emulated, and start slowly where it is not.
#pragma once

#include "lib/types.h"

// `page` is page aligned; `count` pages, 1 or more.
void page_zero(void *page, size_t count);
void page_copy(void *destination, const void *source);
