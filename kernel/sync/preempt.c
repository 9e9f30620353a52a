// Interrupts off and on in nested pairs, and what was put off meanwhile.
//
// cpu_block.interrupt_off_depth counts the pairs; interrupts_were_on is the flag as the outermost
// one found it. An interrupt handler starts at depth 0 with the flag off, so its pairs never switch
// interrupts on. Both words change only with interrupts off (or at depth 0, where an interrupt
// leaves them as it found them), so no other code of this CPU sees a half-made change.
//
// Work that waits for the end of such a section is of two kinds: deferred work of interrupt
// handlers, then a new choice of the scheduler. Both run at the outermost end only, with no preempt
// count held.
#include "sync/preempt.h"

#include "arch/upcalls.h"
#include "lib/assert.h"
#include "sync/percpu.h"

static void (*deferred_runner)(void); // [I] set once at boot by interrupt/

static PERCPU_DEFINE(uint64_t, off_since);  // [o] time stamp
static uint64_t off_limit;                  // [I] 0: nobody watches
static void (*off_report)(uint64_t length); // [I]

void preempt_set_deferred_runner(void (*run)(void))
{
    assert(deferred_runner == NULL && run != NULL);
    deferred_runner = run;
}

// Interrupts are off at depth 0, no preempt count is held. Deferred work goes first, since it wakes threads: the choice after it
// then sees them, where the other order would choose twice.
static void preempt_pending_run(void)
{
    assert(!interrupts_are_enabled() && cpu_block_get(interrupt_off_depth) == 0);
    if (cpu_block_get(deferred_pending) && deferred_runner != NULL) {
        deferred_runner();
    }
    if (cpu_block_get(reschedule_pending)) {
        upcall_reschedule();
    }
}

static bool preempt_is_allowed(void)
{
    return cpu_block_get(preempt_count) == 0 && cpu_block_get(interrupt_depth) == 0;
}

// With interrupts off nothing is lost by returning: whoever switches them on again, by interrupts_unblock or at the end of an
// interrupt, looks at the same two flags.
void preempt_reschedule(void)
{
    if (!preempt_is_allowed() || !interrupts_are_enabled()) {
        return;
    }
    interrupts_disable();
    preempt_pending_run();
    interrupts_enable();
}

void interrupts_watch(uint64_t limit, void (*report)(uint64_t length))
{
    off_report = report; // before the limit, which switches the watch on
    off_limit = limit;
}

void interrupts_watch_begin(void)
{
    if (ASTRA_DEBUG) {
        *percpu_this(off_since) = cpu_timestamp();
    }
}

void interrupts_watch_end(void)
{
    if (!ASTRA_DEBUG || off_limit == 0) {
        return;
    }
    uint64_t length = cpu_timestamp() - *percpu_this(off_since);
    if (unlikely(length > off_limit)) {
        off_report(length);
    }
}

void interrupts_unblock_pending(void)
{
    assert(cpu_block_get(interrupts_were_on) && !interrupts_are_enabled());
    if (preempt_is_allowed()) {
        preempt_pending_run();
    }
    interrupts_enable();
}
