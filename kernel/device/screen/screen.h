// The screen as a terminal: tty1, which is also tty0, the one that is in front. There is one, or none.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct display;

// Takes the first display that works, with everything that the log has kept; publishes /dev/tty1 and tty0. 0, -EBUSY (there is
// one), -ENOMEM. Thread context.
must_check int screen_start(struct display *display);
bool screen_is_started(void);

// The keyboard's bytes go to tty1, or to the console that the screen shows too. Any context.
void screen_key_input(const char *bytes, size_t count);
// Do arrow keys send ESC O A instead of ESC [ A?
bool screen_has_application_cursor(void);

// The loader's framebuffer, or what the buses found: called by device_init.
void screen_init(void);
