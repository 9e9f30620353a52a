// Brings the display to what the cells say, touching only what differs from what it shows: a copy of that is kept, since video
// memory is slow to read. The caller's lock covers all of it.
#pragma once

#include "device/screen/cells.h"
#include "device/screen/display.h"
#include "lib/compiler.h"

struct screen_painter {
    struct display *display;   // [I]
    struct screen_cell *shown; // what the display shows, row by row
    unsigned cursor_row, cursor_column;
    bool is_cursor_shown;
};

// 0, -ENOMEM.
must_check int screen_painter_init(struct screen_painter *painter, struct display *display);
void screen_painter_fini(struct screen_painter *painter);
// Paints the first changed row at or after `row`. The row after it; the number of rows when nothing (more) had changed.
unsigned screen_painter_paint_row(struct screen_painter *painter, struct screen_cells *cells,
                                  unsigned row);
// After the rows: puts the cursor to its place, or takes it away.
void screen_painter_paint_cursor(struct screen_painter *painter, const struct screen_cells *cells,
                                 unsigned row, unsigned column, bool is_visible);
// Forgets what the display shows: everything is painted again.
void screen_painter_forget(struct screen_painter *painter, struct screen_cells *cells);
