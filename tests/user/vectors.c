/*
 * The wide vector registers, where the CPU has them: kept while others use them, across system
 * calls, handlers and fork. Where it has none their instructions are undefined.
 */
#include "fault.h"

#include <sched.h>
#include <sys/time.h>

struct wide {
    uint64_t part[4];
} __attribute__((aligned(32)));

static bool has_wide(void)
{
    uint32_t a = 1, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return (c >> 27 & 1) && (c >> 28 & 1);
}

__attribute__((target("avx"))) static void wide_load(const struct wide *value)
{
    __asm__ volatile("vmovdqa (%0), %%ymm3\n\tvmovdqa (%0), %%ymm14" : : "r"(value) : "memory");
}

__attribute__((target("avx"))) static void wide_store(struct wide *low, struct wide *high)
{
    __asm__ volatile("vmovdqa %%ymm3, (%0)\n\tvmovdqa %%ymm14, (%1)"
                     :
                     : "r"(low), "r"(high)
                     : "memory");
}

static struct wide pattern(uint64_t seed)
{
    return (struct wide){{seed, seed * 3 + 1, seed * 5 + 2, seed * 7 + 3}};
}

static void check_wide(const struct wide *expected)
{
    struct wide low, high;
    wide_store(&low, &high);
    CHECK(memcmp(&low, expected, sizeof(low)) == 0);
    CHECK(memcmp(&high, expected, sizeof(high)) == 0);
}

TEST(without_wide_vectors_their_instructions_are_undefined)
{
    struct wide value = pattern(1);
    CHECK_EQUAL(FAULT_OF(wide_load(&value)), has_wide() ? 0 : SIGILL);
}

/* Loads a pattern of its own, and finds it again after each of many rounds; false at the first difference. */
static void keep_pattern(uint64_t seed, int rounds)
{
    struct wide value = pattern(seed), low, high;
    for (int round = 0; round < rounds; round++) {
        wide_load(&value);
        for (volatile int spin = 0; spin < 20000; spin++) {}
        wide_store(&low, &high);
        CHECK(memcmp(&low, &value, sizeof(low)) == 0 && memcmp(&high, &value, sizeof(high)) == 0);
    }
}

TEST(processes_that_preempt_each_other_keep_their_vectors)
{
    pid_t children[4];
    for (int i = 0; has_wide() && i < 4; i++) {
        children[i] = CHECK_OK(fork());
        if (children[i] == 0) {
            keep_pattern((uint64_t)i + 100, 400);
            _exit(0);
        }
    }
    for (int i = 0; has_wide() && i < 4; i++) {
        CHECK_EXITED(children[i], 0);
    }
}

TEST(a_call_that_sleeps_keeps_the_vectors)
{
    struct wide value = pattern(7);
    if (has_wide()) {
        struct timespec pause = {0, 5000000};
        wide_load(&value);
        syscall(SYS_nanosleep, &pause, NULL);
        check_wide(&value);
    }
}

static struct wide other;

static void on_signal(int signal)
{
    (void)signal;
    wide_load(&other);
}

TEST(a_handler_does_not_change_the_vectors_of_the_program)
{
    struct wide value = pattern(8);
    struct itimerval timer = {{0, 1000}, {0, 1000}};
    other = pattern(99);
    if (has_wide()) {
        signal(SIGALRM, on_signal);
        CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
        keep_pattern(8, 300);
        wide_load(&value);
        syscall(SYS_kill, getpid(), SIGALRM);
        check_wide(&value);
    }
}

TEST(a_child_begins_with_the_vectors_of_its_parent)
{
    struct wide value = pattern(9);
    if (has_wide()) {
        wide_load(&value);
        long child = syscall(SYS_fork);
        if (child == 0) {
            check_wide(&value);
            _exit(0);
        }
        check_wide(&value);
        CHECK_EXITED((pid_t)child, 0);
    }
}
