/*
 * Signals: numbers, actions, siginfo, and the frame that a handler's return finds (see the x86-64
 * psABI for the layout of the machine context).
 */
#pragma once

#include <stdint.h>

#define SIGHUP    1
#define SIGINT    2
#define SIGQUIT   3
#define SIGILL    4
#define SIGTRAP   5
#define SIGABRT   6
#define SIGIOT    6
#define SIGBUS    7
#define SIGFPE    8
#define SIGKILL   9
#define SIGUSR1   10
#define SIGSEGV   11
#define SIGUSR2   12
#define SIGPIPE   13
#define SIGALRM   14
#define SIGTERM   15
#define SIGSTKFLT 16
#define SIGCHLD   17
#define SIGCONT   18
#define SIGSTOP   19
#define SIGTSTP   20
#define SIGTTIN   21
#define SIGTTOU   22
#define SIGURG    23
#define SIGXCPU   24
#define SIGXFSZ   25
#define SIGVTALRM 26
#define SIGPROF   27
#define SIGWINCH  28
#define SIGIO     29
#define SIGPOLL   SIGIO
#define SIGPWR    30
#define SIGSYS    31
#define SIGRTMIN  32
#define SIGRTMAX  64

/* The highest number; a signal set is one 64-bit word, signal n at bit n - 1. */
#define NSIG               64
#define SIGNAL_SET_BYTES   8
#define SIGNAL_BIT(signal) (UINT64_C(1) << ((signal)-1))

#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

/* Values of a handler's address. */
#define SIG_DFL 0
#define SIG_IGN 1

#define SA_NOCLDSTOP      0x00000001
#define SA_NOCLDWAIT      0x00000002
#define SA_SIGINFO        0x00000004
#define SA_UNSUPPORTED    0x00000400
#define SA_EXPOSE_TAGBITS 0x00000800
#define SA_RESTORER       0x04000000
#define SA_ONSTACK        0x08000000
#define SA_RESTART        0x10000000
#define SA_NODEFER        0x40000000
#define SA_RESETHAND      0x80000000

#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM 0x80000000
#define MINSIGSTKSZ   2048

struct uapi_sigaction {
    uint64_t sa_handler;
    uint64_t sa_flags;
    uint64_t sa_restorer;
    uint64_t sa_mask;
};
_Static_assert(sizeof(struct uapi_sigaction) == 32, "struct sigaction of rt_sigaction");

struct uapi_stack {
    uint64_t ss_sp;
    int32_t ss_flags;
    int32_t padding;
    uint64_t ss_size;
};
_Static_assert(sizeof(struct uapi_stack) == 24, "stack_t");

/* --- siginfo --- */

#define SI_USER    0
#define SI_KERNEL  0x80
#define SI_QUEUE   (-1)
#define SI_TIMER   (-2)
#define SI_MESGQ   (-3)
#define SI_ASYNCIO (-4)
#define SI_SIGIO   (-5)
#define SI_TKILL   (-6)

#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define ILL_ILLADR 3
#define ILL_ILLTRP 4
#define ILL_PRVOPC 5
#define ILL_PRVREG 6
#define ILL_COPROC 7
#define ILL_BADSTK 8

#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define FPE_FLTSUB 8
#define FPE_FLTUNK 14

#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define SEGV_BNDERR 3
#define SEGV_PKUERR 4

#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define BUS_OBJERR 3

#define TRAP_BRKPT  1
#define TRAP_TRACE  2
#define TRAP_BRANCH 3
#define TRAP_HWBKPT 4
#define TRAP_UNK    5

#define CLD_EXITED    1
#define CLD_KILLED    2
#define CLD_DUMPED    3
#define CLD_TRAPPED   4
#define CLD_STOPPED   5
#define CLD_CONTINUED 6

#define POLL_IN  1
#define POLL_OUT 2
#define POLL_MSG 3
#define POLL_ERR 4
#define POLL_PRI 5
#define POLL_HUP 6

#define SYS_SECCOMP       1
#define SYS_USER_DISPATCH 2

union uapi_sigval {
    int32_t sival_int;
    uint64_t sival_ptr;
};

struct uapi_siginfo {
    int32_t si_signo;
    int32_t si_errno;
    int32_t si_code;
    int32_t padding;
    union {
        struct {
            int32_t pid;
            uint32_t uid;
        } kill;
        struct {
            int32_t timer_id;
            int32_t overrun;
            union uapi_sigval value;
        } timer;
        struct {
            int32_t pid;
            uint32_t uid;
            union uapi_sigval value;
        } rt;
        struct {
            int32_t pid;
            uint32_t uid;
            int32_t status;
            int32_t padding;
            int64_t utime; /* ticks of USER_HZ */
            int64_t stime;
        } sigchld;
        struct {
            uint64_t addr;
            int16_t addr_lsb;
        } sigfault;
        struct {
            int64_t band;
            int32_t fd;
        } sigpoll;
        struct {
            uint64_t call_addr;
            int32_t syscall;
            uint32_t arch;
        } sigsys;
        uint8_t bytes[112];
    } fields;
};
_Static_assert(sizeof(struct uapi_siginfo) == 128, "siginfo_t");
_Static_assert(__builtin_offsetof(struct uapi_siginfo, fields) == 16, "siginfo_t");
_Static_assert(__builtin_offsetof(struct uapi_siginfo, fields.sigchld.utime) == 32, "siginfo_t");

#define SIGEV_SIGNAL    0
#define SIGEV_NONE      1
#define SIGEV_THREAD    2
#define SIGEV_THREAD_ID 4

struct uapi_sigevent {
    union uapi_sigval sigev_value;
    int32_t sigev_signo;
    int32_t sigev_notify;
    int32_t sigev_thread_id;
    int32_t padding[11];
};
_Static_assert(sizeof(struct uapi_sigevent) == 64, "struct sigevent");

struct uapi_signalfd_siginfo {
    uint32_t ssi_signo;
    int32_t ssi_errno;
    int32_t ssi_code;
    uint32_t ssi_pid;
    uint32_t ssi_uid;
    int32_t ssi_fd;
    uint32_t ssi_tid;
    uint32_t ssi_band;
    uint32_t ssi_overrun;
    uint32_t ssi_trapno;
    int32_t ssi_status;
    int32_t ssi_int;
    uint64_t ssi_ptr;
    uint64_t ssi_utime;
    uint64_t ssi_stime;
    uint64_t ssi_addr;
    uint16_t ssi_addr_lsb;
    uint16_t padding0;
    int32_t ssi_syscall;
    uint64_t ssi_call_addr;
    uint32_t ssi_arch;
    uint8_t padding[28];
};
_Static_assert(sizeof(struct uapi_signalfd_siginfo) == 128, "struct signalfd_siginfo");

/* --- the frame of a handler --- */

struct uapi_sigcontext {
    uint64_t r8;
    uint64_t r9;
    uint64_t r10;
    uint64_t r11;
    uint64_t r12;
    uint64_t r13;
    uint64_t r14;
    uint64_t r15;
    uint64_t rdi;
    uint64_t rsi;
    uint64_t rbp;
    uint64_t rbx;
    uint64_t rdx;
    uint64_t rax;
    uint64_t rcx;
    uint64_t rsp;
    uint64_t rip;
    uint64_t eflags;
    uint16_t cs;
    uint16_t gs;
    uint16_t fs;
    uint16_t ss;
    uint64_t err;
    uint64_t trapno;
    uint64_t oldmask;
    uint64_t cr2;
    uint64_t fpstate; /* user address of the FXSAVE or XSAVE area, 64-byte aligned; 0: none */
    uint64_t reserved[8];
};
_Static_assert(sizeof(struct uapi_sigcontext) == 256, "struct sigcontext");
_Static_assert(__builtin_offsetof(struct uapi_sigcontext, fpstate) == 184, "struct sigcontext");

struct uapi_ucontext {
    uint64_t uc_flags;
    uint64_t uc_link;
    struct uapi_stack uc_stack;
    struct uapi_sigcontext uc_mcontext;
    uint64_t uc_sigmask;
};
_Static_assert(sizeof(struct uapi_ucontext) == 304, "struct ucontext");

#define UC_FP_XSTATE         1
#define UC_SIGCONTEXT_SS     2
#define UC_STRICT_RESTORE_SS 4

/* What lies at the handler's stack pointer, below the FPU state; the first word is its return
 * address. */
struct uapi_rt_sigframe {
    uint64_t return_address;
    struct uapi_ucontext ucontext;
    struct uapi_siginfo siginfo;
};
_Static_assert(sizeof(struct uapi_rt_sigframe) == 440, "struct rt_sigframe");

/* Bytes 464 to 511 of the FXSAVE area, which the CPU leaves to software. */
#define FP_XSTATE_MAGIC1         0x46505853u
#define FP_XSTATE_MAGIC2         0x46505845u /* the word behind the extended state */
#define FP_XSTATE_MAGIC2_SIZE    4
#define FP_SOFTWARE_BYTES_OFFSET 464

struct uapi_fpx_sw_bytes {
    uint32_t magic1;        /* FP_XSTATE_MAGIC1 where extended state follows, else 0 */
    uint32_t extended_size; /* of the whole area, with magic2 */
    uint64_t xfeatures;
    uint32_t xstate_size; /* of the XSAVE area */
    uint32_t padding[7];
};
_Static_assert(sizeof(struct uapi_fpx_sw_bytes) == 48, "struct _fpx_sw_bytes");
