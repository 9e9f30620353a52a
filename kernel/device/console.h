// The console: which terminal /dev/console is, and which terminals show the log.
//
// As on Linux: each console= names one that shows the log, the last of them that exists is /dev/console. Without any, the first
// terminal that a driver offers is the console, and all show the log. tty0 and tty name the screen in front, which is tty1.
#pragma once

#include "lib/types.h"

struct terminal;

// A driver offers its terminal; it becomes the console if it is named later on the command line than the present one.
void terminal_set_console(struct terminal *terminal);
struct terminal *terminal_console(void); // borrowed; NULL before a driver has one

// Does the command line choose at all?
bool console_is_chosen(void);
// May log lines be shown there? (In a panic, everywhere.) Any context.
bool console_takes_log(const struct terminal *terminal);
