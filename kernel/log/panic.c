// The end of the kernel: the last lines of the log, then, on one screen of 80 by 25, what and why, registers, what ran on each
// CPU, backtrace; then halt, or reboot after panic=N seconds.
//
// The first CPU that comes here owns the rest; a second panic on the same CPU (in the dump itself) says so in one line and stops. The
// others are stopped where they are, or come here by themselves, leave their frame and halt; the owner shows a line of each.
#include "log/panic.h"
#include "arch/cpu.h"
#include "arch/cpu_block.h"
#include "arch/fault.h"
#include "arch/machine.h"
#include "arch/upcalls.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "log/backtrace.h"
#include "log/log.h"
#include "log/log_internal.h"
#include "log/symbols.h"
#include "sync/atomic.h"
#include "sync/percpu.h"

enum { PANIC_TEXT_MAX = 160, NOBODY = 0, STOP_TRIES = 1000000, LAST_LINES = 6 };

static struct atomic32 panicking_cpu = ATOMIC_INIT(NOBODY); // number + 1
static int timeout_seconds;                                 // [a] panic=, /proc/sys/kernel/panic
static struct panic_ops ops;                                // [I] after boot, slot by slot
static const struct trap_frame *stopped_frames[CPU_MAX]; // [a] on the stack of the CPU, which halts

bool panic_is_in_progress(void)
{
    return atomic32_load(&panicking_cpu) != NOBODY;
}

void panic_set_timeout(int seconds)
{
    WRITE_ONCE(timeout_seconds, seconds);
}

int panic_timeout(void)
{
    return READ_ONCE(timeout_seconds);
}

void panic_set_ops(const struct panic_ops *added)
{
    if (added->stop_other_cpus) {
        ops.stop_other_cpus = added->stop_other_cpus;
    }
    if (added->describe_cpu) {
        ops.describe_cpu = added->describe_cpu;
    }
    if (added->is_stack_guard) {
        ops.is_stack_guard = added->is_stack_guard;
    }
}

// Returns on the one CPU that may dump.
static void panic_claim(const struct trap_frame *frame)
{
    interrupts_disable(); // first: a thread that is preempted here may go on on another CPU
    uint32_t own = cpu_block_get(number) + 1, owner = NOBODY;
    if (atomic32_compare_exchange(&panicking_cpu, &owner, own)) {
        if (ops.stop_other_cpus) {
            ops.stop_other_cpus();
        }
        return;
    }
    if (owner == own) {
        static const char text[] = "kernel panic: again, while the first was shown\n";
        early_console_write(text, sizeof(text) - 1);
    }
    __atomic_store_n(&stopped_frames[own - 1], frame, __ATOMIC_RELEASE);
    cpu_halt_forever();
}

static void registers_show(const struct trap_frame *frame)
{
    char text[PANIC_TEXT_MAX];
    for (unsigned line = 0; trap_frame_describe(frame, line, text, sizeof(text)) > 0; line++) {
        log_write_panic("%s", text);
    }
}

static void cpu_describe_run(unsigned cpu, char *text, size_t size)
{
    format_string(text, size, "CPU %u, boot code", cpu);
    if (ops.describe_cpu) {
        ops.describe_cpu(cpu, text, size);
    }
}

static void current_show(void)
{
    char text[PANIC_TEXT_MAX];
    cpu_describe_run(cpu_block_get(number), text, sizeof(text));
    log_write_panic("%s", text);
}

// Where the CPU stopped; NULL: it did not, in a time that is long for it.
static const struct trap_frame *stopped_frame_wait(unsigned cpu)
{
    const struct trap_frame *frame = NULL;
    for (unsigned i = 0; i < STOP_TRIES && !frame; i++) {
        frame = __atomic_load_n(&stopped_frames[cpu], __ATOMIC_ACQUIRE);
        cpu_pause();
    }
    return frame;
}

static void others_show(void)
{
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        char text[PANIC_TEXT_MAX], place[PANIC_TEXT_MAX] = "does not stop";
        if (cpu == cpu_block_get(number)) {
            continue;
        }
        const struct trap_frame *frame = stopped_frame_wait(cpu);
        cpu_describe_run(cpu, text, sizeof(text));
        if (frame && trap_is_from_user(frame)) {
            format_string(place, sizeof(place), "user code");
        } else if (frame) {
            symbol_describe(trap_instruction_pointer(frame), place, sizeof(place));
        }
        log_write_panic("%s: %s", text, place);
    }
}

static _Noreturn void panic_finish(void)
{
    if (timeout_seconds == 0) {
        log_write_panic("halted");
        cpu_halt_forever();
    }
    log_write_panic("rebooting in %d s", timeout_seconds > 0 ? timeout_seconds : 0);
    uint64_t start = log_now_ns();
    uint64_t wait_ns = timeout_seconds > 0 ? (uint64_t)timeout_seconds * 1000000000 : 0;
    while (start && log_now_ns() - start < wait_ns) {
        cpu_pause();
    }
    machine_reboot();
}

static _Noreturn void panic_dump(const struct trap_frame *frame)
{
    char text[PANIC_TEXT_MAX];
    symbol_describe(trap_instruction_pointer(frame), text, sizeof(text));
    log_write_panic("at %s", text);
    registers_show(frame);
    current_show();
    backtrace_log(trap_frame_pointer(frame));
    others_show();
    panic_finish();
}

_Noreturn void panic(const char *format, ...)
{
    struct trap_frame frame;
    char text[PANIC_TEXT_MAX];
    va_list arguments;
    trap_frame_capture(&frame);
    panic_claim(&frame);
    va_start(arguments, format);
    format_string_v(text, sizeof(text), format, arguments);
    va_end(arguments);
    log_show_last(LAST_LINES);
    log_write_panic("kernel panic: %s", text);
    panic_dump(&frame);
}

_Noreturn void panic_explained(const char *what, void (*explain)(const void *context),
                               const void *context)
{
    struct trap_frame frame;
    trap_frame_capture(&frame);
    panic_claim(&frame);
    log_show_last(LAST_LINES);
    log_write_panic("kernel panic: %s", what);
    explain(context);
    panic_dump(&frame);
}

noreturn void assert_failed(const char *expression, const char *file, int line)
{
    panic("assertion failed: %s (%s:%d)", expression, file, line);
}

_Noreturn void upcall_kernel_exception(struct trap_frame *frame, const struct fault_info *fault,
                                       const char *why)
{
    panic_claim(frame);
    log_show_last(LAST_LINES);
    // The push that met the guard is below the stack pointer.
    if (ops.is_stack_guard && ops.is_stack_guard(trap_stack_pointer(frame) - 1)) {
        why = "kernel stack overflow: the stack pointer is in the guard below the stack";
    }
    log_write_panic("kernel panic: %s: %s", fault_name(fault->vector), why);
    log_write_panic("address %#lx, error code %#lx, vector %u", fault->address, fault->error_code,
                    fault->vector);
    panic_dump(frame);
}
