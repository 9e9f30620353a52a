// Kernel mappings outside of the physical map: thread stacks with guard pages, large buffers,
// device registers.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

enum { KERNEL_STACK_BYTES = 16384 };

// A stack with an unmapped guard below it; returns its lowest address, 0 when out of memory. Its
// contents are undefined. Thread context.
must_check vaddr_t kernel_stack_alloc(void);
// Nobody runs on it any more. Thread context.
void kernel_stack_free(vaddr_t base);
// Stacks that somebody has.
size_t kernel_stack_count(void);
// Is the address in the guard of some kernel stack? (for "kernel stack overflow" diagnosis)
bool kernel_stack_is_guard(vaddr_t address);

// Zeroed, page-aligned, not physically contiguous memory; NULL when out of memory. With guard pages
// around. Thread context.
must_check void *kernel_map_alloc(size_t bytes);
void kernel_map_free(void *pointer);

// Device registers, uncached. 0 when out of memory or address space. Any alignment; the result keeps
// the offset.
must_check vaddr_t kernel_map_device(paddr_t base, size_t bytes);
void kernel_unmap_device(vaddr_t address, size_t bytes);

// After heap_init and page_table_init, before the first page_table_create.
void kernel_map_init(void);
