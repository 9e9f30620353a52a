/* Vectors are the compiler's in a process: the loops without them are what is tested here. */
#pragma once

#include_next "arch/vector.h"

#define arch_vector_is_usable() false
