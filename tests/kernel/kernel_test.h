/*
 * Tests that run inside a booted kernel, for what needs the real CPU. A test is
 *
 *     KERNEL_TEST(its_name_says_what_it_promises)
 *     {
 *         KT_ASSERT(condition);
 *     }
 *
 * and is found by the linker: it stands in the section .kernel_tests, which the release image has
 * empty. Tests run one after another on the boot thread, which may sleep, take locks and start threads.
 * They run when the command line has astra.test=all, or a pattern with * and ?.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/macros.h"
#include "lib/types.h"

struct thread;

enum kernel_test_kind { KERNEL_TEST_IS_TEST, KERNEL_TEST_IS_CRASH, KERNEL_TEST_IS_PRELUDE };

struct kernel_test {
    const char *name;
    void (*run)(void);
    enum kernel_test_kind kind;
};

/* The alignment leaves no gap between two entries. */
#define KERNEL_TEST_ENTRY(test_name, kind)                                                         \
    static const struct kernel_test kernel_test_##test_name used_by_linker section(                \
        ".kernel_tests") aligned(8) = {#test_name, test_name, kind}

#define KERNEL_TEST(test_name)                                                                     \
    static void test_name(void);                                                                   \
    KERNEL_TEST_ENTRY(test_name, KERNEL_TEST_IS_TEST);                                             \
    static void test_name(void)

/*
 * Provokes what the kernel does not outlive, or what it complains about. Runs only when the command line has its name;
 * test_crashes.py looks at what the kernel said.
 */
#define KERNEL_CRASH(test_name)                                                                    \
    static void test_name(void);                                                                   \
    KERNEL_TEST_ENTRY(test_name, KERNEL_TEST_IS_CRASH);                                            \
    static void test_name(void)

/*
 * Does something before an ordinary boot, which goes on behind it. Runs only when the command line has its name;
 * test_power_off.py looks at what comes of it.
 */
#define KERNEL_PRELUDE(test_name)                                                                  \
    static void test_name(void);                                                                   \
    KERNEL_TEST_ENTRY(test_name, KERNEL_TEST_IS_PRELUDE);                                          \
    static void test_name(void)

/* Linker-script symbols: all tests of the image. */
extern const struct kernel_test kernel_tests_start[], kernel_tests_end[];

/* Ends the test, or the helper of it that it stands in, as failed where the condition does not hold. */
#define KT_ASSERT(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            kernel_test_fail(__FILE__, __LINE__, #condition);                                      \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* Tests of order need one CPU: the running test stays on that one from here to its end. */
void kernel_test_stay_on(unsigned cpu);
/* A kernel thread that only ever runs on that CPU; NULL: out of memory. */
struct thread *kernel_test_thread_on(unsigned cpu, void (*entry)(void *), void *argument);

/* Marks the running test as failed, from any thread of it; the first call's place is shown. */
void kernel_test_fail(const char *file, int line, const char *condition);
