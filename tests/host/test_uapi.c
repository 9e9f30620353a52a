/*
 * The structures of kernel/uapi have the layout of this machine's own Linux headers.
 *
 * host-sources:
 */
#include "support.h"

#include <asm/siginfo.h>
#include <asm/statfs.h>
#include <linux/elf.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <linux/signalfd.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>
/* These declare the kernel's forms of what libc has too, so they come under names that do not meet.
 */
#define sigaction kernel_sigaction
#define sigset_t  kernel_sigset_t
#define stat      kernel_stat
#define timeval   kernel_timeval
#include <asm/sigcontext.h>
#include <asm/signal.h>
#include <asm/stat.h>
#include <asm/termbits.h>
#include <asm/ucontext.h>

#include "uapi/dirent.h"
#include "uapi/elf.h"
#include "uapi/epoll.h"
#include "uapi/fcntl.h"
#include "uapi/futex.h"
#include "uapi/sched.h"
#include "uapi/signal.h"
#include "uapi/stat.h"
#include "uapi/statfs.h"
#include "uapi/sysinfo.h"
#include "uapi/termios.h"
#include "uapi/utsname.h"

#define SAME_SIZE(ours, theirs) assert_int_equal(sizeof(ours), sizeof(theirs))
#define SAME_PLACE(ours, our_field, theirs, their_field)                                           \
    assert_int_equal(offsetof(ours, our_field), offsetof(theirs, their_field))

static void files_have_linuxs_layout(void **state)
{
    SAME_SIZE(struct uapi_stat, struct kernel_stat);
    SAME_PLACE(struct uapi_stat, st_nlink, struct kernel_stat, st_nlink);
    SAME_PLACE(struct uapi_stat, st_mode, struct kernel_stat, st_mode);
    SAME_PLACE(struct uapi_stat, st_rdev, struct kernel_stat, st_rdev);
    SAME_PLACE(struct uapi_stat, st_size, struct kernel_stat, st_size);
    SAME_PLACE(struct uapi_stat, st_blocks, struct kernel_stat, st_blocks);
    SAME_PLACE(struct uapi_stat, st_mtime_sec, struct kernel_stat, st_mtime);
    SAME_PLACE(struct uapi_stat, st_ctime_nsec, struct kernel_stat, st_ctime_nsec);
    SAME_SIZE(struct uapi_statx, struct statx);
    SAME_PLACE(struct uapi_statx, stx_ino, struct statx, stx_ino);
    SAME_PLACE(struct uapi_statx, stx_mtime, struct statx, stx_mtime);
    SAME_PLACE(struct uapi_statx, stx_dev_minor, struct statx, stx_dev_minor);
    SAME_SIZE(struct uapi_statfs, struct statfs);
    SAME_PLACE(struct uapi_statfs, f_fsid, struct statfs, f_fsid);
    SAME_PLACE(struct uapi_statfs, f_flags, struct statfs, f_flags);
    SAME_SIZE(struct uapi_flock, struct flock);
    SAME_PLACE(struct uapi_flock, l_pid, struct flock, l_pid);
}

static void signals_have_linuxs_layout(void **state)
{
    SAME_SIZE(struct uapi_siginfo, siginfo_t);
    SAME_PLACE(struct uapi_siginfo, si_code, siginfo_t, si_code);
    SAME_PLACE(struct uapi_siginfo, fields.kill.uid, siginfo_t, si_uid);
    SAME_PLACE(struct uapi_siginfo, fields.rt.value, siginfo_t, si_value);
    SAME_PLACE(struct uapi_siginfo, fields.sigchld.status, siginfo_t, si_status);
    SAME_PLACE(struct uapi_siginfo, fields.sigchld.stime, siginfo_t, si_stime);
    SAME_PLACE(struct uapi_siginfo, fields.sigfault.addr_lsb, siginfo_t, si_addr_lsb);
    SAME_PLACE(struct uapi_siginfo, fields.sigpoll.fd, siginfo_t, si_fd);
    SAME_PLACE(struct uapi_siginfo, fields.sigsys.arch, siginfo_t, si_arch);
    SAME_SIZE(struct uapi_sigaction, struct kernel_sigaction);
    SAME_PLACE(struct uapi_sigaction, sa_restorer, struct kernel_sigaction, sa_restorer);
    SAME_PLACE(struct uapi_sigaction, sa_mask, struct kernel_sigaction, sa_mask);
    SAME_SIZE(struct uapi_sigcontext, struct sigcontext);
    SAME_PLACE(struct uapi_sigcontext, rdi, struct sigcontext, rdi);
    SAME_PLACE(struct uapi_sigcontext, rip, struct sigcontext, rip);
    SAME_PLACE(struct uapi_sigcontext, cs, struct sigcontext, cs);
    SAME_PLACE(struct uapi_sigcontext, cr2, struct sigcontext, cr2);
    SAME_PLACE(struct uapi_sigcontext, fpstate, struct sigcontext, fpstate);
    SAME_SIZE(struct uapi_ucontext, struct ucontext);
    SAME_PLACE(struct uapi_ucontext, uc_mcontext, struct ucontext, uc_mcontext);
    SAME_PLACE(struct uapi_ucontext, uc_sigmask, struct ucontext, uc_sigmask);
    SAME_SIZE(struct uapi_stack, stack_t);
    SAME_SIZE(struct uapi_sigevent, struct sigevent);
    SAME_SIZE(struct uapi_fpx_sw_bytes, struct _fpx_sw_bytes);
    SAME_SIZE(struct uapi_signalfd_siginfo, struct signalfd_siginfo);
    SAME_PLACE(struct uapi_signalfd_siginfo, ssi_addr, struct signalfd_siginfo, ssi_addr);
}

static void programs_and_machines_have_linuxs_layout(void **state)
{
    SAME_SIZE(struct uapi_elf64_ehdr, Elf64_Ehdr);
    SAME_PLACE(struct uapi_elf64_ehdr, e_phnum, Elf64_Ehdr, e_phnum);
    SAME_SIZE(struct uapi_elf64_phdr, Elf64_Phdr);
    SAME_PLACE(struct uapi_elf64_phdr, p_align, Elf64_Phdr, p_align);
    SAME_SIZE(struct uapi_elf64_shdr, Elf64_Shdr);
    SAME_SIZE(struct uapi_elf64_dyn, Elf64_Dyn);
    SAME_SIZE(struct uapi_elf64_rela, Elf64_Rela);
    SAME_SIZE(struct uapi_elf64_sym, Elf64_Sym);
    SAME_SIZE(struct uapi_elf64_nhdr, Elf64_Nhdr);
    SAME_SIZE(struct uapi_clone_args, struct clone_args);
    SAME_PLACE(struct uapi_clone_args, tls, struct clone_args, tls);
    SAME_SIZE(struct uapi_robust_list_head, struct robust_list_head);
    SAME_SIZE(struct uapi_utsname, struct new_utsname);
    SAME_SIZE(struct uapi_sysinfo, struct sysinfo);
    SAME_PLACE(struct uapi_sysinfo, procs, struct sysinfo, procs);
    SAME_PLACE(struct uapi_sysinfo, mem_unit, struct sysinfo, mem_unit);
    SAME_SIZE(struct uapi_epoll_event, struct epoll_event);
    SAME_SIZE(struct uapi_termios, struct termios);
    SAME_PLACE(struct uapi_termios, c_cc, struct termios, c_cc);
    SAME_SIZE(struct uapi_termios2, struct termios2);
    SAME_PLACE(struct uapi_termios2, c_ispeed, struct termios2, c_ispeed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_have_linuxs_layout),
        cmocka_unit_test(signals_have_linuxs_layout),
        cmocka_unit_test(programs_and_machines_have_linuxs_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
