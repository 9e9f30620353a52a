// A CPU's start: descriptor tables, control registers, the system-call entry, FPU; and small per-CPU services of arch/cpu.h.
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/constants.h"
#include "arch/x86_64/registers.h"
#include "lib/assert.h"

uint8_t user_copy_by_bytes;

struct page_level page_levels[PAGE_LEVELS] = {
    {.shift = 12, .entries = 512, .can_be_leaf = true},
    {.shift = 21, .entries = 512, .can_be_leaf = true},
    {.shift = 30, .entries = 512, .can_be_leaf = false}, // cpu_init: where the CPU has 1 GiB pages
    {.shift = 39, .entries = 512, .can_be_leaf = false},
};

static const struct {
    enum cpu_feature feature;
    uint32_t bit;
} optional_control_bits[] = {
    {CPU_HAS_GLOBAL_PAGES, CR4_GLOBAL_PAGES},
    {CPU_HAS_UMIP, CR4_UMIP},
    {CPU_HAS_FSGSBASE, CR4_FSGSBASE},
    {CPU_HAS_XSAVE, CR4_XSAVE},
    {CPU_HAS_SMEP, CR4_SMEP},
    {CPU_HAS_SMAP, CR4_SMAP},
};

// The timestamp counter stays readable for user code (CR4.TSD clear). Write protection counts for the kernel too: without it a copy
// to user memory would write through copy-on-write pages instead of faulting.
static void control_registers_set(void)
{
    uint64_t cr4 = CR4_PAE | CR4_FXSR | CR4_SIMD_EXCEPTIONS;
    for (size_t i = 0; i < sizeof(optional_control_bits) / sizeof(optional_control_bits[0]); i++) {
        if (cpu_has(optional_control_bits[i].feature)) {
            cr4 |= optional_control_bits[i].bit;
        }
    }
    cr4_write(cr4);

    uint64_t cr0 = cr0_read();
    cr0 &=
        ~(uint64_t)(CR0_EMULATION | CR0_TASK_SWITCHED | CR0_CACHE_DISABLE | CR0_NOT_WRITE_THROUGH);
    cr0 |= CR0_MONITOR_COPROCESSOR | CR0_NUMERIC_ERROR | CR0_WRITE_PROTECT | CR0_ALIGNMENT_MASK;
    cr0_write(cr0);
}

// SYSCALL clears every flag that user code may set and that means something to the kernel.
static void system_call_entry_set(void)
{
    msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SYSCALL | EFER_NO_EXECUTE);
    msr_write(MSR_STAR,
              ((uint64_t)SELECTOR_USER_CODE_32 << 48) | ((uint64_t)SELECTOR_KERNEL_CODE << 32));
    msr_write(MSR_LSTAR, (uint64_t)system_call_entry);
    msr_write(MSR_CSTAR, (uint64_t)system_call_entry_32);
    msr_write(MSR_SFMASK, RFLAGS_TRAP | RFLAGS_INTERRUPT | RFLAGS_DIRECTION | RFLAGS_IOPL |
                              RFLAGS_NESTED | RFLAGS_RESUME | RFLAGS_ALIGNMENT | RFLAGS_CARRY);
    msr_write(MSR_SYSENTER_CS, 0); // SYSENTER faults
}

// Turns the three-byte NOPs of the entry code into 0F 01 xx. The text is still writable: only the first CPU's start does it.
static void smap_sites_patch(void)
{
    for (const struct smap_site *site = smap_sites_start; site < smap_sites_end; site++) {
        uint8_t *code = (uint8_t *)site->address;
        assert_always(code[0] == 0x0f);
        code[1] = 0x01;
        code[2] = (uint8_t)site->opcode;
    }
}

void cpu_init(unsigned number)
{
    descriptor_tables_load(number);
    if (number == 0) {
        cpu_features_detect();
        cpu_identify();
        user_copy_by_bytes = cpu_has(CPU_HAS_FAST_STRINGS);
        page_levels[2].can_be_leaf = cpu_has(CPU_HAS_HUGE_PAGES);
        if (cpu_has(CPU_HAS_SMAP)) {
            smap_sites_patch();
        }
    }
    control_registers_set();
    system_call_entry_set();
    fpu_init(number == 0);
}

void cpu_timer_deadline_write(uint64_t timestamp)
{
    msr_write(MSR_TSC_DEADLINE, timestamp);
}
