/* Races of what the C library makes of futexes: mutexes of all kinds, conditions, barriers, threads that are joined, owners that die. */
#include "races.h"

#include <semaphore.h>

enum { THREADS = 5, SLOTS = 3, OWNERS = 4, SHORT = 20 };

static pthread_mutex_t mutex;
static pthread_cond_t is_full, is_empty;
static volatile long counter; /* under the mutex, changed in two steps */
static _Atomic long expected;

static void count_under_lock(void)
{
    long seen = counter;
    race_pause();
    counter = seen + 1;
    expected++;
    race_count();
}

/* ---- mutual exclusion ------------------------------------------------------------------------------ */

static void contend(unsigned index)
{
    while (race_goes_on()) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_nsec += race_draw() % 300000;
        end.tv_sec += end.tv_nsec / 1000000000;
        end.tv_nsec %= 1000000000;
        int error = index % 2 ? pthread_mutex_lock(&mutex) : pthread_mutex_timedlock(&mutex, &end);
        RACE_CHECK(error == 0 || error == ETIMEDOUT);
        if (error == 0) {
            count_under_lock();
            RACE_CHECK(pthread_mutex_unlock(&mutex) == 0);
        }
    }
}

static void contend_for(int protocol)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    RACE_CHECK(pthread_mutexattr_setprotocol(&attributes, protocol) == 0);
    RACE_CHECK(pthread_mutex_init(&mutex, &attributes) == 0);
    counter = expected = 0;
    race_threads(THREADS, contend);
    RACE_CHECK(counter == expected);
}

static void mutexes(void)
{
    contend_for(PTHREAD_PRIO_NONE);
}

static void inheriting_mutexes(void)
{
    contend_for(PTHREAD_PRIO_INHERIT);
}

/* ---- a queue with conditions ------------------------------------------------------------------------- */

static long slots[SLOTS], queued, taken_sum, put_sum;
static bool is_closed;

static void put_one(long value)
{
    pthread_mutex_lock(&mutex);
    while (queued == SLOTS) {
        pthread_cond_wait(&is_full, &mutex);
    }
    slots[queued++] = value;
    put_sum += value;
    pthread_mutex_unlock(&mutex);
    pthread_cond_signal(&is_empty);
}

static bool take_one(void)
{
    pthread_mutex_lock(&mutex);
    while (queued == 0 && !is_closed) {
        pthread_cond_wait(&is_empty, &mutex);
    }
    bool has_taken = queued > 0;
    if (has_taken) {
        taken_sum += slots[--queued];
    }
    pthread_mutex_unlock(&mutex);
    pthread_cond_broadcast(&is_full);
    return has_taken;
}

static void exchange(unsigned index)
{
    if (index > 1) {
        while (take_one()) {
            race_count();
        }
        return;
    }
    while (race_goes_on()) {
        put_one(race_draw() % 100);
        race_pause();
    }
    pthread_mutex_lock(&mutex);
    is_closed = true;
    pthread_mutex_unlock(&mutex);
    pthread_cond_broadcast(&is_empty);
}

static void conditions(void)
{
    is_closed = false;
    pthread_mutex_init(&mutex, NULL);
    pthread_cond_init(&is_full, NULL);
    pthread_cond_init(&is_empty, NULL);
    race_threads(THREADS, exchange);
    while (queued > 0) {
        taken_sum += slots[--queued];
    }
    RACE_CHECK(taken_sum == put_sum);
}

/* ---- threads that come and go -------------------------------------------------------------------------- */

static atomic_long alive;

static void *live_shortly(void *semaphore)
{
    race_pause();
    alive--;
    if (semaphore != NULL) {
        sem_post(semaphore);
    }
    return NULL;
}

static void make_threads(unsigned index)
{
    sem_t detached;
    sem_init(&detached, 0, 0);
    while (race_goes_on()) {
        pthread_t joined, other;
        alive += 2;
        RACE_CHECK(pthread_create(&joined, NULL, live_shortly, NULL) == 0);
        RACE_CHECK(pthread_create(&other, NULL, live_shortly, &detached) == 0);
        RACE_CHECK(pthread_detach(other) == 0);
        RACE_CHECK(pthread_join(joined, NULL) == 0);
        while (sem_wait(&detached) != 0) {}
        race_count();
    }
    (void)index;
}

static void threads_come_and_go(void)
{
    race_threads(3, make_threads);
    RACE_CHECK(alive == 0);
}

/* ---- owners that die ---------------------------------------------------------------------------------- */

static struct robust {
    pthread_mutex_t mutex;
    volatile long counter;
    _Atomic long expected;
} * robust;

static void lock_robust(void)
{
    int error = pthread_mutex_lock(&robust->mutex);
    RACE_CHECK(error == 0 || error == EOWNERDEAD);
    if (error == EOWNERDEAD) {
        RACE_CHECK(pthread_mutex_consistent(&robust->mutex) == 0);
    }
    long seen = robust->counter;
    race_pause();
    robust->counter = seen + 1;
    robust->expected++;
}

/* Ends, sooner or later, with the mutex. */
static void own_and_die(unsigned index)
{
    for (unsigned i = race_draw() % SHORT; i > 0; i--) {
        lock_robust();
        RACE_CHECK(pthread_mutex_unlock(&robust->mutex) == 0);
    }
    lock_robust();
    if (index % 2) {
        kill(getpid(), SIGKILL);
    }
    _exit(0);
}

static void own_in_thread(unsigned index)
{
    (void)index;
    for (unsigned i = race_draw() % SHORT; i > 0; i--) {
        lock_robust();
        RACE_CHECK(pthread_mutex_unlock(&robust->mutex) == 0);
    }
    lock_robust();
}

static void make_robust(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    RACE_CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    RACE_CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
    RACE_CHECK(pthread_mutex_init(&robust->mutex, &attributes) == 0);
}

static void owners_die(void)
{
    pid_t owners[OWNERS];
    robust = race_shared_pages(1);
    make_robust();
    while (race_goes_on()) {
        for (unsigned i = 0; i < OWNERS; i++) {
            owners[i] = race_process(own_and_die, i);
        }
        for (unsigned i = 0; i < OWNERS; i++) {
            race_wait(owners[i]);
        }
        RACE_CHECK(robust->counter == robust->expected);
        race_count();
    }
}

static void owning_threads_die(void)
{
    robust = race_shared_pages(1);
    make_robust();
    while (race_goes_on()) {
        race_threads(OWNERS, own_in_thread);
        RACE_CHECK(robust->counter == robust->expected);
        race_count();
    }
}

/* A thread that the C library knows nothing of: what it holds at its end is the kernel's affair alone. */
static struct owner {
    struct {
        void *list;
        long offset;
        void *pending;
    } head; /* as set_robust_list(2) has it */
    void *next;
    atomic_uint word, number;
    char stack[PAGE * 4];
} owner;

static int hold_and_end(void *argument)
{
    (void)argument;
    syscall(SYS_set_robust_list, &owner.head, sizeof(owner.head));
    owner.word = (unsigned)syscall(SYS_gettid);
    return 0;
}

static void end_with_word(void)
{
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                      CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;
    owner.head.list = &owner.next;
    owner.next = &owner.head;
    owner.head.offset = (char *)&owner.word - (char *)&owner.next;
    owner.number = 1;
    RACE_OK(clone(hold_and_end, owner.stack + sizeof(owner.stack), flags, NULL, NULL, NULL,
                  &owner.number));
    while (owner.number != 0) {
        race_futex(&owner.number, FUTEX_WAIT, 1, NULL, NULL, 0);
    }
    RACE_CHECK(owner.word == FUTEX_OWNER_DIED);
}

/* The word lies in memory that forks make unwritable for a moment, again and again. */
static void end_beside_forks(unsigned index)
{
    while (race_goes_on()) {
        if (index == 0) {
            end_with_word();
            race_count();
            continue;
        }
        pid_t child = RACE_OK(fork());
        if (child == 0) {
            _exit(0);
        }
        RACE_CHECK(race_wait(child) == 0);
    }
}

static void owners_die_beside_forks(void)
{
    race_threads(3, end_beside_forks);
}

const struct race lock_races[] = {
    {"mutexes", mutexes},
    {"inheriting_mutexes", inheriting_mutexes},
    {"conditions", conditions},
    {"threads_come_and_go", threads_come_and_go},
    {"owners_die", owners_die},
    {"owning_threads_die", owning_threads_die},
    {"owners_die_beside_forks", owners_die_beside_forks},
    {NULL, NULL},
};
