// Registers as text, for panic: eight lines of at most 80 columns.
#include "arch/fault.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/registers.h"
#include "lib/format.h"

int trap_frame_describe(const struct trap_frame *frame, unsigned line, char *text, size_t size)
{
    const struct trap_frame *f = frame;
    switch (line) {
    case 0:
        return format_string(text, size, "rip %016lx  cs %02lx  rflags %08lx  rsp %016lx  ss %02lx",
                             f->rip, f->cs, f->rflags, f->rsp, f->ss);
    case 1:
        return format_string(text, size, "rax %016lx  rbx %016lx  rcx %016lx", f->rax, f->rbx,
                             f->rcx);
    case 2:
        return format_string(text, size, "rdx %016lx  rsi %016lx  rdi %016lx", f->rdx, f->rsi,
                             f->rdi);
    case 3:
        return format_string(text, size, "rbp %016lx  r8  %016lx  r9  %016lx", f->rbp, f->r8,
                             f->r9);
    case 4:
        return format_string(text, size, "r10 %016lx  r11 %016lx  r12 %016lx", f->r10, f->r11,
                             f->r12);
    case 5:
        return format_string(text, size, "r13 %016lx  r14 %016lx  r15 %016lx", f->r13, f->r14,
                             f->r15);
    case 6:
        return format_string(text, size, "cr0 %08lx  cr2 %016lx  cr3 %09lx  cr4 %08lx", cr0_read(),
                             cr2_read(), cr3_read(), cr4_read());
    case 7:
        return format_string(text, size, "gs  %016lx  user gs %016lx  fs %016lx",
                             msr_read(MSR_GS_BASE), msr_read(MSR_KERNEL_GS_BASE),
                             msr_read(MSR_FS_BASE));
    default: return 0;
    }
}

void trap_frame_capture(struct trap_frame *frame)
{
    *frame = (struct trap_frame){.origin = TRAP_ORIGIN_NONE};
    __asm__ volatile("movq %%rbx, %0\n\t"
                     "movq %%r12, %1\n\t"
                     "movq %%r13, %2\n\t"
                     "movq %%r14, %3\n\t"
                     "movq %%r15, %4\n\t"
                     "pushfq\n\t"
                     "popq %5"
                     : "=m"(frame->rbx), "=m"(frame->r12), "=m"(frame->r13), "=m"(frame->r14),
                       "=m"(frame->r15), "=r"(frame->rflags));
    const uint64_t *caller = __builtin_frame_address(0);
    frame->rbp = caller[0];
    frame->rip = caller[1];
    frame->rsp = (uint64_t)(caller + 2);
    frame->cs = SELECTOR_KERNEL_CODE;
    frame->ss = SELECTOR_KERNEL_DATA;
}
