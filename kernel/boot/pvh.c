// PVH start information (Xen's x86/HVM direct boot ABI, versions 0 and 1): command line, memory map, modules, all copied out of
// low memory before page 0 is used again. Version 0 has no memory map; QEMU gives version 1. Addresses and counts are outside
// input: what does not lie in the early map is left out.
#include "boot/boot_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"

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

static const char *const out_of_reach = "PVH data behind the first 4 GiB";

static void command_line_copy(struct boot_info *info, uint64_t address)
{
    const uint8_t *text = early_memory_at(address, 1);
    if (text) {
        early_text_copy(info->command_line, sizeof(info->command_line), text,
                        BOOT_EARLY_MAP_BYTES - address);
    } else {
        info->complaint = out_of_reach;
    }
}

static void memory_copy(struct boot_info *info, const struct pvh_start_info *start)
{
    unsigned count = MIN(start->memory_map_entries, (uint32_t)ENTRIES_MAX);
    for (unsigned i = 0; start->memory_map && i < count; i++) {
        struct pvh_memory entry;
        if (!early_memory_copy(&entry, start->memory_map + i * sizeof(entry), sizeof(entry))) {
            info->complaint = out_of_reach;
            return;
        }
        memory_map_add_e820(info, entry.base, entry.bytes, entry.type);
    }
}

static void modules_copy(struct boot_info *info, const struct pvh_start_info *start)
{
    unsigned count = MIN(start->module_count, (uint32_t)ENTRIES_MAX);
    for (unsigned i = 0; start->modules && i < count; i++) {
        struct pvh_module module;
        if (!early_memory_copy(&module, start->modules + i * sizeof(module), sizeof(module))) {
            info->complaint = out_of_reach;
            return;
        }
        boot_module_add(info, module.base, module.bytes);
    }
}

bool pvh_gather(struct boot_info *info, paddr_t start_information)
{
    struct pvh_start_info start;
    if (!early_memory_copy(&start, start_information, sizeof(start)) || start.magic != PVH_MAGIC ||
        start.version < 1) {
        return false;
    }
    info->loader = "PVH";
    info->acpi.rsdp = start.rsdp;
    if (start.command_line) {
        command_line_copy(info, start.command_line);
    }
    memory_copy(info, &start);
    modules_copy(info, &start);
    return true;
}
