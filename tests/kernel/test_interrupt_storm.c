// A level-triggered line that no handler quietens. The HPET's second timer asks for it (IA-PC HPET specification 1.0a, 2.3.8), where the
// machine lets it have a line of PCI's kind: q35 does.
#include "kernel_test.h"

#include "arch/boot_info.h"
#include "arch/page.h"
#include "arch/port_io.h"
#include "interrupt/clock.h"
#include "interrupt/irq.h"
#include "scheduler/thread.h"

enum {
    HPET_STATUS = 0x20,
    HPET_COUNTER = 0xf0,
    TIMER_NUMBER = 1,
    TIMER_CONFIGURATION = 0x100 + 0x20 * TIMER_NUMBER,
    TIMER_ROUTES = TIMER_CONFIGURATION + 4, // a bit for each line that it can have
    TIMER_COMPARATOR = TIMER_CONFIGURATION + 8,
    TIMER_IS_LEVEL = 1 << 1,
    TIMER_IS_ON = 1 << 2,
    TIMER_ROUTE_SHIFT = 9,
    LINE_FIRST = 16,
    TICKS_AHEAD = 100000,
    LOOKS = 400,
    STORM_MOST = 300000, // two windows and some
};

static unsigned storm_calls;

static bool claims_nothing(void *context)
{
    (void)context;
    storm_calls++;
    return false;
}

static vaddr_t timer_base(void)
{
    return PHYSICAL_MAP_BASE + boot_information.acpi.hpet;
}

// The first line of PCI's kind that the timer can have, or 0.
static unsigned line_choose(void)
{
    uint32_t routes = mmio_read32(timer_base() + TIMER_ROUTES) >> LINE_FIRST << LINE_FIRST;
    return routes != 0 ? (unsigned)__builtin_ctz(routes) : 0;
}

static void storm_start(unsigned line)
{
    uint32_t soon = mmio_read32(timer_base() + HPET_COUNTER) + TICKS_AHEAD;
    mmio_write32(timer_base() + TIMER_CONFIGURATION,
                 line << TIMER_ROUTE_SHIFT | TIMER_IS_LEVEL | TIMER_IS_ON);
    mmio_write32(timer_base() + TIMER_COMPARATOR, soon);
    mmio_write32(timer_base() + TIMER_COMPARATOR + 4, 0);
}

static void storm_stop(void)
{
    mmio_write32(timer_base() + TIMER_CONFIGURATION, 0);
    mmio_write32(timer_base() + HPET_STATUS, 1 << TIMER_NUMBER);
}

// Until no more interrupts come. False: they do not end.
static bool storm_wait(void)
{
    unsigned before = 0;
    for (unsigned i = 0; i < LOOKS; i++) {
        (void)thread_sleep_until(clock_monotonic_ns() + 50 * NS_PER_MS, false);
        unsigned now = READ_ONCE(storm_calls);
        if (now != 0 && now == before) {
            return true;
        }
        before = now;
    }
    return false;
}

KERNEL_TEST(a_line_that_nobody_claims_is_masked_in_the_end)
{
    unsigned line = boot_information.acpi.hpet != 0 ? line_choose() : 0;
    if (line == 0) {
        return;
    }
    KT_ASSERT(interrupt_register(line, claims_nothing, NULL, "storm") == 0);
    for (unsigned i = 1; i <= 2; i++) { // somebody who registers again gets it again
        storm_calls = 0;
        storm_start(line);
        KT_ASSERT(storm_wait());
        KT_ASSERT(storm_calls > 1000 && storm_calls < STORM_MOST);
        storm_stop();
        interrupt_unregister(line, claims_nothing, NULL);
        KT_ASSERT(interrupt_register(line, claims_nothing, NULL, "storm") == 0);
    }
    interrupt_unregister(line, claims_nothing, NULL);
}
