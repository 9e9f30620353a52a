// Comparing and drawing; see painter.h.
#include "device/screen/painter.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "memory/heap.h"

int screen_painter_init(struct screen_painter *painter, struct display *display)
{
    size_t count = (size_t)display->columns * display->rows;
    *painter = (struct screen_painter){
        .display = display,
        .shown = heap_alloc_array(count, sizeof(*painter->shown)),
    };
    return painter->shown == NULL ? -ENOMEM : 0;
}

void screen_painter_fini(struct screen_painter *painter)
{
    heap_free(painter->shown);
    painter->shown = NULL;
}

static bool is_same(struct screen_cell a, struct screen_cell b)
{
    return a.glyph == b.glyph && a.colour == b.colour;
}

// Draws the runs of cells that differ.
static void row_paint(struct screen_painter *painter, unsigned row,
                      const struct screen_cell *wanted)
{
    struct display *display = painter->display;
    struct screen_cell *shown = painter->shown + (size_t)row * display->columns;
    unsigned column = 0;
    while (column < display->columns) {
        unsigned first = column;
        while (column < display->columns && !is_same(wanted[column], shown[column])) {
            column++;
        }
        if (column != first) {
            display->ops->draw(display, row, first, wanted + first, column - first);
            memcpy(shown + first, wanted + first, (column - first) * sizeof(*shown));
        } else {
            column++;
        }
    }
}

static const struct screen_cell *row_of(const struct screen_cells *cells, unsigned row)
{
    return cells->cells + (size_t)row * cells->columns;
}

unsigned screen_painter_paint_row(struct screen_painter *painter, struct screen_cells *cells,
                                  unsigned row)
{
    while (row < cells->rows && !cells->is_row_changed[row]) {
        row++;
    }
    if (row == cells->rows) {
        return row;
    }
    cells->is_row_changed[row] = 0;
    row_paint(painter, row, row_of(cells, row));
    return row + 1;
}

void screen_painter_paint_cursor(struct screen_painter *painter, const struct screen_cells *cells,
                                 unsigned row, unsigned column, bool is_visible)
{
    struct display *display = painter->display;
    bool has_moved = row != painter->cursor_row || column != painter->cursor_column;
    if (painter->is_cursor_shown && (has_moved || !is_visible)) {
        struct screen_cell under = row_of(cells, painter->cursor_row)[painter->cursor_column];
        display->ops->hide_cursor(display, painter->cursor_row, painter->cursor_column, under);
    }
    if (is_visible) {
        display->ops->show_cursor(display, row, column, row_of(cells, row)[column]);
    }
    painter->cursor_row = row;
    painter->cursor_column = column;
    painter->is_cursor_shown = is_visible;
}

void screen_painter_forget(struct screen_painter *painter, struct screen_cells *cells)
{
    memset(painter->shown, 0, (size_t)cells->columns * cells->rows * sizeof(*painter->shown));
    memset(cells->is_row_changed, 1, cells->rows);
}
