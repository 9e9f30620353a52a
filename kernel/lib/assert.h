/*
 * Assertions: our own mistakes, never a user's or a device's.
 */
#pragma once

#include "lib/compiler.h"

#ifndef ASTRA_DEBUG
#    define ASTRA_DEBUG 0
#endif

#ifndef static_assert
#    define static_assert _Static_assert
#endif

/* in: log/. Reports the broken expectation and does not come back. */
noreturn void assert_failed(const char *expression, const char *file, int line);

/* Checked in every build: for what would damage data if it went on. */
#define assert_always(condition)                                                                   \
    do {                                                                                           \
        if (unlikely(!(condition))) {                                                              \
            assert_failed(#condition, __FILE__, __LINE__);                                         \
        }                                                                                          \
    } while (0)

/* Checked in debug kernels; a release kernel compiles the condition, and drops it. */
#define assert(condition)                                                                          \
    do {                                                                                           \
        if (ASTRA_DEBUG && unlikely(!(condition))) {                                               \
            assert_failed(#condition, __FILE__, __LINE__);                                         \
        }                                                                                          \
    } while (0)
