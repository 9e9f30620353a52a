// Moving memory by vector registers, 32 bytes an instruction, where the CPU has AVX and fpu_init enabled it.
//
// The registers used are put back before the return, so the state that a thread has in them survives. The caller holds
// preemption off: a switch in between would take what stands in them for the thread's own.
#pragma once

#include "lib/types.h"

enum { VECTOR_BLOCK_BYTES = 256 };

bool arch_vector_is_usable(void);

// `bytes` is a multiple of VECTOR_BLOCK_BYTES, not 0; both places are aligned to 32 bytes.
void arch_vector_zero(void *to, size_t bytes);
void arch_vector_copy(void *to, const void *from, size_t bytes);

// As arch_user_copy, but of whole blocks only: returns how many bytes are left, be it for a fault (which is not resolved: preemption
// is off) or because they make no block. At least one block is asked for; places need no alignment.
size_t arch_user_copy_vector(void *to, const void *from, size_t bytes);
