// The loader's information, taken in before the kernel's own page tables are made: nothing is allocated and the log has no ring
// yet, so what is wrong goes straight to COM1 and the machine halts.
#include "arch/cpu.h"
#include "arch/machine.h"
#include "arch/page.h"
#include "arch/upcalls.h"
#include "boot/boot_internal.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/boot_parameters.h"

static const uint64_t memory_least_bytes = MiB(6);

static _Noreturn void refuse(const char *why)
{
    static const char prefix[] = "Astra cannot start: ";
    early_console_write(prefix, sizeof(prefix) - 1);
    early_console_write(why, strlen(why));
    early_console_write("\n", 1);
    cpu_halt_forever();
}

static void kernel_place(struct boot_info *info)
{
    info->kernel_start = (paddr_t)kernel_image_start - KERNEL_IMAGE_BASE;
    info->kernel_end = (paddr_t)kernel_image_end - KERNEL_IMAGE_BASE;
}

static bool loader_gather(struct boot_info *info, paddr_t start_information, uint32_t loader_magic)
{
    if (loader_magic == MULTIBOOT2_LOADER_MAGIC) {
        return multiboot2_gather(info, start_information);
    }
    return pvh_gather(info, start_information);
}

void upcall_boot_gather(struct boot_info *info, paddr_t start_information, uint32_t loader_magic)
{
    kernel_place(info);
    if (!loader_gather(info, start_information, loader_magic)) {
        refuse("unknown loader (Multiboot2 or PVH start information of version 1 is needed)");
    }
    // In this order: the command line may cap memory (mem=), and what is too little is judged after that.
    memory_map_sanitise(info);
    boot_parameters_parse(info->command_line);
    if (boot_parameters.memory_limit) {
        memory_map_cap(info, boot_parameters.memory_limit);
    }
    if (memory_map_usable_bytes(info) < memory_least_bytes) {
        refuse("less than 6 MiB of usable memory");
    }
}
