/* Single calls on one descriptor or none: the way in and out of the kernel, and little else. */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int device = -1;
static volatile unsigned handled;

static bool null_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= syscall(SYS_getppid) == 0;
    }
    return is_right;
}

static bool zero_open(void)
{
    device = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    return device >= 0;
}

static bool null_open(void)
{
    device = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return device >= 0;
}

static void device_close(void)
{
    close(device);
}

static bool read_run(unsigned repeat)
{
    char byte = 1;
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= read(device, &byte, 1) == 1;
    }
    return is_right && byte == 0;
}

static bool write_run(unsigned repeat)
{
    char byte = 1;
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= write(device, &byte, 1) == 1;
    }
    return is_right;
}

static bool fstat_run(unsigned repeat)
{
    struct stat status;
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= fstat(device, &status) == 0 && S_ISCHR(status.st_mode);
    }
    return is_right;
}

static bool dup_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        int second = dup(device);
        is_right &= second > device && close(second) == 0;
    }
    return is_right;
}

static void on_signal(int number)
{
    (void)number;
    handled++;
}

static bool install_run(unsigned repeat)
{
    struct sigaction action = {.sa_handler = on_signal}, before = {.sa_handler = SIG_DFL};
    bool is_right = sigaction(SIGUSR1, &action, NULL) == 0;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= sigaction(SIGUSR1, &action, &before) == 0 && before.sa_handler == on_signal;
    }
    return is_right;
}

static bool handler_install(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    handled = 0;
    return sigaction(SIGUSR1, &action, NULL) == 0;
}

static bool deliver_run(unsigned repeat)
{
    bool is_right = true;
    pid_t self = getpid();
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= kill(self, SIGUSR1) == 0;
    }
    return is_right && handled == repeat;
}

static bool clock_run(unsigned repeat)
{
    struct timespec last = {0}, now;
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0;
        is_right &=
            now.tv_sec > last.tv_sec || (now.tv_sec == last.tv_sec && now.tv_nsec >= last.tv_nsec);
        last = now;
    }
    return is_right;
}

const struct line call_lines[] = {
    {"null call", LINE_CALL, 2000, NULL, null_run, NULL},
    {"read 1 byte", LINE_CALL, 1000, zero_open, read_run, device_close},
    {"write 1 byte", LINE_CALL, 1000, null_open, write_run, device_close},
    {"fstat", LINE_CALL, 1000, zero_open, fstat_run, device_close},
    {"dup and close", LINE_CALL, 1000, zero_open, dup_run, device_close},
    {"signal install", LINE_CALL, 1000, NULL, install_run, NULL},
    {"signal delivery", LINE_CALL, 300, handler_install, deliver_run, NULL},
    {"clock by call", LINE_CALL, 1000, NULL, clock_run, NULL},
    {0},
};
