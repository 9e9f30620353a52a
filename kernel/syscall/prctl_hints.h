/*
 * The options of prctl that say how a task would like to be treated by what this kernel has not.
 */
#pragma once

#include "lib/types.h"

/* -EINVAL: not one of them either. */
long prctl_hint(int option, const uint64_t arguments[4]);
