// The loader's modules: initial RAM disks, in the order in which they unpack. A module's memory goes to the allocator once it is
// unpacked, so one that lies over the kernel or over another module is refused.
#include "arch/page.h"
#include "boot/boot_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"

static bool do_overlap(paddr_t base, uint64_t bytes, paddr_t start, paddr_t end)
{
    return base < end && start < base + bytes;
}

static bool is_in_the_way(const struct boot_info *info, paddr_t base, uint64_t bytes)
{
    for (unsigned i = 0; i < info->module_count; i++) {
        const struct boot_module *other = &info->modules[i];
        if (do_overlap(base, bytes, other->base, other->base + other->bytes)) {
            return true;
        }
    }
    return do_overlap(base, bytes, info->kernel_start, info->kernel_end);
}

void boot_module_add(struct boot_info *info, paddr_t base, uint64_t bytes)
{
    assert(info->kernel_end > info->kernel_start);
    if (bytes == 0) {
        return;
    }
    if (base >= PHYSICAL_MAP_SIZE || bytes > PHYSICAL_MAP_SIZE - base) {
        info->complaint = "a module behind the end of memory";
    } else if (is_in_the_way(info, base, bytes)) {
        info->complaint = "a module over the kernel or another module";
    } else if (info->module_count == BOOT_MODULES_MAX) {
        info->complaint = "modules beyond the most that are taken";
    } else {
        assert(info->module_count < BOOT_MODULES_MAX);
        info->modules[info->module_count++] = (struct boot_module){base, bytes};
    }
}
