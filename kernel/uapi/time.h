/*
 * Clocks, timers and the structures that hold times.
 */
#pragma once

#include <stdint.h>

#define CLOCK_REALTIME           0
#define CLOCK_MONOTONIC          1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID  3
#define CLOCK_MONOTONIC_RAW      4
#define CLOCK_REALTIME_COARSE    5
#define CLOCK_MONOTONIC_COARSE   6
#define CLOCK_BOOTTIME           7
#define CLOCK_REALTIME_ALARM     8
#define CLOCK_BOOTTIME_ALARM     9
#define CLOCK_TAI                11

#define TIMER_ABSTIME 1

#define ITIMER_REAL    0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF    2

/* Ticks a second of times() and /proc: AT_CLKTCK. */
#define USER_HZ 100

/* tv_nsec of utimensat(). */
#define UTIME_NOW  0x3FFFFFFF
#define UTIME_OMIT 0x3FFFFFFE

struct uapi_timespec {
    int64_t tv_sec;
    int64_t tv_nsec;
};
_Static_assert(sizeof(struct uapi_timespec) == 16, "struct timespec");

struct uapi_timeval {
    int64_t tv_sec;
    int64_t tv_usec;
};
_Static_assert(sizeof(struct uapi_timeval) == 16, "struct timeval");

struct uapi_timezone {
    int32_t tz_minuteswest;
    int32_t tz_dsttime;
};
_Static_assert(sizeof(struct uapi_timezone) == 8, "struct timezone");

struct uapi_itimerval {
    struct uapi_timeval it_interval;
    struct uapi_timeval it_value;
};
_Static_assert(sizeof(struct uapi_itimerval) == 32, "struct itimerval");

struct uapi_itimerspec {
    struct uapi_timespec it_interval;
    struct uapi_timespec it_value;
};
_Static_assert(sizeof(struct uapi_itimerspec) == 32, "struct itimerspec");

struct uapi_tms {
    int64_t tms_utime;
    int64_t tms_stime;
    int64_t tms_cutime;
    int64_t tms_cstime;
};
_Static_assert(sizeof(struct uapi_tms) == 32, "struct tms");

struct uapi_utimbuf {
    int64_t actime;
    int64_t modtime;
};
_Static_assert(sizeof(struct uapi_utimbuf) == 16, "struct utimbuf");
