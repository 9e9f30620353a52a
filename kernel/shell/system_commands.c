/*
 * Commands that show and steer the kernel itself.
 */
#include "device/random.h"
#include "interrupt/clock.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/log.h"
#include "log/panic.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "process/init.h"
#include "process/process.h"
#include "scheduler/thread.h"
#include "shell/shell_internal.h"
#include "vm/reclaim.h"

static unsigned long long kib(size_t frames)
{
    return (unsigned long long)frames * (PAGE_SIZE / 1024);
}

static void command_mem(int count, char *const *words)
{
    (void)count;
    (void)words;
    static const char *const kind_names[FRAME_KIND_COUNT] = {
        [FRAME_KERNEL] = "kernel",          [FRAME_SLAB] = "heap",
        [FRAME_PAGE_TABLE] = "page tables", [FRAME_ANONYMOUS] = "programs",
        [FRAME_PAGE_CACHE] = "page cache",  [FRAME_STACK] = "stacks",
    };
    struct frame_statistics statistics;
    frame_get_statistics(&statistics);
    shell_print("total %10llu KiB\nfree  %10llu KiB\navailable %6llu KiB\n",
                kib(statistics.total_frames), kib(statistics.free_frames),
                kib(vm_available_frames()));
    for (int kind = 0; kind < FRAME_KIND_COUNT; kind++) {
        if (kind_names[kind] != NULL) {
            shell_print("  %-12s %8llu KiB\n", kind_names[kind], kib(statistics.kind_frames[kind]));
        }
    }
    shell_print("free blocks by size:");
    for (int order = 0; order <= FRAME_ORDER_MAX; order++) {
        shell_print(" %lluK:%zu", kib(1UL << order), statistics.free_blocks[order]);
    }
    shell_print("\n");
}

static const char *thread_state_name(const struct thread *thread)
{
    static const char *const names[] = {
        [THREAD_RUNNABLE] = "ready",
        [THREAD_BLOCKED] = "blocked",
        [THREAD_BLOCKED_INTERRUPTIBLE] = "sleeping",
        [THREAD_STOPPED] = "stopped",
        [THREAD_DEAD] = "dead",
    };
    uint32_t state = atomic32_load(&thread->state);
    return thread == thread_current() ? "running" : state < ARRAY_SIZE(names) ? names[state] : "?";
}

static bool print_thread(struct thread *thread, void *context)
{
    (void)context;
    int parent = 0;
    if (thread_is_task(thread)) {
        spin_lock(&process_tree_lock);
        const struct process *of = task_from_thread(thread)->process->parent;
        parent = of == NULL ? 0 : of->id->number;
        spin_unlock(&process_tree_lock);
    }
    shell_print("%5d %5d %-9s %8llu ms  %s%s%s\n", thread->number, parent,
                thread_state_name(thread), (unsigned long long)(thread->run_ns / NS_PER_MS),
                thread->is_kernel ? "[" : "", thread->name, thread->is_kernel ? "]" : "");
    return true;
}

static void command_ps(int count, char *const *words)
{
    (void)count;
    (void)words;
    shell_print("  PID  PPID STATE      CPU TIME  NAME\n");
    thread_visit_all(print_thread, NULL);
}

static void command_ticks(int count, char *const *words)
{
    (void)count;
    (void)words;
    shell_print("%llu\n", (unsigned long long)clock_ticks());
}

static void command_uptime(int count, char *const *words)
{
    (void)count;
    (void)words;
    uint64_t up = clock_monotonic_ns();
    shell_print("up %llu.%03llu s, clock source %s at %llu Hz\n",
                (unsigned long long)(up / NS_PER_SECOND),
                (unsigned long long)(up % NS_PER_SECOND / NS_PER_MS), clock_source_name(),
                (unsigned long long)clock_tsc_frequency_hz());
}

static void command_log(int count, char *const *words)
{
    (void)count;
    (void)words;
    struct log_record *record = heap_alloc(sizeof(*record));
    if (record == NULL) {
        shell_error("log", -ENOMEM);
        return;
    }
    uint64_t sequence = log_sequence_first();
    uint64_t end = log_sequence_next();
    while (sequence < end && log_read(sequence, record) != -EAGAIN) {
        shell_print("[%5llu.%06llu] %.*s\n", (unsigned long long)(record->time_ns / NS_PER_SECOND),
                    (unsigned long long)(record->time_ns / NS_PER_US % 1000000),
                    (int)record->length, record->text);
        sequence = record->sequence + 1;
    }
    heap_free(record);
}

enum { RAND_BYTES_MOST = 1024 };

static void command_rand(int count, char *const *words)
{
    uint64_t bytes = 16;
    const char *end = "";
    if (count == 2 && (string_to_u64(words[1], 10, &bytes, &end) != 0 || *end != '\0' ||
                       bytes > RAND_BYTES_MOST)) {
        shell_print("rand: BYTES is a number up to %d\n", RAND_BYTES_MOST);
        return;
    }
    for (uint64_t i = 0; i < bytes; i++) {
        uint8_t byte;
        random_bytes(&byte, 1);
        shell_print("%02x", byte);
    }
    shell_print(random_is_weak() ? "\n(weak: no hardware source)\n" : "\n");
}

static void command_panic(int count, char *const *words)
{
    panic("%s", count == 2 ? words[1] : "asked for from the shell");
}

static void command_reboot(int count, char *const *words)
{
    (void)count;
    (void)words;
    process_end_machine(MACHINE_RESTART, 0);
}

static void command_poweroff(int count, char *const *words)
{
    (void)count;
    (void)words;
    process_end_machine(MACHINE_POWER_OFF, 0);
}

const struct shell_command shell_system_commands[] = {
    {"mem", "", "physical memory: free, used and for what", 1, 1, command_mem},
    {"ps", "", "threads and processes", 1, 1, command_ps},
    {"ticks", "", "the 1000 Hz tick counter", 1, 1, command_ticks},
    {"uptime", "", "time since boot and the clock source", 1, 1, command_uptime},
    {"log", "", "the kernel log", 1, 1, command_log},
    {"rand", "[BYTES]", "random bytes in hexadecimal", 1, 2, command_rand},
    {"panic", "[TEXT]", "stop the kernel with a panic", 1, 2, command_panic},
    {"reboot", "", "restart the machine", 1, 1, command_reboot},
    {"poweroff", "", "sync and power off", 1, 1, command_poweroff},
    {0},
};
