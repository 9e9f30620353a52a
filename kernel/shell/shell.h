/*
 * The kernel shell: what pid 1 does where there is no init. It shows and steers the kernel; whatever a program can do, a program does.
 */
#pragma once

/* Reads commands from the console until `poweroff`, `reboot` or the end of input. Runs as pid 1's task. Its status. */
int shell_main(void);
