// Return addresses by frame pointers (-fno-omit-frame-pointer everywhere).
#pragma once

#include "lib/types.h"

// Fills addresses[] from the frame chain at `frame_pointer`; stops at anything that does not look like a kernel stack.
// Returns the number filled, at most `limit`.
size_t backtrace_collect(uint64_t frame_pointer, uint64_t *addresses, size_t limit);
// Logs them as "  #0 function+0x12".
void backtrace_log(uint64_t frame_pointer);
