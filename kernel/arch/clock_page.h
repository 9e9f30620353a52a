// The clock's numbers, in the one page of the kernel's that every program can read ([vvar]): the kernel's own clock and the vDSO
// compute the time from it by the same lines.
//
// They stand twice: the writer (interrupt/clock.c) fills the copy that readers do not use and then moves the sequence on, so that
// a reader in any context, or in a program, finds a whole one and never waits.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct clock_scale {
    uint64_t base_timestamp, base_ns;
    uint64_t factor; // nanoseconds per timestamp, 32 binary digits after the point
};

struct clock_page {
    uint32_t sequence;  // [a] scales[sequence % 2] is valid
    uint32_t is_served; // [a] programs may go by the time-stamp counter; 0: they ask the kernel
    struct clock_scale scales[2]; // [a] by the sequence
    uint64_t wall_offset;         // [a] wall clock less monotonic clock, ns
};

static inline uint64_t clock_scale_apply(const struct clock_scale *scale, uint64_t timestamp)
{
    uint64_t elapsed = timestamp - scale->base_timestamp;
    if (unlikely((int64_t)elapsed < 0)) {
        return scale->base_ns; // read just before another CPU set the base
    }
    return scale->base_ns + (uint64_t)(((unsigned __int128)elapsed * scale->factor) >> 32);
}

// Nanoseconds since boot. `read_timestamp` reads the time-stamp counter.
static inline uint64_t clock_page_monotonic_ns(const struct clock_page *page,
                                               uint64_t (*read_timestamp)(void))
{
    uint32_t sequence;
    uint64_t ns;
    do {
        sequence = __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);
        ns = clock_scale_apply(&page->scales[sequence % 2], read_timestamp());
    } while (unlikely(__atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE) != sequence));
    return ns;
}
