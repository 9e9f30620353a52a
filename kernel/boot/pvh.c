// PVH start information (Xen's x86/HVM direct boot ABI, versions 0 and 1): command line, memory map, modules, all copied out of
// low memory before page 0 is used again. Version 0 has no memory map; QEMU gives version 1.
#include "arch/page.h"
#include "boot/boot_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"

enum { PVH_MAGIC = 0x336ec578, ENTRIES_MAX = 1024 };

struct pvh_start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp;
    uint64_t memory_map; // from version 1
    uint32_t memory_map_entries, reserved;
};
static_assert(sizeof(struct pvh_start_info) == 56, "hvm_start_info");

struct pvh_module {
    uint64_t base, bytes, command_line, reserved;
};

struct pvh_memory {
    uint64_t base, bytes;
    uint32_t type, reserved;
};

// The loader's structures are in the first GiB, which is mapped. They need not be aligned (microvm's firmware packs them), so
// they are copied before they are read.
static const void *low_memory(uint64_t address)
{
    return (const void *)(PHYSICAL_MAP_BASE + address);
}

static void low_memory_copy(void *to, uint64_t address, size_t bytes)
{
    memcpy(to, low_memory(address), bytes);
}

static enum boot_memory_kind kind_of(uint32_t type)
{
    switch (type) {
    case 1: return BOOT_MEMORY_USABLE;
    case 3: return BOOT_MEMORY_ACPI;
    case 4: return BOOT_MEMORY_NVS;
    case 5: return BOOT_MEMORY_BAD;
    default: return BOOT_MEMORY_RESERVED;
    }
}

static void memory_copy(struct boot_info *info, const struct pvh_start_info *start)
{
    unsigned count = MIN(start->memory_map_entries, (uint32_t)ENTRIES_MAX);
    for (unsigned i = 0; start->memory_map && i < count; i++) {
        struct pvh_memory entry;
        low_memory_copy(&entry, start->memory_map + i * sizeof(entry), sizeof(entry));
        memory_map_add(info, entry.base, entry.bytes, kind_of(entry.type));
    }
}

static void modules_copy(struct boot_info *info, const struct pvh_start_info *start)
{
    unsigned count = MIN(start->module_count, (uint32_t)BOOT_MODULES_MAX);
    for (unsigned i = 0; start->modules && i < count; i++) {
        struct pvh_module module;
        low_memory_copy(&module, start->modules + i * sizeof(module), sizeof(module));
        if (module.bytes) {
            info->modules[info->module_count++] = (struct boot_module){module.base, module.bytes};
        }
    }
}

bool pvh_gather(struct boot_info *info, paddr_t start_information)
{
    struct pvh_start_info start;
    if (start_information >= GiB(1)) {
        return false;
    }
    low_memory_copy(&start, start_information, sizeof(start));
    if (start.magic != PVH_MAGIC || start.version < 1) {
        return false;
    }
    info->loader = "PVH";
    info->acpi.rsdp = start.rsdp;
    if (start.command_line) {
        strscpy(info->command_line, low_memory(start.command_line), sizeof(info->command_line));
    }
    memory_copy(info, &start);
    modules_copy(info, &start);
    return true;
}
