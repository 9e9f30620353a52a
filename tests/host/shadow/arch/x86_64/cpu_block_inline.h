/*
 * The CPU's block as a variable of each host thread.
 */
#pragma once

#include "lib/types.h"

extern _Thread_local struct cpu_block host_cpu_block;

static inline struct cpu_block *cpu_block(void)
{
    return &host_cpu_block;
}

#define cpu_block_get(field)               (host_cpu_block.field)
#define cpu_block_set(field, value)        ((void)(host_cpu_block.field = (value)))
#define cpu_block_increment(field)         ((void)host_cpu_block.field++)
#define cpu_block_decrement(field)         ((void)host_cpu_block.field--)
#define cpu_block_decrement_is_zero(field) (--host_cpu_block.field == 0)
