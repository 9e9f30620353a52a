// Debug kernels: what becomes of a complaint about a lock (sync/lock_debug.h).
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

// From here on a complaint is shown with its traces and panics; long holds are logged. Once the clock's rate is known.
#if ASTRA_DEBUG
void lock_report_init(uint64_t timestamps_per_second);
#else
static inline void lock_report_init(uint64_t timestamps_per_second)
{
    (void)timestamps_per_second;
}
#endif
