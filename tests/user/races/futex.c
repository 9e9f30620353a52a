/* Races of futex(2) itself: waits against wakes, requeues, deadlines and signals. Every wake-up that was counted has woken somebody. */
#include "races.h"

enum { OVER = 7, WAITERS = 5, CROWD = 6, NAP_NS = 400000 };

/* ---- two that pass a turn, without a deadline ------------------------------------------------------ */

static _Atomic uint32_t *turn;
static int flags;
static atomic_int passer; /* the thread that the signals go to */

static void pass_turn(unsigned index)
{
    uint32_t seen;
    if (index == 0) {
        passer = (int)syscall(SYS_gettid);
    }
    for (;;) {
        while ((seen = *turn) != index) {
            if (seen == OVER) {
                return;
            }
            long result = race_futex((void *)turn, FUTEX_WAIT | flags, seen, NULL, NULL, 0);
            RACE_CHECK(result == 0 || result == -EAGAIN || result == -EINTR);
        }
        race_pause();
        *turn = index == 0 && !race_goes_on() ? OVER : 1 - index;
        race_futex((void *)turn, FUTEX_WAKE | flags, 1, NULL, NULL, 0);
        race_count();
        if (*turn == OVER) {
            return;
        }
    }
}

static void pass_between_threads(void)
{
    turn = race_shared_pages(1);
    flags = FUTEX_PRIVATE;
    race_threads(2, pass_turn);
}

static void pass_between_processes(void)
{
    turn = race_shared_pages(1);
    flags = 0;
    race_processes(2, pass_turn);
}

/* The word lies in a file, which each maps for itself and elsewhere. */
static void pass_in_file(unsigned index)
{
    int fd = RACE_OK(open("word", O_RDWR));
    void *gap =
        RACE_OK(mmap(NULL, (1 + index) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    turn = RACE_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    RACE_CHECK(gap != NULL);
    pass_turn(index);
}

static void pass_through_a_file(void)
{
    int fd = RACE_OK(open("word", O_RDWR | O_CREAT, 0600));
    RACE_OK(ftruncate(fd, PAGE));
    flags = 0;
    race_processes(2, pass_in_file);
}

/* The same while a third sends signals to one of the two, with handlers that restart the wait and others. */
static void disturb(unsigned index)
{
    if (index < 2) {
        pass_turn(index);
        return;
    }
    while (*turn != OVER) {
        if (passer != 0) {
            syscall(SYS_tgkill, getpid(), passer, race_draw() % 2 ? SIGUSR1 : SIGUSR2);
        }
        race_pause();
        sched_yield();
    }
}

static void pass_under_signals(void)
{
    turn = race_shared_pages(1);
    flags = FUTEX_PRIVATE;
    passer = 0;
    race_catch(SIGUSR1, 0);
    race_catch(SIGUSR2, SA_RESTART);
    race_threads(3, disturb);
}

/* ---- all that were woken are counted ----------------------------------------------------------------- */

static uint32_t words[2];
static _Atomic uint64_t counted, woken;
static atomic_bool is_over;

static void wait_shortly(void)
{
    const struct timespec nap = {0, race_draw() % NAP_NS};
    uint32_t *word = &words[race_draw() % 2];
    long result;
    if (race_draw() % 2) {
        result = race_futex(word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &nap, NULL, 0);
    } else {
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_nsec += nap.tv_nsec;
        end.tv_sec += end.tv_nsec / 1000000000;
        end.tv_nsec %= 1000000000;
        result = race_futex(word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE, 0, &end, NULL,
                            1U << race_draw() % 2);
    }
    RACE_CHECK(result == 0 || result == -ETIMEDOUT);
    woken += result == 0;
}

static long wake_by_lot(void)
{
    uint32_t count = race_draw() % 4, *word = &words[race_draw() % 2];
    switch (race_draw() % 4) {
    case 0: return race_futex(word, FUTEX_WAKE | FUTEX_PRIVATE, count + 1, NULL, NULL, 0);
    case 1:
        return race_futex(word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE, count + 1, NULL, NULL,
                          1U << race_draw() % 2);
    case 2: /* second word: add 0; wake its waiters where it was 0 */
        return race_futex(&words[0], FUTEX_WAKE_OP | FUTEX_PRIVATE, count, (void *)(uintptr_t)1,
                          &words[1], 1U << 28);
    default: /* wakes none, moves some: not counted */
        RACE_CHECK(race_futex(&words[0], FUTEX_REQUEUE | FUTEX_PRIVATE, 0,
                              (void *)(uintptr_t)(count + 1), &words[1], 0) >= 0);
        return 0;
    }
}

static void wake_or_wait(unsigned index)
{
    while (index == 0 ? race_goes_on() : !is_over) {
        if (index == 0) {
            long result = wake_by_lot();
            RACE_CHECK(result >= 0);
            counted += (uint64_t)result;
            race_pause();
        } else {
            wait_shortly();
            race_count();
        }
    }
    is_over = is_over || index == 0;
}

static void counts_of_wakes(void)
{
    counted = woken = 0;
    is_over = false;
    race_threads(1 + WAITERS, wake_or_wait);
    RACE_CHECK(counted == woken);
}

/* ---- a crowd that waits for each new generation --------------------------------------------------------- */

static _Atomic uint32_t generation, arrived;

static void join_generation(void)
{
    uint32_t mine = generation;
    if (++arrived == CROWD) {
        arrived = 0;
        is_over = !race_goes_on();
        generation++;
        race_futex((void *)&generation, FUTEX_WAKE | FUTEX_PRIVATE, INT_MAX, NULL, NULL, 0);
        race_count();
        return;
    }
    while (generation == mine) {
        race_futex((void *)&generation, FUTEX_WAIT | FUTEX_PRIVATE, mine, NULL, NULL, 0);
    }
}

static void meet(unsigned index)
{
    (void)index;
    while (!is_over) {
        race_pause();
        join_generation();
    }
}

static void crowd_meets(void)
{
    is_over = false;
    arrived = 0;
    race_threads(CROWD, meet);
}

const struct race futex_races[] = {
    {"futex_passes_between_threads", pass_between_threads},
    {"futex_passes_between_processes", pass_between_processes},
    {"futex_passes_through_a_file", pass_through_a_file},
    {"futex_passes_under_signals", pass_under_signals},
    {"futex_counts_its_wakes", counts_of_wakes},
    {"futex_crowd_meets", crowd_meets},
    {NULL, NULL},
};
