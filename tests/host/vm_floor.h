/*
 * What vm/ stands on, for tests with one thread: real frames, heap, page tables and locks over a
 * piece of host memory; threads and time as far as a single thread needs them. Include it once, in
 * the test's own file, after support.h.
 *
 * The test links memory/{heap,slab,heap_debug,buddy,frame,frame_boot,page_copy,page_table,tlb_batch,
 * io_iter}.c scheduler/{wait_queue,mutex}.c sync/{spinlock,preempt,percpu,lock_debug}.c.
 */
#include "arch/mmu.h"
#include "arch/user_access.h"
#include "interrupt/clock.h"
#include "interrupt/ipi.h"
#include "lib/macros.h"
#include "log/backtrace.h"
#include "log/symbols.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "memory/page_table.h"
#include "memory/user_copy.h"
#include "scheduler/thread.h"
#include "scheduler/timer.h"
#include "vm/reclaim.h"

enum { FLOOR_MEMORY_BYTES = 48 << 20 };

struct page_level page_levels[PAGE_LEVELS] = {
    {12, 512, true}, {21, 512, true}, {30, 512, false}, {39, 512, false}};

static struct thread test_thread;
static struct boot_info floor_info;
static size_t frames_to_give = SIZE_MAX; // vm_frame_alloc fails after as many

size_t backtrace_collect(uint64_t frame_pointer, uint64_t *addresses, size_t limit)
{
    return 0;
}

int symbol_describe(uint64_t address, char *text, size_t size)
{
    return snprintf(text, size, "%#lx", (unsigned long)address);
}

void ipi_call(uint64_t cpus, void (*run)(void *argument), void *argument)
{
    fail_msg("there is only one CPU");
}

bool arch_user_window_defer(unsigned number, vaddr_t start, vaddr_t end)
{
    fail_msg("there is only one CPU");
    return false;
}

bool thread_wake_states(struct thread *thread, unsigned states)
{
    return false;
}

/* Nobody could wake the only thread. */
void scheduler_block(void)
{
    fail_msg("the only thread went to sleep");
}

void timer_init(struct timer *timer, void (*expire)(struct timer *timer))
{
}

void timer_start(struct timer *timer, uint64_t deadline_ns)
{
    fail_msg("the only thread went to sleep");
}

bool timer_cancel(struct timer *timer)
{
    return true;
}

uint64_t clock_monotonic_ns(void)
{
    return 1000;
}

struct frame *vm_frame_alloc(enum frame_kind kind, unsigned flags)
{
    if (frames_to_give == 0) {
        return NULL;
    }
    frames_to_give--;
    return frame_alloc(0, kind, flags);
}

/* User memory is not reached through addresses here. */
size_t user_copy_in_partial(void *destination, const void *source, size_t bytes)
{
    return bytes;
}

size_t user_copy_out_partial(void *destination, const void *source, size_t bytes)
{
    return bytes;
}

size_t user_zero_partial(void *destination, size_t bytes)
{
    return bytes;
}

static void vm_floor_start(void)
{
    host_cpu_block.current = &test_thread;
    host_physical_memory_add(0, FLOOR_MEMORY_BYTES);
    floor_info.memory[0] = (struct boot_memory_range){0, FLOOR_MEMORY_BYTES, BOOT_MEMORY_USABLE};
    floor_info.memory_count = 1;
    floor_info.kernel_start = floor_info.kernel_end = 0x100000;
    frame_init(&floor_info);
    heap_init();
    page_table_init();
}

static size_t frames_in_use(enum frame_kind kind)
{
    struct frame_statistics statistics;
    frame_get_statistics(&statistics);
    return statistics.kind_frames[kind];
}
