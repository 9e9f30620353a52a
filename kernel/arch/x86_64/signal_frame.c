// The frame that a signal handler finds, as Linux lays it out on x86-64: from high to low addresses the FPU state (64-byte
// aligned, closed by a magic word), then struct rt_sigframe, whose first word the handler returns to.
//
// Everything comes back from user memory in signal_frame_pop, so only what a program may set is taken over: general registers,
// arithmetic flags, a canonical RIP, a user code selector, FPU components that are enabled.
#include "arch/signal_frame.h"
#include "arch/context.h"
#include "arch/page.h"
#include "arch/user_access.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/constants.h"
#include "lib/assert.h"
#include "lib/checked.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"

enum {
    RED_ZONE_BYTES = 128,
    FXSAVE_BYTES = 512,
    FXSAVE_MXCSR = 24,
    XSAVE_HEADER_BYTES = 64,
    XSAVE_LEGACY_FEATURES = 3,
    FLAGS_OF_USER = 0x50dd5, // AC RF OF DF TF SF ZF AF PF CF
};

// The 64 bytes behind the FXSAVE area.
struct xsave_header {
    uint64_t present_features, compaction;
    uint64_t reserved[6];
};
static_assert(sizeof(struct xsave_header) == XSAVE_HEADER_BYTES, "XSAVE header");

static bool is_user_range(uint64_t address, uint64_t bytes)
{
    uint64_t end;
    return checked_add_u64(address, bytes, &end) && end <= USER_TOP;
}

static int user_write(uint64_t address, const void *source, size_t bytes)
{
    return is_user_range(address, bytes) && arch_user_copy((void *)address, source, bytes) == 0
               ? 0
               : -EFAULT;
}

static int user_read(void *destination, uint64_t address, size_t bytes)
{
    return is_user_range(address, bytes) &&
                   arch_user_copy(destination, (const void *)address, bytes) == 0
               ? 0
               : -EFAULT;
}

static size_t fpu_frame_bytes(void)
{
    return fpu_state_size() + (fpu_features() ? FP_XSTATE_MAGIC2_SIZE : 0);
}

size_t signal_frame_minimum_stack(void)
{
    return sizeof(struct uapi_rt_sigframe) + fpu_frame_bytes() + 64 + 16 + 8;
}

// --- push ---

static int fpu_push(uint64_t address)
{
    struct uapi_fpx_sw_bytes software = {0};
    const uint32_t magic2 = FP_XSTATE_MAGIC2;

    if (!is_user_range(address, fpu_state_size()) || fpu_save_to_user((void *)address)) {
        return -EFAULT;
    }
    if (fpu_features()) {
        software.magic1 = FP_XSTATE_MAGIC1;
        software.extended_size = (uint32_t)fpu_frame_bytes();
        software.xfeatures = fpu_features();
        software.xstate_size = (uint32_t)fpu_state_size();
        if (user_write(address + fpu_state_size(), &magic2, sizeof(magic2))) {
            return -EFAULT;
        }
    }
    return user_write(address + FP_SOFTWARE_BYTES_OFFSET, &software, sizeof(software));
}

static void context_fill(struct uapi_sigcontext *context, const struct trap_frame *frame)
{
    *context = (struct uapi_sigcontext){
        .r8 = frame->r8,
        .r9 = frame->r9,
        .r10 = frame->r10,
        .r11 = frame->r11,
        .r12 = frame->r12,
        .r13 = frame->r13,
        .r14 = frame->r14,
        .r15 = frame->r15,
        .rdi = frame->rdi,
        .rsi = frame->rsi,
        .rbp = frame->rbp,
        .rbx = frame->rbx,
        .rdx = frame->rdx,
        .rax = frame->rax,
        .rcx = frame->rcx,
        .rsp = frame->rsp,
        .rip = frame->rip,
        .eflags = frame->rflags,
        .cs = (uint16_t)frame->cs,
        .ss = (uint16_t)frame->ss,
    };
}

// Below the 128 bytes that a leaf function may use under its stack pointer (System V ABI, 3.2.2). The frame's place is 8 below a
// multiple of 16, as at the first instruction of any function: the call would have pushed the return address.
static uint64_t frame_place(const struct trap_frame *frame, const struct signal_delivery *delivery,
                            uint64_t *fpu_address)
{
    uint64_t stack = delivery->use_alternate
                         ? delivery->alternate.ss_sp + delivery->alternate.ss_size
                         : frame->rsp - RED_ZONE_BYTES;
    *fpu_address = ALIGN_DOWN(stack - fpu_frame_bytes(), 64);
    return ALIGN_DOWN(*fpu_address - sizeof(struct uapi_rt_sigframe), 16) - 8;
}

static bool is_on_alternate(const struct signal_delivery *delivery, uint64_t stack_pointer)
{
    const struct uapi_stack *stack = &delivery->alternate;
    return stack_pointer > stack->ss_sp && stack_pointer - stack->ss_sp <= stack->ss_size;
}

// A frame that begins on the alternate stack must not run over its lower end, into memory that is something else.
static bool overruns_alternate(const struct trap_frame *frame,
                               const struct signal_delivery *delivery, uint64_t base)
{
    bool is_there = delivery->use_alternate || is_on_alternate(delivery, frame->rsp);
    return is_there && !is_on_alternate(delivery, base);
}

// The handler's registers: its three arguments, and flags without direction, trap and resume.
static void handler_enter(struct trap_frame *frame, const struct signal_delivery *delivery,
                          uint64_t base)
{
    frame->rdi = (uint64_t)delivery->number;
    frame->rsi = base + offsetof(struct uapi_rt_sigframe, siginfo);
    frame->rdx = base + offsetof(struct uapi_rt_sigframe, ucontext);
    frame->rax = 0;
    frame->rip = delivery->handler;
    frame->rsp = base;
    frame->cs = SELECTOR_USER_CODE;
    frame->ss = SELECTOR_USER_DATA;
    frame->rflags &= ~(uint64_t)(RFLAGS_DIRECTION | RFLAGS_TRAP | RFLAGS_RESUME);
}

int signal_frame_push(struct trap_frame *frame, const struct signal_delivery *delivery)
{
    struct arch_thread *current = arch_thread_current();
    struct uapi_rt_sigframe image;
    uint64_t fpu_address;
    uint64_t base = frame_place(frame, delivery, &fpu_address);

    assert(trap_is_from_user(frame));
    if (delivery->handler >= USER_TOP || overruns_alternate(frame, delivery, base) ||
        fpu_push(fpu_address)) {
        return -EFAULT;
    }
    memset(&image, 0, sizeof(image));
    image.return_address = delivery->restorer;
    image.ucontext.uc_flags =
        UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (fpu_features() ? UC_FP_XSTATE : 0);
    image.ucontext.uc_stack = delivery->alternate;
    image.ucontext.uc_sigmask = delivery->saved_mask;
    context_fill(&image.ucontext.uc_mcontext, frame);
    image.ucontext.uc_mcontext.fpstate = fpu_address;
    image.ucontext.uc_mcontext.oldmask = delivery->saved_mask;
    image.ucontext.uc_mcontext.err = current->fault_error_code;
    image.ucontext.uc_mcontext.trapno = current->fault_vector;
    image.ucontext.uc_mcontext.cr2 = current->fault_address;
    image.siginfo = delivery->info;
    if (user_write(base, &image, sizeof(image))) {
        return -EFAULT;
    }
    // The handler starts with the initial FPU state: an x87 exception that is still pending must not hit it.
    fpu_registers_init();
    handler_enter(frame, delivery, base);
    return 0;
}

// --- pop ---

// Makes an image that came from user memory one that the restoring instruction accepts.
static void fpu_image_sanitise(uint8_t *state, bool has_extended)
{
    uint32_t mxcsr;
    memcpy(&mxcsr, state + FXSAVE_MXCSR, sizeof(mxcsr));
    mxcsr &= fpu_mxcsr_mask();
    memcpy(state + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
    if (fpu_features()) {
        struct xsave_header header = {.present_features = XSAVE_LEGACY_FEATURES};
        if (has_extended) {
            memcpy(&header.present_features, state + FXSAVE_BYTES, sizeof(header.present_features));
            header.present_features &= fpu_features();
        }
        memcpy(state + FXSAVE_BYTES, &header, sizeof(header));
    }
}

// Does an area of our own size follow? Any doubt means that only the legacy part counts, as on Linux.
static bool has_extended_state(uint64_t address)
{
    struct uapi_fpx_sw_bytes software;
    uint32_t magic2;
    if (!fpu_features() ||
        user_read(&software, address + FP_SOFTWARE_BYTES_OFFSET, sizeof(software)) ||
        software.magic1 != FP_XSTATE_MAGIC1 || software.xstate_size != fpu_state_size() ||
        software.extended_size != fpu_frame_bytes()) {
        return false;
    }
    return user_read(&magic2, address + fpu_state_size(), sizeof(magic2)) == 0 &&
           magic2 == FP_XSTATE_MAGIC2;
}

static int fpu_pop(uint64_t address)
{
    struct arch_thread *current = arch_thread_current();
    bool has_extended = address && has_extended_state(address);
    size_t bytes = has_extended ? fpu_state_size() : FXSAVE_BYTES;
    int result = 0;

    fpu_edit_begin(current);
    if (address) {
        result = user_read(current->fpu_state, address, bytes);
    }
    if (address && result == 0) {
        fpu_image_sanitise(current->fpu_state, has_extended);
    } else {
        fpu_state_init(current->fpu_state);
    }
    fpu_edit_end(current);
    return result;
}

// Flags that a program may not set stay as they are, IF and IOPL above all. Origin NONE tells the way out that the registers are not
// those of a system call: RCX and R11 count, and SYSRET would destroy them.
static void context_restore(struct trap_frame *frame, const struct uapi_sigcontext *context)
{
    uint64_t flags = (frame->rflags & ~(uint64_t)FLAGS_OF_USER) | (context->eflags & FLAGS_OF_USER);
    *frame = (struct trap_frame){
        .r8 = context->r8,
        .r9 = context->r9,
        .r10 = context->r10,
        .r11 = context->r11,
        .r12 = context->r12,
        .r13 = context->r13,
        .r14 = context->r14,
        .r15 = context->r15,
        .rdi = context->rdi,
        .rsi = context->rsi,
        .rbp = context->rbp,
        .rbx = context->rbx,
        .rdx = context->rdx,
        .rax = context->rax,
        .rcx = context->rcx,
        .rsp = context->rsp,
        .rip = context->rip,
        .rflags = flags,
        .cs = (uint16_t)(context->cs | 3),
        .ss = SELECTOR_USER_DATA,
        .origin = TRAP_ORIGIN_NONE,
    };
}

int signal_frame_pop(struct trap_frame *frame, uint64_t *mask, struct uapi_stack *alternate)
{
    struct uapi_ucontext ucontext;
    uint64_t base = frame->rsp - sizeof(uint64_t); // the handler's return took the first word
    if (user_read(&ucontext, base + offsetof(struct uapi_rt_sigframe, ucontext),
                  sizeof(ucontext))) {
        return -EFAULT;
    }
    const struct uapi_sigcontext *context = &ucontext.uc_mcontext;
    // The selector's lower bits are forced to the user's level, and only two segments are let through: with the kernel's code segment
    // the return would be one into kernel mode.
    uint64_t code = context->cs | 3;
    if (context->rip >= USER_TOP || (code != SELECTOR_USER_CODE && code != SELECTOR_USER_CODE_32)) {
        return -EINVAL;
    }
    int result = fpu_pop(context->fpstate);
    if (result) {
        return result;
    }
    context_restore(frame, context);
    *mask = ucontext.uc_sigmask;
    *alternate = ucontext.uc_stack;
    return 0;
}
