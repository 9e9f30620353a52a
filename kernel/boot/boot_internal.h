// Shared by the files of boot/.
#pragma once

#include "arch/boot_info.h"
#include "lib/types.h"

// memory_map.c. All work on info->memory.
// Adds a range at the end, unsorted.
void memory_map_add(struct boot_info *info, paddr_t base, uint64_t bytes,
                    enum boot_memory_kind kind);
// Sorts by address and settles overlaps: the kind that forbids more wins. Empty ranges go.
void memory_map_sanitise(struct boot_info *info);
// Drops usable memory from `limit` on (mem=).
void memory_map_cap(struct boot_info *info, uint64_t limit);
// Turns part of usable memory into another kind.
void memory_map_carve(struct boot_info *info, paddr_t base, uint64_t bytes,
                      enum boot_memory_kind kind);
uint64_t memory_map_usable_bytes(const struct boot_info *info);

// pvh.c. False: this is no PVH start information.
bool pvh_gather(struct boot_info *info, paddr_t start_information);

// acpi.c: fills info->acpi. What is damaged is left out, with a line in the log.
void acpi_scan(struct boot_info *info);

// devices.c
void boot_devices_map(struct boot_info *info);
// Takes the page tables that boot made out of usable memory; none is made afterwards.
void boot_tables_reserve(struct boot_info *info);
