// The only way to touch user memory. Ranges are checked (below USER_TOP), faults survive as
// -EFAULT. May sleep (a fault can read from a file) unless the name says nofault.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

must_check int user_copy_in(void *destination, const void __user *source, size_t bytes);
must_check int user_copy_out(void __user *destination, const void *source, size_t bytes);
// Zeros user memory. 0 or -EFAULT.
must_check int user_zero(void __user *destination, size_t bytes);
// As above, but returns how many bytes could NOT be copied (partial reads and writes).
must_check size_t user_copy_in_partial(void *destination, const void __user *source, size_t bytes);
must_check size_t user_copy_out_partial(void __user *destination, const void *source, size_t bytes);
must_check size_t user_zero_partial(void __user *destination, size_t bytes);
// A NUL-terminated string into `destination` of `size` bytes. Length without NUL, -EFAULT, or
// -ENAMETOOLONG if there is no NUL within `size` bytes.
must_check long user_copy_string(char *destination, const char __user *source, size_t size);
// Is [pointer, pointer + bytes) below USER_TOP? Says nothing about what is mapped.
bool user_range_is_valid(const void __user *pointer, size_t bytes);
// Touches each page for reading or writing so that a following nofault access may succeed. 0 or
// -EFAULT.
must_check int user_fault_in(const void __user *pointer, size_t bytes, bool for_write);

// Under spin locks (futex): on a fault drop the lock, user_fault_in, retry. The address is aligned.
must_check int user_load32_nofault(const uint32_t __user *address, uint32_t *value);
must_check int user_cmpxchg32_nofault(uint32_t __user *address, uint32_t expected, uint32_t desired,
                                      uint32_t *seen);
