// The exceptions as data: name, what a user program gets, and why a page fault happened (Intel SDM 3A, chapter 6).
#include "arch/cpu.h"
#include "arch/fault.h"
#include "arch/page.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/constants.h"
#include "lib/macros.h"
#include "uapi/signal.h"

// Error code of a page fault.
enum {
    PAGE_ERROR_PRESENT = 1,
    PAGE_ERROR_WRITE = 2,
    PAGE_ERROR_USER = 4,
    PAGE_ERROR_RESERVED = 8,
    PAGE_ERROR_FETCH = 16,
};

struct exception_row {
    const char *name;
    const char *reason;
    uint8_t signal;
    uint8_t code;
    bool is_fatal;       // whoever it hits: the machine, not the program, is at fault
    bool has_no_address; // siginfo's address is 0, as on Linux
};

static const struct exception_row exceptions[] = {
    [0] = {"divide error", "division by zero, or the quotient does not fit", SIGFPE, FPE_INTDIV,
           false, false},
    [1] = {"debug", "breakpoint, watchpoint or single step", SIGTRAP, TRAP_TRACE, false, false},
    [2] = {"non-maskable interrupt", "sent by hardware or by the operator", 0, 0, true, false},
    [3] = {"breakpoint", "INT3", SIGTRAP, SI_KERNEL, false, true},
    [4] = {"overflow", "INTO with the overflow flag set", SIGSEGV, SI_KERNEL, false, true},
    [5] = {"bound range exceeded", "BOUND found its index outside", SIGSEGV, SI_KERNEL, false,
           true},
    [6] = {"invalid opcode", "no such instruction on this CPU", SIGILL, ILL_ILLOPN, false, false},
    [7] = {"device not available", "FPU instruction while the FPU is off", SIGSEGV, SI_KERNEL,
           false, true},
    [8] = {"double fault", "an exception during the delivery of another, such as a stack overflow",
           0, 0, true, false},
    [10] = {"invalid task state", "bad task state segment", SIGSEGV, SI_KERNEL, false, true},
    [11] = {"segment not present", "a selector names an absent segment", SIGBUS, SI_KERNEL, false,
            true},
    [12] = {"stack segment fault", "stack address not canonical, or bad stack segment", SIGBUS,
            SI_KERNEL, false, true},
    [13] = {"general protection", "privileged instruction, address not canonical, or bad selector",
            SIGSEGV, SI_KERNEL, false, true},
    [14] = {"page fault", NULL, SIGSEGV, SEGV_MAPERR, false, false},
    [16] = {"x87 floating point", "unmasked x87 exception", SIGFPE, FPE_FLTUNK, false, false},
    [17] = {"alignment check", "unaligned access with alignment checks on", SIGBUS, BUS_ADRALN,
            false, true},
    [18] = {"machine check", "hardware error", 0, 0, true, false},
    [19] = {"SIMD floating point", "unmasked SSE exception", SIGFPE, FPE_FLTUNK, false, false},
    [20] = {"virtualization", "EPT violation", SIGSEGV, SI_KERNEL, false, true},
    [21] = {"control protection", "return address or branch target not allowed", SIGSEGV, SI_KERNEL,
            false, false},
};

static const struct exception_row unnamed = {"reserved exception",
                                             "the manual gives this vector no meaning",
                                             SIGSEGV,
                                             SI_KERNEL,
                                             false,
                                             true};

static const struct exception_row *exception_row(unsigned vector)
{
    return vector < ARRAY_SIZE(exceptions) && exceptions[vector].name ? &exceptions[vector]
                                                                      : &unnamed;
}

const char *fault_name(unsigned vector)
{
    return exception_row(vector)->name;
}

bool fault_is_fatal(unsigned vector)
{
    return exception_row(vector)->is_fatal;
}

static bool is_smap_violation(const struct trap_frame *frame, const struct fault_info *info)
{
    return !trap_is_from_user(frame) && cpu_has(CPU_HAS_SMAP) && info->address < USER_TOP &&
           !(info->access & FAULT_EXECUTE) && !(frame->rflags & RFLAGS_ALIGNMENT);
}

static const char *page_fault_reason(const struct trap_frame *frame, const struct fault_info *info)
{
    if (info->error_code & PAGE_ERROR_RESERVED) {
        return "a reserved bit is set in the page table";
    }
    if (!info->is_present) {
        return info->address < PAGE_SIZE ? "not present: null pointer" : "not present";
    }
    if (info->access & FAULT_EXECUTE) {
        bool is_smep =
            !trap_is_from_user(frame) && cpu_has(CPU_HAS_SMEP) && info->address < USER_TOP;
        return is_smep ? "SMEP: the kernel jumped to user memory"
                       : "no-execute: the page holds data";
    }
    if (trap_is_from_user(frame) && info->address >= USER_TOP) {
        return "kernel memory touched by user code";
    }
    if (is_smap_violation(frame, info)) {
        return "SMAP: user memory touched outside of the copy functions";
    }
    return (info->access & FAULT_WRITE) ? "write to a read-only page" : "the page forbids reading";
}

const char *fault_reason(const struct trap_frame *frame, const struct fault_info *info)
{
    return info->vector == VECTOR_PAGE_FAULT ? page_fault_reason(frame, info)
                                             : exception_row(info->vector)->reason;
}

// The first unmasked exception bit decides, in the order of the status word: invalid, denormal, zero divide, overflow, underflow,
// precision.
static int fpu_signal_code(unsigned raised)
{
    static const uint8_t codes[] = {FPE_FLTINV, FPE_FLTUND, FPE_FLTDIV,
                                    FPE_FLTOVF, FPE_FLTUND, FPE_FLTRES};
    raised &= 0x3f;
    return raised ? codes[__builtin_ctz(raised)] : FPE_FLTUNK;
}

static int x87_signal_code(void)
{
    uint16_t status, control;
    __asm__ volatile("fnstsw %0\n\tfnstcw %1" : "=m"(status), "=m"(control));
    return fpu_signal_code((unsigned)status & (unsigned)~control);
}

static int simd_signal_code(void)
{
    uint32_t mxcsr;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    return fpu_signal_code(mxcsr & ~(mxcsr >> 7));
}

static void page_fault_decode(struct fault_info *info, uint64_t cr2)
{
    uint64_t error = info->error_code;
    info->address = cr2;
    info->is_present = (error & PAGE_ERROR_PRESENT) != 0;
    info->access = (error & PAGE_ERROR_FETCH)   ? FAULT_EXECUTE
                   : (error & PAGE_ERROR_WRITE) ? FAULT_WRITE
                                                : FAULT_READ;
    // A protection violation on a user page; a kernel address looks unmapped to a program, as on Linux.
    info->signal_code = info->is_present && cr2 < USER_TOP ? SEGV_ACCERR : SEGV_MAPERR;
    // Whether something is mapped there is the kernel's secret: a program is always told that it is, as on Linux.
    if (cr2 >= USER_TOP) {
        info->error_code |= PAGE_ERROR_PRESENT;
    }
}

void fault_decode(struct fault_info *info, const struct trap_frame *frame, uint64_t cr2)
{
    const struct exception_row *row = exception_row((unsigned)frame->origin);
    *info = (struct fault_info){
        .vector = (unsigned)frame->origin,
        .error_code = frame->error_code,
        .address = row->has_no_address ? 0 : frame->rip,
        .signal = row->signal,
        .signal_code = row->code,
    };
    switch (info->vector) {
    case VECTOR_PAGE_FAULT: page_fault_decode(info, cr2); break;
    case VECTOR_FPU_ERROR: info->signal_code = x87_signal_code(); break;
    case VECTOR_SIMD_ERROR: info->signal_code = simd_signal_code(); break;
    default: break;
    }
}
