// The end of the machine in its two steps: everything is taken down (debug kernels only), then the machine stops.
#pragma once

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/types.h"
#include "process/init.h"

// Written to isa-debug-exit by a debug kernel that finds something left.
enum { MACHINE_STATUS_LEAK = 126 };

struct machine_end_order {
    enum machine_end end;
    unsigned debug_status;
    bool has_failed; // debug-exit also instead of a restart
};

// Powers off, restarts or halts at once.
_Noreturn void machine_stop(const struct machine_end_order *order);

#if ASTRA_DEBUG
// Leaves the rest to the boot thread, and waits until the caller's process is told to end: true. Release kernels: false.
must_check bool machine_teardown_order(const struct machine_end_order *order);
// pid 1's last thread: waits until all other processes are gone.
void machine_teardown_wait_alone(void);
#else
static inline bool machine_teardown_order(const struct machine_end_order *order)
{
    (void)order;
    return false;
}
static inline void machine_teardown_wait_alone(void)
{
}
#endif
