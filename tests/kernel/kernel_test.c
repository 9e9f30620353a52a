/*
 * Runs the kernel tests and writes, straight to the serial line, one line a test and one of totals:
 *
 *     ok NAME
 *     FAIL NAME file:line: condition
 *     N passed, N failed
 *
 * Then the machine ends: by the debug-exit port with 0 or 1, else by switching off. Only after a prelude the boot goes on. Called by
 * boot/.
 */
#include "kernel_test.h"

#include <stdarg.h>

#include "arch/machine.h"
#include "boot/kernel_test_hook.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "scheduler/thread.h"

/* The failure of the running test; file is NULL while there is none. */
static struct {
    const char *file;
    const char *condition;
    int line;
} failure;

void kernel_test_fail(const char *file, int line, const char *condition)
{
    if (!failure.file) {
        failure.condition = condition;
        failure.line = line;
        failure.file = file;
    }
}

/* Whether `name` matches `pattern`, where * stands for any text and ? for one character. */
static bool pattern_matches(const char *pattern, const char *name)
{
    const char *retry_pattern = NULL;
    const char *retry_name = name;
    while (*name) {
        if (*pattern == '*') {
            retry_pattern = ++pattern;
            retry_name = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (retry_pattern) {
            pattern = retry_pattern;
            name = ++retry_name;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

printf_format(1, 2) static void say(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    format_string_v(line, sizeof(line), format, arguments);
    va_end(arguments);
    early_console_write(line, strlen(line));
}

void kernel_test_stay_on(unsigned cpu)
{
    assert_always(thread_set_affinity(thread_current(), BIT(cpu)) == 0);
}

static void thread_release(struct thread *thread)
{
    heap_free(thread);
}

struct thread *kernel_test_thread_on(unsigned cpu, void (*entry)(void *), void *argument)
{
    struct thread *thread = heap_alloc(sizeof(*thread));
    if (thread == NULL) {
        return NULL;
    }
    if (thread_init(thread, "test", entry, argument, thread_release) != 0) {
        heap_free(thread);
        return NULL;
    }
    assert_always(thread_set_affinity(thread, BIT(cpu)) == 0);
    thread_start(thread);
    return thread;
}

/* Returns whether the test passed. */
static bool test_run(const struct kernel_test *test)
{
    failure.file = NULL;
    test->run();
    assert_always(thread_set_affinity(thread_current(), UINT64_MAX) == 0);
    if (failure.file) {
        say("FAIL %s %s:%d: %s\n", test->name, failure.file, failure.line, failure.condition);
        return false;
    }
    say("ok %s\n", test->name);
    return true;
}

static bool is_wanted(const struct kernel_test *test, const char *pattern)
{
    if (test->kind != KERNEL_TEST_IS_TEST) {
        return strcmp(pattern, test->name) == 0;
    }
    return strcmp(pattern, "all") == 0 || pattern_matches(pattern, test->name);
}

void kernel_test_main(const char *pattern)
{
    unsigned passed = 0;
    unsigned failed = 0;
    for (const struct kernel_test *test = kernel_tests_start; test < kernel_tests_end; test++) {
        if (!is_wanted(test, pattern)) {
            continue;
        }
        if (test->kind == KERNEL_TEST_IS_PRELUDE) {
            test->run();
            return;
        }
        if (test_run(test)) {
            passed++;
        } else {
            failed++;
        }
    }
    say("%u passed, %u failed\n", passed, failed);
    machine_debug_exit(failed || !passed ? 1 : 0);
    machine_power_off();
}
