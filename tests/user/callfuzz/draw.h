/*
 * What callfuzz hands to the kernel. All memory that it names lies at addresses fixed here, and all descriptors have fixed numbers,
 * so that a seed means the same calls each time:
 *
 *   names     texts of NAME_STEP bytes; a name without an end stands at the end of the page, before a hole
 *   objects   structures that calls read, one in OBJECT_STEP bytes
 *   results   where calls write, the last bytes before a hole
 *   ground    pages that calls map, protect and take away
 *
 * An argument is good (of the right kind, so that a call may succeed), bad (of the right kind, and hostile), or wild (of any kind).
 */
#pragma once

#include "check.h"

#include "../../../kernel/syscall/argument_kind.h"
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/time.h>
#include <sys/uio.h>

#define ARENA   0x100000000000UL
#define NAMES   ARENA
#define OBJECTS (ARENA + 2UL * PAGE)
#define RESULTS (ARENA + 4UL * PAGE)
#define GROUND  (ARENA + 8UL * PAGE)
#define HOLE    (ARENA + 3UL * PAGE)
enum { NAME_STEP = 32, OBJECT_STEP = 128, RESULT_PAGES = 2, GROUND_PAGES = 16, ARENA_PAGES = 24 };

enum fixed_descriptor {
    FD_FILE = 3,
    FD_FOLDER,
    FD_PIPE_OUT, /* to read from, with a few bytes inside */
    FD_PIPE_IN,
    FD_FIFO,
    FD_ZERO,
    FD_NULL,
    FD_PATH, /* O_PATH */
    FD_PROC,
    FD_READ_ONLY,
    FD_QUEUE, /* of POSIX */
    FD_TIMER,
    FD_PROCESS, /* a pidfd of the process itself */
    FD_CLOSED,
    FD_COUNT
};

static const char *const names[] = {
    "f", "f",  "d", "d/f",   "s",    ".",      "..",     "f/",    "d/",
    "",  "p",  "x", "new",   "none", "d/none", "loop",   "tmpfs", "proc/self/maps",
    "g", "d/", "h", "d/new", "zero", "proc",   "user.a",
};
enum { NAME_COUNT = sizeof(names) / sizeof(names[0]), ATTRIBUTE_NAME = NAME_COUNT - 1 };

enum object {
    OBJECT_ZERO,
    OBJECT_SHORT_TIME, /* timespec or timeval of some microseconds, twice */
    OBJECT_VECTOR,     /* two iovec */
    OBJECT_POLL,
    OBJECT_WORDS, /* argv or envp: two names, NULL */
    OBJECT_LIMIT,
    OBJECT_ACTION, /* sigaction: ignore */
    OBJECT_SIGNALS,
    OBJECT_CAPABILITIES, /* the header of capget and capset */
    OBJECT_CLONE,
    OBJECT_STACK, /* stack_t */
    OBJECT_NUMBERS,
    OBJECT_ATTRIBUTES, /* sched_attr */
    OBJECT_OPENING,    /* open_how */
    OBJECT_FAR,        /* an offset behind what files have */
    OBJECT_NOISE,
    OBJECT_COUNT
};

#define OBJECT(which) (OBJECTS + OBJECT_##which * OBJECT_STEP)
#define NAME(index)   (NAMES + (index)*NAME_STEP)
/* Stands for the number of the process that makes the call; and for "by the kind". */
#define OWN_NUMBER 0x6f776e2d6e756d62UL
#define BY_KIND    0x62792d6b696e6421UL

/* Arguments with which a call may succeed that would hardly meet them by lot. */
static const struct recipe {
    short call;
    uint64_t arguments[6];
} recipes[] = {
    {SYS_poll, {OBJECT(POLL), 2, 1}},
    {SYS_lseek, {BY_KIND, BY_KIND, SEEK_SET}},
    {SYS_mmap, {0, 2L * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1UL, 0}},
    {SYS_mmap, {GROUND, 2L * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, FD_FILE, 0}},
    {SYS_mprotect, {BY_KIND, PAGE, PROT_READ | PROT_WRITE}},
    {SYS_munmap, {BY_KIND, PAGE}},
    {SYS_rt_sigaction, {SIGUSR2, OBJECT(ACTION), RESULTS, 8}},
    {SYS_rt_sigprocmask, {SIG_BLOCK, OBJECT(ZERO), RESULTS, 8}},
    {SYS_rt_sigpending, {RESULTS, 8}},
    {SYS_rt_sigtimedwait, {OBJECT(SIGNALS), 0, OBJECT(ZERO), 8}},
    {SYS_rt_sigqueueinfo, {OWN_NUMBER, SIGUSR1, OBJECT(NUMBERS)}},
    {SYS_sigaltstack, {OBJECT(STACK), RESULTS}},
    {SYS_ioctl, {FD_PIPE_OUT, FIONREAD, RESULTS}},
    {SYS_ioctl, {BY_KIND, FIONBIO, OBJECT(ZERO)}},
    {SYS_readv, {FD_ZERO, OBJECT(VECTOR), 2}},
    {SYS_writev, {FD_FILE, OBJECT(VECTOR), 2}},
    {SYS_preadv, {FD_FILE, OBJECT(VECTOR), 2, BY_KIND}},
    {SYS_pwritev, {FD_FILE, OBJECT(VECTOR), 2, BY_KIND}},
    {SYS_pread64, {FD_FILE, BY_KIND, BY_KIND, BY_KIND}},
    {SYS_pwrite64, {FD_FILE, BY_KIND, BY_KIND, BY_KIND}},
    {SYS_select, {4, RESULTS, 0, 0, OBJECT(SHORT_TIME)}},
    {SYS_pselect6, {4, RESULTS, 0, 0, OBJECT(SHORT_TIME), 0}},
    {SYS_ppoll, {OBJECT(POLL), 2, OBJECT(SHORT_TIME), 0, 8}},
    {SYS_mremap, {GROUND + 2UL * PAGE, PAGE, 2L * PAGE, MREMAP_MAYMOVE, 0}},
    {SYS_msync, {GROUND, PAGE, MS_SYNC}},
    {SYS_mincore, {GROUND, 4L * PAGE, RESULTS}},
    {SYS_madvise, {GROUND, PAGE, MADV_DONTNEED}},
    {SYS_nanosleep, {OBJECT(SHORT_TIME), RESULTS}},
    {SYS_clock_nanosleep, {CLOCK_MONOTONIC, 0, OBJECT(SHORT_TIME), RESULTS}},
    {SYS_setitimer, {ITIMER_VIRTUAL, OBJECT(SHORT_TIME), RESULTS}},
    {SYS_sendfile, {FD_PIPE_IN, FD_FILE, 0, 16}},
    {SYS_clone, {SIGCHLD, 0, 0, 0, 0}},
    {SYS_clone, {CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0}},
    {SYS_clone3, {OBJECT(CLONE), 64}},
    {SYS_execve, {NAME(11), OBJECT(WORDS), OBJECT(WORDS)}},
    {SYS_execveat, {FD_FOLDER, NAME(11), OBJECT(WORDS), OBJECT(WORDS), 0}},
    {SYS_kill, {OWN_NUMBER, BY_KIND}},
    {SYS_tkill, {OWN_NUMBER, BY_KIND}},
    {SYS_tgkill, {OWN_NUMBER, OWN_NUMBER, BY_KIND}},
    {SYS_fcntl, {BY_KIND, F_GETFL, 0}},
    {SYS_fcntl, {FD_FILE, F_DUPFD, 20}},
    {SYS_fcntl, {FD_FILE, F_SETLK, OBJECT(ZERO)}},
    {SYS_flock, {FD_FILE, 6}},
    {SYS_getdents, {FD_FOLDER, RESULTS, PAGE}},
    {SYS_getdents64, {FD_FOLDER, RESULTS, PAGE}},
    {SYS_getcwd, {RESULTS, PAGE}},
    {SYS_chdir, {NAME(5)}},
    {SYS_fchdir, {FD_FOLDER}},
    {SYS_rename, {NAME(18), NAME(20)}},
    {SYS_renameat, {FD_FOLDER, NAME(20), FD_FOLDER, NAME(18)}},
    {SYS_renameat2, {FD_FOLDER, NAME(18), FD_FOLDER, NAME(0), 2}},
    {SYS_mkdir, {NAME(12), 0777}},
    {SYS_mkdirat, {FD_FOLDER, NAME(21), 0777}},
    {SYS_rmdir, {NAME(12)}},
    {SYS_link, {NAME(0), NAME(21)}},
    {SYS_linkat, {FD_FOLDER, NAME(0), FD_FOLDER, NAME(12), 0}},
    {SYS_symlink, {NAME(0), NAME(12)}},
    {SYS_symlinkat, {NAME(0), FD_FOLDER, NAME(21)}},
    {SYS_unlink, {NAME(12)}},
    {SYS_unlinkat, {FD_FOLDER, NAME(21), 0}},
    {SYS_readlink, {NAME(4), RESULTS, 64}},
    {SYS_readlinkat, {FD_FOLDER, NAME(4), RESULTS, 64}},
    {SYS_mknod, {NAME(12), S_IFIFO | 0666, 0}},
    {SYS_mknodat, {FD_FOLDER, NAME(21), S_IFREG | 0666, 0}},
    {SYS_chroot, {NAME(5)}},
    {SYS_mount, {NAME(16), NAME(2), NAME(16), 0, 0}},
    {SYS_umount2, {NAME(2), 2}},
    {SYS_reboot, {0xfee1dead, 672274793, 0, 0}},
    {SYS_getgroups, {8, RESULTS}},
    {SYS_setgroups, {2, OBJECT(NUMBERS)}},
    {SYS_capget, {OBJECT(CAPABILITIES), RESULTS}},
    {SYS_capset, {OBJECT(CAPABILITIES), OBJECT(ZERO)}},
    {SYS_getrlimit, {RLIMIT_NOFILE, RESULTS}},
    {SYS_setrlimit, {RLIMIT_CORE, OBJECT(LIMIT)}},
    {SYS_prlimit64, {0, RLIMIT_NOFILE, 0, RESULTS}},
    {SYS_getpriority, {PRIO_PROCESS, 0}},
    {SYS_setpriority, {PRIO_PROCESS, 0, 3}},
    {SYS_prctl, {PR_SET_NAME, NAME(15), 0, 0, 0}},
    {SYS_prctl, {PR_GET_DUMPABLE, 0, 0, 0, 0}},
    {SYS_arch_prctl, {0x1003, RESULTS}},
    {SYS_syslog, {3, RESULTS, 256}},
    {SYS_sethostname, {NAME(16), 5}},
    {SYS_setdomainname, {NAME(16), 5}},
    {SYS_settimeofday, {0, OBJECT(ZERO)}},
    {SYS_clock_settime, {CLOCK_REALTIME, OBJECT(SHORT_TIME)}},
    {SYS_clock_gettime, {CLOCK_MONOTONIC, RESULTS}},
    {SYS_clock_getres, {CLOCK_MONOTONIC, RESULTS}},
    {SYS_futex, {RESULTS, 1, 1, 0, 0, 0}},
    {SYS_futex, {OBJECT(ZERO), 0, 0, OBJECT(SHORT_TIME), 0, 0}},
    {SYS_sched_setaffinity, {0, 8, OBJECT(NUMBERS)}},
    {SYS_sched_getaffinity, {0, 64, RESULTS}},
    {SYS_sched_setparam, {0, OBJECT(ZERO)}},
    {SYS_sched_setscheduler, {0, SCHED_OTHER, OBJECT(ZERO)}},
    {SYS_fadvise64, {FD_FILE, 0, PAGE, 0}},
    {SYS_fallocate, {FD_FILE, 0, 0, PAGE}},
    {SYS_wait4, {-1UL, RESULTS, 1, RESULTS}},
    {SYS_waitid, {0, 0, RESULTS, 5, 0}},
    {SYS_set_robust_list, {RESULTS, 24}},
    {SYS_get_robust_list, {0, RESULTS, RESULTS + 8}},
    {SYS_utime, {NAME(0), OBJECT(SHORT_TIME)}},
    {SYS_utimes, {NAME(0), OBJECT(SHORT_TIME)}},
    {SYS_futimesat, {FD_FOLDER, NAME(0), OBJECT(SHORT_TIME)}},
    {SYS_utimensat, {FD_FOLDER, NAME(0), OBJECT(SHORT_TIME), 0}},
    {SYS_newfstatat, {FD_FOLDER, BY_KIND, RESULTS, 0}},
    {SYS_statx, {FD_FOLDER, NAME(0), 0, 0x7ff, RESULTS}},
    {SYS_fchownat, {FD_FOLDER, NAME(0), BY_KIND, BY_KIND, 0}},
    {SYS_dup3, {FD_FILE, 30, 0}},
    {SYS_pipe2, {RESULTS, O_CLOEXEC}},
    {SYS_membarrier, {0, 0, 0}},
    {SYS_close_range, {20, 40, 0}},
    {SYS_getrandom, {RESULTS, 64, 0}},
    {SYS_truncate, {NAME(0), BY_KIND}},
    {SYS_ftruncate, {FD_FILE, BY_KIND}},
    {SYS_write, {FD_FILE, OBJECT(NUMBERS), 64}},
    {SYS_read, {FD_FILE, RESULTS, 64}},
    {SYS_open, {BY_KIND, O_CREAT | O_RDWR | O_NONBLOCK, 0666}},
    {SYS_openat, {FD_FOLDER, BY_KIND, O_CREAT | O_RDWR | O_NONBLOCK, 0666}},
    {SYS_getitimer, {ITIMER_REAL, RESULTS}},
    {SYS_getrusage, {0, RESULTS}},
    {SYS_gettimeofday, {RESULTS, 0}},
    {SYS_shmget, {0, 2L * PAGE, 0600}},
    {SYS_shmat, {BY_KIND, GROUND + 8UL * PAGE, SHM_REMAP}},
    {SYS_shmdt, {GROUND + 8UL * PAGE}},
    {SYS_semget, {0, 4, 0600}},
    {SYS_msgget, {0, 0600}},
    {SYS_msgsnd, {BY_KIND, OBJECT(NUMBERS), 8, IPC_NOWAIT}},
    {SYS_msgrcv, {BY_KIND, RESULTS, 64, 0, IPC_NOWAIT | MSG_NOERROR}},
    {SYS_mq_open, {NAME(0), O_CREAT | O_RDWR | O_NONBLOCK, 0600, 0}},
    {SYS_mq_unlink, {NAME(0)}},
    {SYS_mq_timedsend, {FD_QUEUE, OBJECT(NUMBERS), 16, 3, OBJECT(ZERO)}},
    {SYS_mq_timedreceive, {FD_QUEUE, RESULTS, 2L * PAGE, 0, OBJECT(ZERO)}},
    {SYS_mq_notify, {FD_QUEUE, 0}},
    {SYS_mq_getsetattr, {FD_QUEUE, 0, RESULTS}},
    {SYS_rseq, {RESULTS, 32, 0, 0x53053053}},
    {SYS_rseq, {RESULTS, 32, 1, 0x53053053}},
    {SYS_timerfd_create, {CLOCK_MONOTONIC, O_NONBLOCK}},
    {SYS_timerfd_settime, {FD_TIMER, 0, OBJECT(SHORT_TIME), RESULTS}},
    {SYS_timerfd_gettime, {FD_TIMER, RESULTS}},
    {SYS_signalfd, {-1UL, OBJECT(SIGNALS), 8}},
    {SYS_signalfd4, {-1UL, OBJECT(SIGNALS), 8, O_NONBLOCK}},
    {SYS_pidfd_open, {OWN_NUMBER, 0}},
    {SYS_pidfd_send_signal, {FD_PROCESS, SIGUSR1, 0, 0}},
    {SYS_pidfd_getfd, {FD_PROCESS, FD_FILE, 0}},
    {SYS_process_madvise, {FD_PROCESS, OBJECT(VECTOR), 2, 20}},
    {SYS_sched_getattr, {0, RESULTS, 56, 0}},
    {SYS_sched_setattr, {0, OBJECT(ATTRIBUTES), 0}},
    {SYS_setxattr, {NAME(0), NAME(ATTRIBUTE_NAME), OBJECT(NUMBERS), 16, 0}},
    {SYS_lsetxattr, {NAME(0), NAME(ATTRIBUTE_NAME), OBJECT(NUMBERS), 16, 0}},
    {SYS_fsetxattr, {FD_FILE, NAME(ATTRIBUTE_NAME), OBJECT(NUMBERS), 16, 0}},
    {SYS_getxattr, {NAME(0), NAME(ATTRIBUTE_NAME), RESULTS, 64}},
    {SYS_lgetxattr, {NAME(0), NAME(ATTRIBUTE_NAME), RESULTS, 64}},
    {SYS_fgetxattr, {FD_FILE, NAME(ATTRIBUTE_NAME), RESULTS, 64}},
    {SYS_listxattr, {NAME(0), RESULTS, 64}},
    {SYS_llistxattr, {NAME(0), RESULTS, 64}},
    {SYS_flistxattr, {FD_FILE, RESULTS, 64}},
    {SYS_removexattr, {NAME(0), NAME(ATTRIBUTE_NAME)}},
    {SYS_lremovexattr, {NAME(0), NAME(ATTRIBUTE_NAME)}},
    {SYS_fremovexattr, {FD_FILE, NAME(ATTRIBUTE_NAME)}},
    {SYS_copy_file_range, {FD_READ_ONLY, 0, FD_FILE, OBJECT(FAR), 16, 0}},
    {SYS_openat2, {FD_FOLDER, NAME(0), OBJECT(OPENING), 24}},
    {SYS_process_vm_readv, {OWN_NUMBER, OBJECT(VECTOR), 1, OBJECT(VECTOR), 2, 0}},
    {SYS_process_vm_writev, {OWN_NUMBER, OBJECT(VECTOR), 2, OBJECT(VECTOR), 1, 0}},
    {SYS_futex, {RESULTS, 3, 1, 1, RESULTS + 64, 0}},
    {SYS_futex, {RESULTS, 5, 1, 1, RESULTS + 64, 0}},
    {SYS_futex, {OBJECT(ZERO), 9, 0, OBJECT(SHORT_TIME), 0, -1U}},
    {SYS_futex, {RESULTS, 10, 1, 0, 0, -1U}},
    {SYS_futex, {OBJECT(ZERO), 8, 0, 0, 0, 0}},
    {SYS_madvise, {GROUND, 2L * PAGE, MADV_FREE}},
    {SYS_madvise, {GROUND, 2L * PAGE, MADV_WILLNEED}},
    {SYS_madvise, {GROUND, 2L * PAGE, MADV_DONTFORK}},
    {SYS_mremap, {GROUND + 2UL * PAGE, 2L * PAGE, PAGE, 0, 0}},
    {SYS_mremap, {GROUND, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, GROUND + 9UL * PAGE}},
    {SYS_splice, {FD_FILE, 0, FD_PIPE_IN, 0, 16, 2}},
    {SYS_vmsplice, {FD_PIPE_IN, OBJECT(VECTOR), 2, 2}},
    {SYS_preadv2, {FD_FILE, OBJECT(VECTOR), 2, 0, 0, 0}},
    {SYS_pwritev2, {FD_FILE, OBJECT(VECTOR), 2, 0, 0, 0}},
    {SYS_rt_tgsigqueueinfo, {OWN_NUMBER, OWN_NUMBER, SIGUSR1, OBJECT(NUMBERS)}},
    {SYS_kcmp, {OWN_NUMBER, OWN_NUMBER, 0, FD_FILE, FD_READ_ONLY}},
    {SYS_timer_create, {CLOCK_MONOTONIC, 0, RESULTS}},
    {SYS_faccessat2, {FD_FOLDER, NAME(0), 4, 0}},
};
enum { RECIPE_COUNT = sizeof(recipes) / sizeof(recipes[0]) };

static uint64_t draw_state;

static uint64_t draw(void)
{
    draw_state ^= draw_state << 13;
    draw_state ^= draw_state >> 7;
    draw_state ^= draw_state << 17;
    return draw_state * 0x2545f4914f6cdd1dUL >> 3;
}

#define DRAW_FROM(table) ((table)[draw() % (sizeof(table) / sizeof((table)[0]))])

static uint64_t draw_good(enum argument_kind kind)
{
    static const uint64_t sizes[] = {0, 1, 8, 8, 8, 16, 24, 64, 128, PAGE};
    static const uint64_t users[] = {0, 1, NOBODY, -1U};
    static const uint64_t modes[] = {0, 4, 0644, 0755, 0777, S_IFREG | 0666, S_IFIFO | 0666};
    static const uint64_t signals[] = {0, 0, SIGUSR1, SIGCHLD, SIGCONT, 34};
    switch (kind) {
    case ARG_INT: return draw() % 8;
    case ARG_UINT: return DRAW_FROM(users);
    case ARG_LONG: return draw() % 2 ? draw() % 16 : RESULTS;
    case ARG_SIZE: return DRAW_FROM(sizes);
    case ARG_FD: return draw() % FD_COUNT;
    case ARG_DIRFD: return draw() % 2 ? FD_FOLDER : (uint64_t)AT_FDCWD;
    case ARG_PATH:
    case ARG_STRING: return NAME(draw() % NAME_COUNT);
    case ARG_IN: return OBJECTS + draw() % OBJECT_COUNT * OBJECT_STEP;
    case ARG_OUT: return RESULTS + draw() % 16 * OBJECT_STEP;
    case ARG_INOUT: return draw() % 2 ? draw_good(ARG_IN) : draw_good(ARG_OUT);
    case ARG_FLAGS: return draw() % 2 ? 0 : 1UL << draw() % 20;
    case ARG_MODE: return DRAW_FROM(modes);
    case ARG_PID: return draw() % 2 ? 0 : OWN_NUMBER;
    case ARG_SIGNAL: return DRAW_FROM(signals);
    case ARG_ADDRESS: return draw() % 4 ? GROUND + draw() % GROUND_PAGES * PAGE : 0;
    case ARG_OFFSET: return draw() % (2L * PAGE);
    case ARG_COMMAND: return draw() % 16;
    default: return draw() % 16;
    }
}

static uint64_t draw_bad_address(void)
{
    static const uint64_t edges[] = {
        0,
        1,
        PAGE,
        0x7ffffffff000,
        0x7fffffffefff,
        0x800000000000,
        0x4000000000000000,
        0xffff800000000000,
        0xffffffff80000000,
        0xffffffff80100000,
        0xfffffffffffff000,
        0xffffffffffffffff,
    };
    static const uint64_t ends[] = {HOLE, RESULTS + RESULT_PAGES * PAGE,
                                    GROUND + GROUND_PAGES * PAGE};
    return draw() % 2 ? DRAW_FROM(edges) : DRAW_FROM(ends) - draw() % 64;
}

static uint64_t draw_bad_number(void)
{
    switch (draw() % 6) {
    case 0: return draw() % 8 - 6;
    case 1: return 1UL << draw() % 64;
    case 2: return (1UL << draw() % 64) - 1;
    case 3: return (1UL << 63) - draw() % PAGE;
    case 4: return (uint64_t)INT_MIN + draw() % 3 - 1;
    default: return draw();
    }
}

/* Not what would reach other processes than those that the seed made. */
static uint64_t draw_bad_process(void)
{
    static const uint64_t processes[] = {0x7ffffff0, -0x7ffffff0L, INT_MIN, 1UL << 32, 1UL << 63};
    return DRAW_FROM(processes);
}

static uint64_t draw_bad(enum argument_kind kind)
{
    switch (kind) {
    case ARG_PATH:
    case ARG_STRING:
    case ARG_IN:
    case ARG_OUT:
    case ARG_INOUT:
    case ARG_ADDRESS: return draw_bad_address();
    case ARG_PID: return draw_bad_process();
    default: return draw_bad_number();
    }
}

static uint64_t draw_wild(enum argument_kind kind)
{
    if (kind == ARG_PID) {
        return draw_bad_process();
    }
    switch (draw() % 3) {
    case 0: return draw_good((enum argument_kind)(draw() % ARG_PID));
    case 1: return draw_bad_address();
    default: return draw_bad_number();
    }
}

/* One of the recipes of this call, or NULL. */
static const struct recipe *draw_recipe(int call)
{
    const struct recipe *found = NULL;
    unsigned seen = 0;
    for (int i = 0; i < RECIPE_COUNT; i++) {
        if (recipes[i].call == call && draw() % ++seen == 0) {
            found = &recipes[i];
        }
    }
    return found;
}

static void draw_arguments(int call, const uint8_t kinds[6], uint64_t arguments[6])
{
    unsigned manner = (unsigned)(draw() % 10), bad = (unsigned)(draw() % 6);
    const struct recipe *recipe = draw_recipe(call);
    for (unsigned i = 0; i < 6; i++) {
        enum argument_kind kind = kinds[i];
        arguments[i] = manner == 9 ? draw_wild(kind) : draw_good(kind);
        if (recipe && manner < 7 && recipe->arguments[i] != BY_KIND) {
            arguments[i] = recipe->arguments[i];
        }
        if ((manner == 6 || manner == 8) && i == bad) {
            arguments[i] = draw_bad(kind);
        }
    }
}
