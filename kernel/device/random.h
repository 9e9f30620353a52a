// The kernel's random numbers: one ChaCha20 generator, seeded from the CPU's instructions and from timing, reseeded, never blocking
// once seeded. The log says 'weak' where neither source was good.
#pragma once

#include "lib/types.h"

void random_bytes(void *buffer, size_t bytes); // any context
uint64_t random_u64(void);
uint64_t random_below(uint64_t bound); // uniform in [0, bound); bound > 0
// Stirs something unpredictable in (interrupt times, what is written to /dev/random). Any context, cheap.
void random_mix(const void *data, size_t bytes);
bool random_is_weak(void);
void random_init(void); // seeds: at most 200,000 instructions
