// Time: a monotonic clock by the calibrated TSC, the wall clock on top, the 1000 Hz tick counter, and the one-shot event source
// that scheduler/timer.c programs.
#pragma once

#include "lib/types.h"

#define NS_PER_SECOND 1000000000ULL
#define NS_PER_MS     1000000ULL
#define NS_PER_US     1000ULL

struct clock_page;

void clock_init(void); // calibrates (at most 1 ms), reads the RTC
// From now on the clock's numbers stand in `target`, a page of zeros that programs may read and that stays. Once, by the CPU that
// started the clock, while no other one sets it.
void clock_page_move(struct clock_page *target);

// Nanoseconds since boot; never backwards, on any CPU. Any context, no lock.
uint64_t clock_monotonic_ns(void);
// Nanoseconds since 1970 (UTC).
uint64_t clock_realtime_ns(void);
// settimeofday and clock_settime: moves the wall clock, not the monotonic one.
void clock_realtime_set(uint64_t realtime_ns);
// 1000 Hz ticks since boot: counted where the PIT runs, computed from the clock where it does not.
uint64_t clock_ticks(void);
uint64_t clock_tsc_frequency_hz(void);
const char *clock_source_name(void); // "tsc", "pit"

// The event source of this CPU. The handler runs in interrupt context at or after the deadline; where only the periodic PIT exists
// it runs at every tick (1 ms) and deadlines are rounded up.
void clock_event_set_handler(void (*handler)(void));
// Absolute monotonic time; UINT64_MAX: none. Replaces the former deadline.
void clock_event_program(uint64_t deadline_ns);
bool clock_event_is_periodic(void);
// Was the tick that is being handled taken from user mode? (accounting)
bool clock_event_from_user(void);
