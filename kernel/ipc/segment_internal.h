// Between segment.c and segment_attach.c.
#pragma once

#include "ipc/segment.h"

// An attachment goes: the last one of a removed segment takes it along. Consumes the reference.
void segment_leave(struct segment *segment, bool notes_time);

// The number of the process that runs, 0 where it is the kernel's own thread.
int segment_current_process(void);
