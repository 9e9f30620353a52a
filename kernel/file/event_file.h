// A counter as a file: eventfd(2).
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct open_file;
struct credentials;

// A new file whose counter starts at `initial`. A read takes all of it, or one where `is_semaphore`; `flags`: O_NONBLOCK or 0.
// NULL: no memory.
must_check struct open_file *event_file_create(uint32_t initial, bool is_semaphore, unsigned flags,
                                               struct credentials *credentials);
