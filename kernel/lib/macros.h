/*
 * Small typed helpers: from a member to its structure, array sizes, minimum and maximum, powers of
 * two. Each argument is evaluated once.
 */
#pragma once

#include "lib/types.h"

#define KiB(count) ((uint64_t)(count) << 10)
#define MiB(count) ((uint64_t)(count) << 20)
#define GiB(count) ((uint64_t)(count) << 30)

/* Bit n of a 64-bit word. */
#define BIT(n) (UINT64_C(1) << (n))

/* The structure of which *pointer is the field `member`. The comparison makes a pointer to another
 * type an error. */
#define container_of(pointer, type, member)                                                        \
    ({                                                                                             \
        __typeof__(((type *)0)->member) *container_member_ = (pointer);                            \
        (type *)(void *)((char *)container_member_ - offsetof(type, member));                      \
    })

/* Elements of an array; a pointer is a compile error. */
#define ARRAY_SIZE(array)                                                                          \
    (sizeof(array) / sizeof((array)[0]) +                                                          \
     0 * sizeof(struct {                                                                           \
         _Static_assert(!__builtin_types_compatible_p(__typeof__(array), __typeof__(&(array)[0])), \
                        "not an array");                                                           \
         int not_an_array;                                                                         \
     }))

#define MIN(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) min_a_ = (a);                                                                \
        __typeof__(b) min_b_ = (b);                                                                \
        (void)(&min_a_ == &min_b_);                                                                \
        min_a_ < min_b_ ? min_a_ : min_b_;                                                         \
    })

#define MAX(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) max_a_ = (a);                                                                \
        __typeof__(b) max_b_ = (b);                                                                \
        (void)(&max_a_ == &max_b_);                                                                \
        max_a_ > max_b_ ? max_a_ : max_b_;                                                         \
    })

/* value, but not below low and not above high. */
#define CLAMP(value, low, high) MIN(MAX(value, low), high)

/* Rounding to `alignment`, a power of two, in the type of value. */
#define ALIGN_DOWN(value, alignment)                                                               \
    ((__typeof__(value))((value) & ~((__typeof__(value))(alignment)-1)))
#define ALIGN_UP(value, alignment)                                                                 \
    ((__typeof__(value))(((value) + ((__typeof__(value))(alignment)-1)) &                          \
                         ~((__typeof__(value))(alignment)-1)))
#define IS_ALIGNED(value, alignment) (((value) & ((__typeof__(value))(alignment)-1)) == 0)
#define IS_POWER_OF_TWO(value)       ((value) != 0 && ((value) & ((value)-1)) == 0)

#define DIV_ROUND_UP(value, divisor)                                                               \
    ({                                                                                             \
        __typeof__(divisor) divisor_ = (divisor);                                                  \
        ((value) + divisor_ - 1) / divisor_;                                                       \
    })
