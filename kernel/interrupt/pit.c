// The 8254: channel 0 as the tick of machines without a local APIC, channel 2 as a reference where nothing better is there.
#include "arch/port_io.h"
#include "interrupt/interrupt_internal.h"

enum {
    PIT_CHANNEL_0 = 0x40,
    PIT_CHANNEL_2 = 0x42,
    PIT_COMMAND = 0x43,
    COMMAND_CHANNEL_0_RATE = 0x34,  // low then high byte, rate generator
    COMMAND_CHANNEL_2_COUNT = 0xb0, // low then high byte, interrupt on terminal count
    COMMAND_LATCH_CHANNEL_2 = 0x80,
    GATE_PORT = 0x61,
    GATE_CHANNEL_2 = 0x01,
    GATE_SPEAKER = 0x02,
};

void pit_start_ticks(void)
{
    const uint16_t divisor = (PIT_HZ + CLOCK_TICK_HZ / 2) / CLOCK_TICK_HZ;
    port_write8(PIT_COMMAND, COMMAND_CHANNEL_0_RATE);
    port_write8(PIT_CHANNEL_0, (uint8_t)divisor);
    port_write8(PIT_CHANNEL_0, (uint8_t)(divisor >> 8));
}

// Channel 2 drives the speaker; its gate is a bit of port 0x61, and the speaker's own bit is cleared so that nothing is heard.
void pit_reference_start(void)
{
    uint8_t gate = port_read8(GATE_PORT);
    port_write8(GATE_PORT, (uint8_t)((gate & ~GATE_SPEAKER) | GATE_CHANNEL_2));
    port_write8(PIT_COMMAND, COMMAND_CHANNEL_2_COUNT);
    port_write8(PIT_CHANNEL_2, 0xff);
    port_write8(PIT_CHANNEL_2, 0xff);
}

// The latch holds one 16-bit value while its two bytes are read, whatever the counter does. It counts down; the reference counts up.
uint64_t pit_reference_read(void)
{
    port_write8(PIT_COMMAND, COMMAND_LATCH_CHANNEL_2);
    unsigned low = port_read8(PIT_CHANNEL_2);
    unsigned high = port_read8(PIT_CHANNEL_2);
    return 0xffff - (high << 8 | low);
}
