/* Lines without a system call: both kernels must come out alike here, else the measuring is wrong. */
#include "bench.h"
#include <string.h>

static bool loop_run(unsigned repeat)
{
    unsigned turns = 0;
    for (unsigned i = 0; i < repeat; i++) {
        __asm__ volatile("" : "+r"(turns));
        turns++;
    }
    return turns == repeat;
}

static bool divide_run(unsigned repeat)
{
    uint64_t state = UINT64_MAX;
    for (unsigned i = 0; i < repeat; i++) {
        __asm__ volatile("" : "+r"(state));
        state = state / 3 + UINT64_MAX / 2;
    }
    return state > UINT64_MAX / 2;
}

static bool copy_run(unsigned repeat)
{
    static char from[CHUNK_BYTES], to[CHUNK_BYTES];
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        from[CHUNK_BYTES - 1] = (char)i;
        memcpy(to, from, sizeof(to));
        is_right &= ((volatile char *)to)[CHUNK_BYTES - 1] == (char)i;
    }
    return is_right;
}

const struct line user_lines[] = {
    {"empty loop", LINE_USER, 100000, NULL, loop_run, NULL},
    {"division", LINE_USER, 20000, NULL, divide_run, NULL},
    {"memcpy of 64 KiB", LINE_USER, 20, NULL, copy_run, NULL},
    {0},
};
