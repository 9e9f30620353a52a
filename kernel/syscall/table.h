/*
 * The one list of system calls (call_list.h): number, name, argument kinds, handler. It makes the dispatch table, the
 * statistics and docs/syscalls.md (tools/gendocs).
 */
#pragma once

#include "lib/types.h"
#include "syscall/argument_kind.h"
#include "uapi/unistd_numbers.h"

/* Arguments as they came in registers; 0 or more, or -errno (restart codes included). */
typedef long system_call_handler(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                 uint64_t f);

struct system_call {
    const char *name;
    system_call_handler *handler; /* NULL: -ENOSYS */
    uint8_t argument_count;
    uint8_t arguments[6]; /* enum argument_kind */
};

extern const struct system_call system_call_table[SYSTEM_CALL_LIMIT];
