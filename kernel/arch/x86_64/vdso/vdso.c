// The vDSO's code. It runs in user mode on the program's stack, knows no address but its own, and changes nothing but what the
// caller hands it. What it cannot answer by the clock page, it asks the kernel for: other clocks, the time zone, and every time
// where the time-stamp counter does not serve.
#include "arch/x86_64/vdso/vdso.h"
#include "arch/clock_page.h"
#include "arch/x86_64/constants.h"
#include "arch/x86_64/cpu_inline.h"
#include "uapi/unistd_numbers.h"

enum { NS_A_SECOND = 1000000000, NS_A_MICROSECOND = 1000 };

// The page below the image (vdso.ld).
extern const struct clock_page vdso_clock_page __attribute__((visibility("hidden")));

// Not before what stands before it: LFENCE waits for the instructions so far.
static inline uint64_t timestamp_in_order(void)
{
    memory_barrier_read();
    return cpu_timestamp();
}

static inline long ask_kernel(long number, uint64_t first, uint64_t second)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "memory");
    return result;
}

enum clock_kind { CLOCK_OF_KERNEL, CLOCK_OF_WALL, CLOCK_SINCE_BOOT };

static inline enum clock_kind kind_of(int clock)
{
    const uint32_t wall = 1U << CLOCK_REALTIME | 1U << CLOCK_REALTIME_COARSE | 1U << CLOCK_TAI;
    const uint32_t since_boot = 1U << CLOCK_MONOTONIC | 1U << CLOCK_MONOTONIC_RAW |
                                1U << CLOCK_MONOTONIC_COARSE | 1U << CLOCK_BOOTTIME;
    if ((unsigned)clock >= 32 || vdso_clock_page.is_served == 0) {
        return CLOCK_OF_KERNEL;
    }
    if ((wall >> clock & 1) != 0) {
        return CLOCK_OF_WALL;
    }
    return (since_boot >> clock & 1) != 0 ? CLOCK_SINCE_BOOT : CLOCK_OF_KERNEL;
}

static inline uint64_t now_ns(enum clock_kind kind)
{
    uint64_t ns = clock_page_monotonic_ns(&vdso_clock_page, timestamp_in_order);
    return kind == CLOCK_OF_WALL
               ? ns + __atomic_load_n(&vdso_clock_page.wall_offset, __ATOMIC_RELAXED)
               : ns;
}

int __vdso_clock_gettime(int clock, struct uapi_timespec *time)
{
    enum clock_kind kind = kind_of(clock);
    if (unlikely(kind == CLOCK_OF_KERNEL)) {
        return (int)ask_kernel(__NR_clock_gettime, (uint64_t)clock, (uint64_t)time);
    }
    uint64_t ns = now_ns(kind);
    time->tv_sec = (int64_t)(ns / NS_A_SECOND);
    time->tv_nsec = (int64_t)(ns % NS_A_SECOND);
    return 0;
}

int __vdso_clock_getres(int clock, struct uapi_timespec *resolution)
{
    return (int)ask_kernel(__NR_clock_getres, (uint64_t)clock, (uint64_t)resolution);
}

int __vdso_gettimeofday(struct uapi_timeval *time, struct uapi_timezone *zone)
{
    enum clock_kind kind = kind_of(CLOCK_REALTIME);
    if (unlikely(kind == CLOCK_OF_KERNEL || zone != NULL)) {
        return (int)ask_kernel(__NR_gettimeofday, (uint64_t)time, (uint64_t)zone);
    }
    if (time != NULL) {
        uint64_t ns = now_ns(kind);
        time->tv_sec = (int64_t)(ns / NS_A_SECOND);
        time->tv_usec = (int64_t)(ns % NS_A_SECOND / NS_A_MICROSECOND);
    }
    return 0;
}

int64_t __vdso_time(int64_t *seconds)
{
    enum clock_kind kind = kind_of(CLOCK_REALTIME);
    if (unlikely(kind == CLOCK_OF_KERNEL)) {
        return ask_kernel(__NR_time, (uint64_t)seconds, 0);
    }
    int64_t now = (int64_t)(now_ns(kind) / NS_A_SECOND);
    if (seconds != NULL) {
        *seconds = now;
    }
    return now;
}

// The number stands in the limit of a segment that each CPU has in its own table (descriptor_tables.c).
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
    uint32_t number;
    (void)unused;
    __asm__ volatile("lsll %1, %0" : "=r"(number) : "r"(SELECTOR_CPU_NUMBER) : "cc");
    if (cpu != NULL) {
        *cpu = number;
    }
    if (node != NULL) {
        *node = 0;
    }
    return 0;
}
