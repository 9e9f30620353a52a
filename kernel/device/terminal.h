// Terminals: the line discipline of POSIX chapter 11 between a driver (serial line, screen, pseudo-terminal) and programs.
//
// Input: the driver's interrupt only fills a ring (terminal_input); the line discipline runs in a work thread under the terminal's
// mutex: echo, erase, signals. Where programs do not read, the ring fills up and the driver is asked to hold the line
// (terminal_input_room). Job control asks process/ through terminal_job_ops, since device/ does not know processes.
//
// A hang-up ends the files that were open at that time (reads 0, writes -EIO); the terminal itself can be opened again.
#pragma once

#include "device/console.h"
#include "device/node.h"
#include "file/open_file.h"
#include "lib/ring.h"
#include "scheduler/id.h"
#include "uapi/termios.h"

struct terminal;

// A driver's side. Stateless table; `driver_data` of the terminal is the driver's.
struct terminal_driver {
    const char *name; // "ttyS"
    // Sends; returns how many bytes were taken. Where that is not all, terminal_output_ready is called when more can be. Any context
    // but interrupt-off is fine; must not sleep.
    size_t (*write)(struct terminal *terminal, const char *bytes, size_t count);
    void (*settings_changed)(struct terminal *terminal,
                             const struct uapi_termios *old); // may be NULL
    void (*hang_up)(struct terminal *terminal);               // may be NULL
    void (*input_ready)(
        struct terminal *terminal); // there is room for input again; may be NULL. Any context
    void (*set_break)(struct terminal *terminal,
                      bool is_on); // breaks the line, or not; may be NULL
    // The modem's wires as TIOCM_* bits, and the change of those that are the program's. Both or none.
    unsigned (*get_modem)(struct terminal *terminal);
    void (*change_modem)(struct terminal *terminal, unsigned raised, unsigned lowered);
};

struct terminal {
    struct refcount references;
    const struct terminal_driver *driver; // [I]
    void *driver_data;                    // [I]
    char name[16];                        // [I] "ttyS0"
    uint32_t number;                      // [I] dev_t
    struct mutex lock;
    struct uapi_termios termios; // [l]
    struct uapi_winsize window;  // [l]
    struct id *foreground_group; // [l process tree] a reference or NULL
    struct id *session; // [l process tree] a reference or NULL: whose controlling terminal it is
    struct wait_queue readers, writers;
    void (*onlooker)(const char *bytes, size_t count); // [I] once opened; NULL: nobody
    struct atomic32 hang_ups; // [a] how often it was hung up: files opened before are dead
    struct terminal_discipline
        *discipline; // [I] private to terminal*.c: rings, canonical line, column
};

// Answers of process/ to the line discipline's questions. All are about the current task unless a session is named.
struct terminal_job_ops {
    // Signals every process of a group. Any thread context; the terminal's mutex may be held.
    void (*signal_group)(struct id *group, int signal);
    // May the current task read (or write, or set attributes of) the terminal? 0; -ERESTARTSYS after SIGTTIN/SIGTTOU was sent to its
    // group; -EIO if it is orphaned or ignores the signal (reading). `is_write`: SIGTTOU's rules.
    int (*may_access)(struct terminal *terminal, bool is_write);
    // The caller's session id, a borrowed pointer, NULL for kernel threads.
    struct id *(*caller_session)(void);
    bool (*caller_is_session_leader)(void);
    // The caller's controlling terminal, with a reference, or NULL. For /dev/tty.
    struct terminal *(*caller_terminal)(void);
    // TIOCSCTTY / open without O_NOCTTY: makes it the caller's session's. 0 or -EPERM.
    int (*set_controlling)(struct terminal *terminal, bool steal);
    int (*give_up_controlling)(struct terminal *terminal); // TIOCNOTTY
    // TIOCSPGRP: 0, -EPERM, -ESRCH, -ENOTTY. TIOCGPGRP: number or -ENOTTY.
    int (*set_foreground)(struct terminal *terminal, int group_number);
    int (*get_foreground)(struct terminal *terminal);
    int (*get_session)(struct terminal *terminal); // TIOCGSID
};
void terminal_set_job_ops(const struct terminal_job_ops *ops); // once, by process/job_control.c

// Makes a terminal (one reference) with default settings; publishing the node is the driver's business. NULL: out of memory.
must_check struct terminal *terminal_create(const struct terminal_driver *driver, void *driver_data,
                                            const char *name, uint32_t number);
void terminal_get(struct terminal *terminal);
void terminal_put(struct terminal *terminal);
// Before anybody opens it: the line's settings. `rate` in bits per second; one that Linux has no code for becomes 9600.
void terminal_set_line(struct terminal *terminal, uint32_t control_flags, uint32_t rate);
// The rate that the settings ask for, in bits per second; 0 is a request to hang up.
uint32_t terminal_rate(const struct terminal *terminal);

// From the driver's interrupt handler or deferred work, several at a time if need be: bytes that arrived. Never sleeps; drops what
// does not fit.
void terminal_input(struct terminal *terminal, const char *bytes, size_t count);
// How many bytes terminal_input takes without dropping any. A driver that can hold the line reads no more than that and goes on at
// input_ready. Any context.
size_t terminal_input_room(const struct terminal *terminal);
// Somebody who gets a copy of everything that the driver takes: called as the driver's write is. Before the terminal is opened.
void terminal_set_onlooker(struct terminal *terminal,
                           void (*onlooker)(const char *bytes, size_t count));
// The driver can take more output. Thread context.
void terminal_output_ready(struct terminal *terminal);
// Before the machine ends: gives the line a second to take what was written. Thread context.
void terminal_finish_output(struct terminal *terminal);
// The line is gone: readers get 0 (end of file), writers -EIO, the session SIGHUP and SIGCONT. Thread context.
void terminal_hang_up(struct terminal *terminal);

// The same for the caller's controlling terminal, where it has one (vhangup). Thread context.
void terminal_hang_up_callers(void);

// The part of a hang-up that concerns files: those that are open are dead (the console's are not), what was typed or waits to be
// sent is gone. For the end of a session's leader. Thread context.
void terminal_end_files(struct terminal *terminal);

// file_ops of opened terminals; node.open of a driver's node calls terminal_open with its terminal.
extern const struct file_ops terminal_file_ops;
int terminal_open(struct terminal *terminal, struct open_file *file);
// The same for /dev/console: never becomes a controlling terminal, and survives hang-ups.
int terminal_open_console(struct terminal *terminal, struct open_file *file);
struct terminal *terminal_from_file(struct open_file *file); // NULL: not a terminal
