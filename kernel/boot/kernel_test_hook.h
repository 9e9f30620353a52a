// Where the tests of tests/kernel enter: present only in the test image, which links their runner; NULL otherwise.
#pragma once

#include "lib/compiler.h"

// Runs the kernel tests whose names match `pattern` (astra.test=, "all" or with * and ?) on the calling thread, says how
// each went, and switches the machine off. Called by the boot thread when everything is initialised.
weak void kernel_test_main(const char *pattern);
