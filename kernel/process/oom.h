// How a process stands where memory is out.
#pragma once

#include "lib/types.h"

struct process;

// What counts for choosing it, in frames; it may be below 0. False: it is never chosen.
bool oom_points(struct process *process, int64_t *points);
