// R_X86_64_RELATIVE for a position-independent program without interpreter: word at offset = load bias + addend (psABI, RELA).
//
// Start code that relocates itself (rcrt1.o) writes the same words again: the addend is in the table, not in the word, so doing it
// twice does no harm. Only what the program may write is touched; a table that does not fit the image is left to the program.
#include "lib/checked.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/user_copy.h"
#include "process/exec_internal.h"

enum { RELOCATION_BATCH = 16, DYNAMIC_MAX = 512 };

struct relocation_table {
    uint64_t address, bytes, entry_bytes;
};

// DT_RELA, DT_RELASZ and DT_RELAENT of the loaded image. False: none, or not readable.
static bool table_find(const struct exec_call *call, struct relocation_table *table)
{
    struct uapi_elf64_dyn entry;
    uint64_t address = call->program.dynamic_address + call->bias;
    uint64_t count = MIN(call->program.dynamic_bytes / sizeof(entry), (uint64_t)DYNAMIC_MAX);
    *table = (struct relocation_table){0};
    for (uint64_t i = 0; i < count; i++) {
        const void __user *place = (const void __user *)(address + i * sizeof(entry));
        if (user_copy_in(&entry, place, sizeof(entry)) != 0) {
            return false;
        }
        switch (entry.d_tag) {
        case DT_NULL: i = count; break;
        case DT_RELA: table->address = entry.d_value; break;
        case DT_RELASZ: table->bytes = entry.d_value; break;
        case DT_RELAENT: table->entry_bytes = entry.d_value; break;
        default: break;
        }
    }
    return table->address != 0 && table->entry_bytes == sizeof(struct uapi_elf64_rela);
}

static bool is_in_image(const struct exec_call *call, uint64_t address, uint64_t bytes)
{
    uint64_t end;
    return address >= call->program.low && checked_add_u64(address, bytes, &end) &&
           end <= call->program.high;
}

// False: the word cannot be written; the rest is the program's business.
static bool relocate_one(const struct exec_call *call, const struct uapi_elf64_rela *entry)
{
    if ((uint32_t)entry->r_info != R_X86_64_RELATIVE ||
        !is_in_image(call, entry->r_offset, sizeof(uint64_t))) {
        return true;
    }
    uint64_t value = call->bias + (uint64_t)entry->r_addend;
    return user_copy_out((void __user *)(entry->r_offset + call->bias), &value, sizeof(value)) == 0;
}

int exec_relocate(struct exec_call *call)
{
    struct relocation_table table;
    struct uapi_elf64_rela batch[RELOCATION_BATCH];
    if (!table_find(call, &table) || !is_in_image(call, table.address, table.bytes)) {
        return 0;
    }
    uint64_t count = table.bytes / sizeof(batch[0]);
    uint64_t address = table.address + call->bias;
    while (count > 0) {
        size_t now = (size_t)MIN(count, (uint64_t)RELOCATION_BATCH);
        if (user_copy_in(batch, (const void __user *)address, now * sizeof(batch[0])) != 0) {
            return 0;
        }
        for (size_t i = 0; i < now; i++) {
            if (!relocate_one(call, &batch[i])) {
                return 0;
            }
        }
        count -= now;
        address += now * sizeof(batch[0]);
    }
    return 0;
}
