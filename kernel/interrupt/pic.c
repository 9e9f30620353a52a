// The 8259 pair: always brought into a known state, since its spurious interrupts would look like exceptions at its power-on
// vectors; used for lines where there is no I/O APIC (Intel 8259A data sheet).
#include "arch/port_io.h"
#include "interrupt/interrupt_internal.h"
#include "lib/assert.h"

enum {
    PIC_MASTER = 0x20,
    PIC_SLAVE = 0xa0,
    PIC_DATA = 1,
    COMMAND_INIT = 0x11, // edge triggered, cascade, a fourth word follows
    MODE_8086 = 0x01,
    COMMAND_END = 0x20,
    COMMAND_READ_IN_SERVICE = 0x0b,
    CASCADE_LINE = 2,
    LINES_PER_CHIP = 8,
};

static uint16_t masked_lines = 0xffff; // [l] routing lock

// Four words in a fixed order; the chip counts them by itself. The vector's lower three bits are the line's, so it must be aligned.
static void chip_init(uint16_t port, uint8_t vector, uint8_t cascade)
{
    assert(vector % LINES_PER_CHIP == 0);
    port_write8(port, COMMAND_INIT);
    port_write8(port + PIC_DATA, vector);
    port_write8(port + PIC_DATA, cascade);
    port_write8(port + PIC_DATA, MODE_8086);
    port_write8(port + PIC_DATA, 0xff);
}

void pic_init(void)
{
    chip_init(PIC_MASTER, VECTOR_PIC_FIRST, 1 << CASCADE_LINE);
    chip_init(PIC_SLAVE, VECTOR_PIC_FIRST + LINES_PER_CHIP, CASCADE_LINE);
}

static void masks_write(void)
{
    port_write8(PIC_MASTER + PIC_DATA, (uint8_t)masked_lines);
    port_write8(PIC_SLAVE + PIC_DATA, (uint8_t)(masked_lines >> LINES_PER_CHIP));
}

static bool pic_has_line(unsigned line)
{
    return line < PIC_LINES && line != CASCADE_LINE;
}

static void pic_unmask(unsigned line)
{
    assert(pic_has_line(line));
    masked_lines &= (uint16_t) ~(1U << line);
    if (line >= LINES_PER_CHIP) {
        masked_lines &= (uint16_t) ~(1U << CASCADE_LINE);
    }
    masks_write();
}

static void pic_mask(unsigned line)
{
    assert(pic_has_line(line));
    masked_lines |= (uint16_t)(1U << line);
    masks_write();
}

// A request that went away raises the chip's last line without an in-service bit. The slave's spurious interrupt is a real one of
// the master's cascade line, which wants its end.
static bool pic_is_spurious(unsigned line)
{
    uint16_t port = line < LINES_PER_CHIP ? PIC_MASTER : PIC_SLAVE;
    if (line % LINES_PER_CHIP != LINES_PER_CHIP - 1) {
        return false;
    }
    port_write8(port, COMMAND_READ_IN_SERVICE);
    if (port_read8(port) & 0x80) {
        return false;
    }
    if (port == PIC_SLAVE) {
        port_write8(PIC_MASTER, COMMAND_END);
    }
    return true;
}

// The slave first: after the master's end the next interrupt of the slave could pass it.
static void pic_end(unsigned line)
{
    assert(line < PIC_LINES);
    if (line >= LINES_PER_CHIP) {
        port_write8(PIC_SLAVE, COMMAND_END);
    }
    port_write8(PIC_MASTER, COMMAND_END);
}

static void pic_describe(unsigned line, unsigned *pin, bool *is_level)
{
    *pin = line;
    *is_level = false;
}

const struct interrupt_controller pic_controller = {
    .name = "XT-PIC",
    .lines = PIC_LINES,
    .has_line = pic_has_line,
    .unmask = pic_unmask,
    .mask = pic_mask,
    .is_spurious = pic_is_spurious,
    .end = pic_end,
    .describe = pic_describe,
};
