/*
 * Running programs: in the foreground with the terminal, or brought back there after Ctrl-Z.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "process/init.h"
#include "process/process.h"
#include "process/signal.h"
#include "shell/shell_internal.h"
#include "uapi/termios.h"
#include "uapi/wait.h"

static const char *const environment[] = {
    "HOME=/users/root",  "PATH=/sys/bin:/sys/sbin:/bin:/sbin:/usr/bin:/usr/sbin",
    "TERM=vt102",        "USER=root",
    "SHELL=/sys/bin/sh", NULL};

/* Makes the shell's own group the terminal's again. From the background that would stop us, were SIGTTOU not blocked. */
static void take_terminal_back(void)
{
    int group = process_get_group(0);
    uint64_t mask = task_current()->signal_mask;
    signal_set_mask(mask | signal_bit(SIGTTOU));
    (void)shell_terminal_control(TIOCSPGRP, &group);
    signal_set_mask(mask);
}

static void report(long number, const struct wait_result *result)
{
    int status = result->status;
    if ((status & 0xff) == 0x7f) {
        shell_print("[%ld] stopped by signal %d; 'fg %ld' goes on\n", number, status >> 8 & 0xff,
                    number);
    } else if ((status & 0x7f) != 0) {
        shell_print("[%ld] killed by signal %d\n", number, status & 0x7f);
    } else {
        shell_print("[%ld] exit status %d\n", number, status >> 8 & 0xff);
    }
}

static void wait_in_foreground(long number, const struct uapi_termios *settings)
{
    struct wait_result result;
    long waited;
    do {
        waited = process_wait(P_PID, (int)number, WEXITED | WUNTRACED, &result);
        if (waited == -ERESTARTSYS && !thread_is_killed()) {
            signal_discard_pending();
            scheduler_yield();
        }
    } while (waited == -ERESTARTSYS && !thread_is_killed());
    take_terminal_back();
    struct uapi_termios copy = *settings;
    (void)shell_terminal_control(TCSETSW, &copy);
    if (waited < 0) {
        shell_error("run", waited);
    } else {
        report(number, &result);
    }
}

static void run_in_foreground(const char *program, const char *const *arguments)
{
    struct uapi_termios settings;
    (void)shell_terminal_control(TCGETS, &settings);
    long number = process_spawn_kernel(program, arguments, environment);
    if (number < 0) {
        shell_error(program, number);
        return;
    }
    wait_in_foreground(number, &settings);
}

static void command_run(int count, char *const *words)
{
    (void)count;
    run_in_foreground(words[1], (const char *const *)(words + 1));
}

/* The words after `py` are the program's own: a script and its arguments, or none for the prompt. */
static void command_py(int count, char *const *words)
{
    (void)count;
    run_in_foreground("/sys/bin/micropython", (const char *const *)words);
}

static void command_fg(int count, char *const *words)
{
    uint64_t number;
    const char *end;
    struct uapi_termios settings;
    (void)count;
    if (string_to_u64(words[1], 10, &number, &end) != 0 || *end != '\0' || number >= ID_MAX) {
        shell_print("fg: PID is a number\n");
        return;
    }
    int group = (int)number;
    (void)shell_terminal_control(TCGETS, &settings);
    long error = shell_terminal_control(TIOCSPGRP, &group);
    if (error == 0) {
        error = signal_kill(-group, SIGCONT);
    }
    if (error < 0) {
        shell_error("fg", error);
        return;
    }
    wait_in_foreground(group, &settings);
}

const struct shell_command shell_program_commands[] = {
    {"run", "PROGRAM [ARGUMENT...]", "run a program in the foreground", 2, SHELL_WORDS_MAX,
     command_run},
    {"py", "[FILE [ARGUMENT...]]", "MicroPython's prompt, or a program in Python", 1,
     SHELL_WORDS_MAX, command_py},
    {"fg", "PID", "go on with a stopped program", 2, 2, command_fg},
    {0},
};
