// What the kernel holds, counted (debug kernels): two counts at quiet moments tell what was not given back in between.
#pragma once

#include "lib/types.h"

// Drops the caches, and waits for work and frees that were put off. May sleep.
void holdings_settle(void);
// Frames by kind, stacks, and the objects of each cache, without the stocks that the heap keeps for itself; a name is static.
void holdings_visit(void (*visit)(const char *name, size_t count, void *context), void *context);
