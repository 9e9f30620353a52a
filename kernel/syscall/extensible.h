/*
 * Structures that grow with the interface: the program says how long its own is.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

/*
 * Copies the program's `bytes` into `known`; what it leaves out is zero, and what lies beyond must be zero. 0, -EINVAL (shorter than
 * the first version), -E2BIG, -EFAULT.
 */
must_check int user_copy_extensible(void *known, size_t known_bytes, size_t first_bytes,
                                    const char __user *user, size_t bytes);
