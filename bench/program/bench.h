#pragma once
/*
 * The lines of the benchmark: what a line is, and the tables that hold them.
 *
 * `before` and `after` stand around every round and are not timed; what they make or take away is timed by a line of its
 * own. `run` does the work `repeat` times and checks every result: false fails the line. A call that the kernel does not
 * have is told by `before`, with errno ENOSYS or the like: the line is then printed as missing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum line_kind {
    LINE_CALL, /* counts */
    LINE_USER, /* no system call in it: for sanity, outside the mean */
};

struct line {
    const char *name; /* NULL ends a table */
    enum line_kind kind;
    unsigned repeat;
    bool (*before)(void);
    bool (*run)(unsigned repeat);
    void (*after)(void);
};

extern const struct line call_lines[];
extern const struct line pipe_lines[];
extern const struct line switch_lines[];
extern const struct line process_lines[];
extern const struct line memory_lines[];
extern const struct line file_lines[];
extern const struct line wait_lines[];
extern const struct line user_lines[];

enum { PAGE_BYTES = 4096, CHUNK_BYTES = 65536 };

#define BENCH_FOLDER "/tmp/bench"
#define BENCH_FILE   BENCH_FOLDER "/file"

/* The time-stamp counter: instructions under `-icount shift=0`, else ticks of a steady clock. */
static inline uint64_t stamp_read(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Waits for a child, -1 for any, and says whether it ended with status 0. */
bool child_ended_well(int child);

/* Keeps the caller on the first `cpus` CPUs; 0 stands for all. */
bool cpus_limit(unsigned cpus);

/* How well work spreads over two CPUs: prints one line for each kind of work. Does nothing on one CPU. */
void scale_measure(void);
