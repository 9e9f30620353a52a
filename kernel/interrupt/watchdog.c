// The watchdog of debug kernels: tells of a CPU that kept interrupts off for long, where it lets them in again.
//
// sync/ measures from the outermost interrupts_block() to its end, and each interrupt handler as a whole. What never ends is not
// seen here: with one CPU nothing is left that could look, and a lock that is waited for by its owner is an assertion of sync/.
// On a busy host a virtual CPU stands still now and then, so a report is a warning and no panic.
#include "interrupt/clock.h"
#include "interrupt/irq.h"
#include "lib/assert.h"
#include "log/backtrace.h"
#include "log/log.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

enum { INTERRUPTS_OFF_LIMIT_MS = 500 };

static void report(uint64_t length)
{
    uint64_t ms = length / (clock_tsc_frequency_hz() / 1000);
    log_warning("watchdog: CPU %u had interrupts off for %lu ms", cpu_number(), ms);
    backtrace_log((uint64_t)__builtin_frame_address(0));
}

void watchdog_init(void)
{
    if (ASTRA_DEBUG) {
        interrupts_watch(clock_tsc_frequency_hz() / 1000 * INTERRUPTS_OFF_LIMIT_MS, report);
    }
}
