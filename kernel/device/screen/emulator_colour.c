// Select graphic rendition, ESC [ ... m: the pen, and the colour in which a VGA shows it. What a text mode cannot show has a colour,
// as on Linux's console: underlined cyan, italic green, dim dark grey; blinking and bright backgrounds are the same.
#include "device/screen/emulator_internal.h"
#include "lib/macros.h"

enum {
    COLOUR_GREEN = 2,
    COLOUR_CYAN = 3,
    COLOUR_DARK_GREY = 8,
    COLOUR_FORMS_RGB = 2,
    COLOUR_FORMS_INDEX = 5
};

// ANSI counts red, green, blue from the lowest bit; a VGA blue, green, red.
static uint8_t vga_colour(unsigned ansi)
{
    static const uint8_t swapped[8] = {0, 4, 2, 6, 1, 5, 3, 7};
    return (uint8_t)(swapped[ansi & 7] | (ansi & 8));
}

// The nearest of 16 colours: bright where the strongest part is.
static uint8_t colour_of_rgb(unsigned red, unsigned green, unsigned blue)
{
    unsigned strongest = MAX(red, green);
    strongest = MAX(strongest, blue);
    unsigned half = strongest / 2 + 1;
    if (strongest < 64) {
        return 0;
    }
    unsigned hue = (red >= half ? 1u : 0) | (green >= half ? 2u : 0) | (blue >= half ? 4u : 0);
    if (hue == 7 && strongest < 128) {
        return COLOUR_DARK_GREY;
    }
    return vga_colour(hue | (strongest > 192 ? COLOUR_BRIGHT : 0u));
}

// The table of 256: 16 colours, a cube of six steps a side, 24 greys.
static uint8_t colour_of_index(unsigned index)
{
    if (index < 16) {
        return vga_colour(index);
    }
    if (index < 232) {
        unsigned cube = index - 16;
        return colour_of_rgb(cube / 36 * 51, cube / 6 % 6 * 51, cube % 6 * 51);
    }
    unsigned grey = (MIN(index, 255u) - 232) * 10 + 8;
    return colour_of_rgb(grey, grey, grey);
}

// 38 and 48: `;5;index` or `;2;red;green;blue`. Returns how many parameters belong to it.
static unsigned extended_colour(const struct screen_emulator *emulator, unsigned first,
                                uint8_t *colour)
{
    const unsigned *values = &emulator->parameters[first];
    unsigned left = emulator->parameter_count - first;
    if (left >= 3 && values[1] == COLOUR_FORMS_INDEX) {
        *colour = colour_of_index(values[2]);
        return 3;
    }
    if (left >= 5 && values[1] == COLOUR_FORMS_RGB) {
        *colour = colour_of_rgb(values[2], values[3], values[4]);
        return 5;
    }
    return left;
}

static void set_colour(struct emulator_pen *pen, unsigned code)
{
    switch (code / 10) {
    case 3: pen->foreground = code == 39 ? COLOUR_GREY : vga_colour(code - 30); break;
    case 4: pen->background = code == 49 ? 0 : vga_colour(code - 40); break;
    case 9: pen->foreground = vga_colour(code - 90 + COLOUR_BRIGHT); break;
    case 10: pen->background = vga_colour(code - 100 + COLOUR_BRIGHT); break;
    default: break;
    }
}

// 0 to 29: how, not in which colour.
static void set_style(struct emulator_pen *pen, unsigned code)
{
    switch (code) {
    case 0: emulator_reset_pen(pen); break;
    case 1: pen->is_bold = true; break;
    case 2: pen->is_dim = true; break;
    case 3: pen->is_italic = true; break;
    case 4:
    case 21: pen->is_underlined = true; break;
    case 5: pen->is_blinking = true; break;
    case 7: pen->is_reversed = true; break;
    case 22: pen->is_bold = pen->is_dim = false; break;
    case 23: pen->is_italic = false; break;
    case 24: pen->is_underlined = false; break;
    case 25: pen->is_blinking = false; break;
    case 27: pen->is_reversed = false; break;
    default: break;
    }
}

static bool is_colour(unsigned code)
{
    unsigned tens = code / 10, ones = code % 10;
    bool is_plain = tens == 3 || tens == 4, is_bright = tens == 9 || tens == 10;
    return (is_plain && ones != 8) || (is_bright && ones < 8);
}

void emulator_select_graphics(struct screen_emulator *emulator)
{
    struct emulator_pen *pen = &emulator->now.pen;
    unsigned i = 0;
    while (i < emulator->parameter_count) {
        unsigned code = emulator->parameters[i];
        if (code == 38) {
            i += extended_colour(emulator, i, &pen->foreground);
            continue;
        }
        if (code == 48) {
            i += extended_colour(emulator, i, &pen->background);
            continue;
        }
        if (code == 10 || code == 11) {
            emulator->now.charset = 0; // fonts: ours has one
        } else if (is_colour(code)) {
            set_colour(pen, code);
        } else {
            set_style(pen, code);
        }
        i++;
    }
}

uint8_t emulator_colour(const struct screen_emulator *emulator)
{
    const struct emulator_pen *pen = &emulator->now.pen;
    uint8_t front = pen->foreground, back = pen->background;
    if (pen->is_italic) {
        front = COLOUR_GREEN;
    } else if (pen->is_underlined) {
        front = COLOUR_CYAN;
    } else if (pen->is_dim) {
        front = COLOUR_DARK_GREY;
    }
    front = (uint8_t)(front | (pen->is_bold ? COLOUR_BRIGHT : 0));
    back = (uint8_t)(back | (pen->is_blinking ? COLOUR_BRIGHT : 0));
    bool is_reversed = pen->is_reversed != emulator->is_reversed;
    return (uint8_t)(is_reversed ? front << 4 | back : back << 4 | front);
}
