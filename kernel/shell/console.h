/*
 * Opening the shell's terminal; what reads and writes it is in shell_internal.h.
 */
#pragma once

#include "lib/compiler.h"

/* 0, -ENXIO (no console), -ENOMEM. */
must_check int shell_console_open(void);
void shell_console_close(void);
