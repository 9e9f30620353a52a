// The monotonic clock: nanoseconds = base + (timestamp - base timestamp) * factor / 2^32, and the wall clock at an offset from it.
//
// The three numbers change once, when the rate is refined some seconds after boot. They stand in the page that programs read too
// (arch/clock_page.h): at first in one of this file's, then where clock_page_move puts them.
#include "interrupt/clock.h"
#include "arch/boot_info.h"
#include "arch/clock_page.h"
#include "arch/cpu.h"
#include "interrupt/interrupt_internal.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "log/log.h"
#include "sync/atomic.h"
#include "sync/percpu.h"

enum {
    REFINE_AFTER_S = 1,
    REFINE_BEFORE_S = 4, // a 24-bit PM timer wraps after 4.6 s
    REFINE_LIMIT_PPM = 1000,
};

static struct clock_page first_page;          // [a] until clock_page_move
static struct clock_page *page = &first_page; // [a] set once more
static struct atomic64 pit_ticks;
static bool is_ticking;                         // [I] the PIT counts
static const struct clock_reference *reference; // [I]
static struct clock_rates rates;                // [I] but for tsc_hz at the refinement
static bool is_refined;                         // [o] first CPU's clock event

// Two slots in turn: readers, programs among them, use the one that the sequence names while the other is filled. That is enough
// because the numbers change once: nobody can be still reading the slot of two changes ago.
static void scale_set(uint64_t base_timestamp, uint64_t base_ns, uint64_t hz)
{
    uint32_t next = page->sequence + 1;
    assert(hz != 0);
    page->scales[next % 2] =
        (struct clock_scale){base_timestamp, base_ns, (NS_PER_SECOND << 32) / hz};
    __atomic_store_n(&page->sequence, next, __ATOMIC_RELEASE);
}

static const struct clock_scale *scale_now(void)
{
    return &page->scales[__atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE) % 2];
}

// The old page stays valid for who reads it at this moment: it is static and holds the same numbers until the refinement.
void clock_page_move(struct clock_page *target)
{
    assert(page == &first_page);
    *target = *page;
    target->is_served = true;
    __atomic_store_n(&page, target, __ATOMIC_RELEASE);
}

uint64_t clock_monotonic_ns(void)
{
    return clock_page_monotonic_ns(page, cpu_timestamp);
}

uint64_t clock_timestamp_of(uint64_t monotonic_ns)
{
    const struct clock_scale *scale = scale_now();
    uint64_t ns = monotonic_ns > scale->base_ns ? monotonic_ns - scale->base_ns : 0;
    return scale->base_timestamp + ns / 1000 * (rates.tsc_hz / 1000000) +
           ns / 1000 * (rates.tsc_hz % 1000000) / 1000000;
}

uint64_t clock_realtime_ns(void)
{
    return clock_monotonic_ns() + __atomic_load_n(&page->wall_offset, __ATOMIC_RELAXED);
}

void clock_realtime_set(uint64_t realtime_ns)
{
    __atomic_store_n(&page->wall_offset, realtime_ns - clock_monotonic_ns(), __ATOMIC_RELAXED);
}

void clock_tick(void)
{
    atomic64_store(&pit_ticks, atomic64_load(&pit_ticks) + 1);
}

uint64_t clock_ticks(void)
{
    return is_ticking ? atomic64_load(&pit_ticks) : clock_monotonic_ns() / NS_PER_MS;
}

uint64_t clock_tsc_frequency_hz(void)
{
    return rates.tsc_hz;
}

uint64_t clock_timer_frequency_hz(void)
{
    return rates.timer_hz;
}

const char *clock_source_name(void)
{
    return "tsc";
}

// A far-off result means that the machine slept or the reference wrapped: keep the first rate.
static bool is_plausible(uint64_t hz)
{
    uint64_t difference = hz > rates.tsc_hz ? hz - rates.tsc_hz : rates.tsc_hz - hz;
    return difference < rates.tsc_hz / 1000000 * REFINE_LIMIT_PPM;
}

void clock_refine(void)
{
    uint64_t elapsed = cpu_timestamp() - rates.start.timestamp;
    if (is_refined || cpu_number() != 0 || elapsed < rates.tsc_hz * REFINE_AFTER_S) {
        return;
    }
    is_refined = true;
    if (elapsed > rates.tsc_hz * REFINE_BEFORE_S || reference->mask < 0xffffff) {
        return;
    }
    struct clock_sample now;
    clock_sample_take(reference, &now);
    uint64_t hz = clock_rate_between(reference, &rates.start, &now);
    // The new line starts where the old one is now, so that time neither jumps nor goes back; only its slope changes.
    if (is_plausible(hz)) {
        uint64_t timestamp = cpu_timestamp();
        uint64_t ns = clock_scale_apply(scale_now(), timestamp);
        rates.tsc_hz = hz;
        scale_set(timestamp, ns, hz);
    }
}

static void wall_clock_init(void)
{
    uint64_t seconds = rtc_read_seconds();
    if (seconds == 0) {
        log_warning("clock: no real-time clock, the wall clock starts at 1970");
    }
    clock_realtime_set(seconds * NS_PER_SECOND);
}

void clock_init(void)
{
    reference = clock_reference_choose();
    clock_calibrate(reference, &rates);
    scale_set(boot_information.stages[0].timestamp, 0, rates.tsc_hz);
    log_set_clock(clock_monotonic_ns);
    wall_clock_init();
    is_ticking = !local_apic_is_used();
    clock_event_init();
    log_info("clock: tsc %lu kHz by %s, timer %lu kHz", rates.tsc_hz / 1000, reference->name,
             rates.timer_hz / 1000);
}
