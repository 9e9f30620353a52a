// The kernel log as programs wait for it.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

// Sleeps until the log has a record of this number or a later one. 0 or -ERESTARTSYS.
must_check int kmsg_wait(uint64_t sequence);
