/*
 * How well work spreads over CPUs: two workers do the same work, first both on CPU 0, then where the kernel puts them.
 * Two processes without a system call show what the machine itself gains; threads of one process that fault, open and map
 * show what the kernel's locks take of it. In every round the two processes stand right beside the work, so that what the host
 * does meanwhile is in both: only quotients of one round count, and of them the median.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROUNDS = 9, WORKERS = 2, AREA_PAGES = 64, THOUSAND = 1000 };

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

static bool fault_open_map(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat && is_right; i++) {
        is_right = fault(1) && open_close(AREA_PAGES / 2) && map(AREA_PAGES / 4);
    }
    return is_right;
}

static const struct work processes = {"two processes, computing", compute, 5000000, false};

static const struct work works[] = {
    {"two threads, faulting", fault, 100, true},
    {"two threads, opening", open_close, 3000, true},
    {"two threads, mapping", map, 3000, true},
    {"two threads, all three", fault_open_map, 40, true},
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

/* What one round took, in ticks. */
struct sample {
    uint64_t one_cpu, two_cpus;
};

static bool work_run(const struct work *work, unsigned cpus, uint64_t *took)
{
    bool is_right = cpus_limit(cpus);
    uint64_t start = stamp_read();
    is_right = is_right && (work->are_threads ? threads_run(work) : processes_run(work));
    *took = stamp_read() - start;
    return is_right && *took != 0;
}

static bool sample_take(const struct work *work, struct sample *sample)
{
    return work_run(work, 1, &sample->one_cpu) && work_run(work, 0, &sample->two_cpus);
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static unsigned long long median(uint64_t *values)
{
    qsort(values, ROUNDS, sizeof(values[0]), compare);
    return values[ROUNDS / 2];
}

static uint64_t fraction_of(const struct sample *sample)
{
    return sample->two_cpus * THOUSAND / sample->one_cpu;
}

/* The time on two CPUs as a fraction of that on one, and what is gained as a share of what the two processes gain. */
static void work_measure(const struct work *work)
{
    uint64_t fractions[ROUNDS], shares[ROUNDS];
    bool is_right = true;
    for (unsigned round = 0; round < ROUNDS && is_right; round++) {
        struct sample own, plain;
        is_right = sample_take(&processes, &plain) && sample_take(work, &own);
        if (is_right) {
            fractions[round] = fraction_of(&own);
            shares[round] =
                fraction_of(&plain) * THOUSAND / (fractions[round] ? fractions[round] : 1);
        }
    }
    if (is_right) {
        printf("scale %s: %llu %llu\n", work->name, median(fractions), median(shares));
    } else {
        printf("line %s: failed 0\n", work->name);
    }
}

void scale_measure(void)
{
    if (sysconf(_SC_NPROCESSORS_ONLN) < WORKERS) {
        return;
    }
    work_measure(&processes);
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
        work_measure(&works[i]);
    }
    cpus_limit(0);
}
