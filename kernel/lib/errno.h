/*
 * Error numbers: Linux's, and the four that never reach user space: a system call that a signal
 * interrupted returns one of them, and process/ turns it into a restart or into -EINTR on the way
 * out.
 */
#pragma once

#include "uapi/errno.h"

/* Restart when the handler has SA_RESTART, else -EINTR. */
#define ERESTARTSYS 512
/* Restart always. */
#define ERESTARTNOINTR 513
/* Restart only where no handler runs. */
#define ERESTARTNOHAND 514
/* Restart through the thread's restart block (a relative sleep that has partly passed). */
#define ERESTART_RESTARTBLOCK 516

/*
 * The name of an error number, positive or negative, as "ENOENT"; "EUNKNOWN" for what has no name.
 * The string is constant.
 */
const char *errno_name(int error);
