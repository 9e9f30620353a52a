// pid 1: always exists. Runs init, or the kernel shell; its end syncs and powers the machine off.
#pragma once

#include "lib/assert.h"
#include "lib/compiler.h"

// What pid 1 does where there is no init: the kernel shell's main function. It runs in pid 1's thread, an ordinary process with a
// session whose controlling terminal is the console. Its return value is the exit status.
typedef int process_shell_main(void);

// Makes pid 1 and starts it; opens /dev/console as descriptors 0, 1, 2 where the tree has one. Order tried: rdinit=, /init, init=,
// /sbin/init, /etc/init, /bin/init, /bin/sh (the last five only with a mounted root=), else the kernel shell.
void process_start_first(process_shell_main *shell);

// Makes a child of the caller (pid 1 in the kernel shell) that runs a program: `run` of the shell. The child is its own process group,
// in the foreground of the terminal. Returns its number or -errno (also exec's own error).
must_check long process_spawn_kernel(const char *program, const char *const *argv,
                                     const char *const *envp);

// Ends the machine: syncs, unmounts, then powers off, or debug-exits with min(status, 127). Called when pid 1 ends and by reboot(2).
// A release kernel does it on the spot and does not return. In a debug kernel the boot thread takes the order; the caller returns and
// finds itself told to end (thread_is_killed), like every other process.
enum machine_end { MACHINE_POWER_OFF, MACHINE_RESTART, MACHINE_HALT };
void process_end_machine(enum machine_end end, unsigned debug_status);

#if ASTRA_DEBUG
// The rest of the boot thread's life: waits for the order, ends all processes, unmounts everything, counts what is left
// (holdings.h), and ends the machine.
_Noreturn void process_await_end(void);
#else
static inline void process_await_end(void)
{
}
#endif
