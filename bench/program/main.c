/*
 * /init of the benchmark: the same program, with the same words, on each kernel.
 *
 * Each line is run in ROUNDS rounds after one that only warms up; the median counts, divided by the repetitions. The loop
 * and the few instructions of the call in user mode are in it, the same on every kernel; the line `empty loop` shows them.
 *
 * usage: init [only=WORD]: only lines whose name contains WORD. Output:
 *     boot STAMP                   when the first line had left the UART
 *     memory FREE_KIB              free then
 *     profiled NAME: REPEATS       before a line's rounds, where only one word was asked for
 *     line NAME: KIND COST         in tenths; or `missing`, or `failed ERRNO`
 *     scale NAME: FRACTION SHARE   of two workers on two CPUs, in thousandths (scale.c)
 *     bench done
 */
#define _GNU_SOURCE
#include "bench.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { ROUNDS = 11, TENTHS = 10 };

/* No-ops that tools/plugin/insn_count.c knows: from 0 to 1 stands what is profiled. */
#define MARK(number) __asm__ volatile("nopl %c0(%%rax)" : : "i"(0x41535400 + (number)))

static const struct line *const tables[] = {
    call_lines,    file_lines,   pipe_lines, switch_lines,
    process_lines, memory_lines, wait_lines, user_lines,
};

bool child_ended_well(int child)
{
    int status;
    return child != 0 && waitpid(child, &status, 0) > 0 && status == 0;
}

bool cpus_limit(unsigned cpus)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (unsigned cpu = 0; cpu < (cpus ? cpus : CPU_SETSIZE); cpu++) {
        CPU_SET(cpu, &set);
    }
    return sched_setaffinity(0, sizeof(set), &set) == 0;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* One round. Returns false with errno where the line cannot be run, or went wrong. */
static bool round_run(const struct line *line, uint64_t *cost)
{
    errno = 0;
    if (line->before && !line->before()) {
        return false;
    }
    uint64_t start = stamp_read();
    bool is_right = line->run(line->repeat);
    *cost = stamp_read() - start;
    int error = errno;
    if (line->after) {
        line->after();
    }
    errno =
        is_right || error != ENOSYS ? error : EINVAL; /* only `before` can find a call missing */
    return is_right;
}

static bool is_missing(int error)
{
    return error == ENOSYS || error == EAFNOSUPPORT || error == EPROTONOSUPPORT;
}

static void line_measure(const struct line *line, bool is_alone)
{
    uint64_t rounds[ROUNDS];
    if (is_alone) {
        printf("profiled %s: %u\n", line->name, ROUNDS * line->repeat);
    }
    bool is_right = round_run(line, &rounds[0]);
    MARK(0);
    for (unsigned round = 0; round < ROUNDS && is_right; round++) {
        is_right = round_run(line, &rounds[round]);
    }
    MARK(1);
    if (!is_right && is_missing(errno)) {
        printf("line %s: missing\n", line->name);
        return;
    }
    if (!is_right) {
        printf("line %s: failed %d\n", line->name, errno);
        return;
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
    uint64_t cost = rounds[ROUNDS / 2] * TENTHS / line->repeat;
    printf("line %s: %s %llu\n", line->name, line->kind == LINE_USER ? "user" : "call",
           (unsigned long long)cost);
}

/* Free memory in KiB, or -1. */
static long memory_free(void)
{
    char word[64];
    long amount = -1;
    FILE *file = fopen("/proc/meminfo", "r");
    while (file && fscanf(file, "%63s %ld%*[^\n]", word, &amount) == 2 &&
           strcmp(word, "MemFree:") != 0) {
        amount = -1;
    }
    if (file) {
        fclose(file);
    }
    return amount;
}

static void start(void)
{
    static const char first[] = "first line of user output\n";
    if (write(STDOUT_FILENO, first, sizeof(first) - 1) < 0 || tcdrain(STDOUT_FILENO) != 0) {
        perror("console");
    }
    uint64_t boot = stamp_read();
    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mkdir("/tmp", 0755);
    mkdir(BENCH_FOLDER, 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    mount("proc", "/proc", "proc", 0, NULL);
    printf("boot %llu\nmemory %ld\n", (unsigned long long)boot, memory_free());
}

/* A kernel hands on words of its own command line too: what only=WORD does not begin is passed over. */
static const char *only_word(char **words)
{
    while (*words && strncmp(*words, "only=", strlen("only=")) != 0) {
        words++;
    }
    return *words ? *words + strlen("only=") : NULL;
}

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], "ends") == 0) {
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    start();
    const char *only = only_word(words);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct line *line = tables[i]; line->name; line++) {
            if (!only || strstr(line->name, only)) {
                line_measure(line, only != NULL);
            }
        }
    }
    if (!only || strcmp(only, "scale") == 0) {
        scale_measure();
    }
    printf("bench done\n");
    fflush(stdout);
    tcdrain(STDOUT_FILENO);
    reboot(RB_POWER_OFF);
    return 0;
}
