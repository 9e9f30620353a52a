/*
 * Clocks and sleeping.
 *
 * Within the kernel a time is nanoseconds in 64 bits, and a deadline is one of the monotonic clock: 0 is past, UINT64_MAX is never. What
 * a program asks for beyond 292 years is cut to that, which nobody lives to see; so sums of a time and a timeout do not wrap.
 *
 * Most programs never come here for the time: the vDSO reads the same numbers in user mode (process/vdso.c).
 */
#include "file/timer_file.h"
#include "interrupt/clock.h"
#include "lib/macros.h"
#include "process/process.h"
#include "scheduler/thread.h"
#include "syscall/call.h"
#include "syscall/time_values.h"
#include "uapi/capability.h"

int ns_from_timespec(const struct uapi_timespec *spec, uint64_t *ns)
{
    if (spec->tv_sec < 0 || spec->tv_nsec < 0 || spec->tv_nsec >= (int64_t)NS_PER_SECOND) {
        return -EINVAL;
    }
    /* POSIX: nanoseconds of a second or more are an error, not a carry; select's microseconds are the exception. */
    *ns = spec->tv_sec >= INT64_MAX / (int64_t)NS_PER_SECOND
              ? INT64_MAX
              : (uint64_t)spec->tv_sec * NS_PER_SECOND + (uint64_t)spec->tv_nsec;
    return 0;
}

struct uapi_timespec timespec_from_ns(uint64_t ns)
{
    return (struct uapi_timespec){.tv_sec = (int64_t)(ns / NS_PER_SECOND),
                                  .tv_nsec = (int64_t)(ns % NS_PER_SECOND)};
}

uint64_t deadline_after(uint64_t timeout_ns)
{
    uint64_t now = clock_monotonic_ns();
    /* Never UINT64_MAX: that would be no deadline at all, and the call would tell no rest. */
    return timeout_ns >= UINT64_MAX - 1 - now ? UINT64_MAX - 1 : now + timeout_ns;
}

static int ns_from_user(const struct uapi_timespec __user *user, uint64_t *ns)
{
    struct uapi_timespec spec;
    return user_copy_in(&spec, user, sizeof(spec)) != 0 ? -EFAULT : ns_from_timespec(&spec, ns);
}

int deadline_from_user(const struct uapi_timespec __user *user, uint64_t *deadline_ns)
{
    uint64_t ns;
    *deadline_ns = UINT64_MAX;
    int error = user == NULL ? 0 : ns_from_user(user, &ns);
    if (user != NULL && error == 0) {
        *deadline_ns = deadline_after(ns);
    }
    return error;
}

int deadline_from_user_clock(const struct uapi_timespec __user *user, bool is_wall_clock,
                             uint64_t *deadline_ns)
{
    uint64_t ns;
    *deadline_ns = UINT64_MAX;
    int error = user == NULL ? 0 : ns_from_user(user, &ns);
    if (user == NULL || error != 0) {
        return error;
    }
    if (is_wall_clock) {
        uint64_t now = clock_realtime_ns();
        ns = ns > now ? deadline_after(ns - now) : 0;
    }
    *deadline_ns = ns;
    return 0;
}

static int clock_read(int clock, uint64_t *ns)
{
    switch (clock) {
    /* There are no leap seconds and no sleep of the machine here, so TAI, BOOTTIME and the ALARM clocks are the two that there are. */
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI: *ns = clock_realtime_ns(); return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM: *ns = clock_monotonic_ns(); return 0;
    default: return cpu_clock_read(clock, ns);
    }
}

SYSTEM_CALL2(clock_gettime, int, clock, struct uapi_timespec __user *, user)
{
    uint64_t ns;
    int result = clock_read(clock, &ns);
    if (result != 0) {
        return result;
    }
    const struct uapi_timespec spec = timespec_from_ns(ns);
    return user_copy_out(user, &spec, sizeof(spec));
}

enum { COARSE_RESOLUTION_NS = 4000000 };

SYSTEM_CALL2(clock_getres, int, clock, struct uapi_timespec __user *, user)
{
    uint64_t ns;
    int result = clock_read(clock, &ns);
    if (result != 0) {
        return result;
    }
    /* The coarse clocks are as fine as the others here, but nobody may rely on more than Linux promises of them. */
    bool is_coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
    const struct uapi_timespec spec = {.tv_nsec = is_coarse ? COARSE_RESOLUTION_NS : 1};
    return copy_out_optional(user, &spec, sizeof(spec));
}

SYSTEM_CALL2(clock_settime, int, clock, const struct uapi_timespec __user *, user)
{
    struct uapi_timespec spec;
    uint64_t ns;
    /* All others are the machine's own, and nobody's to set (clock_settime(2)). */
    if (clock < 0) {
        int error = cpu_clock_read(clock, &ns); /* if there is such a process or thread at all */
        return error != 0 ? error : -EPERM;
    }
    if (clock != CLOCK_REALTIME) {
        return -EINVAL;
    }
    if (user_copy_in(&spec, user, sizeof(spec)) != 0) {
        return -EFAULT;
    }
    if (ns_from_timespec(&spec, &ns) != 0) {
        return -EINVAL;
    }
    if (!credentials_can(task_current()->credentials, CAP_SYS_TIME)) {
        return -EPERM;
    }
    clock_realtime_set(ns);
    timer_file_clock_was_set();
    return 0;
}

/* Kept and told, and nothing else: the kernel's clock is UTC (settimeofday(2)). Two words that are set together once, at boot. */
static struct uapi_timezone system_timezone;

SYSTEM_CALL2(gettimeofday, struct uapi_timeval __user *, user, struct uapi_timezone __user *,
             user_zone)
{
    uint64_t now = clock_realtime_ns();
    const struct uapi_timeval value = {.tv_sec = (int64_t)(now / NS_PER_SECOND),
                                       .tv_usec = (int64_t)(now % NS_PER_SECOND / NS_PER_US)};
    if (copy_out_optional(user, &value, sizeof(value)) != 0) {
        return -EFAULT;
    }
    return copy_out_optional(user_zone, &system_timezone, sizeof(system_timezone));
}

SYSTEM_CALL2(settimeofday, const struct uapi_timeval __user *, user,
             const struct uapi_timezone __user *, user_zone)
{
    struct uapi_timeval value = {0};
    struct uapi_timezone zone = {0};
    if ((user != NULL && user_copy_in(&value, user, sizeof(value)) != 0) ||
        (user_zone != NULL && user_copy_in(&zone, user_zone, sizeof(zone)) != 0)) {
        return -EFAULT;
    }
    if (user != NULL && (value.tv_sec < 0 || value.tv_usec < 0 || value.tv_usec >= 1000000 ||
                         value.tv_sec >= INT64_MAX / (int64_t)NS_PER_SECOND)) {
        return -EINVAL;
    }
    if (!credentials_can(task_current()->credentials, CAP_SYS_TIME)) {
        return -EPERM;
    }
    if (zone.tz_minuteswest > 15 * 60 || zone.tz_minuteswest < -15 * 60) {
        return -EINVAL;
    }
    if (user_zone != NULL) {
        system_timezone = zone;
    }
    if (user != NULL) {
        clock_realtime_set((uint64_t)value.tv_sec * NS_PER_SECOND +
                           (uint64_t)value.tv_usec * NS_PER_US);
        timer_file_clock_was_set();
    }
    return 0;
}

SYSTEM_CALL1(time, int64_t __user *, user)
{
    int64_t seconds = (int64_t)(clock_realtime_ns() / NS_PER_SECOND);
    return copy_out_optional(user, &seconds, sizeof(seconds)) != 0 ? -EFAULT : seconds;
}

static int64_t user_ticks(uint64_t ns)
{
    return (int64_t)(ns / (NS_PER_SECOND / USER_HZ));
}

SYSTEM_CALL1(times, struct uapi_tms __user *, user)
{
    struct process *process = process_current();
    struct process_usage usage;
    process_get_usage(process, &usage);
    spin_lock(&process_tree_lock);
    struct process_usage children = process->children_usage;
    spin_unlock(&process_tree_lock);
    const struct uapi_tms times = {.tms_utime = user_ticks(usage.user_ns),
                                   .tms_stime = user_ticks(usage.kernel_ns),
                                   .tms_cutime = user_ticks(children.user_ns),
                                   .tms_cstime = user_ticks(children.kernel_ns)};
    if (copy_out_optional(user, &times, sizeof(times)) != 0) {
        return -EFAULT;
    }
    return user_ticks(clock_monotonic_ns());
}

/* Stores what is left of an interrupted sleep. 0 or -EFAULT. */
static int copy_rest_out(struct uapi_timespec __user *user, uint64_t deadline)
{
    uint64_t now = clock_monotonic_ns();
    const struct uapi_timespec rest = timespec_from_ns(deadline > now ? deadline - now : 0);
    return copy_out_optional(user, &rest, sizeof(rest));
}

/* The first attempt and each one after a stop: the same deadline, so that stopping makes no sleep longer (POSIX nanosleep). */
static long sleep_restart(struct task *task)
{
    int result = thread_sleep_until(task->restart.deadline_ns, true);
    /* Told before anybody knows whether it starts again: a handler that runs first may end the sleep (POSIX nanosleep). */
    if (result == 0) {
        return 0;
    }
    if (copy_rest_out((struct uapi_timespec __user *)task->restart.argument[0],
                      task->restart.deadline_ns) != 0) {
        return -EFAULT;
    }
    return -ERESTART_RESTARTBLOCK;
}

/* A relative sleep goes on after a stop or an ignored signal until the same deadline. */
static long sleep_relative(uint64_t ns, struct uapi_timespec __user *rest)
{
    struct task *task = task_current();
    task->restart = (struct restart_block){.restart = sleep_restart,
                                           .deadline_ns = deadline_after(ns),
                                           .argument = {(uint64_t)(uintptr_t)rest}};
    return sleep_restart(task);
}

SYSTEM_CALL2(nanosleep, const struct uapi_timespec __user *, user, struct uapi_timespec __user *,
             rest)
{
    struct uapi_timespec spec;
    uint64_t ns;
    if (user_copy_in(&spec, user, sizeof(spec)) != 0) {
        return -EFAULT;
    }
    return ns_from_timespec(&spec, &ns) != 0 ? -EINVAL : sleep_relative(ns, rest);
}

SYSTEM_CALL4(clock_nanosleep, int, clock, int, flags, const struct uapi_timespec __user *, user,
             struct uapi_timespec __user *, rest)
{
    struct uapi_timespec spec;
    uint64_t ns;
    bool is_alarm = clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
    bool is_realtime =
        clock == CLOCK_REALTIME || clock == CLOCK_TAI || clock == CLOCK_REALTIME_ALARM;
    if (clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_MONOTONIC_RAW ||
        clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE) {
        return -EOPNOTSUPP;
    }
    bool is_cpu_time = clock == CLOCK_PROCESS_CPUTIME_ID || clock < 0;
    bool is_running = clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME;
    if (!is_realtime && !is_running && !is_alarm && !is_cpu_time) {
        return -EINVAL;
    }
    if (user_copy_in(&spec, user, sizeof(spec)) != 0) {
        return -EFAULT;
    }
    if (ns_from_timespec(&spec, &ns) != 0) {
        return -EINVAL;
    }
    if (is_alarm && !credentials_can(task_current()->credentials, CAP_WAKE_ALARM)) {
        return -EPERM;
    }
    if (is_cpu_time) {
        return cpu_clock_nanosleep(clock, (flags & TIMER_ABSTIME) != 0, ns, rest);
    }
    if ((flags & TIMER_ABSTIME) == 0) {
        return sleep_relative(ns, rest);
    }
    /* An absolute sleep tells no rest and is not restarted by a block: asked again it has the same end by itself. */
    if (is_realtime) {
        uint64_t now = clock_realtime_ns();
        ns = ns > now ? deadline_after(ns - now) : 0;
    }
    return thread_sleep_until(ns, true) == 0 ? 0 : -ERESTARTNOHAND;
}
