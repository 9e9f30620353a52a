/*
 * adjtimex, clock_adjtime: the wall clock is set in steps (clock_settime), never steered, so all that can be done is to ask. The answer
 * is that of a Linux whose clock nobody synchronises; a privileged wish to change something is refused.
 */
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "process/process.h"
#include "syscall/call.h"
#include "uapi/capability.h"
#include "uapi/timex.h"

static_assert(sizeof(struct uapi_timex) == 208, "struct timex");

enum {
    TICK_US = 10000, /* a hundredth of a second: what programs see as the tick (USER_HZ) */
    ERROR_US = 16000000,
    TOLERANCE = 32768000, /* 500 ppm, in 1/65536 ppm */
    TIME_CONSTANT = 2,
};

/* Would something be changed? 0: no; or why it may not be, in Linux's order. */
static int check_modes(const struct uapi_timex *wanted)
{
    bool may_set = credentials_can(task_current()->credentials, CAP_SYS_TIME);
    uint32_t modes = wanted->modes;
    if ((modes & ADJ_ADJTIME) != 0) {
        if ((modes & ADJ_OFFSET_SINGLESHOT) == 0) {
            return -EINVAL;
        }
        if ((modes & ADJ_OFFSET_READONLY) != 0) {
            return 0;
        }
        return may_set ? -EINVAL : -EPERM;
    }
    if (modes != 0 && !may_set) {
        return -EPERM;
    }
    return (modes & ~(uint32_t)ADJ_OFFSET_READONLY) != 0 ? -EINVAL : 0;
}

/* Modes, and words that are kept for later, stay as they were given. */
static void fill_state(struct uapi_timex *state)
{
    uint64_t now = clock_realtime_ns();
    struct uapi_timex answer = {
        .modes = state->modes,
        .padding0 = state->padding0,
        .maxerror = ERROR_US,
        .esterror = ERROR_US,
        .status = STA_UNSYNC,
        .padding1 = state->padding1,
        .constant = TIME_CONSTANT,
        .precision = 1,
        .tolerance = TOLERANCE,
        .time = {.tv_sec = (int64_t)(now / NS_PER_SECOND),
                 .tv_usec = (int64_t)(now % NS_PER_SECOND / NS_PER_US)},
        .tick = TICK_US,
        .padding2 = state->padding2,
    };
    __builtin_memcpy(answer.unused, state->unused, sizeof(answer.unused));
    *state = answer;
}

static long clock_adjust(struct uapi_timex *state, struct uapi_timex __user *user)
{
    int error = check_modes(state);
    if (error != 0) {
        return error;
    }
    fill_state(state);
    return user_copy_out(user, state, sizeof(*state)) != 0 ? -EFAULT : TIME_ERROR;
}

SYSTEM_CALL1(adjtimex, struct uapi_timex __user *, user)
{
    struct uapi_timex state;
    return user_copy_in(&state, user, sizeof(state)) != 0 ? -EFAULT : clock_adjust(&state, user);
}

/* Only the wall clock is adjusted at all. Negative numbers are CPU-time clocks, or descriptors of devices, of which there are none. */
SYSTEM_CALL2(clock_adjtime, int, clock, struct uapi_timex __user *, user)
{
    enum { CLOCK_KIND_MASK = 7, CLOCK_KIND_DESCRIPTOR = 3, CLOCK_SGI_CYCLE = 10 };
    struct uapi_timex state;
    if (user_copy_in(&state, user, sizeof(state)) != 0) {
        return -EFAULT;
    }
    bool is_device = clock < 0 && (clock & CLOCK_KIND_MASK) == CLOCK_KIND_DESCRIPTOR;
    if (is_device || clock > CLOCK_TAI || clock == CLOCK_SGI_CYCLE) {
        return -EINVAL;
    }
    return clock == CLOCK_REALTIME ? clock_adjust(&state, user) : -EOPNOTSUPP;
}
