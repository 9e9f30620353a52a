/*
 * Any bytes as Multiboot2 information: no access outside of it, and nothing that the rest of the boot could not bear.
 *
 * host-sources: boot/multiboot2.c boot/early_memory.c boot/modules.c boot/memory_map.c lib/sort.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include "arch/page.h"
#include "boot/boot_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_BYTES = 1 << 20, KERNEL_START = 0x100000, KERNEL_END = 0x200000 };

static void memory_map_once(void)
{
    static bool is_mapped;
    if (!is_mapped) {
        void *memory = mmap((void *)PHYSICAL_MAP_BASE, MEMORY_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (memory == MAP_FAILED) {
            abort();
        }
        is_mapped = true;
    }
}

static void result_check(const struct boot_info *info)
{
    for (unsigned i = 0; i < info->module_count; i++) {
        const struct boot_module *module = &info->modules[i];
        if (module->base < KERNEL_END && module->base + module->bytes > KERNEL_START) {
            abort();
        }
    }
    const struct boot_framebuffer *screen = &info->framebuffer;
    if (screen->pitch_bytes < (uint64_t)screen->width * screen->bits_per_pixel / 8) {
        abort();
    }
}

/* The total size is set, so that the fuzzer need not find it; the bytes end where the mapping ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info info;
    uint32_t total = (uint32_t)size;
    if (size < 8 || size > MEMORY_BYTES) {
        return 0;
    }
    memory_map_once();
    uint8_t *place = (uint8_t *)PHYSICAL_MAP_BASE + MEMORY_BYTES - size;
    memcpy(place, data, size);
    memcpy(place, &total, sizeof(total));
    memset(&info, 0, sizeof(info));
    info.kernel_start = KERNEL_START;
    info.kernel_end = KERNEL_END;
    if (!multiboot2_gather(&info, MEMORY_BYTES - size)) {
        abort();
    }
    memory_map_sanitise(&info);
    result_check(&info);
    return 0;
}
