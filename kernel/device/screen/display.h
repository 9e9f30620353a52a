// What can show cells: a VGA's text mode, or a framebuffer into which glyphs are drawn. Exactly one is used, by screen.c.
#pragma once

#include "device/screen/cells.h"
#include "lib/compiler.h"

struct boot_framebuffer;
struct display;

// Called with the screen's lock held, interrupts off; in a panic without. Nothing here reads video memory.
struct display_ops {
    const char *name;
    // `count` cells within a row.
    void (*draw)(struct display *display, unsigned row, unsigned column,
                 const struct screen_cell *cells, unsigned count);
    // The cursor at a place where `cell` stands, or taken away from there.
    void (*show_cursor)(struct display *display, unsigned row, unsigned column,
                        struct screen_cell cell);
    void (*hide_cursor)(struct display *display, unsigned row, unsigned column,
                        struct screen_cell cell);
};

struct display {
    const struct display_ops *ops; // [I]
    unsigned columns, rows;        // [I] in cells
};

// framebuffer.c: the one framebuffer, mapped. NULL: its form is not one that we draw, or it cannot be mapped.
must_check struct display *framebuffer_display(const struct boot_framebuffer *information);

// bochs.c, vga_text.c: register their drivers with the device manager.
void bochs_display_init(void);
void vga_text_init(void);
