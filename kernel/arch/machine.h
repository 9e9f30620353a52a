// The machine as a whole: early text output, power, and the ends of the kernel's sections.
#pragma once

#include "lib/types.h"

// COM1, 115200 8N1, polled. Works from the first C instruction and in a panic. Without a UART it does nothing.
void early_console_init(void);
void early_console_write(const char *text, size_t length);

// Stops the machine as boot_information.acpi allows (PM1 control, or the sleep control register). Returns only if nothing worked.
void machine_power_off(void);
// FADT reset register, then keyboard controller, then triple fault.
_Noreturn void machine_reboot(void);
// isa-debug-exit at port 0xf4, if it is there (a 32-bit read gives 0, not all ones): QEMU ends with 2 * status + 1.
void machine_debug_exit(unsigned status);

// Linker-script symbols.
extern char kernel_image_start[], kernel_text_start[], kernel_text_end[], kernel_rodata_start[],
    kernel_rodata_end[], kernel_data_start[], kernel_bss_start[], kernel_bss_end[],
    kernel_image_end[];
extern char kernel_percpu_start[], kernel_percpu_end[];
