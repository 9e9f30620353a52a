/* Who runs next: a token through a ring of processes, two that yield to each other on one CPU, two threads and a futex. */
#define _GNU_SOURCE
#include "bench.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RING_MAX = 16, HOPS = 480, TOKEN = 1, LAST_TOKEN = 2, YIELDS = 500 };

/* <linux/futex.h> is not among a plain C library's headers. */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

static unsigned ring_size;
static int ring[RING_MAX][2]; /* member i reads from ring[i] */

/* Member `index` hands on what it is given, until the last token. */
static void ring_member(unsigned index)
{
    char token = 0;
    while (token != LAST_TOKEN) {
        if (read(ring[index][0], &token, 1) != 1 ||
            write(ring[(index + 1) % ring_size][1], &token, 1) != 1) {
            _exit(1);
        }
    }
    _exit(0);
}

static bool ring_start(unsigned size)
{
    ring_size = size;
    for (unsigned i = 0; i < size; i++) {
        if (pipe(ring[i]) != 0) {
            return false;
        }
    }
    for (unsigned i = 1; i < size; i++) {
        pid_t member = fork();
        if (member == 0) {
            ring_member(i);
        }
        if (member < 0) {
            return false;
        }
    }
    return true;
}

static bool ring_start_2(void)
{
    return ring_start(2);
}

static bool ring_start_8(void)
{
    return ring_start(8);
}

static bool ring_start_16(void)
{
    return ring_start(16);
}

static bool token_send(char token)
{
    char back = 0;
    return write(ring[1][1], &token, 1) == 1 && read(ring[0][0], &back, 1) == 1 && back == token;
}

static bool ring_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat && is_right; i += ring_size) {
        is_right = token_send(TOKEN);
    }
    return is_right;
}

static void ring_end(void)
{
    if (!token_send(LAST_TOKEN)) {
        abort();
    }
    for (unsigned i = 0; i < ring_size; i++) {
        close(ring[i][0]);
        close(ring[i][1]);
    }
    for (unsigned i = 1; i < ring_size; i++) {
        if (!child_ended_well(-1)) {
            abort();
        }
    }
}

/* Shared by the two that yield. */
static struct yielding {
    atomic_uint go, stop, other_yields;
} * yielding;
static pid_t yielder;

static bool yield_start(void)
{
    yielding =
        mmap(NULL, sizeof(*yielding), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (yielding == MAP_FAILED || !cpus_limit(1)) {
        return false;
    }
    yielder = fork();
    if (yielder == 0) {
        while (!yielding->stop) {
            sched_yield();
            yielding->other_yields++;
        }
        _exit(0);
    }
    while (yielder > 0 && !yielding->other_yields) {
        sched_yield();
    }
    return yielder > 0;
}

/* Until the two have yielded `repeat` times together: whom a yield lets go first is the kernel's affair. */
static bool yield_run(unsigned repeat)
{
    unsigned before = yielding->other_yields, own = 0;
    bool is_right = true;
    while (own + (yielding->other_yields - before) < repeat) {
        is_right &= sched_yield() == 0;
        own++;
    }
    return is_right && own > 0 && own < repeat;
}

static void yield_end(void)
{
    yielding->stop = 1;
    if (!child_ended_well(yielder) || !cpus_limit(0)) {
        abort();
    }
    munmap(yielding, sizeof(*yielding));
}

/* Whose turn it is: 0 the measuring thread, 1 the other, 2 nobody's any more. */
static atomic_int turn;
static pthread_t partner;

static void turn_give(int to)
{
    turn = to;
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int turn_wait(int while_it_is)
{
    int now;
    while ((now = turn) == while_it_is) {
        syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, while_it_is, NULL, NULL, 0);
    }
    return now;
}

static void *partner_run(void *unused)
{
    (void)unused;
    while (turn_wait(0) == 1) {
        turn_give(0);
    }
    return NULL;
}

static bool futex_start(void)
{
    turn = 0;
    return pthread_create(&partner, NULL, partner_run, NULL) == 0;
}

static bool futex_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        turn_give(1);
        is_right &= turn_wait(1) == 0;
    }
    return is_right;
}

static void futex_end(void)
{
    turn_give(2);
    pthread_join(partner, NULL);
}

const struct line switch_lines[] = {
    {"context switch, ring of 2", LINE_CALL, HOPS, ring_start_2, ring_run, ring_end},
    {"context switch, ring of 8", LINE_CALL, HOPS, ring_start_8, ring_run, ring_end},
    {"context switch, ring of 16", LINE_CALL, HOPS, ring_start_16, ring_run, ring_end},
    {"yield", LINE_CALL, YIELDS, yield_start, yield_run, yield_end},
    {"futex ping-pong", LINE_CALL, 100, futex_start, futex_run, futex_end},
    {0},
};
