// Shared by the files of log/.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

// The newest records, each as a line of at most 80 columns, to every sink whatever their level; for a panic.
void log_show_last(unsigned count);
// A line of a panic: to the ring and to every sink whatever the level, without a time, and without waiting for a lock that the
// interrupted code may hold.
void log_write_panic(const char *format, ...) printf_format(1, 2);

// panic(), with lines of the caller's own after the first: `explain` writes them by log_write_panic.
_Noreturn void panic_explained(const char *what, void (*explain)(const void *context),
                               const void *context);
