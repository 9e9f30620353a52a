/*
 * The FPU's registers belong to the thread: across system calls, switches, signals, fork and exec.
 */
#include "check.h"

#include <sched.h>
#include <sys/mman.h>
#include <ucontext.h>

#define MXCSR_INITIAL   0x1f80u
#define CONTROL_INITIAL 0x37fu

static void vectors_load(uint64_t value)
{
    __asm__ volatile("movq %0, %%xmm0\n\tmovq %0, %%xmm7\n\tmovq %0, %%xmm15" : : "r"(value));
}

static uint64_t vectors_differ(uint64_t value)
{
    uint64_t a, b, c;
    __asm__ volatile("movq %%xmm0, %0\n\tmovq %%xmm7, %1\n\tmovq %%xmm15, %2"
                     : "=r"(a), "=r"(b), "=r"(c));
    return (a ^ value) | (b ^ value) | (c ^ value);
}

static long raw_call(long number)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
    return result;
}

TEST(a_system_call_keeps_the_vectors)
{
    vectors_load(0x1122334455667788);
    raw_call(SYS_getppid);
    raw_call(SYS_sched_yield);
    CHECK_EQUAL(vectors_differ(0x1122334455667788), 0);
}

/* Long copies may go through vector registers in the kernel, with pages that are there and pages that are not. */
TEST(a_long_copy_keeps_the_vectors_and_counts_exactly)
{
    enum { BYTES = 60000, FRESH = 40960 };
    static char source[BYTES];
    int ends[2];
    CHECK_OK(pipe(ends));
    for (int i = 0; i < BYTES; i++) {
        source[i] = (char)(i * 31);
    }
    char *fresh =
        mmap(NULL, FRESH + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(fresh != MAP_FAILED);
    CHECK_OK(munmap(fresh + FRESH, 4096));
    vectors_load(0x8877665544332211);
    long sent = write(ends[1], source, BYTES);
    long got = read(ends[0], fresh + 100, BYTES);
    CHECK_EQUAL(vectors_differ(0x8877665544332211), 0);
    CHECK_EQUAL(sent, BYTES);
    CHECK_EQUAL(got, FRESH - 4096); /* a page that a pipe cannot hand over whole stays in it */
    CHECK_EQUAL(memcmp(fresh + 100, source, FRESH - 100), 0);
    CHECK_ERRNO(write(ends[1], fresh + FRESH, 4096), EFAULT);
}

static void hold_a_value(uint64_t value)
{
    vectors_load(value);
    for (int i = 0; i < 20000; i++) {
        if (i % 100 == 0) {
            raw_call(SYS_sched_yield);
        }
        if (vectors_differ(value)) {
            _exit(1);
        }
    }
    _exit(0);
}

TEST(processes_do_not_see_each_others_vectors)
{
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = CHECK_OK(fork());
        if (children[i] == 0) {
            hold_a_value(0x1000 + (uint64_t)i);
        }
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EXITED(children[i], 0);
    }
}

TEST(a_child_starts_with_its_parents_vectors)
{
    vectors_load(77);
    long pid = raw_call(SYS_fork);
    if (pid == 0) {
        _exit(vectors_differ(77) ? 1 : 0);
    }
    CHECK_EXITED((pid_t)pid, 0);
}

static uint32_t seen_magic1, seen_magic2, seen_mxcsr;
static uint64_t seen_vector, seen_alignment;

static void spoil_and_look(int number, siginfo_t *info, void *context)
{
    const ucontext_t *ucontext = context;
    const uint8_t *state = (const uint8_t *)ucontext->uc_mcontext.fpregs;
    uint32_t extended_size;
    (void)number;
    (void)info;
    memcpy(&seen_magic1, state + 464, 4);
    memcpy(&extended_size, state + 468, 4);
    memcpy(&seen_vector, state + 160, 8); /* xmm0 */
    if (seen_magic1 == 0x46505853) {
        memcpy(&seen_magic2, state + extended_size - 4, 4);
    }
    seen_alignment = (uintptr_t)state % 64;
    __asm__ volatile("stmxcsr %0" : "=m"(seen_mxcsr));
    vectors_load(0);
}

static void send_to_self(void)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_kill), "D"((long)getpid()), "S"((long)SIGUSR1)
                     : "rcx", "r11", "memory");
}

TEST(a_handler_starts_afresh_finds_the_state_and_leaves_it)
{
    struct sigaction action = {.sa_sigaction = spoil_and_look, .sa_flags = SA_SIGINFO};
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    const uint32_t mxcsr = 0x3f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    vectors_load(0xabcdef);
    send_to_self();
    CHECK_EQUAL(vectors_differ(0xabcdef), 0);
    CHECK_EQUAL(seen_vector, 0xabcdef);
    CHECK_EQUAL(seen_alignment, 0);
    CHECK_EQUAL(seen_mxcsr, MXCSR_INITIAL);
    CHECK(seen_magic1 == 0 || (seen_magic1 == 0x46505853 && seen_magic2 == 0x46505845));
}

static void change_state(int number, siginfo_t *info, void *context)
{
    const ucontext_t *ucontext = context;
    uint8_t *state = (uint8_t *)ucontext->uc_mcontext.fpregs;
    const uint64_t value = 0x5555;
    (void)number;
    (void)info;
    memcpy(state + 160, &value, 8);
}

TEST(a_handler_may_change_the_state)
{
    uint64_t value;
    struct sigaction action = {.sa_sigaction = change_state, .sa_flags = SA_SIGINFO};
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    vectors_load(1);
    send_to_self();
    __asm__ volatile("movq %%xmm0, %0" : "=r"(value));
    CHECK_EQUAL(value, 0x5555);
}

/* An alternate stack of two fresh pages and a part, so that the state lies across a border of pages. */
static char *use_a_split_stack(void)
{
    const size_t bytes = 2 * 4096 + 512;
    struct sigaction action = {.sa_sigaction = spoil_and_look, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    const stack_t stack = {.ss_sp = pages, .ss_size = bytes};
    CHECK_OK(sigaltstack(&stack, NULL));
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    return pages;
}

TEST(the_state_reaches_a_stack_that_was_never_touched)
{
    for (uint64_t value = 1; value < 20; value++) {
        char *pages = use_a_split_stack();
        vectors_load(value);
        send_to_self();
        CHECK_EQUAL(vectors_differ(value), 0);
        CHECK_EQUAL(seen_vector, value);
        CHECK_OK(munmap(pages, 3 * 4096));
    }
}

TEST(a_stack_that_takes_half_of_the_state_is_a_fault)
{
    for (int closed = 0; closed < 2; closed++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            char *pages = use_a_split_stack();
            mprotect(pages + (size_t)(1 + closed) * 4096, 4096, PROT_NONE);
            send_to_self();
            _exit(0);
        }
        CHECK_KILLED(child, SIGSEGV);
    }
}

int check_reexec(int argc, char **argv)
{
    uint32_t mxcsr;
    uint16_t control;
    (void)argc;
    (void)argv;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(control));
    return (mxcsr & 0xffc0) == MXCSR_INITIAL && control == CONTROL_INITIAL ? 0 : 1;
}

TEST(exec_starts_with_the_initial_control_words)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        const uint32_t mxcsr = 0x3f80;
        const uint16_t control = 0x27f;
        __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(control));
        execl("/proc/self/exe", "fpu", "@initial", NULL);
        _exit(2);
    }
    CHECK_EXITED(child, 0);
}
