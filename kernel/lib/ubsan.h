/*
 * The run-time half of -fsanitize=undefined in debug kernels: the __ubsan_handle_* functions that
 * the compiler calls by itself stand in ubsan.c. A finding is our own mistake, so it ends in
 * assert_failed.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

/* Called with what went wrong, where. Weak: assert_failed; log/ or a test may define its own. */
void lib_ubsan_report(const char *problem, const char *file, uint32_t line);
