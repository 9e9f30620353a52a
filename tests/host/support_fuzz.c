/*
 * The floor under a fuzzer: a broken assert is a crash, which libFuzzer keeps.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/assert.h"

void assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assert: %s\n", file, line, expression);
    abort();
}
