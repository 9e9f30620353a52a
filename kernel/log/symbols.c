// Function names by address: a binary search in the table that the build generates.
#include "log/symbols.h"
#include "arch/machine.h"
#include "arch/page.h"
#include "lib/format.h"
#include "lib/string.h"

static bool is_text(uint64_t address)
{
    return address >= (uint64_t)kernel_text_start && address < (uint64_t)kernel_text_end;
}

// Index of the last symbol at or before `offset`; there is at least one.
static uint32_t symbol_before(uint32_t offset)
{
    uint32_t low = 0, high = symbol_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (symbol_offsets[middle] <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

int symbol_describe(uint64_t address, char *text, size_t size)
{
    if (!is_text(address) || symbol_count == 0) {
        return format_string(text, size, "%#lx", address);
    }
    uint32_t offset = (uint32_t)(address - KERNEL_IMAGE_BASE);
    uint32_t index = symbol_before(offset);
    return format_string(text, size, "%s+%#x", &symbol_names[symbol_name_offsets[index]],
                         offset - symbol_offsets[index]);
}

uint64_t symbol_find(const char *name)
{
    for (uint32_t i = 0; i < symbol_count; i++) {
        if (strcmp(&symbol_names[symbol_name_offsets[i]], name) == 0) {
            return KERNEL_IMAGE_BASE + symbol_offsets[i];
        }
    }
    return 0;
}
