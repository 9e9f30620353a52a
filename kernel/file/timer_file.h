// timerfd(2): a timer whose expirations are read from a file.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct open_file;
struct credentials;

// By the wall clock, or by the monotonic one; `clock`: the number by which the program knows it; `flags`: O_NONBLOCK or 0. NULL: no memory.
must_check struct open_file *timer_file_create(int clock, bool is_realtime, unsigned flags,
                                               struct credentials *credentials);

struct timer_file_setting {
    uint64_t value_ns;    // 0: off
    uint64_t interval_ns; // 0: once
};
enum { TIMER_FILE_ABSOLUTE = 1, TIMER_FILE_CANCEL = 2 };

// `flags`: absolute times of its clock; a wall clock that is set ends reads by -ECANCELED. *old: what was left. 0, -EINVAL (no such file).
must_check int timer_file_set(struct open_file *file, unsigned flags,
                              const struct timer_file_setting *setting,
                              struct timer_file_setting *old);
must_check int timer_file_get(struct open_file *file, struct timer_file_setting *left);
// The wall clock was set: absolute times by it come nearer or go away. May sleep.
void timer_file_clock_was_set(void);
