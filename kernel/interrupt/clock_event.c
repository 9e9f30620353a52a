// The one interrupt that the scheduler's timers ask for, per CPU: the local APIC's one-shot timer (or its TSC deadline), else the
// PIT's tick.
//
// The local APIC counts 32 bits, so a far deadline is reached in several steps; the handler only runs at or after the deadline. In
// TSC-deadline mode the steps are there too: as a timestamp a deadline in 200 years does not fit 64 bits, and one that wrapped
// around would lie in the past, interrupt at once, and be armed again for ever.
#include "arch/cpu.h"
#include "arch/cpu_block.h"
#include "interrupt/clock.h"
#include "interrupt/interrupt_internal.h"
#include "interrupt/irq.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "log/log.h"
#include "sync/percpu.h"
#include "sync/preempt.h"

// One step of a far deadline; times any rate it fits in 64 bits.
static const uint64_t count_us_max = 4000000;

struct clock_event {
    uint64_t deadline_ns; // [o] UINT64_MAX: none
    bool is_from_user;    // [o] valid in the handler
};

static PERCPU_DEFINE(struct clock_event, clock_event_own);
static void (*event_handler)(void); // [I] after boot
static bool has_deadline_mode;      // [I]

bool clock_event_is_periodic(void)
{
    return !local_apic_is_used();
}

bool clock_event_from_user(void)
{
    return percpu_this(clock_event_own)->is_from_user;
}

void clock_event_set_handler(void (*handler)(void))
{
    assert(handler != NULL && event_handler == NULL);
    event_handler = handler;
}

// Rounded up, so that the interrupt does not come a moment too early; at most what the counter holds.
static uint32_t timer_count_for(uint64_t ns)
{
    uint64_t us = ns / NS_PER_US + 1;
    us = us < count_us_max ? us : count_us_max;
    uint64_t count = us * clock_timer_frequency_hz() / 1000000 + 1;
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static void hardware_disarm(void)
{
    if (has_deadline_mode) {
        cpu_timer_deadline_write(0);
    } else {
        local_apic_timer_start(0);
    }
}

static void hardware_arm(uint64_t deadline_ns)
{
    assert(!interrupts_are_enabled());
    if (deadline_ns == UINT64_MAX) {
        hardware_disarm();
        return;
    }
    uint64_t now = clock_monotonic_ns();
    uint64_t left_ns = deadline_ns > now ? deadline_ns - now : 0;
    if (has_deadline_mode) {
        uint64_t step_ns = MIN(left_ns, (uint64_t)(count_us_max * NS_PER_US));
        cpu_timer_deadline_write(MAX(clock_timestamp_of(now + step_ns), 1UL)); // 0 would disarm
    } else {
        local_apic_timer_start(timer_count_for(left_ns));
    }
}

void clock_event_program(uint64_t deadline_ns)
{
    interrupts_block();
    percpu_this(clock_event_own)->deadline_ns = deadline_ns;
    if (local_apic_is_used()) {
        hardware_arm(deadline_ns);
    }
    interrupts_unblock();
}

void clock_event_interrupt(bool is_from_user)
{
    assert(!interrupts_are_enabled() && cpu_block_get(interrupt_depth) == 1);
    struct clock_event *event = percpu_this(clock_event_own);
    event->is_from_user = is_from_user;
    clock_refine();
    if (local_apic_is_used()) {
        // A shot that was under way when the timer was disarmed or moved still arrives.
        if (event->deadline_ns == UINT64_MAX) {
            return;
        }
        if (clock_monotonic_ns() < event->deadline_ns) {
            hardware_arm(event->deadline_ns);
            return;
        }
        event->deadline_ns = UINT64_MAX;
    }
    if (event_handler) {
        event_handler();
    }
}

static bool pit_interrupt(void *context)
{
    (void)context;
    clock_tick();
    clock_event_interrupt(interrupt_is_from_user());
    return true;
}

void clock_event_cpu_init(void)
{
    percpu_this(clock_event_own)->deadline_ns = UINT64_MAX;
    if (has_deadline_mode) {
        local_apic_timer_deadline_mode();
    }
}

void clock_event_init(void)
{
    has_deadline_mode = local_apic_is_used() && cpu_has(CPU_HAS_TSC_DEADLINE);
    clock_event_cpu_init();
    if (local_apic_is_used()) {
        return;
    }
    if (interrupt_register(PIT_LINE, pit_interrupt, NULL, "timer")) {
        log_error("clock: the PIT's line is not there: no timer interrupts");
        return;
    }
    pit_start_ticks();
}
