/*
 * Calls with arguments drawn by lot, repeatable by their seed: whatever a program asks for, the kernel
 * stays whole. What a call answers is not looked at; that files, memory and processes still work is.
 *
 * For a long hunt: noise @seed FIRST COUNT
 */
#include "check.h"

#include <sys/time.h>

enum { CALLS_A_CHILD = 4000, CHILD_MS = 1000, ARENA_PAGES = 16 };

/* Left out: what ends, stops, waits for or signals others, what makes processes, and
 * what reaches other processes, the clock or the machine. */
static const short calls[] = {
    SYS_read,
    SYS_write,
    SYS_open,
    SYS_close,
    SYS_stat,
    SYS_fstat,
    SYS_lstat,
    SYS_poll,
    SYS_lseek,
    SYS_mmap,
    SYS_mprotect,
    SYS_munmap,
    SYS_brk,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_ioctl,
    SYS_pread64,
    SYS_pwrite64,
    SYS_readv,
    SYS_writev,
    SYS_access,
    SYS_pipe,
    SYS_select,
    SYS_sched_yield,
    SYS_mremap,
    SYS_msync,
    SYS_mincore,
    SYS_madvise,
    SYS_dup,
    SYS_dup2,
    SYS_nanosleep,
    SYS_getitimer,
    SYS_getpid,
    SYS_sendfile,
    SYS_uname,
    SYS_fcntl,
    SYS_flock,
    SYS_fsync,
    SYS_fdatasync,
    SYS_truncate,
    SYS_ftruncate,
    SYS_getdents,
    SYS_getcwd,
    SYS_chdir,
    SYS_fchdir,
    SYS_rename,
    SYS_mkdir,
    SYS_rmdir,
    SYS_creat,
    SYS_link,
    SYS_unlink,
    SYS_symlink,
    SYS_readlink,
    SYS_chmod,
    SYS_fchmod,
    SYS_chown,
    SYS_fchown,
    SYS_lchown,
    SYS_umask,
    SYS_gettimeofday,
    SYS_getrlimit,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_times,
    SYS_getuid,
    SYS_setregid,
    SYS_getgroups,
    SYS_setgroups,
    SYS_getresuid,
    SYS_getresgid,
    SYS_getpgid,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_getsid,
    SYS_capget,
    SYS_capset,
    SYS_rt_sigpending,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_utime,
    SYS_mknod,
    SYS_personality,
    SYS_statfs,
    SYS_fstatfs,
    SYS_getpriority,
    SYS_setpriority,
    SYS_mlock,
    SYS_munlock,
    SYS_prctl,
    SYS_arch_prctl,
    SYS_setrlimit,
    SYS_chroot,
    SYS_mount,
    SYS_umount2,
    SYS_gettid,
    SYS_time,
    SYS_getdents64,
    SYS_set_tid_address,
    SYS_fadvise64,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_utimes,
    SYS_openat,
    SYS_mkdirat,
    SYS_mknodat,
    SYS_fchownat,
    SYS_futimesat,
    SYS_newfstatat,
    SYS_unlinkat,
    SYS_renameat,
    SYS_linkat,
    SYS_symlinkat,
    SYS_readlinkat,
    SYS_fchmodat,
    SYS_faccessat,
    SYS_pselect6,
    SYS_ppoll,
    SYS_utimensat,
    SYS_fallocate,
    SYS_dup3,
    SYS_pipe2,
    SYS_preadv,
    SYS_pwritev,

    SYS_syncfs,
    SYS_getcpu,
    SYS_renameat2,
    SYS_getrandom,
    SYS_execveat,
    SYS_statx,
    SYS_close_range,
    SYS_faccessat2,
    SYS_execve,
    SYS_wait4,
    SYS_waitid,
    SYS_syslog,
};

static const char *const names[] = {
    "f",  "d", "d/f", "s",    ".",      "..",    "d/..", "f/",
    "d/", "",  "p",   "none", "d/none", "tmpfs", "proc", "loop",
};

static uint64_t state;
static char *arena;
/* The names again, in memory that the calls may take away without ending the program. */
static char *names_copy;
enum { NAME_STEP = 16 };

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t draw_address(void)
{
    static const uint64_t edges[] = {
        0,
        1,
        PAGE,
        0x7ffffffff000,
        0x7fffffffefff,
        0x800000000000,
        0xffff800000000000,
        0xffffffff80000000,
        0xfffffffffffff000,
        0xffffffffffffffff,
    };
    uint64_t page = draw() % (ARENA_PAGES + 1);
    switch (draw() % 4) {
    case 0: return edges[draw() % (sizeof(edges) / sizeof(edges[0]))];
    case 1: return (uintptr_t)arena + page * PAGE;
    case 2: return (uintptr_t)arena + page * PAGE - draw() % 64;
    default: return (uintptr_t)arena + draw() % (ARENA_PAGES * PAGE);
    }
}

static uint64_t draw_number(void)
{
    switch (draw() % 6) {
    case 0: return draw() % 8 - 2;
    case 1: return draw() % 40;
    case 2: return 1UL << draw() % 64;
    case 3: return (1UL << draw() % 64) - 1;
    case 4: return draw() % 20 * PAGE;
    default: return draw();
    }
}

static uint64_t draw_argument(void)
{
    switch (draw() % 5) {
    case 0: return (uintptr_t)names_copy + draw() % (sizeof(names) / sizeof(names[0])) * NAME_STEP;
    case 1:
    case 2: return draw_address();
    default: return draw_number();
    }
}

/* Without the C library: the thread's own area may be gone by now. */
static void call(uint64_t number, const uint64_t a[6])
{
    register uint64_t r10 __asm__("r10") = a[3];
    register uint64_t r8 __asm__("r8") = a[4];
    register uint64_t r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall"
                     : "+a"(number)
                     : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
}

static void on_alarm(int signal)
{
    (void)signal;
}

/* Ends sleeps; and nothing that is drawn may reach the test's own output. */
static void prepare(uint64_t seed)
{
    struct itimerval often = {{0, 5000}, {0, 5000}};
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) {
        dup2(null, fd);
    }
    state = seed * 0x9e3779b97f4a7c15U + 1;
    arena = (char *)map_pages(ARENA_PAGES + 4) + 2 * PAGE;
    for (size_t at = 0; at < ARENA_PAGES * PAGE / 2; at += sizeof(uint64_t)) {
        uint64_t word = draw() % 3 == 0 ? draw_argument() : draw() % 4;
        memcpy(arena + at, &word, sizeof(word));
    }
    names_copy = map_pages(1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        strcpy(names_copy + i * NAME_STEP, names[i]);
    }
    for (int i = 0; i < 6; i++) {
        open(names[i], O_RDWR | O_CREAT, 0666);
    }
    open(".", O_RDONLY);
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &often, NULL);
}

static void make_noise(uint64_t seed)
{
    prepare(seed);
    if (seed % 2 == 1) {
        become_user(NOBODY);
    }
    for (int i = 0; i < CALLS_A_CHILD; i++) {
        uint64_t number = (uint64_t)calls[draw() % (sizeof(calls) / sizeof(calls[0]))],
                 arguments[6];
        for (int argument = 0; argument < 6; argument++) {
            arguments[argument] = draw_argument();
        }
        if (number != SYS_rt_sigaction || arguments[0] != SIGALRM) {
            call(number, arguments);
        }
    }
}

/* How the child ends is its affair; that it ends when killed is not. */
static void run_child(uint64_t seed)
{
    int status;
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        setpgid(0, 0);
        make_noise(seed);
        _exit(0);
    }
    for (int waited = 0; waited < CHILD_MS; waited += 10) {
        if (CHECK_OK(waitpid(child, &status, WNOHANG)) == child) {
            return;
        }
        sleep_ms(10);
    }
    CHECK_OK(kill(child, SIGKILL));
    CHECK_EQUAL(waitpid(child, &status, 0), child);
}

static void check_still_whole(void)
{
    char text[16];
    int ends[2];
    make_file("after", "still here");
    read_file("after", text, sizeof(text));
    CHECK_TEXT(text, "still here");
    CHECK_OK(pipe(ends));
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    CHECK_EQUAL(read(ends[0], text, 1), 1);
    char *pages = map_pages(10);
    memset(pages, 1, 10 * PAGE);
    CHECK_OK(munmap(pages, 10 * PAGE));
}

static void run_seeds(uint64_t first, uint64_t count)
{
    char folder[32];
    for (uint64_t seed = first; seed < first + count; seed++) {
        snprintf(folder, sizeof(folder), "%lu", (unsigned long)seed);
        CHECK_OK(mkdir(folder, 0777));
        CHECK_OK(chmod(folder, 0777));
        CHECK_OK(chdir(folder));
        CHECK_OK(mkdir("d", 0777));
        CHECK_OK(symlink("d", "s"));
        CHECK_OK(symlink("loop", "loop"));
        CHECK_OK(mkfifo("p", 0666));
        run_child(seed);
        CHECK_OK(chdir(".."));
    }
    check_still_whole();
}

int check_reexec(int argc, char **argv)
{
    if (argc != 4) {
        return 2;
    }
    run_seeds(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    return 0;
}

TEST(the_kernel_outlives_calls_of_root)
{
    for (uint64_t seed = 0; seed < 16; seed += 2) {
        run_seeds(seed, 1);
    }
}

TEST(the_kernel_outlives_calls_of_a_user)
{
    for (uint64_t seed = 1; seed < 17; seed += 2) {
        run_seeds(seed, 1);
    }
}
