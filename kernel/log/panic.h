// The end: registers, symbolised backtrace, what ran on each CPU, the last log lines; then halt, or reboot after panic=N.
#pragma once

#include "arch/trap_frame.h"
#include "lib/compiler.h"
#include "lib/types.h"

_Noreturn void panic(const char *format, ...) printf_format(1, 2);

// What upper floors add to the picture; each slot may be empty.
struct panic_ops {
    void (*stop_other_cpus)(void); // by an exception that nothing holds back
    // Writes a one-line description of what runs on a CPU ("CPU 0, user thread 12 'ash'").
    void (*describe_cpu)(unsigned cpu, char *text, size_t size);
    // Does the address lie in the guard below a kernel stack?
    bool (*is_stack_guard)(vaddr_t address);
};
void panic_set_ops(const struct panic_ops *ops); // each non-NULL slot replaces the former

bool panic_is_in_progress(void);
int panic_timeout(void);
void panic_set_timeout(int seconds); // panic=N: 0 halt for ever, negative: reboot at once
