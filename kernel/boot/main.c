// The order of initialisation, as two lists.
//
// The first runs on the boot stack with interrupts off and may not sleep; it ends with the scheduler, which turns this code into
// CPU 0's idle thread. The second runs in a kernel thread and may sleep; it ends with pid 1. Each stage is stamped with the
// time-stamp counter (/kernel/runtime/boot). In debug kernels the thread stays until the end of the machine, which it carries out.
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/machine.h"
#include "arch/upcalls.h"
#include "boot/boot_internal.h"
#include "boot/kernel_test_hook.h"
#include "device/node.h"
#include "file/open_file.h"
#include "fs/devfs/devfs.h"
#include "fs/initramfs.h"
#include "fs/mount.h"
#include "interrupt/clock.h"
#include "interrupt/irq.h"
#include "ipc/ipc.h"
#include "kernelfs/kernelfs.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "log/boot_parameters.h"
#include "log/lock_report.h"
#include "log/log.h"
#include "log/panic.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "memory/page_table.h"
#include "memory/physical_map.h"
#include "process/holdings.h"
#include "process/init.h"
#include "process/process.h"
#include "scheduler/thread.h"
#include "shell/shell.h"
#include "syscall/system_call.h"
#include "vm/reclaim.h"

enum { CONSOLE_LEVEL_QUIET = 4 };

struct boot_step {
    const char *name;
    void (*run)(void);
};

static void log_start(void)
{
    const struct boot_parameters *parameters = &boot_parameters;
    panic_set_timeout(parameters->panic_seconds);
    if (parameters->quiet) {
        log_console_level_set(CONSOLE_LEVEL_QUIET);
    }
    if (parameters->log_level >= 0) {
        log_console_level_set(parameters->log_level);
    }
    log_info("Astra: loaded by %s, command line: %s", boot_information.loader,
             boot_information.command_line);
    if (boot_information.complaint) {
        log_warning("boot: the loader's information was left out in part: %s",
                    boot_information.complaint);
    }
    log_info("boot: %lu KiB usable memory, %u modules",
             memory_map_usable_bytes(&boot_information) / 1024, boot_information.module_count);
}

static void firmware_scan(void)
{
    acpi_scan(&boot_information);
    boot_devices_map(&boot_information);
    boot_tables_reserve(&boot_information);
}

static void memory_start(void)
{
    frame_init(&boot_information);
    page_table_init();
    heap_init();
    kernel_map_init();
}

static void clock_start(void)
{
    clock_init();
    lock_report_init(clock_tsc_frequency_hz());
}

static void root_start(void)
{
    leak_check_begin();
    devfs_start();
    int error = mount_root("rootfs", "rootfs", "", 0);
    if (error) {
        panic("the root cannot be mounted: error %d", -error);
    }
}

// Each initial RAM disk is given back as soon as its files are in the tree.
static void initramfs_start(void)
{
    if (boot_information.module_count == 0) {
        initramfs_make_base();
    }
    for (unsigned i = 0; i < boot_information.module_count; i++) {
        const struct boot_module *module = &boot_information.modules[i];
        int error = initramfs_unpack(physical_to_virtual(module->base), module->bytes);
        if (error) {
            log_error(
                "boot: initial RAM disk %u is damaged (error %d), going on with what unpacked", i,
                -error);
        }
        frame_release_boot_range(module->base, module->bytes);
    }
}

static const struct boot_step steps_before_threads[] = {
    {"log", log_start},
    {"firmware", firmware_scan},
    {"memory", memory_start},
    {"interrupts", interrupt_init},
    {"clock", clock_start},
    {"watchdog", watchdog_init},
    {"scheduler", scheduler_init},
};

static const struct boot_step steps_in_thread[] = {
    {"address spaces", vm_init},
    {"files", file_init},
    {"file systems", fs_init},
    {"devices", device_init},
    {"kernel files", kernelfs_init},
    {"processes", process_init},
    {"objects of System V", ipc_init},
    {"system calls", system_call_init},
    {"cpus", cpus_start},
    {"root", root_start},
    {"initial files", initramfs_start},
};

static void steps_run(const struct boot_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert(steps[i].run != NULL);
        steps[i].run();
        boot_stage_mark(steps[i].name);
    }
}

static void boot_thread(void *argument)
{
    (void)argument;
    steps_run(steps_in_thread, ARRAY_SIZE(steps_in_thread));
    const char *test_pattern = boot_parameter_find("astra.test");
    if (kernel_test_main && test_pattern) {
        kernel_test_main(test_pattern);
    }
    process_start_first(shell_main);
    process_await_end();
}

_Noreturn void upcall_boot(struct boot_info *info)
{
    (void)info;
    steps_run(steps_before_threads, ARRAY_SIZE(steps_before_threads));
    if (!thread_create_kernel("boot", boot_thread, NULL)) {
        panic("no memory for the first thread");
    }
    scheduler_idle();
}
