// What the kernel holds, counted (debug kernels): two counts at quiet moments tell what was not given back in between.
#pragma once

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/types.h"

// Drops the caches, and waits for work and frees that were put off. May sleep.
void holdings_settle(void);
// Frames by kind, stacks, and the objects of each cache, without the stocks that the heap keeps for itself; a name is static.
void holdings_visit(void (*visit)(const char *name, size_t count, void *context), void *context);

#if ASTRA_DEBUG
// The base of the last count: what the kernel holds for its whole life. Taken once, before the root is mounted.
void leak_check_begin(void);
// After the last process and the root are gone: says what is held above the base, and who allocated it. True: nothing. May sleep.
must_check bool leak_check_passes(void);
#else
static inline void leak_check_begin(void)
{
}
#endif
