/*
 * /init of the system-call benchmark: what common calls cost, in instructions.
 *
 * Under `-icount shift=0,sleep=off` the TSC counts instructions, of the kernel and of this program alike. Every line is
 * the median of ROUNDS rounds of many calls, divided by their number; the loop and the call's own few instructions in
 * user mode are in it, the same on every kernel. Output: `call NAME INSTRUCTIONS`, and at the end `calls done`.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 11, PAGE = 4096, PAGES = 64 };

static int zero, null, file, to_child[2], from_child[2];
static char buffer[PAGE];
static char *pages;

static uint64_t instructions(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static void check(int is_true, const char *what)
{
    if (!is_true) {
        perror(what);
        exit(1);
    }
}

static void null_call(void)
{
    syscall(SYS_getppid);
}

static void read_byte(void)
{
    check(read(zero, buffer, 1) == 1, "read");
}

static void write_byte(void)
{
    check(write(null, buffer, 1) == 1, "write");
}

static void read_page(void)
{
    check(pread(file, buffer, PAGE, 0) == PAGE, "pread");
}

static void write_page(void)
{
    check(pwrite(file, buffer, PAGE, 0) == PAGE, "pwrite");
}

static void stat_file(void)
{
    struct stat status;
    check(stat("/tmp/bench/file", &status) == 0, "stat");
}

static void open_close(void)
{
    int opened = open("/tmp/bench/file", O_RDONLY);
    check(opened >= 0 && close(opened) == 0, "open and close");
}

static void on_signal(int number)
{
    (void)number;
}

static void signal_self(void)
{
    check(kill(1, SIGUSR1) == 0, "kill");
}

static void pipe_round_trip(void)
{
    char byte = 1;
    check(write(to_child[1], &byte, 1) == 1 && read(from_child[0], &byte, 1) == 1, "pipe");
}

static void map_unmap(void)
{
    void *area = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(area != MAP_FAILED && munmap(area, PAGE) == 0, "mmap");
}

/* Maps PAGES pages, writes to each, unmaps them. */
static void fault_pages(void)
{
    pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(pages != MAP_FAILED, "mmap");
    for (size_t i = 0; i < PAGES; i++) {
        ((volatile char *)pages)[i * PAGE] = 1;
    }
    check(munmap(pages, PAGES * PAGE) == 0, "munmap");
}

static void fork_exit(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "fork");
}

static void fork_exec(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        char *const arguments[] = {"/init", "ends", NULL};
        char *const environment[] = {NULL};
        execve("/init", arguments, environment);
        _exit(1);
    }
    check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "exec");
}

static const struct row {
    const char *name;
    void (*call)(void);
    unsigned repeat;
} rows[] = {
    {"null call (getppid)", null_call, 1000},
    {"read 1 byte of /dev/zero", read_byte, 500},
    {"write 1 byte to /dev/null", write_byte, 500},
    {"read 4 KiB of a file", read_page, 200},
    {"write 4 KiB of a file", write_page, 200},
    {"stat", stat_file, 200},
    {"open and close", open_close, 200},
    {"signal to oneself, handled", signal_self, 200},
    {"pipe round trip, 2 processes", pipe_round_trip, 100},
    {"mmap and munmap a page", map_unmap, 100},
    {"mmap, touch, unmap 64 pages", fault_pages, 10},
    {"fork, exit, wait", fork_exit, 10},
    {"fork, exec, exit, wait", fork_exec, 10},
};

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static uint64_t median_cost(const struct row *row)
{
    uint64_t rounds[ROUNDS];
    row->call();
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start = instructions();
        for (unsigned i = 0; i < row->repeat; i++) {
            row->call();
        }
        rounds[round] = (instructions() - start) / row->repeat;
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
    return rounds[ROUNDS / 2];
}

/* The other end of the pipes: sends back what comes until there is no writer. */
static void echo_start(void)
{
    check(pipe(to_child) == 0 && pipe(from_child) == 0, "pipe");
    pid_t child = fork();
    check(child >= 0, "fork");
    if (child > 0) {
        return;
    }
    char byte;
    close(to_child[1]);
    while (read(to_child[0], &byte, 1) == 1) {
        check(write(from_child[1], &byte, 1) == 1, "echo");
    }
    _exit(0);
}

static void prepare(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    mkdir("/dev", 0755);
    mkdir("/tmp", 0755);
    mkdir("/tmp/bench", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    file = open("/tmp/bench/file", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    check(zero >= 0 && null >= 0 && file >= 0, "open");
    check(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
    write_page();
    echo_start();
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "ends") == 0) {
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        printf("call %s: %llu\n", rows[i].name, (unsigned long long)median_cost(&rows[i]));
    }
    printf("calls done\n");
    reboot(RB_POWER_OFF);
    return 0;
}
