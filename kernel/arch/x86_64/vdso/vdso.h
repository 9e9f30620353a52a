// What the vDSO offers to programs, by Linux's names (vdso(7)). The C library finds them as symbols of version LINUX_2.6.
#pragma once

#include "uapi/time.h"

int __vdso_clock_gettime(int clock, struct uapi_timespec *time);
int __vdso_clock_getres(int clock, struct uapi_timespec *resolution);
int __vdso_gettimeofday(struct uapi_timeval *time, struct uapi_timezone *zone);
int64_t __vdso_time(int64_t *seconds);
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);
