/* Futexes with priority inheritance: FUTEX_LOCK_PI and its kin, by hand and as the C library uses them. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "check.h"

#define FUTEX_WAIT           0
#define FUTEX_LOCK_PI        6
#define FUTEX_UNLOCK_PI      7
#define FUTEX_TRYLOCK_PI     8
#define FUTEX_LOCK_PI2       13
#define FUTEX_PRIVATE_FLAG   128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_WAITERS        0x80000000u
#define FUTEX_OWNER_DIED     0x40000000u
#define FUTEX_TID_MASK       0x3fffffffu

static long futex(_Atomic uint32_t *word, int operation, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation, 0, timeout, NULL, 0);
}

static uint32_t self(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

/* A thread that takes and gives up words as it is told. */
struct hand {
    pthread_t thread;
    atomic_uint number; /* its thread id once it runs */
    atomic_int wanted, done;
    _Atomic uint32_t *words[8];
    int operations[8];
    long results[8];
};

static void *hand_run(void *argument)
{
    struct hand *hand = argument;
    atomic_store(&hand->number, self());
    for (int i = 0;; i++) {
        while (atomic_load(&hand->wanted) <= i) {
            usleep(500);
        }
        if (hand->operations[i] < 0) {
            return NULL;
        }
        long result = futex(hand->words[i], hand->operations[i], NULL);
        hand->results[i] = result == 0 ? 0 : -errno;
        atomic_store(&hand->done, i + 1);
    }
}

static void hand_start(struct hand *hand)
{
    memset(hand, 0, sizeof(*hand));
    CHECK_EQUAL(pthread_create(&hand->thread, NULL, hand_run, hand), 0);
    while (atomic_load(&hand->number) == 0) {
        usleep(500);
    }
}

static void hand_tell(struct hand *hand, int operation, _Atomic uint32_t *word)
{
    int next = atomic_load(&hand->wanted);
    hand->operations[next] = operation;
    hand->words[next] = word;
    atomic_store(&hand->wanted, next + 1);
}

static long hand_answer(struct hand *hand)
{
    int told = atomic_load(&hand->wanted);
    while (atomic_load(&hand->done) < told) {
        usleep(500);
    }
    return hand->results[told - 1];
}

static long hand_do(struct hand *hand, int operation, _Atomic uint32_t *word)
{
    hand_tell(hand, operation, word);
    return hand_answer(hand);
}

static void hand_end(struct hand *hand)
{
    hand_tell(hand, -1, NULL);
    CHECK_EQUAL(pthread_join(hand->thread, NULL), 0);
}

static void await_waiters(_Atomic uint32_t *word)
{
    while ((atomic_load(word) & FUTEX_WAITERS) == 0) {
        usleep(500);
    }
    usleep(20000);
}

TEST(a_free_lock_is_taken_and_given_up)
{
    _Atomic uint32_t word = 0;
    CHECK_OK(futex(&word, FUTEX_LOCK_PI, NULL));
    CHECK_EQUAL(word, self());
    CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI, NULL), EDEADLK);
    CHECK_ERRNO(futex(&word, FUTEX_TRYLOCK_PI, NULL), EDEADLK);
    CHECK_OK(futex(&word, FUTEX_UNLOCK_PI, NULL));
    CHECK_EQUAL(word, 0);
    CHECK_ERRNO(futex(&word, FUTEX_UNLOCK_PI, NULL), EPERM);
    CHECK_OK(futex(&word, FUTEX_TRYLOCK_PI | FUTEX_PRIVATE_FLAG, NULL));
    CHECK_EQUAL(word, self());
    CHECK_OK(futex(&word, FUTEX_UNLOCK_PI | FUTEX_PRIVATE_FLAG, NULL));
    CHECK_OK(futex(&word, FUTEX_LOCK_PI2, NULL));
    CHECK_EQUAL(word, self());
}

TEST(bad_words_are_refused)
{
    _Atomic uint32_t word = 0;
    CHECK_ERRNO(futex((void *)((char *)&word + 1), FUTEX_LOCK_PI, NULL), EINVAL);
    CHECK_ERRNO(futex((void *)8, FUTEX_LOCK_PI, NULL), EFAULT);
    CHECK_ERRNO(futex((void *)8, FUTEX_UNLOCK_PI, NULL), EFAULT);
    CHECK_ERRNO(futex(KERNEL_ADDRESS, FUTEX_TRYLOCK_PI, NULL), EFAULT);
    _Atomic uint32_t *fixed = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_ERRNO(futex(fixed, FUTEX_LOCK_PI, NULL), EFAULT);
    atomic_store(&word, 0x3ffffff0);
    CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI, NULL), ESRCH);
    CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, NULL), ENOSYS);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, NULL), ENOSYS);
}

TEST(the_lock_passes_to_who_waits)
{
    struct hand other;
    _Atomic uint32_t word = 0;
    hand_start(&other);
    CHECK_OK(futex(&word, FUTEX_LOCK_PI, NULL));
    CHECK_EQUAL(hand_do(&other, FUTEX_TRYLOCK_PI, &word), -EAGAIN);
    CHECK_EQUAL(hand_do(&other, FUTEX_UNLOCK_PI, &word), -EPERM);
    hand_tell(&other, FUTEX_LOCK_PI, &word);
    await_waiters(&word);
    CHECK_EQUAL(atomic_load(&other.done), 2);
    CHECK_EQUAL(word, self() | FUTEX_WAITERS);
    CHECK_OK(futex(&word, FUTEX_UNLOCK_PI, NULL));
    CHECK_EQUAL(hand_answer(&other), 0);
    CHECK_EQUAL(word & FUTEX_TID_MASK, other.number);
    CHECK_EQUAL(hand_do(&other, FUTEX_UNLOCK_PI, &word), 0);
    CHECK_EQUAL(word, 0);
    hand_end(&other);
}

static struct timespec after_ms(clockid_t clock, long ms)
{
    struct timespec time;
    CHECK_OK(clock_gettime(clock, &time));
    time.tv_nsec += ms * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

TEST(a_wait_ends_at_its_deadline)
{
    struct hand other;
    _Atomic uint32_t word = 0;
    struct timespec bad = {0, 1000000000};
    hand_start(&other);
    CHECK_EQUAL(hand_do(&other, FUTEX_LOCK_PI, &word), 0);
    int64_t start = now_ns(CLOCK_MONOTONIC);
    struct timespec until = after_ms(CLOCK_REALTIME, 30);
    CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI, &until), ETIMEDOUT);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 29000000);
    until = after_ms(CLOCK_MONOTONIC, 30);
    CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI2, &until), ETIMEDOUT);
    until = after_ms(CLOCK_REALTIME, 30);
    CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, &until), ETIMEDOUT);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 88000000);
    until = after_ms(CLOCK_MONOTONIC, 30); /* long past by the wall clock */
    CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI, &until), ETIMEDOUT);
    CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI, &bad), EINVAL);
    CHECK_EQUAL(word & FUTEX_TID_MASK, other.number);
    CHECK_EQUAL(hand_do(&other, FUTEX_UNLOCK_PI, &word), 0);
    CHECK_EQUAL(word, 0);
    hand_end(&other);
}

TEST(a_circle_is_refused)
{
    struct hand other;
    _Atomic uint32_t mine = 0, theirs = 0;
    hand_start(&other);
    CHECK_OK(futex(&mine, FUTEX_LOCK_PI, NULL));
    CHECK_EQUAL(hand_do(&other, FUTEX_LOCK_PI, &theirs), 0);
    hand_tell(&other, FUTEX_LOCK_PI, &mine);
    await_waiters(&mine);
    CHECK_ERRNO(futex(&theirs, FUTEX_LOCK_PI, NULL), EDEADLK);
    CHECK_OK(futex(&mine, FUTEX_UNLOCK_PI, NULL));
    CHECK_EQUAL(hand_answer(&other), 0);
    hand_end(&other);
}

static void on_signal(int signal)
{
    (void)signal;
}

TEST(a_signal_does_not_end_the_wait)
{
    struct hand other;
    _Atomic uint32_t word = 0;
    CHECK_OK(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal}, NULL));
    hand_start(&other);
    CHECK_OK(futex(&word, FUTEX_LOCK_PI, NULL));
    hand_tell(&other, FUTEX_LOCK_PI, &word);
    await_waiters(&word);
    CHECK_EQUAL(pthread_kill(other.thread, SIGUSR1), 0);
    usleep(20000);
    CHECK_EQUAL(atomic_load(&other.done), 0);
    CHECK_OK(futex(&word, FUTEX_UNLOCK_PI, NULL));
    CHECK_EQUAL(hand_answer(&other), 0);
    hand_end(&other);
}

/* Field 18 of stat: what the scheduler goes by. */
static int shown_priority(uint32_t number)
{
    char path[64], text[1024];
    int value = 0;
    snprintf(path, sizeof(path), "/proc/self/task/%u/stat", number);
    read_file(path, text, sizeof(text));
    char *field = strrchr(text, ')') + 1;
    for (int i = 3; i < 18; i++) {
        field = strchr(field + 1, ' ');
    }
    CHECK_EQUAL(sscanf(field, "%d", &value), 1);
    return value;
}

static void make_real_time(uint32_t number, int priority)
{
    struct sched_param parameters = {.sched_priority = priority};
    CHECK_OK(
        syscall(SYS_sched_setscheduler, number, priority ? SCHED_FIFO : SCHED_OTHER, &parameters));
}

TEST(the_owner_has_the_priority_of_who_waits)
{
    struct hand low, high;
    _Atomic uint32_t word = 0;
    hand_start(&low);
    hand_start(&high);
    CHECK_EQUAL(hand_do(&low, FUTEX_LOCK_PI, &word), 0);
    CHECK_EQUAL(shown_priority(low.number), 20);
    make_real_time(high.number, 10);
    hand_tell(&high, FUTEX_LOCK_PI, &word);
    await_waiters(&word);
    CHECK_EQUAL(shown_priority(low.number), -11);
    make_real_time(high.number, 30);
    CHECK_EQUAL(shown_priority(low.number), -31);
    make_real_time(low.number, 20);
    CHECK_EQUAL(shown_priority(low.number), -31);
    make_real_time(low.number, 0);
    CHECK_EQUAL(shown_priority(low.number), -31);
    CHECK_EQUAL(hand_do(&low, FUTEX_UNLOCK_PI, &word), 0);
    CHECK_EQUAL(shown_priority(low.number), 20);
    CHECK_EQUAL(hand_answer(&high), 0);
    CHECK_EQUAL(shown_priority(high.number), -31);
    hand_end(&high);
    hand_end(&low);
}

TEST(priority_goes_along_a_chain_of_owners)
{
    struct hand low, middle, high;
    _Atomic uint32_t first = 0, second = 0;
    hand_start(&low);
    hand_start(&middle);
    hand_start(&high);
    CHECK_EQUAL(hand_do(&low, FUTEX_LOCK_PI, &first), 0);
    CHECK_EQUAL(hand_do(&middle, FUTEX_LOCK_PI, &second), 0);
    hand_tell(&middle, FUTEX_LOCK_PI, &first);
    await_waiters(&first);
    CHECK_EQUAL(shown_priority(low.number), 20);
    make_real_time(high.number, 7);
    hand_tell(&high, FUTEX_LOCK_PI, &second);
    await_waiters(&second);
    CHECK_EQUAL(shown_priority(middle.number), -8);
    CHECK_EQUAL(shown_priority(low.number), -8);
    CHECK_EQUAL(hand_do(&low, FUTEX_UNLOCK_PI, &first), 0);
    CHECK_EQUAL(shown_priority(low.number), 20);
    CHECK_EQUAL(hand_answer(&middle), 0);
    CHECK_EQUAL(hand_do(&middle, FUTEX_UNLOCK_PI, &second), 0);
    CHECK_EQUAL(shown_priority(middle.number), 20);
    CHECK_EQUAL(hand_answer(&high), 0);
    hand_end(&high);
    hand_end(&middle);
    hand_end(&low);
}

TEST(the_first_in_rank_gets_it_first)
{
    struct hand owner, normal, urgent;
    _Atomic uint32_t word = 0;
    hand_start(&owner);
    hand_start(&normal);
    hand_start(&urgent);
    make_real_time(urgent.number, 5);
    CHECK_EQUAL(hand_do(&owner, FUTEX_LOCK_PI, &word), 0);
    hand_tell(&normal, FUTEX_LOCK_PI, &word);
    await_waiters(&word);
    hand_tell(&urgent, FUTEX_LOCK_PI, &word);
    while (shown_priority(owner.number) != -6) {
        usleep(1000);
    }
    CHECK_EQUAL(hand_do(&owner, FUTEX_UNLOCK_PI, &word), 0);
    CHECK_EQUAL(hand_answer(&urgent), 0);
    CHECK_EQUAL(atomic_load(&normal.done), 0);
    CHECK_EQUAL(word & FUTEX_TID_MASK, urgent.number);
    CHECK_EQUAL(hand_do(&urgent, FUTEX_UNLOCK_PI, &word), 0);
    CHECK_EQUAL(hand_answer(&normal), 0);
    hand_end(&owner);
    hand_end(&normal);
    hand_end(&urgent);
}

TEST(a_dead_owner_s_lock_goes_to_who_waits)
{
    _Atomic uint32_t *word =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(futex(word, FUTEX_LOCK_PI, NULL));
        await_waiters(word);
        _exit(0);
    }
    while (atomic_load(word) == 0) {
        usleep(500);
    }
    CHECK_OK(futex(word, FUTEX_LOCK_PI, NULL));
    CHECK_EQUAL(*word & ~FUTEX_WAITERS, self() | FUTEX_OWNER_DIED);
    CHECK_EXITED(child, 0);
    CHECK_OK(futex(word, FUTEX_UNLOCK_PI, NULL));
    CHECK_EQUAL(*word, 0);
}

TEST(who_dies_without_waiters_is_missed)
{
    _Atomic uint32_t *word =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(futex(word, FUTEX_LOCK_PI, NULL));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(*word, (uint32_t)child);
    CHECK_ERRNO(futex(word, FUTEX_LOCK_PI, NULL), ESRCH);
}

static pthread_mutex_t *make_mutex(bool is_robust)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t *mutex =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK_EQUAL(pthread_mutexattr_init(&attributes), 0);
    CHECK_EQUAL(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT), 0);
    CHECK_EQUAL(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
    if (is_robust) {
        CHECK_EQUAL(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), 0);
    }
    CHECK_EQUAL(pthread_mutex_init(mutex, &attributes), 0);
    return mutex;
}

TEST(a_robust_mutex_tells_of_its_owner_s_death)
{
    pthread_mutex_t *mutex = make_mutex(true);
    for (int waits = 0; waits < 2; waits++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            CHECK_EQUAL(pthread_mutex_lock(mutex), 0);
            usleep(waits ? 50000 : 0);
            _exit(0);
        }
        if (waits) {
            usleep(20000);
        } else {
            CHECK_EXITED(child, 0);
        }
        CHECK_EQUAL(pthread_mutex_lock(mutex), EOWNERDEAD);
        CHECK_EQUAL(pthread_mutex_consistent(mutex), 0);
        CHECK_EQUAL(pthread_mutex_unlock(mutex), 0);
        if (waits) {
            CHECK_EXITED(child, 0);
        }
    }
}

enum { COUNTERS = 6, ROUNDS = 3000 };

static pthread_mutex_t *counting_mutex;
static long counted;

static void *count(void *argument)
{
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(counting_mutex);
        long seen = counted;
        if (i % 64 == 0) {
            sched_yield();
        }
        counted = seen + 1;
        pthread_mutex_unlock(counting_mutex);
    }
    return NULL;
}

TEST(one_at_a_time_has_the_lock)
{
    pthread_t threads[COUNTERS];
    counting_mutex = make_mutex(false);
    for (int i = 0; i < COUNTERS; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, count, NULL), 0);
    }
    for (int i = 0; i < COUNTERS; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    CHECK_EQUAL(counted, COUNTERS * ROUNDS);
}

static void take_and_give_for_ever(_Atomic uint32_t *word)
{
    for (;;) {
        long result = futex(word, FUTEX_LOCK_PI, NULL);
        CHECK(result == 0 || errno == ESRCH); /* the owner may be dead, and nobody waited for it */
        if (result == 0) {
            CHECK_EQUAL(atomic_load(word) & FUTEX_TID_MASK, self());
            CHECK_OK(futex(word, FUTEX_UNLOCK_PI, NULL));
        }
    }
}

TEST(owners_and_waiters_may_die_at_any_moment)
{
    _Atomic uint32_t *word =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int round = 0; round < 20; round++) {
        pid_t children[3];
        for (int i = 0; i < 3; i++) {
            children[i] = CHECK_OK(fork());
            if (children[i] == 0) {
                take_and_give_for_ever(word);
            }
        }
        usleep(5000);
        for (int i = 0; i < 3; i++) {
            CHECK_OK(kill(children[i], SIGKILL));
            CHECK_KILLED(children[i], SIGKILL);
        }
        atomic_store(word, 0);
        CHECK_OK(futex(word, FUTEX_LOCK_PI, NULL));
        CHECK_OK(futex(word, FUTEX_UNLOCK_PI, NULL));
        CHECK_EQUAL(*word, 0);
    }
}
