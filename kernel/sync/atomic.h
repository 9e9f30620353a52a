// Atomic words. Loads and stores are relaxed unless the name says otherwise; read-modify-write
// operations are full barriers.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct atomic32 {
    uint32_t value;
};
struct atomic64 {
    uint64_t value;
};

#define ATOMIC_INIT(initial)                                                                       \
    {                                                                                              \
        (initial)                                                                                  \
    }

#define ATOMIC_OPERATIONS(type, word)                                                              \
    static inline word type##_load(const struct type *a)                                           \
    {                                                                                              \
        return __atomic_load_n(&a->value, __ATOMIC_RELAXED);                                       \
    }                                                                                              \
    static inline word type##_load_acquire(const struct type *a)                                   \
    {                                                                                              \
        return __atomic_load_n(&a->value, __ATOMIC_ACQUIRE);                                       \
    }                                                                                              \
    static inline void type##_store(struct type *a, word v)                                        \
    {                                                                                              \
        __atomic_store_n(&a->value, v, __ATOMIC_RELAXED);                                          \
    }                                                                                              \
    static inline void type##_store_release(struct type *a, word v)                                \
    {                                                                                              \
        __atomic_store_n(&a->value, v, __ATOMIC_RELEASE);                                          \
    }                                                                                              \
    /* The new value. */                                                                           \
    static inline word type##_add(struct type *a, word v)                                          \
    {                                                                                              \
        return __atomic_add_fetch(&a->value, v, __ATOMIC_SEQ_CST);                                 \
    }                                                                                              \
    static inline word type##_subtract(struct type *a, word v)                                     \
    {                                                                                              \
        return __atomic_sub_fetch(&a->value, v, __ATOMIC_SEQ_CST);                                 \
    }                                                                                              \
    /* The old value. */                                                                           \
    static inline word type##_exchange(struct type *a, word v)                                     \
    {                                                                                              \
        return __atomic_exchange_n(&a->value, v, __ATOMIC_SEQ_CST);                                \
    }                                                                                              \
    static inline word type##_set_bits(struct type *a, word v)                                     \
    {                                                                                              \
        return __atomic_fetch_or(&a->value, v, __ATOMIC_SEQ_CST);                                  \
    }                                                                                              \
    static inline word type##_clear_bits(struct type *a, word v)                                   \
    {                                                                                              \
        return __atomic_fetch_and(&a->value, ~v, __ATOMIC_SEQ_CST);                                \
    }                                                                                              \
    /* True when *expected was there; otherwise *expected is what was. */                          \
    static inline bool type##_compare_exchange(struct type *a, __typeof__(word) *expected,         \
                                               word desired)                                       \
    {                                                                                              \
        return __atomic_compare_exchange_n(&a->value, expected, desired, false, __ATOMIC_SEQ_CST,  \
                                           __ATOMIC_RELAXED);                                      \
    }

ATOMIC_OPERATIONS(atomic32, uint32_t)
ATOMIC_OPERATIONS(atomic64, uint64_t)
