/*
 * Times as programs give them, as kernel nanoseconds.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"
#include "uapi/time.h"

/* 0 or -EINVAL: negative, or nanoseconds out of range. Saturates at about 292 years. */
must_check int ns_from_timespec(const struct uapi_timespec *spec, uint64_t *ns);
struct uapi_timespec timespec_from_ns(uint64_t ns);

/*
 * A relative timeout (NULL: none) as an absolute monotonic deadline, UINT64_MAX for none. 0, -EFAULT, -EINVAL.
 */
must_check int deadline_from_user(const struct uapi_timespec __user *user, uint64_t *deadline_ns);
uint64_t deadline_after(uint64_t timeout_ns);
/*
 * The same of an absolute time, by the wall clock or by the monotonic one. One of the wall clock is turned into a monotonic one now:
 * setting the clock does not move who waits already.
 */
must_check int deadline_from_user_clock(const struct uapi_timespec __user *user, bool is_wall_clock,
                                        uint64_t *deadline_ns);

/* A clock of used CPU time, by number. 0, or -EINVAL: no such clock, process, or thread of this process. */
must_check int cpu_clock_read(int clock, uint64_t *ns);

/* clock_nanosleep by a CPU-time clock; `rest` of a relative sleep, may be NULL. */
long cpu_clock_nanosleep(int number, bool is_absolute, uint64_t ns,
                         struct uapi_timespec __user *rest);
