/*
 * Any bytes on screens of any shape: every access stays inside of the grid, the cursor and the
 * region stay on it, and it does not matter how the bytes are cut into writes.
 *
 * host-sources: device/screen/emulator.c device/screen/emulator_escape.c
 * host-sources: device/screen/emulator_control.c device/screen/emulator_colour.c
 * host-sources: device/screen/cells.c device/screen/glyph.c device/screen/font_data.c
 * host-sources: lib/bitmap.c lib/format.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "device/screen/emulator.h"
#include "memory/heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void *heap_alloc_array(size_t count, size_t bytes_each)
{
    return calloc(count, bytes_each);
}

void heap_free(void *pointer)
{
    free(pointer);
}

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check(const struct screen_emulator *emulator)
{
    const struct screen_cells *cells = emulator->cells;
    require(emulator->now.row < cells->rows && emulator->now.column < cells->columns);
    require(emulator->saved.row < cells->rows && emulator->saved.column < cells->columns);
    require(emulator->top <= emulator->bottom && emulator->bottom < cells->rows);
    require(emulator->reply_length <= EMULATOR_REPLY_BYTES);
}

static void write_in_pieces(struct screen_emulator *emulator, const char *bytes, size_t size,
                            size_t piece)
{
    for (size_t done = 0; done < size; done += piece) {
        size_t count = size - done < piece ? size - done : piece;
        screen_emulator_write(emulator, bytes + done, count);
        check(emulator);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct screen_cells cells[2];
    struct screen_emulator emulators[2];
    if (size < 3) {
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        require(screen_cells_init(&cells[i], 1 + data[0], 1 + data[1] % 64) == 0);
        screen_emulator_init(&emulators[i], &cells[i]);
        size_t piece = i == 0 ? size : 1 + (size_t)data[2] % 7;
        write_in_pieces(&emulators[i], (const char *)data + 3, size - 3, piece);
    }
    size_t bytes = (size_t)cells[0].columns * cells[0].rows * sizeof(struct screen_cell);
    require(memcmp(cells[0].cells, cells[1].cells, bytes) == 0);
    screen_emulator_write_plain(&emulators[0], (const char *)data, size);
    check(&emulators[0]);
    screen_cells_fini(&cells[0]);
    screen_cells_fini(&cells[1]);
    return 0;
}
