/*
 * How well work spreads over CPUs: two workers do the same work, first both on CPU 0, then where the kernel puts them.
 * Two processes without a system call show what the machine itself gains; threads of one process that fault, open and map
 * show what the kernel's locks take of it.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROUNDS = 5, WORKERS = 2, AREA_PAGES = 64 };

struct work {
    const char *name;
    bool (*run)(unsigned repeat);
    unsigned repeat;
    bool are_threads;
};

static bool compute(unsigned repeat)
{
    for (volatile unsigned i = 0; i < repeat; i++) {}
    return true;
}

static bool fault(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat && is_right; i++) {
        volatile char *area = mmap(NULL, AREA_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        is_right = area != MAP_FAILED;
        for (size_t page = 0; is_right && page < AREA_PAGES; page++) {
            area[page * PAGE_BYTES] = 1;
        }
        is_right = is_right && munmap((void *)area, AREA_PAGES * PAGE_BYTES) == 0;
    }
    return is_right;
}

static bool open_close(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        int opened = open(BENCH_FILE, O_RDONLY | O_CREAT, 0644);
        is_right &= opened >= 0 && close(opened) == 0;
    }
    return is_right;
}

static bool map(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        void *area = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        is_right &= area != MAP_FAILED && munmap(area, PAGE_BYTES) == 0;
    }
    return is_right;
}

static const struct work works[] = {
    {"two processes, computing", compute, 20000000, false},
    {"two threads, faulting", fault, 300, true},
    {"two threads, opening", open_close, 10000, true},
    {"two threads, mapping", map, 10000, true},
};

static void *thread_start(void *argument)
{
    const struct work *work = argument;
    return work->run(work->repeat) ? argument : NULL;
}

static bool threads_run(const struct work *work)
{
    pthread_t threads[WORKERS];
    bool is_right = true;
    for (unsigned i = 0; i < WORKERS; i++) {
        if (pthread_create(&threads[i], NULL, thread_start, (void *)work) != 0) {
            abort();
        }
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        void *returned = NULL;
        is_right &= pthread_join(threads[i], &returned) == 0 && returned == work;
    }
    return is_right;
}

static bool processes_run(const struct work *work)
{
    bool is_right = true;
    for (unsigned i = 0; i < WORKERS; i++) {
        if (fork() == 0) {
            _exit(work->run(work->repeat) ? 0 : 1);
        }
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        is_right &= child_ended_well(-1);
    }
    return is_right;
}

/* The shortest of ROUNDS rounds, or 0 where one failed. */
static uint64_t work_measure(const struct work *work, unsigned cpus)
{
    uint64_t best = UINT64_MAX;
    bool is_right = cpus_limit(cpus);
    for (unsigned round = 0; round < ROUNDS && is_right; round++) {
        uint64_t start = stamp_read();
        is_right = work->are_threads ? threads_run(work) : processes_run(work);
        uint64_t took = stamp_read() - start;
        best = took < best ? took : best;
    }
    return is_right && cpus_limit(0) ? best : 0;
}

void scale_measure(void)
{
    if (sysconf(_SC_NPROCESSORS_ONLN) < WORKERS) {
        return;
    }
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
        unsigned long long one = work_measure(&works[i], 1), two = work_measure(&works[i], 0);
        printf("scale %s: %llu %llu\n", works[i].name, one, two);
    }
}
