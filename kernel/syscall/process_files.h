/*
 * Processes by descriptor, for the calls that take one among other names.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct process;

/* The process that a descriptor of pidfd_open stands for, with a reference. 0 or -EBADF. */
must_check int process_from_descriptor(int descriptor, struct process **process,
                                       bool *is_nonblocking);
