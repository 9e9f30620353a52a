/*
 * The system-call floor: what upper folders see of it.
 */
#pragma once

#include "lib/types.h"

void system_call_init(void);

/* How often each call ran since boot; for the shell and KernelFS. `number` below SYSTEM_CALL_LIMIT. */
uint64_t system_call_count(unsigned number);
