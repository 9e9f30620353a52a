/*
 * Signals that are read from a descriptor: signalfd(2).
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct open_file;
struct credentials;

/* A new file that gives the signals of `set` that are pending for whoever reads it; `flags`: O_NONBLOCK or 0. NULL: no memory. */
must_check struct open_file *signal_file_create(uint64_t set, unsigned flags,
                                                struct credentials *credentials);
/* Another set for it. -EINVAL: no such file. */
must_check int signal_file_change(struct open_file *file, uint64_t set);
