// The signal frame on the user's stack: a fact of the ABI (struct rt_sigframe: return address, ucontext, siginfo, FPU).
#pragma once

#include "arch/trap_frame.h"
#include "lib/types.h"
#include "uapi/signal.h"

struct signal_delivery {
    int number;
    uint64_t handler;  // user address
    uint64_t restorer; // user address; SA_RESTORER is required, as on Linux x86_64
    uint64_t flags;    // SA_*
    struct uapi_siginfo info;
    uint64_t saved_mask;         // goes to uc_sigmask
    struct uapi_stack alternate; // goes to uc_stack
    bool use_alternate;          // start at the top of the alternate stack
};

// Writes the frame to the user's stack and points `frame` at the handler. -EFAULT: the stack cannot take it (the caller forces
// SIGSEGV). Current thread only; may sleep on faults.
int signal_frame_push(struct trap_frame *frame, const struct signal_delivery *delivery);

// rt_sigreturn: restores registers (only what user code may set) and FPU from the user's stack. Fills mask and alternate.
// -EFAULT or -EINVAL: the frame is not readable or not sane; the caller forces SIGSEGV.
int signal_frame_pop(struct trap_frame *frame, uint64_t *mask, struct uapi_stack *alternate);

// Bytes for AT_MINSIGSTKSZ.
size_t signal_frame_minimum_stack(void);
