// The line discipline's private state, shared by terminal*.c.
//
// One mutex, terminal->lock, covers settings, the input buffer and the output stage; it is held for one piece of work at a time.
// `write_lock` (taken before it) keeps the bytes of one write call together. The raw ring's producers (the driver's interrupt, a
// keyboard that takes part in the console) take raw_lock; its consumer, the work, needs no lock.
//
// Input buffer: a ring of INPUT_BYTES that counters index. [tail, canonical_head) is what a canonical read may take: whole
// lines, whose last byte is marked in `delimiters`. [canonical_head, head) is the line that is being edited. Without ICANON
// everything up to head may be read.
#pragma once

#include "device/terminal.h"
#include "lib/bitmap.h"
#include "lib/ring.h"
#include "scheduler/work.h"

enum {
    TERMINAL_INPUT_BYTES = 4096,  // as Linux: a line has at most 4095 characters and its end
    TERMINAL_RAW_BYTES = 16384,   // what may arrive before the discipline runs
    TERMINAL_OUTPUT_BYTES = 4096, // processed output that the driver has not taken
    TERMINAL_EXPANSION_MAX = 8,   // one character's longest output: a tab as spaces
    TERMINAL_TAB_WIDTH = 8,
};

struct terminal_discipline {
    struct terminal *terminal; // [I]
    struct work work;          // runs the discipline over the raw ring
    struct mutex write_lock;
    struct spinlock raw_lock; // producers of `raw`
    struct ring raw;          // [a]

    size_t head, canonical_head, tail; // [l], read without it by waiters and poll
    bool is_literal_next;              // [l] VLNEXT was typed
    bool is_erasing;                   // [l] ECHOPRT: inside of \.../
    bool is_flow_stopped;              // [l] by VSTOP
    bool is_output_off;                // [l] by TCOOFF
    bool is_exclusive;                 // [l] TIOCEXCL; read without it by who opens
    uint32_t other_rate;               // [l] of BOTHER
    unsigned column;                   // [l] of the output
    unsigned canonical_column;         // [l] where the edited line began

    size_t output_start, output_end; // [l] of `output`, read without it by waiters and poll
    BITMAP_DECLARE(delimiters, TERMINAL_INPUT_BYTES); // [l]
    char input[TERMINAL_INPUT_BYTES];                 // [l]
    char output[TERMINAL_OUTPUT_BYTES];               // [l]
    char raw_bytes[TERMINAL_RAW_BYTES];               // of `raw`
};

// An opened terminal: file->private_data.
struct terminal_file {
    struct terminal *terminal; // [I] a reference
    uint32_t hang_ups;         // [I] of the terminal when it was opened
    bool is_console;           // [I] opened as /dev/console
};

// terminal.c
bool terminal_file_is_dead(const struct terminal_file *file); // it was hung up since
const struct terminal_job_ops *terminal_job(void);            // NULL before process/ is there
// The current task's right to read, or to write or change: 0 or what job control says. Not for the console's files.
int terminal_check_job(const struct terminal_file *file, bool is_write);
void terminal_signal_foreground(struct terminal *terminal, int signal);

// terminal_settings.c
extern const struct uapi_termios terminal_default_settings;
void terminal_change_settings_locked(struct terminal *terminal, const struct uapi_termios *new);
uint32_t terminal_rate_to_code(uint32_t rate); // CBAUD bits; BOTHER: no such rate

// terminal_input.c: what the work does with what arrived.
void terminal_process_input(struct work *work);
void terminal_receive_locked(struct terminal *terminal, uint8_t byte);
void terminal_start_output_locked(struct terminal *terminal);
void terminal_flush_input_locked(struct terminal *terminal);
// After a reader made room: goes on with what waits in the raw ring.
void terminal_resume_input(struct terminal *terminal);

// terminal_erase.c
void terminal_erase_locked(struct terminal *terminal, uint8_t command);
void terminal_finish_erasing_locked(struct terminal *terminal);

// terminal_echo.c
void terminal_echo_char_locked(struct terminal *terminal, uint8_t byte);
void terminal_echo_raw_locked(struct terminal *terminal, uint8_t byte);
void terminal_echo_typed_locked(struct terminal *terminal, uint8_t byte);

// terminal_output.c
ssize_t terminal_write(struct open_file *file, struct io_iter *iter, uint64_t *position);
// One character through OPOST into the stage. False: no room, nothing changed.
bool terminal_output_char_locked(struct terminal *terminal, uint8_t byte);
// One byte past OPOST; the caller keeps the column. False: no room.
bool terminal_output_raw_locked(struct terminal *terminal, uint8_t byte);
void terminal_push_output_locked(struct terminal *terminal);
void terminal_flush_output_locked(struct terminal *terminal);
// Waits until the driver has everything. 0 or -ERESTARTSYS.
int terminal_drain(struct terminal *terminal);
size_t terminal_output_pending(const struct terminal *terminal);
size_t terminal_output_room(const struct terminal *terminal);

// terminal_read.c
ssize_t terminal_read(struct open_file *file, struct io_iter *iter, uint64_t *position);
bool terminal_has_input(const struct terminal *terminal, bool for_poll);
size_t terminal_input_count_locked(const struct terminal *terminal); // FIONREAD
unsigned terminal_poll(struct open_file *file, struct poll_context *context);

// terminal_ioctl.c
enum { TERMINAL_IOCTL_COUNT = 38 };
extern const struct ioctl_row terminal_ioctls[TERMINAL_IOCTL_COUNT];

// terminal_line.c: rows of that table. A line without wires is -ENOTTY.
#define TERMINAL_MODEM_WIRES                                                                       \
    (TIOCM_DTR | TIOCM_RTS | TIOCM_OUT1 | TIOCM_LOOP) // that a program moves
long terminal_ioctl_count_input(struct open_file *file, void *data, unsigned long argument);
long terminal_ioctl_count_output(struct open_file *file, void *data, unsigned long argument);
long terminal_ioctl_get_modem(struct open_file *file, void *data, unsigned long argument);
long terminal_ioctl_set_modem(struct open_file *file, void *data, unsigned long argument);
long terminal_ioctl_raise_modem(struct open_file *file, void *data, unsigned long argument);
long terminal_ioctl_lower_modem(struct open_file *file, void *data, unsigned long argument);

// Bytes of the input buffer by counter.
static inline uint8_t terminal_input_at(const struct terminal_discipline *discipline, size_t place)
{
    return (uint8_t)discipline->input[place % TERMINAL_INPUT_BYTES];
}

// The inner bytes of a character in UTF-8: they take no column, and erase takes them with the first.
static inline bool terminal_is_continuation(const struct terminal *terminal, uint8_t byte)
{
    return (terminal->termios.c_iflag & IUTF8) != 0 && (byte & 0xC0) == 0x80;
}

static inline bool terminal_is_control(uint8_t byte)
{
    return byte < 0x20 || byte == 0x7F;
}

// Letters are those of Latin-1, as Linux's terminals take them: they matter to IUCLC, OLCUC and VWERASE.
static inline bool terminal_is_upper(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 0xC0 && byte <= 0xDE && byte != 0xD7);
}

static inline bool terminal_is_lower(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 0xDF && byte != 0xF7);
}

// Is `byte` the control character of that place? 0 means that there is none.
static inline bool terminal_is_key(const struct terminal *terminal, unsigned place, uint8_t byte)
{
    return byte != 0 && terminal->termios.c_cc[place] == byte;
}

static inline bool terminal_has_local(const struct terminal *terminal, uint32_t flag)
{
    return (terminal->termios.c_lflag & flag) != 0;
}

static inline bool terminal_has_input_flag(const struct terminal *terminal, uint32_t flag)
{
    return (terminal->termios.c_iflag & flag) != 0;
}

static inline bool terminal_has_output_flag(const struct terminal *terminal, uint32_t flag)
{
    return (terminal->termios.c_oflag & flag) != 0;
}
