// The chain of frame pointers: each points at the caller's, and the word above it is the return address. Entry code from user
// mode starts a chain with 0.
#include "log/backtrace.h"
#include "arch/page.h"
#include "log/log.h"
#include "log/log_internal.h"
#include "log/panic.h"
#include "log/symbols.h"

enum { BACKTRACE_MAX = 10, SYMBOL_TEXT_MAX = 72 };

// Stacks are in the kernel's mappings, in the image, or (heap-made ones) in the physical map.
static bool is_stack_address(uint64_t pointer)
{
    bool is_mapped =
        (pointer >= PHYSICAL_MAP_BASE && pointer < KERNEL_MAP_END) || pointer >= KERNEL_IMAGE_BASE;
    return is_mapped && pointer % 8 == 0 && pointer < UINT64_MAX - 16;
}

// Frame pointers are believed only while they climb within what a kernel stack can lie in: the trace of a broken stack has to end, not
// to fault.
size_t backtrace_collect(uint64_t frame_pointer, uint64_t *addresses, size_t limit)
{
    size_t count = 0;
    while (count < limit && is_stack_address(frame_pointer)) {
        const uint64_t *frame = (const uint64_t *)frame_pointer;
        uint64_t caller = frame[0];
        if (frame[1] < KERNEL_IMAGE_BASE) {
            break;
        }
        addresses[count++] = frame[1];
        if (caller <= frame_pointer) {
            break;
        }
        frame_pointer = caller;
    }
    return count;
}

void backtrace_log(uint64_t frame_pointer)
{
    uint64_t addresses[BACKTRACE_MAX];
    char text[SYMBOL_TEXT_MAX];
    size_t count = backtrace_collect(frame_pointer, addresses, BACKTRACE_MAX);
    for (size_t i = 0; i < count; i++) {
        // The address returned to may already belong to the next function: look the call up.
        symbol_describe(addresses[i] - 1, text, sizeof(text));
        if (panic_is_in_progress()) {
            log_write_panic("  #%zu %s", i, text);
        } else {
            log_info("  #%zu %s", i, text);
        }
    }
}
