/*
 * One thing of each kind that the kernel takes and does not give back: what a debug kernel has to tell at power-off. One a boot, by
 * name; test_power_off.py reads what it says.
 */
#include "kernel_test.h"

#include "file/open_file.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "scheduler/credentials.h"
#include "scheduler/thread.h"

enum { OBJECT_BYTES = 500, LARGE_BYTES = 20000 };

static void *volatile kept;

KERNEL_PRELUDE(leak_object)
{
    kept = heap_alloc(OBJECT_BYTES);
}

KERNEL_PRELUDE(leak_large_block)
{
    kept = heap_alloc(LARGE_BYTES);
}

KERNEL_PRELUDE(leak_frame)
{
    kept = frame_alloc(0, FRAME_ANONYMOUS, 0);
}

KERNEL_PRELUDE(leak_descriptor)
{
    static const struct file_ops nothing;
    kept = open_file_create(&nothing, 0, NULL, &credentials_root, NULL);
}

static void sleep_for_ever(void *argument)
{
    (void)argument;
    for (;;) {
        thread_sleep_until(UINT64_MAX, false);
    }
}

KERNEL_PRELUDE(leak_thread)
{
    kept = thread_create_kernel("kept", sleep_for_ever, NULL);
}
