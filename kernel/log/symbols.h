// Names of kernel functions, from the table that the build generates (tools/gensyms). Offsets are from KERNEL_IMAGE_BASE, sorted.
#pragma once

#include "lib/types.h"

extern const uint32_t symbol_count;
extern const uint32_t symbol_offsets[];
extern const uint32_t symbol_name_offsets[];
extern const char symbol_names[];

// Writes "function+0x12" (or "0x..." where unknown) for a kernel address. Returns the length as format_string does.
int symbol_describe(uint64_t address, char *text, size_t size);
// Address of a symbol by name, 0 if there is none.
uint64_t symbol_find(const char *name);
