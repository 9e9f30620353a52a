// The rates of the time-stamp counter and of the local APIC's timer, measured together in one short window.
//
// A sample is taken at an edge of the reference and bracketed by two timestamps; what lies between them bounds its error. The
// window ends as soon as both brackets together are below 400 ppm of it, at the latest after a millisecond: where reading is
// cheap (under instruction counting) that is a tenth of it.
#include "arch/cpu.h"
#include "interrupt/clock.h"
#include "interrupt/interrupt_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"

enum {
    SAMPLE_TRIES = 3,
    EDGE_TRIES = 2000, // a reference that does not count
    WINDOW_MIN_US = 50,
    WINDOW_MAX_US = 1000,
    PRECISION = 2500, // 1 / 400 ppm
    TSC_HZ_ASSUMED = 1000000000,
};

// One reading at an edge.
static void edge_read(const struct clock_reference *reference, struct clock_sample *sample)
{
    uint64_t before, after = cpu_timestamp(), former = reference->read();
    for (unsigned tries = 0; tries < EDGE_TRIES; tries++) {
        before = after;
        after = cpu_timestamp();
        sample->reference = reference->read();
        if (sample->reference != former) {
            break;
        }
    }
    sample->timer = local_apic_is_used() ? local_apic_timer_count() : 0;
    after = cpu_timestamp();
    sample->timestamp = before + (after - before) / 2;
    sample->width = after - before;
}

void clock_sample_take(const struct clock_reference *reference, struct clock_sample *sample)
{
    edge_read(reference, sample);
    for (unsigned i = 1; i < SAMPLE_TRIES; i++) {
        struct clock_sample again;
        edge_read(reference, &again);
        if (again.width < sample->width) {
            *sample = again;
        }
    }
}

static uint64_t reference_between(const struct clock_reference *reference,
                                  const struct clock_sample *from, const struct clock_sample *to)
{
    return (to->reference - from->reference) & reference->mask;
}

// The product fits: at most a second or four between samples (1.2e10 timestamps at 3 GHz) times at most 1e9 a second.
uint64_t clock_rate_between(const struct clock_reference *reference,
                            const struct clock_sample *from, const struct clock_sample *to)
{
    assert(to->timestamp >= from->timestamp);
    uint64_t ticks = reference_between(reference, from, to);
    return ticks ? (to->timestamp - from->timestamp) * reference->hz / ticks : 0;
}

static bool is_precise(const struct clock_sample *from, const struct clock_sample *to)
{
    return (from->width + to->width) / 2 * PRECISION < to->timestamp - from->timestamp;
}

static uint64_t window_end_take(const struct clock_reference *reference,
                                const struct clock_sample *start, struct clock_sample *end)
{
    uint64_t us;
    do {
        clock_sample_take(reference, end);
        us = reference_between(reference, start, end) * 1000000 / reference->hz;
        if (end->reference == start->reference) {
            return 0;
        }
    } while (us < WINDOW_MIN_US || (us < WINDOW_MAX_US && !is_precise(start, end)));
    return us;
}

void clock_calibrate(const struct clock_reference *reference, struct clock_rates *rates)
{
    struct clock_sample end;
    assert(reference->hz != 0 && reference->mask != 0);
    if (local_apic_is_used()) {
        local_apic_timer_start(UINT32_MAX);
    }
    clock_sample_take(reference, &rates->start);
    uint64_t us = window_end_take(reference, &rates->start, &end);
    rates->tsc_hz = us ? clock_rate_between(reference, &rates->start, &end) : TSC_HZ_ASSUMED;
    rates->timer_hz = 0;
    if (local_apic_is_used()) {
        uint64_t ticks = reference_between(reference, &rates->start, &end);
        uint64_t counted = rates->start.timer - end.timer;
        rates->timer_hz = us ? counted * reference->hz / ticks : TSC_HZ_ASSUMED;
        local_apic_timer_start(0);
    }
}
