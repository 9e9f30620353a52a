// What the machine and the loader told us, in one structure, copied out of low memory before that is reused. The boot
// protocol's entry code (boot/) fills it; everybody else reads it.
#pragma once

#include "arch/page.h"
#include "lib/types.h"

enum {
    BOOT_MEMORY_RANGES_MAX = 64,
    BOOT_MODULES_MAX = 16,
    BOOT_COMMAND_LINE_MAX = 4096,
    BOOT_IO_APICS_MAX = 8,
    BOOT_OVERRIDES_MAX = 16,
    BOOT_STAGES_MAX = 32,
    BOOT_RSDP_BYTES = 36,
};

// How much of physical memory the entry code's page tables show, from 0 on.
#define BOOT_EARLY_MAP_BYTES (UINT64_C(4) << 30)

enum boot_memory_kind {
    BOOT_MEMORY_USABLE = 1,
    BOOT_MEMORY_RESERVED,
    BOOT_MEMORY_ACPI,
    BOOT_MEMORY_NVS,
    BOOT_MEMORY_BAD
};

struct boot_memory_range {
    paddr_t base;
    uint64_t bytes;
    enum boot_memory_kind kind;
};

struct boot_module {
    paddr_t base;
    uint64_t bytes;
};

struct boot_framebuffer { // direct colour, eight bits each
    paddr_t base;         // 0: none
    uint32_t width, height, pitch_bytes, bits_per_pixel;
    uint8_t red_shift, green_shift, blue_shift;
};

struct boot_interrupt_override { // MADT type 2: ISA line -> global interrupt
    uint8_t isa_line;
    bool is_active_low, is_level;
    uint32_t global_interrupt;
};

struct boot_acpi {
    paddr_t rsdp;                       // 0: no ACPI found
    uint8_t rsdp_copy[BOOT_RSDP_BYTES]; // where a loader hands over a copy, `rsdp` leads here
    paddr_t local_apic;
    struct {
        paddr_t base;
        uint32_t first_interrupt;
        uint8_t id;
    } io_apics[BOOT_IO_APICS_MAX];
    unsigned io_apic_count;
    struct boot_interrupt_override overrides[BOOT_OVERRIDES_MAX];
    unsigned override_count;
    uint8_t cpu_apic_ids[CPU_MAX]; // [0] is the booting CPU
    unsigned cpu_count;            // at least 1
    unsigned cpus_too_many;        // enabled ones that the tables list beyond CPU_MAX
    bool has_legacy_pic;           // MADT flag PCAT_COMPAT; true without ACPI
    paddr_t hpet;                  // 0: none
    uint16_t pm_timer_port;        // 0: none
    bool pm_timer_is_32bit;
    uint16_t pm1a_control_port, pm1b_control_port; // 0: none
    paddr_t sleep_control_register; // hardware-reduced FADT (microvm), memory; 0: none
    uint16_t sleep_control_port;    // the same in I/O space; 0: none
    bool has_s5;
    uint8_t s5_type_a, s5_type_b; // SLP_TYP values of the _S5_ package
    paddr_t reset_register;       // FADT reset register in memory; 0: none
    uint16_t reset_port;          // the same in I/O space; 0: none
    uint8_t reset_value;
};

struct boot_stage {
    const char *name;
    uint64_t timestamp; // time-stamp counter
};

struct boot_info {
    const char *loader;    // "PVH", "Multiboot2"
    const char *complaint; // what of the loader's information was left out and why, NULL: nothing
    char command_line[BOOT_COMMAND_LINE_MAX];
    struct boot_memory_range memory[BOOT_MEMORY_RANGES_MAX]; // sorted, without overlap
    unsigned memory_count;
    struct boot_module modules[BOOT_MODULES_MAX]; // initial RAM disks, in order
    unsigned module_count;
    paddr_t kernel_start, kernel_end; // physical, page aligned
    struct boot_framebuffer framebuffer;
    struct boot_acpi acpi;
    struct boot_stage stages[BOOT_STAGES_MAX];
    unsigned stage_count;
};

// The one instance. Read-only after boot.
extern struct boot_info boot_information;

// Stamps the end of a boot stage. Silently drops stages beyond BOOT_STAGES_MAX.
void boot_stage_mark(const char *name);
