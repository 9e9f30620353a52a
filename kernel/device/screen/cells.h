// The picture as characters: a grid of cells, and the rows that changed since they were last painted. Nothing here knows of escape
// sequences or of hardware; the caller's lock covers all of it.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

// As a VGA's text memory has it.
struct screen_cell {
    uint8_t glyph;  // place in the font
    uint8_t colour; // background << 4 | foreground, as a VGA counts colours
};

struct screen_cells {
    unsigned columns, rows;    // [I] at least 1 each
    struct screen_cell *cells; // row by row
    uint8_t *is_row_changed;   // one a row
};

enum { SCREEN_COLUMNS_MAX = 512, SCREEN_ROWS_MAX = 256 };

// A blank grid. 0, -ENOMEM.
must_check int screen_cells_init(struct screen_cells *cells, unsigned columns, unsigned rows);
void screen_cells_fini(struct screen_cells *cells);

// All places must be inside of the grid. `blank` is what takes the place of what goes.
void screen_cells_put(struct screen_cells *cells, unsigned row, unsigned column,
                      struct screen_cell cell);
// `count` cells from a place on, over the ends of rows.
void screen_cells_fill(struct screen_cells *cells, unsigned row, unsigned column, size_t count,
                       struct screen_cell blank);
// Moves rows top..bottom (both included) up or down by `count`; what leaves is lost.
void screen_cells_scroll_up(struct screen_cells *cells, unsigned top, unsigned bottom,
                            unsigned count, struct screen_cell blank);
void screen_cells_scroll_down(struct screen_cells *cells, unsigned top, unsigned bottom,
                              unsigned count, struct screen_cell blank);
// Within one row, from a column to its end.
void screen_cells_insert(struct screen_cells *cells, unsigned row, unsigned column, unsigned count,
                         struct screen_cell blank);
void screen_cells_delete(struct screen_cells *cells, unsigned row, unsigned column, unsigned count,
                         struct screen_cell blank);
