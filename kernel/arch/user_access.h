// Touching user memory: the raw primitives that survive a fault. Only memory/user_copy.c calls them; everybody else
// uses memory/user_copy.h, which checks ranges.
#pragma once

#include "lib/types.h"

// Each CPU has a window on user memory: open while it runs user code or one of the primitives below, closed in the rest of the
// kernel. Called after page-table entries were changed and a full barrier. True: CPU `number` has its window closed, and will
// drop what its TLB holds of [start, end) before it opens it. False: it may be using old entries and has to be asked, by an interrupt.
// Other CPUs than the calling one only.
bool arch_user_window_defer(unsigned number, vaddr_t start, vaddr_t end);

// Copies `bytes` between kernel and user memory in either direction. Returns the number of bytes NOT copied (0 on
// success). The range was checked to be below USER_TOP. SMAP is opened around the copy.
size_t arch_user_copy(void *destination, const void *source, size_t bytes);

// Writes zeros to user memory; returns the number of bytes not written.
size_t arch_user_zero(void *destination, size_t bytes);

// Length of a user string including its NUL, at most `limit` bytes copied to `destination`. Returns the number of bytes
// copied including NUL, `limit` + 1 if there was no NUL within limit, or -EFAULT.
long arch_user_copy_string(char *destination, const char *source, size_t limit);

// 32-bit load, store and compare-and-exchange at an aligned user address. 0 or -EFAULT. Whether a fault may be resolved (and
// so sleep) is decided by the fault upcall: under a spin lock it is not.
int arch_user_load32(const uint32_t *address, uint32_t *value);
int arch_user_cmpxchg32(uint32_t *address, uint32_t expected, uint32_t desired, uint32_t *seen);
