// What an exception was, in words: for panic and for the diagnosis of user programs' faults.
#pragma once

#include "arch/upcalls.h"
#include "lib/types.h"

// "page fault", "divide error", ...; constant text, never NULL.
const char *fault_name(unsigned vector);

// Why: "write to a read-only page", "SMAP: user memory touched without permission", ...; constant text, never NULL.
const char *fault_reason(const struct trap_frame *frame, const struct fault_info *info);

// Line `line` (from 0) of the register dump: the frame's registers, then this CPU's control registers. Returns the length of
// the text, 0 when there is no such line.
int trap_frame_describe(const struct trap_frame *frame, unsigned line, char *text, size_t size);

// The registers of the caller itself, for a panic that no exception caused.
void trap_frame_capture(struct trap_frame *frame);
