/*
 * timerfd: decoding; the files are file/timer_file.c's.
 */
#include "file/timer_file.h"
#include "file/open_file.h"
#include "interrupt/clock.h"
#include "process/descriptor_table.h"
#include "syscall/call.h"
#include "syscall/time_values.h"
#include "uapi/capability.h"
#include "uapi/eventfd.h"
#include "uapi/time.h"

/* The ALARM clocks would wake a sleeping machine, which is why they need a right; nothing here sleeps, so they are the plain ones. */
static int check_timer_clock(int clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME: return 0;
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:
        return credentials_can(task_current()->credentials, CAP_WAKE_ALARM) ? 0 : -EPERM;
    default: return -EINVAL;
    }
}

SYSTEM_CALL2(timerfd_create, int, clock, int, flags)
{
    bool is_realtime = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
    if ((flags & ~(TFD_NONBLOCK | TFD_CLOEXEC)) != 0) {
        return -EINVAL;
    }
    int error = check_timer_clock(clock);
    if (error != 0) {
        return error;
    }
    /* -EMFILE before a timer is made: it would be on the list of those that follow the clock for nothing. */
    struct task *task = task_current();
    int number =
        descriptor_reserve(task->descriptors, 0, process_limit(task->process, RLIMIT_NOFILE));
    if (number < 0) {
        return number;
    }
    struct open_file *file =
        timer_file_create(clock, is_realtime, (unsigned)flags & TFD_NONBLOCK, task->credentials);
    if (file == NULL) {
        descriptor_cancel(task->descriptors, number);
        return -ENOMEM;
    }
    descriptor_fill(task->descriptors, number, file, (flags & TFD_CLOEXEC) != 0);
    return number;
}

static long copy_setting_out(struct uapi_itimerspec __user *user,
                             const struct timer_file_setting *setting)
{
    const struct uapi_itimerspec spec = {.it_value = timespec_from_ns(setting->value_ns),
                                         .it_interval = timespec_from_ns(setting->interval_ns)};
    return copy_out_optional(user, &spec, sizeof(spec));
}

SYSTEM_CALL4(timerfd_settime, int, descriptor, int, flags, const struct uapi_itimerspec __user *,
             user, struct uapi_itimerspec __user *, user_old)
{
    struct uapi_itimerspec spec;
    struct timer_file_setting wanted, old;
    if (user_copy_in(&spec, user, sizeof(spec)) != 0) {
        return -EFAULT;
    }
    if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0 ||
        ns_from_timespec(&spec.it_value, &wanted.value_ns) != 0 ||
        ns_from_timespec(&spec.it_interval, &wanted.interval_ns) != 0) {
        return -EINVAL;
    }
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    unsigned how = ((flags & TFD_TIMER_ABSTIME) != 0 ? TIMER_FILE_ABSOLUTE : 0u) |
                   ((flags & TFD_TIMER_CANCEL_ON_SET) != 0 ? TIMER_FILE_CANCEL : 0u);
    long result = timer_file_set(file, how, &wanted, &old);
    open_file_put(file);
    return result != 0 ? result : copy_setting_out(user_old, &old);
}

SYSTEM_CALL2(timerfd_gettime, int, descriptor, struct uapi_itimerspec __user *, user)
{
    struct timer_file_setting left;
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    long result = timer_file_get(file, &left);
    open_file_put(file);
    return result != 0 ? result : user == NULL ? -EFAULT : copy_setting_out(user, &left);
}
