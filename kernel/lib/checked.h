/*
 * Arithmetic that says when it overflows: for every size and offset that comes from a user, a disk
 * or a wire. Each returns true and stores the exact result, or returns false where it does not fit
 * (then *result is meaningless).
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

static inline must_check bool checked_add_size(size_t a, size_t b, size_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static inline must_check bool checked_sub_size(size_t a, size_t b, size_t *result)
{
    return !__builtin_sub_overflow(a, b, result);
}

static inline must_check bool checked_mul_size(size_t a, size_t b, size_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static inline must_check bool checked_add_u64(uint64_t a, uint64_t b, uint64_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static inline must_check bool checked_sub_u64(uint64_t a, uint64_t b, uint64_t *result)
{
    return !__builtin_sub_overflow(a, b, result);
}

static inline must_check bool checked_mul_u64(uint64_t a, uint64_t b, uint64_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static inline must_check bool checked_add_i64(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static inline must_check bool checked_sub_i64(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_sub_overflow(a, b, result);
}

static inline must_check bool checked_mul_i64(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

/* value rounded up to a power of two. */
static inline must_check bool checked_align_up_u64(uint64_t value, uint64_t alignment,
                                                   uint64_t *result)
{
    if (!checked_add_u64(value, alignment - 1, result)) {
        return false;
    }
    *result &= ~(alignment - 1);
    return true;
}
