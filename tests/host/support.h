/*
 * What every host test includes first: cmocka with the headers it wants, and the ways to reach what
 * support.c stands in for.
 *
 * A broken assert() of the kernel fails the test, or is caught by cmocka's
 * expect_assert_failure(call).
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A run that repeats: the same numbers each time (splitmix64). */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/*
 * Physical memory for allocators: `bytes` of zeroed memory at PHYSICAL_MAP_BASE + address (both
 * multiples of a page), until host_physical_memory_remove.
 */
void host_physical_memory_add(uint64_t address, size_t bytes);
void host_physical_memory_remove(uint64_t address, size_t bytes);
