// The ranges of user_copy.S that may fault on user memory. Few, so a linear search will do.
#include "arch/x86_64/arch_internal.h"

uint64_t exception_table_find(uint64_t address)
{
    for (const struct exception_range *range = exception_table_start; range < exception_table_end;
         range++) {
        if (address >= range->start && address < range->end) {
            return range->fixup;
        }
    }
    return 0;
}
