/*
 * Device numbers in the encoding that Linux hands to user space: 12 bits of major, 20 of minor,
 * split for the sake of the old 16-bit numbers.
 */
#pragma once

#include <stdint.h>

static inline uint64_t device_number_make(uint32_t major, uint32_t minor)
{
    return (uint64_t)(minor & 0xFF) | (uint64_t)(major & 0xFFF) << 8 |
           (uint64_t)(minor & ~0xFFu) << 12 | (uint64_t)(major & ~0xFFFu) << 32;
}

static inline uint32_t device_number_major(uint64_t device)
{
    return (uint32_t)((device >> 8) & 0xFFF) | ((uint32_t)(device >> 32) & ~0xFFFu);
}

static inline uint32_t device_number_minor(uint64_t device)
{
    return (uint32_t)(device & 0xFF) | ((uint32_t)(device >> 12) & ~0xFFu);
}
