// Settings: what a terminal starts with, rates, and what a change of settings does to input that already waits.
//
// The defaults are those that Linux gives a serial line: at 9600, or at the rate of console=.
#include "device/terminal_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "uapi/poll.h"

#define CONTROL(letter) ((letter)-0x40)

const struct uapi_termios terminal_default_settings = {
    .c_iflag = ICRNL | IXON,
    .c_oflag = OPOST | ONLCR,
    .c_cflag = B9600 | CS8 | CREAD | HUPCL | CLOCAL,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .c_line = N_TTY,
    .c_cc =
        {
            [VINTR] = CONTROL('C'),
            [VQUIT] = CONTROL('\\'),
            [VERASE] = 0x7F,
            [VKILL] = CONTROL('U'),
            [VEOF] = CONTROL('D'),
            [VTIME] = 0,
            [VMIN] = 1,
            [VSTART] = CONTROL('Q'),
            [VSTOP] = CONTROL('S'),
            [VSUSP] = CONTROL('Z'),
            [VREPRINT] = CONTROL('R'),
            [VDISCARD] = CONTROL('O'),
            [VWERASE] = CONTROL('W'),
            [VLNEXT] = CONTROL('V'),
        },
};

// ---- rates ---------------------------------------------------------------------------------------

static const struct {
    uint32_t code, rate;
} rates[] = {
    {B0, 0},
    {B50, 50},
    {B75, 75},
    {B110, 110},
    {B134, 134},
    {B150, 150},
    {B200, 200},
    {B300, 300},
    {B600, 600},
    {B1200, 1200},
    {B1800, 1800},
    {B2400, 2400},
    {B4800, 4800},
    {B9600, 9600},
    {B19200, 19200},
    {B38400, 38400},
    {B57600, 57600},
    {B115200, 115200},
    {B230400, 230400},
    {B460800, 460800},
    {B500000, 500000},
    {B576000, 576000},
    {B921600, 921600},
    {B1000000, 1000000},
    {B1152000, 1152000},
    {B1500000, 1500000},
    {B2000000, 2000000},
    {B2500000, 2500000},
    {B3000000, 3000000},
    {B3500000, 3500000},
    {B4000000, 4000000},
};

uint32_t terminal_rate(const struct terminal *terminal)
{
    uint32_t code = terminal->termios.c_cflag & CBAUD;
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        if (rates[i].code == code) {
            return rates[i].rate;
        }
    }
    return terminal->discipline->other_rate;
}

uint32_t terminal_rate_to_code(uint32_t rate)
{
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        if (rates[i].rate == rate) {
            return rates[i].code;
        }
    }
    return BOTHER;
}

void terminal_set_line(struct terminal *terminal, uint32_t control_flags, uint32_t rate)
{
    uint32_t code = terminal_rate_to_code(rate);
    terminal->termios.c_cflag =
        (control_flags & ~(uint32_t)CBAUD) | (code == BOTHER ? (uint32_t)B9600 : code);
}

// ---- changes -------------------------------------------------------------------------------------

// Between line mode and the other: what waits becomes readable as it stands, as one line without an end.
static void adapt_input_locked(struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    struct terminal_discipline *discipline = terminal->discipline;
    bitmap_clear_range(discipline->delimiters, 0, TERMINAL_INPUT_BYTES);
    discipline->is_erasing = false;
    discipline->is_literal_next = false;
    if (terminal_has_local(terminal, ICANON) && discipline->head != discipline->tail) {
        bitmap_set(discipline->delimiters, (discipline->head - 1) % TERMINAL_INPUT_BYTES);
        WRITE_ONCE(discipline->canonical_head, discipline->head);
    } else {
        WRITE_ONCE(discipline->canonical_head, discipline->tail);
    }
}

// Who reads or writes is woken to look again: under the new settings there may be a line, or room, that was none before.
void terminal_change_settings_locked(struct terminal *terminal, const struct uapi_termios *new)
{
    assert(mutex_is_held(&terminal->lock));
    struct uapi_termios old = terminal->termios;
    terminal->termios = *new;
    terminal->termios.c_line = N_TTY;
    if (((old.c_lflag ^ new->c_lflag) & ICANON) != 0) {
        adapt_input_locked(terminal);
    }
    if ((old.c_iflag & IXON) != 0 && (new->c_iflag &IXON) == 0) {
        terminal_start_output_locked(terminal);
    }
    if (terminal->driver->settings_changed != NULL) {
        terminal->driver->settings_changed(terminal, &old);
    }
    wait_queue_wake(&terminal->readers, 0, ~0u);
    wait_queue_wake(&terminal->writers, 0, ~0u);
}
