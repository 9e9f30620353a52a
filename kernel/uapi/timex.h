/*
 * adjtimex(2): how the clock is steered.
 */
#pragma once

#include <stdint.h>

#include "uapi/time.h"

#define ADJ_OFFSET_SINGLESHOT 0x0001
#define ADJ_OFFSET_READONLY   0x2000
#define ADJ_TICK              0x4000
#define ADJ_ADJTIME           0x8000

#define STA_UNSYNC 0x0040
#define TIME_ERROR 5

struct uapi_timex {
    uint32_t modes;
    int32_t padding0;
    int64_t offset, freq, maxerror, esterror;
    int32_t status, padding1;
    int64_t constant, precision, tolerance;
    struct uapi_timeval time;
    int64_t tick, ppsfreq, jitter;
    int32_t shift, padding2;
    int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
    int32_t tai;
    int32_t unused[11];
};
