// Access to the block at GS:0, one instruction each. `field` names a member of struct cpu_block.
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

static inline struct cpu_block *cpu_block(void)
{
    struct cpu_block *block;
    __asm__("movq %%gs:0, %0" : "=r"(block));
    return block;
}

#define cpu_block_get(field)                                                                       \
    ({                                                                                             \
        __typeof__(((struct cpu_block *)0)->field) block_value_;                                   \
        __asm__ volatile("mov %%gs:%c1, %0"                                                        \
                         : "=r"(block_value_)                                                      \
                         : "i"(offsetof(struct cpu_block, field)));                                \
        block_value_;                                                                              \
    })

#define cpu_block_set(field, value)                                                                \
    do {                                                                                           \
        __typeof__(((struct cpu_block *)0)->field) block_value_ = (value);                         \
        __asm__ volatile("mov %0, %%gs:%c1"                                                        \
                         :                                                                         \
                         : "r"(block_value_), "i"(offsetof(struct cpu_block, field))               \
                         : "memory");                                                              \
    } while (0)

// Only for the 32-bit counts.
#define CPU_BLOCK_COUNT(instruction, field)                                                        \
    do {                                                                                           \
        static_assert(sizeof(((struct cpu_block *)0)->field) == 4, "not a count");                 \
        __asm__ volatile(instruction " %%gs:%c0"                                                   \
                         :                                                                         \
                         : "i"(offsetof(struct cpu_block, field))                                  \
                         : "memory", "cc");                                                        \
    } while (0)

#define cpu_block_increment(field) CPU_BLOCK_COUNT("incl", field)
#define cpu_block_decrement(field) CPU_BLOCK_COUNT("decl", field)

// The same instruction, and whether the count is 0 now.
#define cpu_block_decrement_is_zero(field)                                                         \
    ({                                                                                             \
        static_assert(sizeof(((struct cpu_block *)0)->field) == 4, "not a count");                 \
        bool block_is_zero_;                                                                       \
        __asm__ volatile("decl %%gs:%c1"                                                           \
                         : "=@ccz"(block_is_zero_)                                                 \
                         : "i"(offsetof(struct cpu_block, field))                                  \
                         : "memory");                                                              \
        block_is_zero_;                                                                            \
    })
