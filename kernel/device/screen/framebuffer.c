// Draws glyphs into a linear framebuffer of 16, 24 or 32 bits a pixel, wherever it came from. Only written, never read: video memory
// is slow to read. Mapped without caching.
#include "arch/boot_info.h"
#include "arch/port_io.h"
#include "device/screen/display.h"
#include "device/screen/glyph.h"
#include "lib/macros.h"
#include "log/log.h"
#include "memory/kernel_map.h"

enum { COLOURS = 16, CURSOR_FIRST_LINE = 13, CURSOR_LAST_LINE = 14 };

struct framebuffer {
    struct display display;
    vaddr_t base;                    // [I]
    uint32_t pitch, bytes_per_pixel; // [I]
    uint32_t colours[COLOURS];       // [I] as pixels
};

static struct framebuffer framebuffer; // [I] after framebuffer_display

// A VGA's sixteen colours, red first.
static const uint8_t palette[COLOURS][3] = {
    {0x00, 0x00, 0x00}, {0x00, 0x00, 0xaa}, {0x00, 0xaa, 0x00}, {0x00, 0xaa, 0xaa},
    {0xaa, 0x00, 0x00}, {0xaa, 0x00, 0xaa}, {0xaa, 0x55, 0x00}, {0xaa, 0xaa, 0xaa},
    {0x55, 0x55, 0x55}, {0x55, 0x55, 0xff}, {0x55, 0xff, 0x55}, {0x55, 0xff, 0xff},
    {0xff, 0x55, 0x55}, {0xff, 0x55, 0xff}, {0xff, 0xff, 0x55}, {0xff, 0xff, 0xff},
};

static void pixel_write(const struct framebuffer *target, vaddr_t address, uint32_t pixel)
{
    switch (target->bytes_per_pixel) {
    case 2: mmio_write16(address, (uint16_t)pixel); break;
    case 3:
        mmio_write16(address, (uint16_t)pixel);
        mmio_write8(address + 2, (uint8_t)(pixel >> 16));
        break;
    default: mmio_write32(address, pixel); break;
    }
}

static vaddr_t pixel_address(const struct framebuffer *target, unsigned row, unsigned column,
                             unsigned line)
{
    return target->base + (vaddr_t)(row * GLYPH_HEIGHT + line) * target->pitch +
           (vaddr_t)column * GLYPH_WIDTH * target->bytes_per_pixel;
}

// One line of dots of a cell; the address after it.
static vaddr_t dots_write(const struct framebuffer *target, vaddr_t address, uint8_t dots,
                          uint8_t colour)
{
    uint32_t front = target->colours[colour & 0xf], back = target->colours[colour >> 4];
    for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
        pixel_write(target, address, (dots & bit) != 0 ? front : back);
        address += target->bytes_per_pixel;
    }
    return address;
}

static void framebuffer_draw(struct display *display, unsigned row, unsigned column,
                             const struct screen_cell *cells, unsigned count)
{
    const struct framebuffer *target = container_of(display, struct framebuffer, display);
    for (unsigned line = 0; line < GLYPH_HEIGHT; line++) {
        vaddr_t address = pixel_address(target, row, column, line);
        for (unsigned i = 0; i < count; i++) {
            address =
                dots_write(target, address, glyph_font[cells[i].glyph][line], cells[i].colour);
        }
    }
}

static void framebuffer_show_cursor(struct display *display, unsigned row, unsigned column,
                                    struct screen_cell cell)
{
    const struct framebuffer *target = container_of(display, struct framebuffer, display);
    framebuffer_draw(display, row, column, &cell, 1);
    for (unsigned line = CURSOR_FIRST_LINE; line <= CURSOR_LAST_LINE; line++) {
        (void)dots_write(target, pixel_address(target, row, column, line), 0xff, cell.colour);
    }
}

static void framebuffer_hide_cursor(struct display *display, unsigned row, unsigned column,
                                    struct screen_cell cell)
{
    framebuffer_draw(display, row, column, &cell, 1);
}

static const struct display_ops framebuffer_ops = {
    .name = "framebuffer",
    .draw = framebuffer_draw,
    .show_cursor = framebuffer_show_cursor,
    .hide_cursor = framebuffer_hide_cursor,
};

// A part of a colour, 0 to 255, at its place in a pixel; 16 bits have 5, 6 and 5 for red, green and blue.
static uint32_t colour_part(unsigned part, unsigned bits, unsigned shift)
{
    return (uint32_t)(part >> (8 - bits)) << shift;
}

static void colours_prepare(struct framebuffer *target, const struct boot_framebuffer *information)
{
    bool is_short = target->bytes_per_pixel == 2;
    unsigned side_bits = is_short ? 5 : 8, green_bits = is_short ? 6 : 8;
    for (unsigned i = 0; i < COLOURS; i++) {
        target->colours[i] = colour_part(palette[i][0], side_bits, information->red_shift) |
                             colour_part(palette[i][1], green_bits, information->green_shift) |
                             colour_part(palette[i][2], side_bits, information->blue_shift);
    }
}

static bool form_is_known(const struct boot_framebuffer *information)
{
    uint32_t bits = information->bits_per_pixel;
    bool is_form_known = bits == 16 || bits == 24 || bits == 32;
    uint64_t line_bytes = (uint64_t)information->width * bits / 8;
    return is_form_known && information->width >= GLYPH_WIDTH &&
           information->height >= GLYPH_HEIGHT && information->pitch_bytes >= line_bytes &&
           information->red_shift < bits && information->green_shift < bits &&
           information->blue_shift < bits;
}

static void rectangle_clear(const struct framebuffer *target, uint32_t left, uint32_t top,
                            uint32_t right, uint32_t bottom)
{
    for (uint32_t y = top; y < bottom; y++) {
        vaddr_t line = target->base + (vaddr_t)y * target->pitch;
        for (uint32_t x = left; x < right; x++) {
            pixel_write(target, line + (vaddr_t)x * target->bytes_per_pixel, target->colours[0]);
        }
    }
}

// Where no cell fits the loader's picture would stay.
static void margins_clear(const struct framebuffer *target,
                          const struct boot_framebuffer *information)
{
    uint32_t used_width = target->display.columns * GLYPH_WIDTH;
    uint32_t used_height = target->display.rows * GLYPH_HEIGHT;
    rectangle_clear(target, used_width, 0, information->width, used_height);
    rectangle_clear(target, 0, used_height, information->width, information->height);
}

struct display *framebuffer_display(const struct boot_framebuffer *information)
{
    if (!form_is_known(information)) {
        log_warning("screen: a framebuffer of %u bits a pixel is not used",
                    information->bits_per_pixel);
        return NULL;
    }
    size_t bytes = (size_t)information->pitch_bytes * information->height;
    framebuffer.base = kernel_map_device(information->base, bytes);
    if (framebuffer.base == 0) {
        return NULL;
    }
    framebuffer.pitch = information->pitch_bytes;
    framebuffer.bytes_per_pixel = information->bits_per_pixel / 8;
    framebuffer.display = (struct display){
        .ops = &framebuffer_ops,
        .columns = MIN(information->width / GLYPH_WIDTH, (uint32_t)SCREEN_COLUMNS_MAX),
        .rows = MIN(information->height / GLYPH_HEIGHT, (uint32_t)SCREEN_ROWS_MAX),
    };
    colours_prepare(&framebuffer, information);
    margins_clear(&framebuffer, information);
    return &framebuffer.display;
}
