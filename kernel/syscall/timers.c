/*
 * timer_create and its relatives: decoding; the timers live in process/posix_timer.c. A timer is named by a small number that means
 * something in its process only, and is looked for at each call: another thread may have deleted it.
 */
#include "process/posix_timer.h"
#include "syscall/call.h"
#include "syscall/time_values.h"
#include "uapi/time.h"

SYSTEM_CALL3(timer_create, int, clock, const struct uapi_sigevent __user *, user_event,
             int __user *, user_id)
{
    struct uapi_sigevent event;
    if (user_event != NULL && user_copy_in(&event, user_event, sizeof(event)) != 0) {
        return -EFAULT;
    }
    int id = posix_timer_create(clock, user_event == NULL ? NULL : &event);
    if (id < 0) {
        return id;
    }
    if (user_copy_out(user_id, &id, sizeof(id)) == 0) {
        return 0;
    }
    int ignored = posix_timer_delete(id); /* another thread may have been quicker */
    (void)ignored;
    return -EFAULT;
}

static long copy_timer_out(struct uapi_itimerspec __user *user,
                           const struct interval_timer_value *value)
{
    const struct uapi_itimerspec copy = {.it_interval = timespec_from_ns(value->interval_ns),
                                         .it_value = timespec_from_ns(value->value_ns)};
    return copy_out_optional(user, &copy, sizeof(copy));
}

SYSTEM_CALL4(timer_settime, int, id, int, flags, const struct uapi_itimerspec __user *, user_new,
             struct uapi_itimerspec __user *, user_old)
{
    struct uapi_itimerspec wanted;
    struct interval_timer_value value;
    struct interval_timer_value old;
    if (user_new == NULL) {
        return -EINVAL;
    }
    if (user_copy_in(&wanted, user_new, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    if (ns_from_timespec(&wanted.it_value, &value.value_ns) != 0 ||
        ns_from_timespec(&wanted.it_interval, &value.interval_ns) != 0) {
        return -EINVAL;
    }
    int result = posix_timer_set(id, (flags & TIMER_ABSTIME) != 0, &value, &old);
    return result != 0 ? result : copy_timer_out(user_old, &old);
}

SYSTEM_CALL2(timer_gettime, int, id, struct uapi_itimerspec __user *, user)
{
    struct interval_timer_value value;
    int result = posix_timer_get(id, &value);
    if (result != 0) {
        return result;
    }
    return user == NULL ? -EFAULT : copy_timer_out(user, &value);
}

SYSTEM_CALL1(timer_getoverrun, int, id)
{
    return posix_timer_overrun(id);
}

SYSTEM_CALL1(timer_delete, int, id)
{
    return posix_timer_delete(id);
}
