/*
 * The place in which callfuzz's processes work: the memory and the descriptors that their arguments name, their signals and limits.
 * All by calls without the C library, whose own memory may be gone when the place is mended.
 */
#pragma once

#include "draw.h"

/* [I] Where the C library keeps what is the thread's own. */
static uint64_t thread_area;

static long call_raw(long number, const uint64_t a[6])
{
    register uint64_t r10 __asm__("r10") = a[3];
    register uint64_t r8 __asm__("r8") = a[4];
    register uint64_t r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall"
                     : "+a"(number)
                     : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return number;
}

/* For calls that return twice: the second time ends, before it touches a stack that may not be its own. */
static long call_doubling(long number, const uint64_t a[6])
{
    register uint64_t r10 __asm__("r10") = a[3];
    register uint64_t r8 __asm__("r8") = a[4];
    register uint64_t r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%edi, %%edi\n\t"
                     "mov $60, %%eax\n\t"
                     "syscall\n"
                     "1:"
                     : "+a"(number)
                     : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory", "cc");
    return number;
}

#define RAW(number, ...) call_raw(number, (const uint64_t[6]){__VA_ARGS__})

static void put_object(enum object which, const void *data, size_t bytes)
{
    memcpy((char *)(OBJECTS + which * OBJECT_STEP), data, bytes);
}

static void fill_objects(void)
{
    const int64_t times[] = {0, 40, 0, 40};
    const struct iovec vector[] = {{(void *)RESULTS, 64}, {(void *)(RESULTS + PAGE), 32}};
    const struct pollfd poll_set[] = {{FD_PIPE_OUT, POLLIN, 0}, {FD_FILE, POLLOUT, 0}};
    const uint64_t words[] = {NAME(11), NAME(0), 0}, limit[] = {64, 64};
    const uint64_t action[] = {(uintptr_t)SIG_IGN, 0x04000000, NAMES, 0};
    const uint64_t signals[] = {1UL << (SIGUSR1 - 1)}, clone_words[] = {0, 0, 0, 0, SIGCHLD};
    const uint64_t stack[] = {GROUND + 4UL * PAGE, 0, 2UL * PAGE};
    const int numbers[] = {1, 2, -1, 0, 0, 0, 3, 4};
    const uint32_t capabilities[] = {0x20080522, 0}, attributes[14] = {56};
    const uint64_t opening[] = {O_RDONLY, 0, 0}, far[] = {2UL * PAGE};
    memset((void *)OBJECTS, 0, OBJECT_COUNT * OBJECT_STEP);
    put_object(OBJECT_SHORT_TIME, times, sizeof(times));
    put_object(OBJECT_VECTOR, vector, sizeof(vector));
    put_object(OBJECT_POLL, poll_set, sizeof(poll_set));
    put_object(OBJECT_WORDS, words, sizeof(words));
    put_object(OBJECT_LIMIT, limit, sizeof(limit));
    put_object(OBJECT_ACTION, action, sizeof(action));
    put_object(OBJECT_SIGNALS, signals, sizeof(signals));
    put_object(OBJECT_CAPABILITIES, capabilities, sizeof(capabilities));
    put_object(OBJECT_CLONE, clone_words, sizeof(clone_words));
    put_object(OBJECT_STACK, stack, sizeof(stack));
    put_object(OBJECT_NUMBERS, numbers, sizeof(numbers));
    put_object(OBJECT_ATTRIBUTES, attributes, sizeof(attributes));
    put_object(OBJECT_OPENING, opening, sizeof(opening));
    put_object(OBJECT_FAR, far, sizeof(far));
    for (uint64_t *word = (uint64_t *)OBJECT(NOISE); word < (uint64_t *)OBJECT(COUNT); word++) {
        *word = draw() % 2 ? draw_bad_number() : draw_good(ARG_IN);
    }
}

static void map_at(uint64_t start, size_t pages)
{
    RAW(SYS_mmap, start, pages * PAGE, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1UL, 0);
}

static void fill_arena(void)
{
    map_at(NAMES, 1);
    map_at(OBJECTS, 1);
    map_at(RESULTS, RESULT_PAGES);
    map_at(GROUND, GROUND_PAGES);
    RAW(SYS_munmap, NAMES + PAGE, PAGE);
    RAW(SYS_munmap, HOLE, PAGE);
    RAW(SYS_munmap, RESULTS + RESULT_PAGES * PAGE, PAGE);
    RAW(SYS_munmap, GROUND + GROUND_PAGES * PAGE, PAGE);
    for (int i = 0; i < NAME_COUNT; i++) {
        strcpy((char *)NAME(i), names[i]);
    }
    memset((char *)NAMES + PAGE - NAME_STEP, 'n', NAME_STEP);
    fill_objects();
}

static void place_descriptor(long fd, uint64_t wanted)
{
    if (fd >= 0 && (uint64_t)fd != wanted) {
        RAW(SYS_dup2, fd, wanted);
        RAW(SYS_close, fd);
    }
}

static void open_descriptors(void)
{
    static const struct {
        const char *name;
        int flags;
        enum fixed_descriptor fd;
    } files[] = {
        {"/f", O_RDWR | O_CREAT, FD_FILE},
        {"/", O_RDONLY | O_DIRECTORY, FD_FOLDER},
        {"/p", O_RDWR | O_NONBLOCK, FD_FIFO},
        {"/zero", O_RDWR, FD_ZERO},
        {"/null", O_RDWR, FD_NULL},
        {"/f", O_PATH, FD_PATH},
        {"/proc/self/maps", O_RDONLY, FD_PROC},
        {"/f", O_RDONLY, FD_READ_ONLY},
    };
    int *ends = (int *)RESULTS;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        place_descriptor(RAW(SYS_open, (uintptr_t)files[i].name, files[i].flags, 0666),
                         files[i].fd);
    }
    if (RAW(SYS_pipe2, (uintptr_t)ends, O_NONBLOCK) == 0) {
        int out = ends[0], in = ends[1];
        RAW(SYS_write, in, NAMES, 64);
        RAW(SYS_dup2, out, 50);
        RAW(SYS_dup2, in, 51);
        RAW(SYS_close, out);
        RAW(SYS_close, in);
        place_descriptor(50, FD_PIPE_OUT);
        place_descriptor(51, FD_PIPE_IN);
    }
    place_descriptor(
        RAW(SYS_mq_open, (uintptr_t) "callfuzz", O_CREAT | O_RDWR | O_NONBLOCK, 0600, 0), FD_QUEUE);
    place_descriptor(RAW(SYS_timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK), FD_TIMER);
    place_descriptor(RAW(SYS_pidfd_open, (uint64_t)RAW(SYS_getpid, 0), 0), FD_PROCESS);
    RAW(SYS_close, FD_CLOSED);
}

static void on_alarm(int signal)
{
    (void)signal;
}

__attribute__((naked)) static void restore_registers(void)
{
    __asm__("mov $15, %eax\n\tsyscall");
}

/* Ends sleeps every few milliseconds; a signal that a call sent ends nothing. */
static void set_signals(void)
{
    static const struct itimerval often = {{0, 5000}, {0, 5000}};
    const uint64_t no_signals = 0;
    const uint64_t catch[] = {(uintptr_t)on_alarm, 0x04000000, (uintptr_t)restore_registers, 0};
    const uint64_t ignore[] = {(uintptr_t)SIG_IGN, 0x04000000, (uintptr_t)restore_registers, 0};
    static const short ignored[] = {SIGUSR1, SIGUSR2, SIGXFSZ, SIGPIPE, SIGVTALRM, SIGPROF};
    RAW(SYS_rt_sigaction, SIGALRM, (uintptr_t) catch, 0, 8);
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        RAW(SYS_rt_sigaction, ignored[i], (uintptr_t)ignore, 0, 8);
    }
    RAW(SYS_rt_sigprocmask, SIG_SETMASK, (uintptr_t)&no_signals, 0, 8);
    RAW(SYS_setitimer, ITIMER_REAL, (uintptr_t)&often, 0);
}

static void set_limits(void)
{
    static const struct {
        int resource;
        uint64_t limit[2];
    } limits[] = {
        {RLIMIT_AS, {64UL << 20, 64UL << 20}},
        {RLIMIT_FSIZE, {1UL << 20, 1UL << 20}},
        {RLIMIT_NOFILE, {128, 128}},
        {RLIMIT_NPROC, {64, 64}},
        {RLIMIT_CPU, {20, 20}},
        {RLIMIT_CORE, {0, 0}},
    };
    const int ordinary = 0;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        RAW(SYS_setrlimit, limits[i].resource, (uintptr_t)limits[i].limit);
    }
    RAW(SYS_sched_setscheduler, 0, SCHED_OTHER, (uintptr_t)&ordinary);
}

/* Undoes what the last calls did to this process, as far as it may. */
static void mend(void)
{
    RAW(SYS_arch_prctl, 0x1002, thread_area);
    set_limits();
    fill_arena();
    open_descriptors();
    set_signals();
}
