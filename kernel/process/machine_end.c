// The end of the machine: everything is written back, then power off, restart or halt. In every case but a restart a QEMU with
// isa-debug-exit ends with 2 * status + 1, so that a test sees how init ended. A debug kernel takes down everything before
// (machine_teardown.c), and ends with a status of its own where something was left.
#include "arch/cpu.h"
#include "arch/machine.h"
#include "device/terminal.h"
#include "fs/mount.h"
#include "interrupt/clock.h"
#include "lib/macros.h"
#include "log/log.h"
#include "process/ipc_ops.h"
#include "process/machine_end_internal.h"

enum { DEBUG_STATUS_MAX = 127 };

// The order may take effect a moment after the register was written.
static void wait_for_power_off(void)
{
    uint64_t deadline = clock_monotonic_ns() + NS_PER_SECOND;
    while (clock_monotonic_ns() < deadline) {
        cpu_pause();
    }
}

_Noreturn void machine_stop(const struct machine_end_order *order)
{
    if (terminal_console() != NULL) {
        terminal_finish_output(terminal_console());
    }
    if (order->has_failed) {
        machine_debug_exit(order->debug_status);
    }
    switch (order->end) {
    case MACHINE_RESTART: log_notice("machine: restarting"); machine_reboot();
    case MACHINE_HALT:
        log_notice("machine: halted");
        machine_debug_exit(0);
        break;
    case MACHINE_POWER_OFF:
        log_notice("machine: power off");
        machine_debug_exit(order->debug_status);
        machine_power_off();
        wait_for_power_off();
        log_error("machine: cannot be powered off, halted");
        break;
    }
    cpu_halt_forever();
}

void process_end_machine(enum machine_end end, unsigned debug_status)
{
    const struct machine_end_order order = {
        .end = end, .debug_status = MIN(debug_status, (unsigned)DEBUG_STATUS_MAX)};
    if (machine_teardown_order(&order)) {
        return;
    }
    process_ipc_shut_down();
    mount_sync_all();
    mount_shut_down();
    machine_stop(&order);
}
