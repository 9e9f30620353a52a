// What the files of arch/x86_64/ share, and what the assembly files define or call.
#pragma once

#include "arch/boot_info.h"
#include "arch/context.h"
#include "arch/cpu_block.h"
#include "arch/upcalls.h"
#include "lib/compiler.h"
#include "lib/types.h"

enum {
    VECTOR_DEBUG = 1,
    VECTOR_NMI = 2,
    VECTOR_DOUBLE_FAULT = 8,
    VECTOR_PAGE_FAULT = 14,
    VECTOR_FPU_ERROR = 16,
    VECTOR_MACHINE_CHECK = 18,
    VECTOR_SIMD_ERROR = 19,
    VECTOR_EXTERNAL_FIRST = 32,
    VECTOR_COUNT = 256,
};

// Slots of cpu_block.arch_private.
enum { BLOCK_FPU_OWNER };

// --- descriptor_tables.c ---
// Loads GDT, task state and IDT of CPU `number`; its block must be at its place.
void descriptor_tables_load(unsigned number);
// Where interrupts from user mode start on this CPU.
void task_state_set_stack(unsigned number, uint64_t stack_top);
struct cpu_block *cpu_block_of(unsigned number);
// The stacks of another CPU than the first, before it starts.
void exception_stacks_set(unsigned number, void *stacks);

// --- cpu_features.c ---
void cpu_features_detect(void);
// --- cpu_identify.c ---
void cpu_identify(void);

// --- fpu.c ---
void fpu_init(bool is_first_cpu); // this CPU; the first one also finds out what there is
void fpu_switch(struct arch_thread *previous, struct arch_thread *next);
// Between the two the current thread may write its memory image, and sleep.
void fpu_edit_begin(struct arch_thread *current);
void fpu_edit_end(struct arch_thread *current);
// The current thread's registers to user memory, 64-byte aligned, of fpu_state_size() bytes below USER_TOP; with FXSAVE or
// XSAVE's layout, all components present. 0 or -EFAULT. May sleep on faults.
int fpu_save_to_user(void *address);
void fpu_registers_init(void); // the current thread's registers to their initial state
uint64_t fpu_features(void);   // XCR0, 0 with FXSAVE
uint32_t fpu_mxcsr_mask(void); // a set bit outside of it faults

// --- user_window.c: the macros of entry_macros.inc, for C ---
static inline bool user_window_is_open(void)
{
    return cpu_block_get(user_window_is_open) != 0;
}
static inline void user_window_close(void)
{
    cpu_block_set(user_window_is_open, 0);
}
void user_window_open(void);
void user_window_settle(void); // flushes what is owed; the window is open

// --- trap.c, called by the entry code ---
void trap_dispatch(struct trap_frame *frame);
void trap_dispatch_own_stack(struct trap_frame *frame);
void trap_finish(struct trap_frame *frame);
// --- fault_decode.c ---
void fault_decode(struct fault_info *info, const struct trap_frame *frame, uint64_t cr2);
bool fault_is_fatal(unsigned vector); // never a user program's fault
// --- exception_table.c ---
// Where to go on after a fault at `address`, 0 if no user copy stands there.
uint64_t exception_table_find(uint64_t address);

// --- paging.c ---
void kernel_tables_build(const struct boot_info *info);

// --- start.c, called by the entry code ---
// The magic is what the protocol puts in a register, 0 from the PVH entry.
_Noreturn void arch_start(paddr_t start_information, uint32_t loader_magic);

// --- cpu_start.c, called and read by the entry code of CPUs after the first ---
extern uint64_t cpu_start_root, cpu_start_stack;
extern uint32_t cpu_start_number;
_Noreturn void cpu_start_entry(unsigned number);

// --- assembly ---
extern const char vdso_image_start[], vdso_image_end[];
extern const char cpu_trampoline_start[], cpu_trampoline_end[];
extern char trap_stubs[];
extern char boot_stack_top[];
void system_call_entry(void);
void system_call_entry_32(void);
void arch_thread_entry(void);
void context_switch_stacks(uint64_t *save_pointer, uint64_t load_pointer);
int user_fpu_xsave(void *area); // user_copy.S; what fpu_save_to_user calls
int user_fpu_fxsave(void *area);
extern uint8_t user_copy_by_bytes; // user_copy.S: REP MOVSB is the fast way for long copies

struct exception_range {
    uint64_t start, end, fixup;
};
extern const struct exception_range exception_table_start[], exception_table_end[];

struct smap_site {
    uint64_t address, opcode;
};
extern const struct smap_site smap_sites_start[], smap_sites_end[];

static inline struct arch_thread *arch_thread_current(void)
{
    return (struct arch_thread *)(void *)cpu_block_get(current);
}
