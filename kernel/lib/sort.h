/*
 * Sorting in place without memory: heapsort, O(n log n) at worst, not stable.
 */
#pragma once

#include "lib/types.h"

/* Negative, zero or positive as left stands before, beside or after right. */
typedef int (*sort_compare)(const void *left, const void *right, void *context);

/* Sorts `count` elements of `size` bytes. */
void sort_array(void *array, size_t count, size_t size, sort_compare compare, void *context);
