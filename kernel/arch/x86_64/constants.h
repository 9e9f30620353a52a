// Numbers that both C and assembly need: selectors, control bits, model-specific registers. Intel SDM volume 3 names every bit.
#pragma once

// Selectors: Linux's values, since programs see them in signal frames. SYSRET wants user data before user code.
#define SELECTOR_KERNEL_CODE  0x10
#define SELECTOR_KERNEL_DATA  0x18
#define SELECTOR_USER_CODE_32 0x23
#define SELECTOR_USER_DATA    0x2b
#define SELECTOR_USER_CODE    0x33
#define SELECTOR_TASK_STATE   0x40
#define SELECTOR_CPU_NUMBER   0x7b // as on Linux: its limit is the CPU's number, for the vDSO

#define CR0_PROTECTION          0x1
#define CR0_MONITOR_COPROCESSOR 0x2
#define CR0_EMULATION           0x4
#define CR0_TASK_SWITCHED       0x8
#define CR0_NUMERIC_ERROR       0x20
#define CR0_WRITE_PROTECT       0x10000
#define CR0_ALIGNMENT_MASK      0x40000
#define CR0_NOT_WRITE_THROUGH   0x20000000
#define CR0_CACHE_DISABLE       0x40000000
#define CR0_PAGING              0x80000000

#define CR4_TIMESTAMP_DISABLE 0x4
#define CR4_PAE               0x20
#define CR4_GLOBAL_PAGES      0x80
#define CR4_FXSR              0x200
#define CR4_SIMD_EXCEPTIONS   0x400
#define CR4_UMIP              0x800
#define CR4_FSGSBASE          0x10000
#define CR4_XSAVE             0x40000
#define CR4_SMEP              0x100000
#define CR4_SMAP              0x200000

#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_SYSENTER_CS    0x174
#define MSR_TSC_DEADLINE   0x6e0

#define EFER_SYSCALL    0x1
#define EFER_LONG_MODE  0x100
#define EFER_NO_EXECUTE 0x800

#define RFLAGS_CARRY     0x1
#define RFLAGS_ALWAYS    0x2
#define RFLAGS_TRAP      0x100
#define RFLAGS_INTERRUPT 0x200
#define RFLAGS_DIRECTION 0x400
#define RFLAGS_IOPL      0x3000
#define RFLAGS_NESTED    0x4000
#define RFLAGS_RESUME    0x10000
#define RFLAGS_ALIGNMENT 0x40000

// What trap_frame.origin says beyond a vector.
#define TRAP_ORIGIN_SYSTEM_CALL 256
#define TRAP_ORIGIN_NONE        257

// The stacks of NMI, double fault, machine check and debug: aligned to their size, so that the entry code finds the word at
// the top, which holds the address of the CPU's block.
#define EXCEPTION_STACK_BYTES 8192
#define BOOT_STACK_BYTES      16384

// The descriptors on which each CPU enters long mode: none, none, code, data.
#define EARLY_GDT_BYTES 32

// Virtual less physical address of the kernel image (arch/page.h has it with a C suffix).
#define IMAGE_OFFSET 0xffffffff80000000
// The load address of a symbol of the image, for assembly.
#define PHYSICAL(symbol) ((symbol)-IMAGE_OFFSET)
