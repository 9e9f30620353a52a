/* Threads as the C library makes them: clone, futex, thread-local storage, exit, execve and signals with several tasks. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* futex(2); musl brings no header for it. */
#define FUTEX_WAIT                0
#define FUTEX_WAKE                1
#define FUTEX_CMP_REQUEUE         4
#define FUTEX_WAIT_BITSET         9
#define FUTEX_PRIVATE_FLAG        128
#define FUTEX_CLOCK_REALTIME      256
#define FUTEX_WAIT_PRIVATE        (FUTEX_WAIT | FUTEX_PRIVATE_FLAG)
#define FUTEX_WAKE_PRIVATE        (FUTEX_WAKE | FUTEX_PRIVATE_FLAG)
#define FUTEX_CMP_REQUEUE_PRIVATE (FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG)
#define FUTEX_BITSET_MATCH_ANY    0xffffffffu

enum { THREADS = 8, ROUNDS = 2000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;
static __thread long own;

static void *count(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        own++;
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(own + (long)argument);
}

TEST(threads_share_memory_and_keep_their_own)
{
    pthread_t threads[THREADS];
    counter = 0;
    for (long i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, count, (void *)i) == 0);
    }
    for (long i = 0; i < THREADS; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0);
        CHECK((long)result == ROUNDS + i);
    }
    CHECK(counter == (long)THREADS * ROUNDS);
    CHECK(own == 0);
}

static int turn;

static void *alternate(void *argument)
{
    int mine = (int)(long)argument;
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&mutex);
        while (turn != mine) {
            pthread_cond_wait(&condition, &mutex);
        }
        turn = 1 - mine;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

TEST(conditions_wake_who_waits)
{
    pthread_t threads[2];
    turn = 0;
    for (long i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, alternate, (void *)i) == 0);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(turn == 0);
}

static long futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout,
                  uint32_t *second, uint32_t third)
{
    return syscall(SYS_futex, word, operation, value, timeout, second, third);
}

TEST(futex_wait_answers_at_once_where_the_word_differs)
{
    uint32_t word = 1;
    CHECK_ERRNO(futex(&word, FUTEX_WAIT, 2, NULL, NULL, 0), EAGAIN);
    CHECK_ERRNO(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT, 2, NULL, NULL, 0), EINVAL);
    CHECK_ERRNO(futex((uint32_t *)8, FUTEX_WAIT, 2, NULL, NULL, 0), EFAULT);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0), EINVAL);
    CHECK_ERRNO(futex(&word, 99, 1, NULL, NULL, 0), ENOSYS);
}

TEST(futex_wait_ends_at_its_deadline)
{
    uint32_t word = 1;
    const struct timespec soon = {0, 20000000};
    const struct timespec bad = {0, 1000000000};
    CHECK_ERRNO(futex(&word, FUTEX_WAIT, 1, &soon, NULL, 0), ETIMEDOUT);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 1, &bad, NULL, 0), EINVAL);
    struct timespec past;
    clock_gettime(CLOCK_REALTIME, &past);
    past.tv_sec -= 1;
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 1, &past, NULL,
                      FUTEX_BITSET_MATCH_ANY),
                ETIMEDOUT);
}

TEST(futex_wake_finds_a_waiter_of_another_process_in_shared_memory)
{
    uint32_t *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(word != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        _exit(futex(word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 7 : 8);
    }
    while (futex(word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0) {
        usleep(1000);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    munmap(word, 4096);
}

static uint32_t requeue_words[2];
static atomic_int awake;

static void *wait_on_first(void *argument)
{
    (void)argument;
    futex(&requeue_words[0], FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    atomic_fetch_add(&awake, 1);
    return NULL;
}

TEST(futex_requeue_moves_waiters)
{
    pthread_t threads[3];
    atomic_store(&awake, 0);
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_create(&threads[i], NULL, wait_on_first, NULL) == 0);
    }
    CHECK_ERRNO(
        futex(&requeue_words[0], FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)10L, &requeue_words[1], 5),
        EAGAIN);
    long moved = 0;
    while (moved < 3) {
        moved += futex(&requeue_words[0], FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)10L,
                       &requeue_words[1], 0);
        usleep(1000);
    }
    CHECK(atomic_load(&awake) == 0);
    CHECK(futex(&requeue_words[1], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 1);
    CHECK(futex(&requeue_words[1], FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0) == 2);
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(atomic_load(&awake) == 3);
}

enum { MANY_WAITERS = 300, FUTEX_WAKE_OP_PRIVATE = 5 | 128, ADD_0_AND_WAKE_AT_0 = 1 << 28 };

/* So many that they are not gone through in one go. */
TEST(futex_moves_and_wakes_many_waiters)
{
    static pthread_t threads[MANY_WAITERS];
    pthread_attr_t small;
    CHECK(pthread_attr_init(&small) == 0);
    CHECK(pthread_attr_setstacksize(&small, 16384) == 0);
    atomic_store(&awake, 0);
    for (int i = 0; i < MANY_WAITERS; i++) {
        CHECK(pthread_create(&threads[i], &small, wait_on_first, NULL) == 0);
    }
    long moved = 0;
    while (moved < MANY_WAITERS) {
        moved += futex(&requeue_words[0], FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)(long)INT_MAX,
                       &requeue_words[1], 0);
        usleep(1000);
    }
    CHECK_EQUAL(atomic_load(&awake), 0);
    CHECK_EQUAL(futex(&requeue_words[0], FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
    /* Back, but for ten that are woken. */
    CHECK_EQUAL(futex(&requeue_words[1], FUTEX_CMP_REQUEUE_PRIVATE, 10, (void *)(long)INT_MAX,
                      &requeue_words[0], 0),
                MANY_WAITERS);
    CHECK_EQUAL(futex(&requeue_words[0], FUTEX_WAKE_PRIVATE, 200, NULL, NULL, 0), 200);
    CHECK_EQUAL(futex(&requeue_words[1], FUTEX_WAKE_OP_PRIVATE, INT_MAX, (void *)(long)INT_MAX,
                      &requeue_words[0], ADD_0_AND_WAKE_AT_0),
                MANY_WAITERS - 210);
    for (int i = 0; i < MANY_WAITERS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK_EQUAL(atomic_load(&awake), MANY_WAITERS);
}

static void *sleep_for_ever(void *argument)
{
    (void)argument;
    while (true) {
        pause();
    }
    return NULL;
}

static void *end_process(void *argument)
{
    _exit((int)(long)argument);
}

TEST(exit_group_from_any_thread_ends_all)
{
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, sleep_for_ever, NULL);
        pthread_create(&thread, NULL, end_process, (void *)9L);
        sleep_for_ever(NULL);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

static void *run_program(void *argument)
{
    (void)argument;
    char *const arguments[] = {(char *)"threads", (char *)"@show-pid", NULL};
    char *const nothing[] = {NULL};
    execve("/proc/self/exe", arguments, nothing);
    _exit(99);
}

TEST(execve_from_a_thread_keeps_the_number_of_the_process)
{
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, sleep_for_ever, NULL);
        pthread_create(&thread, NULL, run_program, NULL);
        sleep_for_ever(NULL);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQUAL(status, 42 << 8);
}

static atomic_int signalled_thread;

static void note_thread(int number)
{
    (void)number;
    atomic_store(&signalled_thread, (int)syscall(SYS_gettid));
}

static atomic_int pausing_thread;

static void *pause_once(void *argument)
{
    (void)argument;
    atomic_store(&pausing_thread, (int)syscall(SYS_gettid));
    pause();
    return NULL;
}

TEST(a_signal_to_a_thread_runs_in_that_thread)
{
    struct sigaction action = {.sa_handler = note_thread};
    pthread_t thread;
    sigaction(SIGUSR1, &action, NULL);
    atomic_store(&pausing_thread, 0);
    atomic_store(&signalled_thread, 0);
    CHECK(pthread_create(&thread, NULL, pause_once, NULL) == 0);
    while (atomic_load(&pausing_thread) == 0) {
        usleep(1000);
    }
    usleep(20000);
    CHECK(pthread_kill(thread, SIGUSR1) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(atomic_load(&signalled_thread) == atomic_load(&pausing_thread));
    CHECK(atomic_load(&signalled_thread) != getpid());
}

TEST(a_dead_owner_of_a_robust_mutex_is_reported)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t *robust =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    CHECK(pthread_mutex_init(robust, &attributes) == 0);
    pid_t child = fork();
    if (child == 0) {
        _exit(pthread_mutex_lock(robust));
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(pthread_mutex_lock(robust) == EOWNERDEAD);
    CHECK(pthread_mutex_consistent(robust) == 0);
    CHECK(pthread_mutex_unlock(robust) == 0);
    munmap(robust, 4096);
}

TEST(affinity_and_policies_can_be_asked)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CHECK(sched_getaffinity(0, sizeof(set), &set) == 0);
    CHECK_ERRNO(sched_getaffinity(-1, sizeof(set), &set), ESRCH);
    CHECK(CPU_COUNT(&set) >= 1);
    CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
    CHECK(syscall(SYS_sched_getscheduler, 0) == SCHED_OTHER);
    CHECK(syscall(SYS_sched_get_priority_max, SCHED_FIFO) == 99);
    CHECK_ERRNO(syscall(SYS_sched_getscheduler, 32767), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_get_priority_max, 77), EINVAL);
}

TEST(every_thread_has_a_directory_in_proc)
{
    struct sigaction action = {.sa_handler = note_thread};
    pthread_t thread;
    char path[64];
    sigaction(SIGUSR1, &action, NULL);
    atomic_store(&pausing_thread, 0);
    CHECK(pthread_create(&thread, NULL, pause_once, NULL) == 0);
    while (atomic_load(&pausing_thread) == 0) {
        usleep(1000);
    }
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atomic_load(&pausing_thread));
    char text[2048], expected[64];
    read_file(path, text, sizeof(text));
    CHECK_EQUAL(atoi(text), atomic_load(&pausing_thread));
    snprintf(path, sizeof(path), "/proc/self/task/%d/status", atomic_load(&pausing_thread));
    read_file(path, text, sizeof(text));
    snprintf(expected, sizeof(expected), "\nTgid:\t%d\n", getpid());
    CHECK(strstr(text, expected) != NULL);
    snprintf(expected, sizeof(expected), "\nPid:\t%d\n", atomic_load(&pausing_thread));
    CHECK(strstr(text, expected) != NULL);
    snprintf(path, sizeof(path), "/proc/%d/task/%d", atomic_load(&pausing_thread), getpid());
    CHECK_OK(access(path, F_OK));
    usleep(20000);
    pthread_kill(thread, SIGUSR1);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* The program that execve_from_a_thread runs: is its first task the process's number? */
int check_reexec(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return syscall(SYS_gettid) == getpid() ? 42 : 43;
}

static void *burn_cpu(void *argument)
{
    struct timespec used;
    do {
        CHECK_OK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used));
    } while (used.tv_sec == 0 && used.tv_nsec < 300000000);
    return argument;
}

static long used_ms(int who)
{
    struct rusage usage;
    CHECK_OK(getrusage(who, &usage));
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

TEST(the_use_of_a_thread_is_its_own)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, burn_cpu, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    long own_ms = used_ms(RUSAGE_THREAD);
    CHECK(used_ms(RUSAGE_SELF) - own_ms >= 200);
}
