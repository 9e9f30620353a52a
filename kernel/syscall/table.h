// The one list of system calls: number, name, argument types, handler. It makes the dispatch table, the trace, the statistics and
// docs/syscalls.md (tools/gendocs).
#pragma once

#include "arch/trap_frame.h"
#include "lib/types.h"

struct task;

// How an argument is shown by the trace and made up by the fuzzer.
enum argument_kind {
    ARG_NONE, ARG_INT, ARG_UINT, ARG_LONG, ARG_SIZE, ARG_FD, ARG_DIRFD, ARG_PATH, ARG_STRING, ARG_POINTER_IN, ARG_POINTER_OUT,
    ARG_POINTER_INOUT, ARG_FLAGS, ARG_MODE, ARG_PID, ARG_SIGNAL, ARG_ADDRESS, ARG_OFFSET, ARG_COMMAND,
};

// Arguments as they came in registers: the handler decodes. Result: 0 or more, or -errno (restart codes included).
typedef long system_call_handler(const uint64_t *arguments, struct trap_frame *frame);

struct system_call {
    const char *name;
    system_call_handler *handler; // NULL: -ENOSYS
    uint8_t argument_count;
    uint8_t arguments[6];         // enum argument_kind
};

enum { SYSTEM_CALL_LIMIT = 452 };
extern const struct system_call system_call_table[SYSTEM_CALL_LIMIT];
