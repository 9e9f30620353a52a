/* Processes and threads: made, replaced, ended, waited for. */
#define _GNU_SOURCE
#include "bench.h"
#include <pthread.h>
#include <unistd.h>

static char *const no_environment[] = {NULL};
static char *const self_words[] = {"/init", "ends", NULL};
static char *const shell_words[] = {"/bin/sh", "-c", "true", NULL};

static bool fork_exit_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        pid_t child = fork();
        if (child == 0) {
            _exit(0);
        }
        is_right &= child_ended_well(child);
    }
    return is_right;
}

static bool fork_exec_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        pid_t child = fork();
        if (child == 0) {
            execve(self_words[0], self_words, no_environment);
            _exit(1);
        }
        is_right &= child_ended_well(child);
    }
    return is_right;
}

/* A function of its own: what vfork's child changes of the caller's frame stays changed. */
static __attribute__((noinline)) pid_t vfork_exec(char *const words[])
{
    pid_t child = vfork();
    if (child == 0) {
        execve(words[0], words, no_environment);
        _exit(1);
    }
    return child;
}

static bool vfork_exec_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= child_ended_well(vfork_exec(self_words));
    }
    return is_right;
}

static bool shell_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= child_ended_well(vfork_exec(shell_words));
    }
    return is_right;
}

static void *thread_return(void *argument)
{
    return argument;
}

static bool thread_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        pthread_t thread;
        void *returned = NULL;
        is_right &= pthread_create(&thread, NULL, thread_return, (void *)self_words) == 0 &&
                    pthread_join(thread, &returned) == 0 && returned == self_words;
    }
    return is_right;
}

const struct line process_lines[] = {
    {"fork and exit", LINE_CALL, 10, NULL, fork_exit_run, NULL},
    {"fork and exec", LINE_CALL, 5, NULL, fork_exec_run, NULL},
    {"vfork and exec", LINE_CALL, 5, NULL, vfork_exec_run, NULL},
    {"exec of sh -c true", LINE_CALL, 5, NULL, shell_run, NULL},
    {"thread create and join", LINE_CALL, 20, NULL, thread_run, NULL},
    {0},
};
