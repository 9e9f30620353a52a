// Moves and fills of cells; each marks the rows that it touched.
#include "device/screen/cells.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"

int screen_cells_init(struct screen_cells *cells, unsigned columns, unsigned rows)
{
    assert(columns >= 1 && columns <= SCREEN_COLUMNS_MAX && rows >= 1 && rows <= SCREEN_ROWS_MAX);
    cells->columns = columns;
    cells->rows = rows;
    cells->cells = heap_alloc_array((size_t)columns * rows, sizeof(*cells->cells));
    cells->is_row_changed = heap_alloc_array(rows, sizeof(*cells->is_row_changed));
    if (cells->cells == NULL || cells->is_row_changed == NULL) {
        screen_cells_fini(cells);
        return -ENOMEM;
    }
    return 0;
}

void screen_cells_fini(struct screen_cells *cells)
{
    heap_free(cells->cells);
    heap_free(cells->is_row_changed);
    cells->cells = NULL;
    cells->is_row_changed = NULL;
}

static struct screen_cell *cell_at(const struct screen_cells *cells, unsigned row, unsigned column)
{
    assert(row < cells->rows && column < cells->columns);
    return &cells->cells[(size_t)row * cells->columns + column];
}

static void mark_rows(struct screen_cells *cells, unsigned first, unsigned last)
{
    memset(cells->is_row_changed + first, 1, last - first + 1);
}

static void fill(struct screen_cell *first, size_t count, struct screen_cell blank)
{
    for (size_t i = 0; i < count; i++) {
        first[i] = blank;
    }
}

void screen_cells_put(struct screen_cells *cells, unsigned row, unsigned column,
                      struct screen_cell cell)
{
    *cell_at(cells, row, column) = cell;
    cells->is_row_changed[row] = 1;
}

void screen_cells_fill(struct screen_cells *cells, unsigned row, unsigned column, size_t count,
                       struct screen_cell blank)
{
    if (count == 0) {
        return;
    }
    size_t end = (size_t)row * cells->columns + column + count;
    assert(end <= (size_t)cells->columns * cells->rows);
    fill(cell_at(cells, row, column), count, blank);
    mark_rows(cells, row, (unsigned)((end - 1) / cells->columns));
}

void screen_cells_scroll_up(struct screen_cells *cells, unsigned top, unsigned bottom,
                            unsigned count, struct screen_cell blank)
{
    unsigned rows = bottom - top + 1;
    count = MIN(count, rows);
    size_t gone = (size_t)count * cells->columns, kept = (size_t)(rows - count) * cells->columns;
    struct screen_cell *first = cell_at(cells, top, 0);
    memmove(first, first + gone, kept * sizeof(*first));
    fill(first + kept, gone, blank);
    mark_rows(cells, top, bottom);
}

void screen_cells_scroll_down(struct screen_cells *cells, unsigned top, unsigned bottom,
                              unsigned count, struct screen_cell blank)
{
    unsigned rows = bottom - top + 1;
    count = MIN(count, rows);
    size_t gone = (size_t)count * cells->columns, kept = (size_t)(rows - count) * cells->columns;
    struct screen_cell *first = cell_at(cells, top, 0);
    memmove(first + gone, first, kept * sizeof(*first));
    fill(first, gone, blank);
    mark_rows(cells, top, bottom);
}

void screen_cells_insert(struct screen_cells *cells, unsigned row, unsigned column, unsigned count,
                         struct screen_cell blank)
{
    unsigned rest = cells->columns - column;
    count = MIN(count, rest);
    struct screen_cell *first = cell_at(cells, row, column);
    memmove(first + count, first, (rest - count) * sizeof(*first));
    fill(first, count, blank);
    cells->is_row_changed[row] = 1;
}

void screen_cells_delete(struct screen_cells *cells, unsigned row, unsigned column, unsigned count,
                         struct screen_cell blank)
{
    unsigned rest = cells->columns - column;
    count = MIN(count, rest);
    struct screen_cell *first = cell_at(cells, row, column);
    memmove(first, first + count, (rest - count) * sizeof(*first));
    fill(first + (rest - count), count, blank);
    cells->is_row_changed[row] = 1;
}
