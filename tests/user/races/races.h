/*
 * What the races share. A race is a function that lets threads and processes run against each other until race_goes_on() says
 * no, counts each iteration, and checks what must hold whatever the order was. Nothing in a race has a bound in time of its own
 * where a wake-up is waited for: the runner (races.c) finds a race that does not get on, which is what a lost wake-up looks like.
 *
 * Each race runs in a process of its own, the leader of its process group and the reaper of what its children leave, in an
 * empty folder. What it leaves behind, processes and files, the runner takes away.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };

/* futex(2): musl brings no header for it. */
enum {
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1,
    FUTEX_REQUEUE = 3,
    FUTEX_WAKE_OP = 5,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET = 10,
    FUTEX_PRIVATE = 128,
    FUTEX_OWNER_DIED = 0x40000000,
};

struct race {
    const char *name;
    void (*run)(void);
};

/* One table a family, ended by an entry without a name. */
extern const struct race futex_races[];
extern const struct race lock_races[];
extern const struct race pipe_races[];
extern const struct race process_races[];
extern const struct race group_races[];
extern const struct race signal_races[];
extern const struct race memory_races[];
extern const struct race file_races[];
extern const struct race folder_races[];
extern const struct race descriptor_races[];
extern const struct race policy_races[];

/* Ends this process as failed, with a reason for the report. The first reason of a run wins. */
__attribute__((format(printf, 3, 4), noreturn)) void race_fail(const char *file, int line,
                                                               const char *format, ...);

#define RACE_CHECK(CONDITION)                                                                      \
    do {                                                                                           \
        if (!(CONDITION)) {                                                                        \
            race_fail(__FILE__, __LINE__, "%s (errno %d)", #CONDITION, errno);                     \
        }                                                                                          \
    } while (0)

/* The value of a call that must not return -1. */
#define RACE_OK(CALL)                                                                              \
    ({                                                                                             \
        __auto_type value_ = (CALL);                                                               \
        if ((long)value_ == -1L) {                                                                 \
            race_fail(__FILE__, __LINE__, "%s: %s", #CALL, strerror(errno));                       \
        }                                                                                          \
        value_;                                                                                    \
    })

/* False when the time of this race is over. */
bool race_goes_on(void);
/* One iteration more. Any thread of any process of the race. */
void race_count(void);
/* By lot: the same for the same seed, race and thread, as far as the order of the threads leaves it so. */
uint32_t race_draw(void);
/* Nothing, a short spin, a yield, or a short sleep. */
void race_pause(void);
/* Runs body(0) to body(count - 1), each in a thread of its own, and joins them. */
void race_threads(unsigned count, void (*body)(unsigned index));
/* Runs body(index) in a child, which then exits with 0. */
pid_t race_process(void (*body)(unsigned index), unsigned index);
/* The same as race_threads with processes, all of which must end well. */
void race_processes(unsigned count, void (*body)(unsigned index));
/* Waits for a child and returns its wait status. A check that failed there fails this process. */
int race_wait(pid_t child);
/* Pages shared with the children, zeroed. They stay until the race's process ends. */
void *race_shared_pages(size_t pages);
/* A handler that does nothing, with these flags. */
void race_catch(int signal, int flags);
/* futex(2): 0 or more, or a negative errno. */
long race_futex(void *word, int operation, uint32_t value, const void *timeout, void *second,
                uint32_t third);
