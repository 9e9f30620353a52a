/*
 * Timers of timer_create(2). Of the current process; named by ids that go up and are used again only after the largest.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"
#include "process/interval_timer.h"
#include "uapi/signal.h"

/*
 * The new timer's id. `event` NULL: SIGALRM with the id as its value. -EINVAL: strange clock or event; -EOPNOTSUPP: a clock that timers
 * cannot follow (raw, coarse); -EAGAIN: as many timers as RLIMIT_SIGPENDING allows signals; -ENOMEM.
 */
must_check int posix_timer_create(int clock, const struct uapi_sigevent *event);
/* Value and interval in ns; the value is a time of the timer's clock if `is_absolute`; 0: stop. 0, -EINVAL: no such timer. */
must_check int posix_timer_set(int id, bool is_absolute, const struct interval_timer_value *value,
                               struct interval_timer_value *old);
must_check int posix_timer_get(int id, struct interval_timer_value *value);
/* Expirations that had no signal of their own, of the signal that was taken last. -EINVAL. */
must_check int posix_timer_overrun(int id);
must_check int posix_timer_delete(int id);
