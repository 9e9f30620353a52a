// From the entry code to boot/: the console, the first CPU, the loader's information, the kernel's own page tables.
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/machine.h"
#include "arch/x86_64/arch_internal.h"

struct boot_info boot_information;

void boot_stage_mark(const char *name)
{
    struct boot_info *info = &boot_information;
    if (info->stage_count < BOOT_STAGES_MAX) {
        info->stages[info->stage_count++] = (struct boot_stage){name, cpu_timestamp()};
    }
}

_Noreturn void arch_start(paddr_t start_information, uint32_t loader_magic)
{
    boot_stage_mark("entry");
    early_console_init();
    cpu_init(0);
    boot_stage_mark("cpu");
    upcall_boot_gather(&boot_information, start_information, loader_magic);
    kernel_tables_build(&boot_information);
    boot_stage_mark("page tables");
    upcall_boot(&boot_information);
}
