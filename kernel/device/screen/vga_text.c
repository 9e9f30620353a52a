// A VGA that the firmware left in its text mode 3 (80 by 25): cells are written to 0xb8000, our font is loaded into its second
// plane, and bit 7 of a colour means a bright background instead of blinking.
//
// IBM VGA: sequencer 0x3c4, graphics controller 0x3ce, CRT controller 0x3d4, attribute controller 0x3c0.
#include "arch/port_io.h"
#include "device/device.h"
#include "device/pci.h"
#include "device/screen/display.h"
#include "device/screen/glyph.h"
#include "device/screen/screen.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/kernel_map.h"

enum {
    TEXT_BASE = 0xb8000,
    TEXT_COLUMNS = 80,
    TEXT_ROWS = 25,
    PLANE_BASE = 0xa0000,
    PLANE_GLYPH_BYTES = 32,
    WINDOW_BYTES = 0x20000, // of video memory, from PLANE_BASE on
    CLASS_VGA = 0x030000,
    CLASS_MASK = 0xffff00,

    PORT_ATTRIBUTE = 0x3c0,
    PORT_ATTRIBUTE_READ = 0x3c1,
    PORT_SEQUENCER = 0x3c4,
    PORT_OUTPUT_READ = 0x3cc,
    PORT_GRAPHICS = 0x3ce,
    PORT_CRT = 0x3d4,
    PORT_STATUS = 0x3da, // reading it makes the attribute controller's next write an index

    SEQUENCER_PLANES = 2,
    SEQUENCER_MEMORY = 4,
    GRAPHICS_MODE = 5,
    GRAPHICS_WINDOW = 6,
    CRT_CURSOR_START = 0x0a,
    CRT_CURSOR_END = 0x0b,
    CRT_START_HIGH = 0x0c,
    CRT_START_LOW = 0x0d,
    CRT_CURSOR_HIGH = 0x0e,
    CRT_CURSOR_LOW = 0x0f,

    PLANE_FONT = 0x04,
    MEMORY_SEQUENTIAL = 0x07, // no odd and even planes, all of the memory
    WINDOW_FIRST_64K = 0x04,
    WINDOW_IS_GRAPHICS = 0x01,
    OUTPUT_IS_COLOUR = 0x01, // the CRT controller is at 0x3d4
    CURSOR_OFF = 0x20,
    CURSOR_FIRST_LINE = 13,
    CURSOR_LAST_LINE = 14,
    ATTRIBUTE_MODE = 0x10,
    ATTRIBUTE_BLINK = 0x08,
    ATTRIBUTE_SHOW = 0x20, // the screen is on while the index has this bit
};

static vaddr_t window; // [I] video memory at PLANE_BASE

static uint8_t indexed_read(uint16_t port, uint8_t index)
{
    port_write8(port, index);
    return port_read8((uint16_t)(port + 1));
}

static void indexed_write(uint16_t port, uint8_t index, uint8_t value)
{
    port_write8(port, index);
    port_write8((uint16_t)(port + 1), value);
}

// ---- drawing -------------------------------------------------------------------------------------

static void text_draw(struct display *display, unsigned row, unsigned column,
                      const struct screen_cell *cells, unsigned count)
{
    (void)display;
    vaddr_t address = window + TEXT_BASE - PLANE_BASE + 2 * (vaddr_t)(row * TEXT_COLUMNS + column);
    for (unsigned i = 0; i < count; i++) {
        mmio_write16(address + 2 * (vaddr_t)i, (uint16_t)(cells[i].colour << 8 | cells[i].glyph));
    }
}

static void text_show_cursor(struct display *display, unsigned row, unsigned column,
                             struct screen_cell cell)
{
    (void)display;
    (void)cell;
    unsigned place = row * TEXT_COLUMNS + column;
    indexed_write(PORT_CRT, CRT_CURSOR_HIGH, (uint8_t)(place >> 8));
    indexed_write(PORT_CRT, CRT_CURSOR_LOW, (uint8_t)place);
    indexed_write(PORT_CRT, CRT_CURSOR_START, CURSOR_FIRST_LINE);
}

static void text_hide_cursor(struct display *display, unsigned row, unsigned column,
                             struct screen_cell cell)
{
    (void)display;
    (void)row;
    (void)column;
    (void)cell;
    indexed_write(PORT_CRT, CRT_CURSOR_START, CURSOR_OFF);
}

static const struct display_ops text_ops = {
    .name = "VGA text",
    .draw = text_draw,
    .show_cursor = text_show_cursor,
    .hide_cursor = text_hide_cursor,
};

static struct display text_display = {
    .ops = &text_ops,
    .columns = TEXT_COLUMNS,
    .rows = TEXT_ROWS,
};

// ---- start ---------------------------------------------------------------------------------------

// The plane of glyphs becomes plain memory at PLANE_BASE for the time of the copy.
static void font_load(void)
{
    uint8_t planes = indexed_read(PORT_SEQUENCER, SEQUENCER_PLANES);
    uint8_t memory = indexed_read(PORT_SEQUENCER, SEQUENCER_MEMORY);
    uint8_t mode = indexed_read(PORT_GRAPHICS, GRAPHICS_MODE);
    uint8_t place = indexed_read(PORT_GRAPHICS, GRAPHICS_WINDOW);
    indexed_write(PORT_SEQUENCER, SEQUENCER_PLANES, PLANE_FONT);
    indexed_write(PORT_SEQUENCER, SEQUENCER_MEMORY, MEMORY_SEQUENTIAL);
    indexed_write(PORT_GRAPHICS, GRAPHICS_MODE, 0);
    indexed_write(PORT_GRAPHICS, GRAPHICS_WINDOW, WINDOW_FIRST_64K);
    for (unsigned glyph = 0; glyph < GLYPH_COUNT; glyph++) {
        for (unsigned line = 0; line < GLYPH_HEIGHT; line++) {
            mmio_write8(window + (vaddr_t)glyph * PLANE_GLYPH_BYTES + line,
                        glyph_font[glyph][line]);
        }
    }
    indexed_write(PORT_GRAPHICS, GRAPHICS_WINDOW, place);
    indexed_write(PORT_GRAPHICS, GRAPHICS_MODE, mode);
    indexed_write(PORT_SEQUENCER, SEQUENCER_MEMORY, memory);
    indexed_write(PORT_SEQUENCER, SEQUENCER_PLANES, planes);
}

static void blinking_off(void)
{
    (void)port_read8(PORT_STATUS);
    port_write8(PORT_ATTRIBUTE, ATTRIBUTE_MODE | ATTRIBUTE_SHOW);
    uint8_t mode = port_read8(PORT_ATTRIBUTE_READ);
    port_write8(PORT_ATTRIBUTE, (uint8_t)(mode & ~ATTRIBUTE_BLINK));
}

static void text_prepare(void)
{
    font_load();
    blinking_off();
    indexed_write(PORT_CRT, CRT_START_HIGH, 0);
    indexed_write(PORT_CRT, CRT_START_LOW, 0);
    indexed_write(PORT_CRT, CRT_CURSOR_END, CURSOR_LAST_LINE);
}

static bool is_in_text_mode(void)
{
    return (port_read8(PORT_OUTPUT_READ) & OUTPUT_IS_COLOUR) != 0 &&
           (indexed_read(PORT_GRAPHICS, GRAPHICS_WINDOW) & WINDOW_IS_GRAPHICS) == 0;
}

static int text_probe(struct device *device)
{
    (void)device;
    if (screen_is_started()) {
        return -EBUSY;
    }
    if (!is_in_text_mode()) {
        return -ENODEV;
    }
    window = kernel_map_device(PLANE_BASE, WINDOW_BYTES);
    if (window == 0) {
        return -ENOMEM;
    }
    text_prepare();
    return screen_start(&text_display);
}

static const struct device_match text_matches[] = {
    {
        .vendor = DEVICE_ANY,
        .device = DEVICE_ANY,
        .class_code = CLASS_VGA,
        .class_mask = CLASS_MASK,
    },
};

static const struct device_driver text_driver = {
    .name = "vga-text",
    .bus = "pci",
    .matches = text_matches,
    .match_count = ARRAY_SIZE(text_matches),
    .probe = text_probe,
};

void vga_text_init(void)
{
    device_driver_register(&text_driver);
}
