/*
 * CPUs that all have work share it fairly: who waits in a long queue gets a turn on a CPU whose queue is short, by nice value, within
 * affinity; and a real-time thread waits for nobody less urgent on any CPU that it may use. Told in CPU time, on the first two CPUs
 * (or four); with fewer there is nothing to share and nothing is checked.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "check.h"

enum { WORKERS_MAX = 5, CPUS_MAX = 64, SHARING_S = 2 };

/* Where a worker is put first, where it may go then (a bit for each of `cpus`), how nice it is, and whether it says so all the time. */
struct worker {
    int cpu;
    unsigned allowed;
    int nice_value;
    bool repeats;
};

struct shared {
    atomic_int ready;
    atomic_bool may_go, must_stop;
    atomic_long count;
    long long used_ns[WORKERS_MAX];
};

static struct shared *shared;
static int cpus[CPUS_MAX];

/* The CPUs that this process may use; false where there are fewer than `wanted`. */
static bool find_cpus(int wanted)
{
    cpu_set_t set;
    int count = 0;
    CHECK_OK(sched_getaffinity(0, sizeof(set), &set));
    for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            cpus[count++] = cpu;
        }
    }
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK((void *)shared != MAP_FAILED);
    return count >= wanted;
}

/* A bit for each of `cpus`. */
static void allow(pid_t pid, unsigned allowed)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; allowed >> i != 0; i++) {
        if ((allowed >> i & 1) != 0) {
            CPU_SET(cpus[i], &set);
        }
    }
    CHECK_OK(sched_setaffinity(pid, sizeof(set), &set));
}

static long long used_ns(void)
{
    struct timespec used;
    CHECK_OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used));
    return used.tv_sec * 1000000000LL + used.tv_nsec;
}

/* ---- sharing by time ------------------------------------------------------------------------- */

static void work(const struct worker *worker, long long *used)
{
    CHECK_OK(setpriority(PRIO_PROCESS, 0, worker->nice_value));
    allow(0, 1U << worker->cpu);
    atomic_fetch_add(&shared->ready, 1);
    while (!atomic_load(&shared->may_go)) {
        sched_yield();
    }
    allow(0, worker->allowed);
    long long before = used_ns();
    while (!atomic_load(&shared->must_stop)) {
        if (worker->repeats) {
            CHECK_OK(setpriority(PRIO_PROCESS, 0, worker->nice_value));
        }
    }
    *used = used_ns() - before;
}

/* Lets the workers compute side by side for a while. */
static void share(const struct worker *workers, int count)
{
    pid_t pids[WORKERS_MAX];
    for (int i = 0; i < count; i++) {
        pids[i] = CHECK_OK(fork());
        if (pids[i] == 0) {
            work(&workers[i], &shared->used_ns[i]);
            _exit(0);
        }
    }
    while (atomic_load(&shared->ready) != count) {
        sched_yield();
    }
    atomic_store(&shared->may_go, true);
    sleep(SHARING_S);
    atomic_store(&shared->must_stop, true);
    for (int i = 0; i < count; i++) {
        CHECK_EXITED(pids[i], 0);
        fprintf(stderr, "worker %d: %lld ms\n", i, shared->used_ns[i] / 1000000);
    }
}

/* Have all used about the same time? */
static void check_equal_shares(int count)
{
    long long least = LLONG_MAX, most = 0;
    for (int i = 0; i < count; i++) {
        long long used = shared->used_ns[i];
        least = used < least ? used : least;
        most = used > most ? used : most;
    }
    CHECK(least * 10 >= most * 7);
}

TEST(three_busy_processes_share_two_cpus)
{
    static const struct worker workers[] = {{0, 3, 0, false}, {0, 3, 0, false}, {1, 3, 0, false}};
    if (find_cpus(2)) {
        share(workers, 3);
        check_equal_shares(3);
    }
}

TEST(five_busy_processes_share_four_cpus)
{
    static const struct worker workers[] = {{0, 15, 0, false},
                                            {0, 15, 0, false},
                                            {1, 15, 0, false},
                                            {2, 15, 0, false},
                                            {3, 15, 0, false}};
    if (find_cpus(4)) {
        share(workers, 5);
        check_equal_shares(5);
    }
}

TEST(a_nice_value_that_is_set_again_gains_no_time)
{
    static const struct worker workers[] = {{0, 1, 0, true}, {0, 1, 0, false}};
    if (find_cpus(1)) {
        share(workers, 2);
        check_equal_shares(2);
    }
}

TEST(who_may_move_makes_room_for_those_who_may_not)
{
    static const struct worker workers[] = {
        {0, 1, 0, false}, {0, 1, 0, false}, {1, 2, 0, false}, {0, 3, 0, false}};
    if (find_cpus(2)) {
        share(workers, 4);
        check_equal_shares(4);
    }
}

TEST(sharing_respects_the_affinity)
{
    static const struct worker workers[] = {{0, 1, 0, false}, {0, 1, 0, false}, {1, 2, 0, false}};
    if (find_cpus(2)) {
        share(workers, 3);
        const long long *used = shared->used_ns;
        CHECK(used[2] * 10 > (used[0] + used[1]) * 8);
    }
}

TEST(nice_values_count_between_cpus)
{
    static const struct worker workers[] = {
        {0, 3, 0, false}, {0, 3, 0, false}, {1, 3, 10, false}, {1, 3, 10, false}};
    if (find_cpus(2)) {
        share(workers, 4);
        const long long *used = shared->used_ns;
        for (int i = 0; i < 4; i++) {
            CHECK(used[i / 2] > 2 * used[2 + i % 2]);
        }
    }
}

/* ---- real-time threads ----------------------------------------------------------------------- */

enum { OWN_PRIORITY = 50 };

/* 0: none. */
static void set_priority(pid_t pid, int priority)
{
    struct sched_param parameter = {.sched_priority = priority};
    /* The C library refuses to make this call. */
    CHECK_OK(
        syscall(SYS_sched_setscheduler, pid, priority != 0 ? SCHED_FIFO : SCHED_OTHER, &parameter));
}

/* The caller is more urgent than whom it starts. */
static pid_t start(void (*run)(void), unsigned allowed, int priority)
{
    int ready = atomic_load(&shared->ready);
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        allow(0, allowed);
        set_priority(0, priority);
        atomic_fetch_add(&shared->ready, 1);
        run();
        _exit(0);
    }
    while (atomic_load(&shared->ready) == ready) {
        usleep(1000);
    }
    return pid;
}

static void compute_until_stopped(void)
{
    while (!atomic_load(&shared->must_stop)) {}
}

static void compute_until_told(void)
{
    while (!atomic_load(&shared->may_go)) {}
}

static void count_until_stopped(void)
{
    while (!atomic_load(&shared->must_stop)) {
        atomic_fetch_add(&shared->count, 1);
    }
}

/* More urgent than who counts: content only when both run at the same time. */
static void see_the_other_count(void)
{
    compute_until_told();
    long before = atomic_load(&shared->count);
    while (atomic_load(&shared->count) < before + 1000) {}
    atomic_store(&shared->must_stop, true);
}

TEST(a_real_time_thread_that_is_preempted_goes_on_elsewhere)
{
    if (!find_cpus(2)) {
        return;
    }
    set_priority(0, OWN_PRIORITY);
    pid_t busy = start(compute_until_stopped, 2, 0);
    pid_t low = start(count_until_stopped, 1, 10);
    allow(low, 3);
    atomic_store(&shared->may_go, true);
    pid_t high = start(see_the_other_count, 1, 20);
    CHECK_EXITED(high, 0);
    CHECK_EXITED(low, 0);
    CHECK_EXITED(busy, 0);
}

TEST(a_cpu_that_runs_out_of_urgent_work_takes_some_that_waits)
{
    if (!find_cpus(2)) {
        return;
    }
    set_priority(0, OWN_PRIORITY);
    pid_t busy = start(compute_until_stopped, 2, 0);
    pid_t highest = start(compute_until_told, 2, 30);
    pid_t high = start(see_the_other_count, 1, 20);
    pid_t low = start(count_until_stopped, 1, OWN_PRIORITY);
    set_priority(low, 10); /* from here on its CPU has more urgent work, and the other one too */
    usleep(20000);
    allow(low, 3);
    long before = atomic_load(&shared->count);
    usleep(20000);
    CHECK_EQUAL(atomic_load(&shared->count), before);
    atomic_store(&shared->may_go, true);
    CHECK_EXITED(highest, 0);
    CHECK_EXITED(high, 0);
    CHECK_EXITED(low, 0);
    CHECK_EXITED(busy, 0);
}
