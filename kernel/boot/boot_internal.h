// Shared by the files of boot/.
#pragma once

#include "arch/boot_info.h"
#include "lib/types.h"

// What EAX holds where a Multiboot2 loader enters.
#define MULTIBOOT2_LOADER_MAGIC 0x36d76289u

// early_memory.c. For boot_gather only: the entry code's page tables must be loaded.
// NULL: not all of it lies below BOOT_EARLY_MAP_BYTES.
const uint8_t *early_memory_at(uint64_t address, size_t bytes);
bool early_memory_copy(void *to, uint64_t address, size_t bytes);
// A text that ends with a zero or after `available` bytes, cut to `size` (at least 1) with its zero.
void early_text_copy(char *to, size_t size, const void *from, size_t available);

// modules.c. Adds a module, unless it is empty or cannot be one (info->complaint says so). kernel_start and kernel_end are set.
void boot_module_add(struct boot_info *info, paddr_t base, uint64_t bytes);

// memory_map.c. All work on info->memory.
// Adds a range at the end, unsorted. One that goes on where the last ended, in kind too, makes that longer.
void memory_map_add(struct boot_info *info, paddr_t base, uint64_t bytes,
                    enum boot_memory_kind kind);
// The same with the type as the BIOS call E820 numbers it, which PVH and Multiboot2 took over.
void memory_map_add_e820(struct boot_info *info, paddr_t base, uint64_t bytes, uint32_t type);
// Sorts by address and settles overlaps: the kind that forbids more wins. Empty ranges go, and what the physical map cannot
// hold.
void memory_map_sanitise(struct boot_info *info);
// Drops usable memory from `limit` on (mem=).
void memory_map_cap(struct boot_info *info, uint64_t limit);
// Turns part of usable memory into another kind.
void memory_map_carve(struct boot_info *info, paddr_t base, uint64_t bytes,
                      enum boot_memory_kind kind);
uint64_t memory_map_usable_bytes(const struct boot_info *info);

// pvh.c. False: this is no PVH start information.
bool pvh_gather(struct boot_info *info, paddr_t start_information);
// multiboot2.c. False: there is no Multiboot2 information at this address.
bool multiboot2_gather(struct boot_info *info, paddr_t information);

// acpi.c: fills info->acpi. What is damaged is left out, with a line in the log.
void acpi_scan(struct boot_info *info);

// cpus.c: starts the CPUs that the firmware lists, as the command line allows. May sleep.
void cpus_start(void);
// One CPU by its local APIC: 0, -ENOMEM, -ENODEV (no page for its first code), -ETIMEDOUT (it does not answer), -ERANGE (its
// time-stamp counter is another).
int cpu_start_one(uint8_t apic);

// devices.c
void boot_devices_map(struct boot_info *info);
// Takes the page tables that boot made out of usable memory; none is made afterwards.
void boot_tables_reserve(struct boot_info *info);
