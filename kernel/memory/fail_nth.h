// Fault injection of debug kernels: one chosen allocation of one system call finds no memory. A
// program asks for it through /proc/self/fail-nth; one thread at a time, the last that asked.
//
// Asked (for a thread, nothing counted) -> counting (inside that thread's next system call) -> done
// (the counts stay for the thread to read). In release kernels all of it is nothing.
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

struct fail_nth_result {
    uint32_t allocations; // asked for by the call
    bool has_failed;      // one of them was refused
};

#if ASTRA_DEBUG
// Of the next system call of the current thread, allocation `nth` fails, counted from 1; 0: none.
void fail_nth_ask(uint32_t nth);
// What became of the last call that was asked for.
struct fail_nth_result fail_nth_get_result(void);
// Around each system call, by its dispatch.
void fail_nth_call_begin(void);
void fail_nth_call_end(void);
// Must this allocation fail? Counts it if it belongs to the call. Any context.
bool fail_nth_is_due(void);
#else
static inline void fail_nth_call_begin(void)
{
}
static inline void fail_nth_call_end(void)
{
}
static inline bool fail_nth_is_due(void)
{
    return false;
}
#endif
