// Counters of known rate: HPET, ACPI's PM timer, the PIT's channel 2, in this order of preference.
#include "arch/boot_info.h"
#include "arch/port_io.h"
#include "interrupt/interrupt_internal.h"

enum {
    HPET_PERIOD_FS = 0x04, // upper half of the capabilities
    HPET_CAPABILITIES = 0x00,
    HPET_CONFIGURATION = 0x10,
    HPET_COUNTER = 0xf0,
    HPET_ENABLE = 1,
    HPET_IS_64BIT = 1 << 13,
    HPET_PERIOD_MAX_FS = 100000000,
    PM_TIMER_HZ = 3579545,
};

static struct clock_reference chosen; // [I] after clock_init

static uint64_t hpet_read(void)
{
    return mmio_read32(device_address(boot_information.acpi.hpet) + HPET_COUNTER);
}

static uint64_t pm_timer_read(void)
{
    return port_read32(boot_information.acpi.pm_timer_port);
}

// The lower 32 bits are enough, and one load on every machine.
static bool hpet_start(void)
{
    if (!boot_information.acpi.hpet) {
        return false;
    }
    vaddr_t base = device_address(boot_information.acpi.hpet);
    uint32_t period_fs = mmio_read32(base + HPET_PERIOD_FS);
    if (period_fs == 0 || period_fs > HPET_PERIOD_MAX_FS) {
        return false;
    }
    mmio_write32(base + HPET_CONFIGURATION, mmio_read32(base + HPET_CONFIGURATION) | HPET_ENABLE);
    chosen =
        (struct clock_reference){"HPET", 1000000000000000UL / period_fs, UINT32_MAX, hpet_read};
    return true;
}

static bool pm_timer_start(void)
{
    if (!boot_information.acpi.pm_timer_port) {
        return false;
    }
    uint64_t mask = boot_information.acpi.pm_timer_is_32bit ? UINT32_MAX : 0xffffff;
    chosen = (struct clock_reference){"PM timer", PM_TIMER_HZ, mask, pm_timer_read};
    return true;
}

const struct clock_reference *clock_reference_choose(void)
{
    if (!hpet_start() && !pm_timer_start()) {
        pit_reference_start();
        chosen = (struct clock_reference){"PIT", PIT_HZ, 0xffff, pit_reference_read};
    }
    return &chosen;
}
