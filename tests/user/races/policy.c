/* Races of threads that wake each other, are moved between CPUs, and change each other's rank meanwhile: nobody is lost on the way. */
#include "races.h"

#include <sys/resource.h>

enum { RUNNERS = 6, PRIORITIES = 5, CPUS_MAX = 64 };

static _Atomic pid_t runners[RUNNERS];
static atomic_uint token;
static pthread_barrier_t all_have_stopped;
static int cpus[CPUS_MAX];
static unsigned cpu_count;

static void find_cpus(void)
{
    cpu_set_t set;
    RACE_OK(sched_getaffinity(0, sizeof(set), &set));
    for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            cpus[cpu_count++] = cpu;
        }
    }
}

/* The C library does not make these calls. */
static void change_rank(pid_t thread)
{
    static const int policies[] = {SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE};
    int policy = policies[race_draw() % (sizeof(policies) / sizeof(policies[0]))];
    bool is_real_time = policy == SCHED_FIFO || policy == SCHED_RR;
    struct sched_param parameter = {.sched_priority =
                                        is_real_time ? 1 + (int)(race_draw() % PRIORITIES) : 0};
    RACE_OK(syscall(SYS_sched_setscheduler, thread, policy, &parameter));
    RACE_OK(setpriority(PRIO_PROCESS, (id_t)thread, (int)(race_draw() % 40) - 20));
}

/* Onto one CPU or two by lot; returns having seen that it runs there. */
static void move(void)
{
    int first = cpus[race_draw() % cpu_count], second = cpus[race_draw() % cpu_count];
    unsigned cpu;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(first, &set);
    CPU_SET(second, &set);
    RACE_OK(sched_setaffinity(0, sizeof(set), &set));
    RACE_OK(syscall(SYS_getcpu, &cpu, NULL, NULL));
    RACE_CHECK((int)cpu == first || (int)cpu == second);
}

/* The token goes from each to the next, who sleeps until then. */
static void pass_the_token(unsigned index)
{
    runners[index] = (pid_t)syscall(SYS_gettid);
    for (unsigned round = 0;; round++) {
        unsigned mine = round * RUNNERS + index, seen;
        while ((seen = token) != mine) {
            if (seen == UINT_MAX) {
                return;
            }
            race_futex(&token, FUTEX_WAIT, seen, NULL, NULL, 0);
        }
        pid_t other = runners[race_draw() % RUNNERS];
        if (other != 0) {
            change_rank(other);
        }
        move();
        race_pause();
        race_count();
        token = race_goes_on() ? mine + 1 : UINT_MAX;
        race_futex(&token, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    }
}

static void a_token_passes_while_ranks_change(void)
{
    find_cpus();
    race_threads(RUNNERS, pass_the_token);
}

/* All compute; none may be forgotten on a queue while ranks and places change. */
static void compute_and_change(unsigned index)
{
    runners[index] = (pid_t)syscall(SYS_gettid);
    while (race_goes_on()) {
        for (volatile unsigned i = 0; i < 2000; i++) {}
        pid_t other = runners[race_draw() % RUNNERS];
        if (other != 0) {
            change_rank(other);
        }
        move();
        race_count();
    }
    runners[index] = 0;
}

/* A thread that has ended has no rank to change: the first to stop wait for the others. */
static void compute_until_all_stop(unsigned index)
{
    compute_and_change(index);
    pthread_barrier_wait(&all_have_stopped);
}

static void computing_threads_change_ranks(void)
{
    find_cpus();
    RACE_CHECK(pthread_barrier_init(&all_have_stopped, NULL, RUNNERS) == 0);
    race_threads(RUNNERS, compute_until_all_stop);
}

const struct race policy_races[] = {
    {"a_token_passes_while_ranks_change", a_token_passes_while_ranks_change},
    {"computing_threads_change_ranks", computing_threads_change_ranks},
    {NULL, NULL},
};
