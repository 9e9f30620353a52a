// The line discipline's input: what each arriving byte does.
//
// terminal_input (interrupt context) only fills the raw ring and queues the work; the work takes bytes out in batches under the
// terminal's mutex. A byte is mapped, then looked at as a control (flow, signals, editing), else stored and echoed. Bytes stay
// in the raw ring while programs have not read what is there, so nothing that was pasted gets lost. When the buffer is full
// within one line, further characters replace its last one, so that editing and the end of the line still work.
#include "device/terminal_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "uapi/poll.h"
#include "uapi/signal.h"

enum { INPUT_BATCH_BYTES = 256 };

// ---- from the driver -----------------------------------------------------------------------------

void terminal_input(struct terminal *terminal, const char *bytes, size_t count)
{
    struct terminal_discipline *discipline = terminal->discipline;
    spin_lock(&discipline->raw_lock);
    (void)ring_write(&discipline->raw, bytes, count);
    spin_unlock(&discipline->raw_lock);
    (void)work_queue(&discipline->work);
}

size_t terminal_input_room(const struct terminal *terminal)
{
    return ring_free(&terminal->discipline->raw);
}

// May the discipline take another byte? In a line without an end it always may: editing must go on.
static bool terminal_can_receive_locked(const struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    const struct terminal_discipline *discipline = terminal->discipline;
    bool is_in_line =
        terminal_has_local(terminal, ICANON) && discipline->canonical_head == discipline->tail;
    return is_in_line || discipline->head - discipline->tail < TERMINAL_INPUT_BYTES - 1;
}

// One batch. True: there may be more to do.
static bool terminal_process_batch(struct terminal *terminal)
{
    struct ring *raw = &terminal->discipline->raw;
    size_t count = 0;
    uint8_t byte;
    mutex_lock(&terminal->lock);
    while (count < INPUT_BATCH_BYTES && terminal_can_receive_locked(terminal) &&
           ring_get(raw, &byte)) {
        terminal_receive_locked(terminal, byte);
        count++;
    }
    terminal_push_output_locked(terminal);
    mutex_unlock(&terminal->lock);
    if (count != 0 && terminal_has_input(terminal, false)) {
        wait_queue_wake(&terminal->readers, POLLIN | POLLRDNORM, ~0u);
    }
    return count == INPUT_BATCH_BYTES;
}

void terminal_process_input(struct work *work)
{
    struct terminal_discipline *discipline = container_of(work, struct terminal_discipline, work);
    struct terminal *terminal = discipline->terminal;
    while (terminal_process_batch(terminal)) {}
    if (terminal->driver->input_ready != NULL) {
        terminal->driver->input_ready(terminal);
    }
}

void terminal_resume_input(struct terminal *terminal)
{
    if (!ring_is_empty(&terminal->discipline->raw)) {
        (void)work_queue(&terminal->discipline->work);
    }
}

// ---- storing -------------------------------------------------------------------------------------

static void input_put_locked(struct terminal_discipline *discipline, uint8_t byte)
{
    assert(mutex_is_held(&discipline->terminal->lock));
    if (discipline->head - discipline->tail == TERMINAL_INPUT_BYTES) {
        WRITE_ONCE(discipline->head, discipline->head - 1);
    }
    size_t place = discipline->head % TERMINAL_INPUT_BYTES;
    discipline->input[place] = (char)byte;
    bitmap_clear(discipline->delimiters, place);
    WRITE_ONCE(discipline->head, discipline->head + 1);
}

// With PARMRK a byte of 0377 is doubled, so that it cannot be taken for the mark of an error.
static void input_put_marked_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    if (byte == 0xFF && terminal_has_input_flag(terminal, PARMRK)) {
        input_put_locked(terminal->discipline, byte);
    }
    input_put_locked(terminal->discipline, byte);
}

// `byte` ends the line; an end of file is stored as a marked 0.
static void input_end_line_locked(struct terminal_discipline *discipline, uint8_t byte)
{
    assert(mutex_is_held(&discipline->terminal->lock));
    input_put_locked(discipline, byte);
    bitmap_set(discipline->delimiters, (discipline->head - 1) % TERMINAL_INPUT_BYTES);
    WRITE_ONCE(discipline->canonical_head, discipline->head);
}

void terminal_flush_input_locked(struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    struct terminal_discipline *discipline = terminal->discipline;
    WRITE_ONCE(discipline->tail, discipline->head);
    WRITE_ONCE(discipline->canonical_head, discipline->head);
    discipline->is_erasing = false;
}

// ---- controls ------------------------------------------------------------------------------------

void terminal_start_output_locked(struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    terminal->discipline->is_flow_stopped = false;
    terminal_push_output_locked(terminal);
}

static bool receive_flow_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    if (!terminal_has_input_flag(terminal, IXON)) {
        return false;
    }
    if (terminal_is_key(terminal, VSTART, byte)) {
        terminal_start_output_locked(terminal);
        return true;
    }
    if (terminal_is_key(terminal, VSTOP, byte)) {
        terminal->discipline->is_flow_stopped = true;
        return true;
    }
    return false;
}

// IXANY: any other character starts stopped output too.
static void receive_restart_locked(struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    if (terminal->discipline->is_flow_stopped && terminal_has_input_flag(terminal, IXON) &&
        terminal_has_input_flag(terminal, IXANY)) {
        terminal_start_output_locked(terminal);
    }
}

static bool receive_signal_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    static const struct {
        unsigned place;
        int signal;
    } keys[] = {{VINTR, SIGINT}, {VQUIT, SIGQUIT}, {VSUSP, SIGTSTP}};

    for (size_t i = 0; terminal_has_local(terminal, ISIG) && i < ARRAY_SIZE(keys); i++) {
        if (!terminal_is_key(terminal, keys[i].place, byte)) {
            continue;
        }
        if (!terminal_has_local(terminal, NOFLSH)) {
            terminal_push_output_locked(terminal); // what may go out does; a flush takes the rest
            terminal_flush_input_locked(terminal);
            terminal_flush_output_locked(terminal);
        }
        if (terminal_has_input_flag(terminal, IXON)) {
            terminal_start_output_locked(terminal);
        }
        if (terminal_has_local(terminal, ECHO)) {
            terminal_echo_char_locked(terminal, byte);
        }
        terminal_push_output_locked(terminal);
        terminal_signal_foreground(terminal, keys[i].signal);
        return true;
    }
    return false;
}

static void receive_literal_next_locked(struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    terminal->discipline->is_literal_next = true;
    if (terminal_has_local(terminal, ECHO)) {
        terminal_finish_erasing_locked(terminal);
        if (terminal_has_local(terminal, ECHOCTL)) {
            terminal_echo_raw_locked(terminal, '^');
            terminal_echo_raw_locked(terminal, '\b');
        }
    }
}

static void receive_reprint_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    const struct terminal_discipline *discipline = terminal->discipline;
    terminal_finish_erasing_locked(terminal);
    terminal_echo_char_locked(terminal, byte);
    terminal_echo_raw_locked(terminal, '\n');
    for (size_t place = discipline->canonical_head; place != discipline->head; place++) {
        terminal_echo_char_locked(terminal, terminal_input_at(discipline, place));
    }
}

static bool receive_edit_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    bool is_extended = terminal_has_local(terminal, IEXTEN);
    if (terminal_is_key(terminal, VERASE, byte) || terminal_is_key(terminal, VKILL, byte) ||
        (is_extended && terminal_is_key(terminal, VWERASE, byte))) {
        terminal_erase_locked(terminal, byte);
        return true;
    }
    if (is_extended && terminal_is_key(terminal, VLNEXT, byte)) {
        receive_literal_next_locked(terminal);
        return true;
    }
    if (is_extended && terminal_has_local(terminal, ECHO) &&
        terminal_is_key(terminal, VREPRINT, byte)) {
        receive_reprint_locked(terminal, byte);
        return true;
    }
    return false;
}

// VEOF ends the line by a 0 that is marked and never read: a line that is nothing else reads as end of file.
static bool receive_line_end_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    bool is_second_end =
        terminal_has_local(terminal, IEXTEN) && terminal_is_key(terminal, VEOL2, byte);
    if (byte == '\n') {
        if (terminal_has_local(terminal, ECHO) || terminal_has_local(terminal, ECHONL)) {
            terminal_echo_raw_locked(terminal, '\n');
        }
    } else if (terminal_is_key(terminal, VEOF, byte)) {
        byte = 0;
    } else if (terminal_is_key(terminal, VEOL, byte) || is_second_end) {
        if (terminal_has_local(terminal, ECHO)) {
            terminal_echo_typed_locked(terminal, byte);
        }
        if (byte == 0xFF && terminal_has_input_flag(terminal, PARMRK)) {
            input_put_locked(terminal->discipline, byte);
        }
    } else {
        return false;
    }
    input_end_line_locked(terminal->discipline, byte);
    return true;
}

// ---- one byte ------------------------------------------------------------------------------------

// Stores and echoes. A carriage return that became a newline is echoed as one; a newline that was typed outside of line mode (or
// literally) is a control character like others.
static void receive_plain_locked(struct terminal *terminal, uint8_t byte, bool is_mapped)
{
    assert(mutex_is_held(&terminal->lock));
    if (terminal_has_local(terminal, ECHO)) {
        terminal_finish_erasing_locked(terminal);
        if (byte == '\n' && is_mapped) {
            terminal_echo_raw_locked(terminal, byte);
        } else {
            terminal_echo_typed_locked(terminal, byte);
        }
    }
    input_put_marked_locked(terminal, byte);
}

static uint8_t input_strip(const struct terminal *terminal, uint8_t byte)
{
    if (terminal_has_input_flag(terminal, ISTRIP)) {
        byte &= 0x7F;
    }
    if (terminal_has_input_flag(terminal, IUCLC) && terminal_has_local(terminal, IEXTEN) &&
        terminal_is_upper(byte)) {
        byte = (uint8_t)(byte + ('a' - 'A'));
    }
    return byte;
}

// Carriage return and newline as INLCR, IGNCR and ICRNL want them. False: the byte is dropped.
static bool input_map_line_end(const struct terminal *terminal, uint8_t *byte)
{
    if (*byte == '\r') {
        if (terminal_has_input_flag(terminal, IGNCR)) {
            return false;
        }
        *byte = terminal_has_input_flag(terminal, ICRNL) ? '\n' : '\r';
    } else if (*byte == '\n' && terminal_has_input_flag(terminal, INLCR)) {
        *byte = '\r';
    }
    return true;
}

// The order is part of what programs see: the literal next takes the meaning from every key, flow and signal keys work in raw mode
// too, and they are compared before carriage returns are mapped.
void terminal_receive_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    byte = input_strip(terminal, byte);
    if (terminal->discipline->is_literal_next) {
        terminal->discipline->is_literal_next = false;
        receive_restart_locked(terminal);
        receive_plain_locked(terminal, byte, false);
        return;
    }
    if (receive_flow_locked(terminal, byte) || receive_signal_locked(terminal, byte)) {
        return;
    }
    receive_restart_locked(terminal);
    uint8_t typed = byte;
    if (!input_map_line_end(terminal, &byte)) {
        return;
    }
    if (terminal_has_local(terminal, ICANON) &&
        (receive_edit_locked(terminal, byte) || receive_line_end_locked(terminal, byte))) {
        return;
    }
    receive_plain_locked(terminal, byte, typed != byte);
}
