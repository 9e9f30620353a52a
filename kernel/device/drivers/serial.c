// The serial line COM1: a 16550 as terminal ttyS0, and the line that log lines go to.
//
// Received bytes are taken by the interrupt handler; when the terminal has no room they stay in the chip (which holds the sender
// off), the receive interrupt is switched off and on again at input_ready. A program's bytes go straight into the sender's FIFO as
// long as it keeps up; where it does not (a slow line, or a reader at the other end that has stopped) they wait in the terminal,
// and the sender's interrupt brings the work that goes on with them. Lines of the log and of a panic are sent polled, and are given
// up (the log's ring keeps them) where the line is stuck. One spin lock of the highest rank guards the registers; log lines hold
// it for a whole line and programs for a FIFO's worth, so lines stay whole.
// National Semiconductor PC16550D data sheet.
#include "arch/cpu.h"
#include "arch/port_io.h"
#include "device/device.h"
#include "device/device_internal.h"
#include "device/random.h"
#include "device/terminal.h"
#include "interrupt/irq.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/boot_parameters.h"
#include "log/log.h"
#include "log/panic.h"
#include "scheduler/work.h"
#include "sync/spinlock.h"

enum {
    COM1_PORT = 0x3F8,
    COM1_LINE = 4,
    TTYS0_NUMBER = 4 << 8 | 64,
    SERIAL_CLOCK_RATE = 115200, // rate of divisor 1
    FIFO_BYTES = 16,
    READY_SPINS = 1 << 16, // how long the sender may be busy before the line is taken for stuck
    SEND_TRIES = 32, // how often a program's write looks before it leaves the rest to the interrupt
};

enum serial_register {
    SERIAL_DATA = 0,
    SERIAL_DIVISOR_LOW = 0,
    SERIAL_INTERRUPT_ENABLE = 1,
    SERIAL_DIVISOR_HIGH = 1,
    SERIAL_FIFO_CONTROL = 2,
    SERIAL_LINE_CONTROL = 3,
    SERIAL_MODEM_CONTROL = 4,
    SERIAL_LINE_STATUS = 5,
    SERIAL_MODEM_STATUS = 6,
    SERIAL_SCRATCH = 7,
};

enum serial_bits {
    ENABLE_RECEIVE = 0x01,
    ENABLE_SEND = 0x02,
    FIFO_ENABLE = 0x01, // receive trigger level 1
    LINE_8_BITS = 0x03,
    LINE_STOP_2 = 0x04,
    LINE_PARITY = 0x08,
    LINE_PARITY_EVEN = 0x10,
    LINE_BREAK = 0x40,
    LINE_DIVISOR = 0x80,
    MODEM_DTR = 0x01,
    MODEM_RTS = 0x02,
    MODEM_OUT1 = 0x04,
    MODEM_OUT2 = 0x08, // lets the interrupt out of the chip on a PC
    MODEM_LOOP = 0x10,
    MODEM_CTS = 0x10, // the other side's, in the modem's status
    MODEM_DSR = 0x20,
    MODEM_RING = 0x40,
    MODEM_CARRIER = 0x80,
    STATUS_DATA = 0x01,
    STATUS_SENDER_EMPTY = 0x20,
};

struct serial_port {
    uint16_t port;             // [I]
    struct spinlock lock;      // the registers
    bool is_receive_off;       // [l] the terminal was full
    bool is_stuck;             // [l] a log line waited in vain: the next ones only try
    uint8_t enabled;           // [l] interrupts: ENABLE_* bits
    struct work sending;       // the sender has room again
    struct terminal *terminal; // [I] after probe, a reference
};

static struct serial_port com1 = {.port = COM1_PORT, .lock = SPINLOCK_INIT(LOCK_RANK_CONSOLE)};

static uint8_t serial_read(const struct serial_port *serial, enum serial_register index)
{
    return port_read8((uint16_t)(serial->port + index));
}

static void serial_write(const struct serial_port *serial, enum serial_register index,
                         uint8_t value)
{
    port_write8((uint16_t)(serial->port + index), value);
}

// ---- sending -------------------------------------------------------------------------------------

static bool serial_is_ready(const struct serial_port *serial)
{
    return (serial_read(serial, SERIAL_LINE_STATUS) & STATUS_SENDER_EMPTY) != 0;
}

static void serial_enable_locked(struct serial_port *serial, uint8_t interrupts)
{
    assert(spin_is_held(&serial->lock));
    serial->enabled = interrupts;
    serial_write(serial, SERIAL_INTERRUPT_ENABLE, interrupts);
}

// Fills the sender's FIFO once. Bytes taken, 0 while it is busy.
static size_t serial_send_some(struct serial_port *serial, const char *bytes, size_t count)
{
    spin_lock(&serial->lock);
    size_t taken = serial_is_ready(serial) ? MIN(count, (size_t)FIFO_BYTES) : 0;
    for (size_t i = 0; i < taken; i++) {
        serial_write(serial, SERIAL_DATA, (uint8_t)bytes[i]);
    }
    spin_unlock(&serial->lock);
    return taken;
}

// The interrupt is due as soon as the sender is empty, be it now.
static void serial_ask_for_room(struct serial_port *serial)
{
    spin_lock(&serial->lock);
    serial_enable_locked(serial, serial->enabled | ENABLE_SEND);
    spin_unlock(&serial->lock);
}

// Never waits for the line: after SEND_TRIES looks in vain the rest is the interrupt's affair. With each byte that is taken the tries
// begin anew, so a line that keeps up gets everything here.
static size_t serial_terminal_write(struct terminal *terminal, const char *bytes, size_t count)
{
    struct serial_port *serial = terminal->driver_data;
    size_t sent = 0;
    for (unsigned tries = 0; sent < count && tries < SEND_TRIES; tries++) {
        size_t taken = serial_send_some(serial, bytes + sent, count - sent);
        if (taken == 0) {
            cpu_pause();
        } else {
            tries = 0;
        }
        sent += taken;
    }
    if (sent < count) {
        serial_ask_for_room(serial);
    }
    return sent;
}

static void serial_send_rest(struct work *work)
{
    struct serial_port *serial = container_of(work, struct serial_port, sending);
    terminal_output_ready(serial->terminal);
}

// In the interrupt. Switched off again until somebody asks: an empty sender is no news.
static void serial_sender_is_empty(struct serial_port *serial)
{
    bool is_asked_for = false;
    spin_lock(&serial->lock);
    if ((serial->enabled & ENABLE_SEND) != 0 && serial_is_ready(serial)) {
        serial_enable_locked(serial, serial->enabled & (uint8_t)~ENABLE_SEND);
        is_asked_for = true;
    }
    spin_unlock(&serial->lock);
    if (is_asked_for) {
        (void)work_queue(&serial->sending);
    }
}

// Waits until the sender is empty, at most once in vain: a line that is stuck is only tried until it moves again.
static bool serial_wait_ready(struct serial_port *serial)
{
    unsigned spins = serial->is_stuck ? 1 : READY_SPINS;
    bool is_ready = serial_is_ready(serial);
    for (; spins > 0 && !is_ready; spins--) {
        cpu_pause();
        is_ready = serial_is_ready(serial);
    }
    serial->is_stuck = !is_ready;
    return is_ready;
}

static void serial_send_line(struct serial_port *serial, const char *text, size_t length)
{
    for (size_t i = 0; i < length && serial_wait_ready(serial); i++) {
        if (text[i] == '\n') {
            serial_write(serial, SERIAL_DATA, '\r');
            (void)serial_wait_ready(serial);
        }
        serial_write(serial, SERIAL_DATA, (uint8_t)text[i]);
    }
}

// A line of the log. In a panic the lock may be held by who was interrupted: nobody waits for it then.
static void serial_log_write(const char *text, size_t length)
{
    if (panic_is_in_progress()) {
        serial_send_line(&com1, text, length);
        return;
    }
    if (!console_takes_log(com1.terminal)) {
        return;
    }
    spin_lock(&com1.lock);
    serial_send_line(&com1, text, length);
    spin_unlock(&com1.lock);
}

static struct log_sink serial_log_sink = {.write = serial_log_write};

// ---- receiving -----------------------------------------------------------------------------------

static size_t serial_take_received(struct serial_port *serial, char *bytes, size_t limit)
{
    size_t count = 0;
    spin_lock(&serial->lock);
    while (count < limit && (serial_read(serial, SERIAL_LINE_STATUS) & STATUS_DATA) != 0) {
        bytes[count++] = (char)serial_read(serial, SERIAL_DATA);
    }
    if (limit == 0 && !serial->is_receive_off) {
        serial->is_receive_off = true;
        serial_enable_locked(serial, serial->enabled & (uint8_t)~ENABLE_RECEIVE);
    }
    spin_unlock(&serial->lock);
    return count;
}

// The terminal has room again: what waits in the chip raises the interrupt as soon as it is enabled.
static void serial_input_ready(struct terminal *terminal)
{
    struct serial_port *serial = terminal->driver_data;
    if (!READ_ONCE(serial->is_receive_off)) {
        return;
    }
    spin_lock(&serial->lock);
    serial->is_receive_off = false;
    serial_enable_locked(serial, serial->enabled | ENABLE_RECEIVE);
    spin_unlock(&serial->lock);
}

static bool serial_interrupt(void *context)
{
    struct serial_port *serial = context;
    char bytes[FIFO_BYTES];
    size_t count;
    serial_sender_is_empty(
        serial); // first: when the last received byte was taken the line must be low, for the next edge
    do {
        size_t limit = MIN(terminal_input_room(serial->terminal), sizeof(bytes));
        count = serial_take_received(serial, bytes, limit);
        if (count != 0) {
            terminal_input(serial->terminal, bytes, count);
        }
    } while (count != 0);
    if (READ_ONCE(serial->is_receive_off) && terminal_input_room(serial->terminal) != 0) {
        serial_input_ready(
            serial->terminal); // it became ready before it could know that somebody waits
    }
    random_mix(NULL, 0); // the moment, not the bytes
    return true;         // an ISA line has one device; its edge may come after the bytes were taken
}

// ---- settings ------------------------------------------------------------------------------------

static uint8_t serial_line_bits(uint32_t control_flags)
{
    uint8_t bits = (uint8_t)((control_flags & CSIZE) >> 4); // CS5..CS8 are the chip's 0..3
    bits |= (control_flags & CSTOPB) != 0 ? LINE_STOP_2 : 0;
    if ((control_flags & PARENB) != 0) {
        bits |= LINE_PARITY;
        bits |= (control_flags & PARODD) != 0 ? 0 : LINE_PARITY_EVEN;
    }
    return bits;
}

static void serial_program_line(struct serial_port *serial, uint32_t rate, uint8_t line_bits)
{
    uint32_t divisor = CLAMP(SERIAL_CLOCK_RATE / rate, 1u, 0xFFFFu);
    spin_lock(&serial->lock);
    serial_write(serial, SERIAL_LINE_CONTROL, LINE_DIVISOR);
    serial_write(serial, SERIAL_DIVISOR_LOW, (uint8_t)divisor);
    serial_write(serial, SERIAL_DIVISOR_HIGH, (uint8_t)(divisor >> 8));
    serial_write(serial, SERIAL_LINE_CONTROL, line_bits);
    spin_unlock(&serial->lock);
}

static void serial_settings_changed(struct terminal *terminal, const struct uapi_termios *old)
{
    uint32_t flags = terminal->termios.c_cflag;
    uint32_t rate = terminal_rate(terminal);
    bool is_same = flags == old->c_cflag && (flags & CBAUD) != BOTHER; // which names no rate
    if (!is_same && rate != 0) {
        serial_program_line(terminal->driver_data, rate, serial_line_bits(flags));
    }
}

static void serial_set_break(struct terminal *terminal, bool is_on)
{
    struct serial_port *serial = terminal->driver_data;
    spin_lock(&serial->lock);
    uint8_t bits = serial_read(serial, SERIAL_LINE_CONTROL);
    bits = (uint8_t)(is_on ? bits | LINE_BREAK : bits & ~LINE_BREAK);
    serial_write(serial, SERIAL_LINE_CONTROL, bits);
    spin_unlock(&serial->lock);
}

// The wires: ours by the control register, the other side's by the status register.
static const struct {
    unsigned wire;
    uint8_t bit;
} control_wires[] = {{TIOCM_DTR, MODEM_DTR},
                     {TIOCM_RTS, MODEM_RTS},
                     {TIOCM_OUT1, MODEM_OUT1},
                     {TIOCM_OUT2, MODEM_OUT2},
                     {TIOCM_LOOP, MODEM_LOOP}},
  status_wires[] = {{TIOCM_CTS, MODEM_CTS},
                    {TIOCM_DSR, MODEM_DSR},
                    {TIOCM_RNG, MODEM_RING},
                    {TIOCM_CAR, MODEM_CARRIER}};

static unsigned serial_get_modem(struct terminal *terminal)
{
    struct serial_port *serial = terminal->driver_data;
    spin_lock(&serial->lock);
    uint8_t control = serial_read(serial, SERIAL_MODEM_CONTROL);
    uint8_t status = serial_read(serial, SERIAL_MODEM_STATUS);
    spin_unlock(&serial->lock);
    unsigned wires = 0;
    for (size_t i = 0; i < ARRAY_SIZE(control_wires); i++) {
        wires |= (control & control_wires[i].bit) != 0 ? control_wires[i].wire : 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(status_wires); i++) {
        wires |= (status & status_wires[i].bit) != 0 ? status_wires[i].wire : 0;
    }
    return wires;
}

static void serial_change_modem(struct terminal *terminal, unsigned raised, unsigned lowered)
{
    struct serial_port *serial = terminal->driver_data;
    assert(((raised | lowered) & TIOCM_OUT2) == 0); // the interrupt's way out stays open
    spin_lock(&serial->lock);
    uint8_t control = serial_read(serial, SERIAL_MODEM_CONTROL);
    for (size_t i = 0; i < ARRAY_SIZE(control_wires); i++) {
        control |= (raised & control_wires[i].wire) != 0 ? control_wires[i].bit : 0;
        control &= (uint8_t) ~((lowered & control_wires[i].wire) != 0 ? control_wires[i].bit : 0);
    }
    serial_write(serial, SERIAL_MODEM_CONTROL, control);
    spin_unlock(&serial->lock);
}

// The rate in console=ttyS0,115200n8, 0 without one.
static uint32_t serial_console_rate(void)
{
    uint64_t rate;
    const char *comma = NULL;
    for (unsigned i = 0; i < boot_parameters.console_count; i++) {
        const char *console = boot_parameters.consoles[i];
        comma = string_has_prefix(console, "ttyS0") ? strchr(console, ',') : comma;
    }
    if (comma == NULL || string_to_u64(comma + 1, 10, &rate, NULL) != 0 ||
        rate > SERIAL_CLOCK_RATE) {
        return 0;
    }
    return (uint32_t)rate;
}

// ---- life ----------------------------------------------------------------------------------------

static const struct terminal_driver serial_terminal_driver = {
    .name = "ttyS",
    .write = serial_terminal_write,
    .settings_changed = serial_settings_changed,
    .input_ready = serial_input_ready,
    .set_break = serial_set_break,
    .get_modem = serial_get_modem,
    .change_modem = serial_change_modem,
};

static int serial_node_open(struct device_node *node, struct open_file *file)
{
    struct serial_port *serial = node->driver_data;
    return terminal_open(serial->terminal, file);
}

static struct device_node serial_node = {
    .name = "ttyS0",
    .kind = DEVICE_CHARACTER,
    .number = TTYS0_NUMBER,
    .mode = 0600,
    .ops = &terminal_file_ops,
    .open = serial_node_open,
    .driver_data = &com1,
};

// A chip remembers what is written to its scratch register; an empty port reads as all ones.
static bool serial_is_present(const struct serial_port *serial)
{
    serial_write(serial, SERIAL_SCRATCH, 0x5A);
    return serial_read(serial, SERIAL_SCRATCH) == 0x5A &&
           serial_read(serial, SERIAL_LINE_STATUS) != 0xFF;
}

static int serial_probe(struct device *device)
{
    struct serial_port *serial = device->bus_data;
    if (!serial_is_present(serial)) {
        return -ENODEV;
    }
    work_init(&serial->sending, serial_send_rest);
    serial->terminal =
        terminal_create(&serial_terminal_driver, serial, serial_node.name, serial_node.number);
    device->driver_data = serial;
    return serial->terminal != NULL ? 0 : -ENOMEM;
}

// Without a rate in console= the line stays at the early console's 115200, and the settings show what Linux shows then: 9600.
static int serial_start(struct device *device)
{
    struct serial_port *serial = device->driver_data;
    uint32_t rate = serial_console_rate();
    if (rate != 0) {
        terminal_set_line(serial->terminal, serial->terminal->termios.c_cflag, rate);
    }
    serial_program_line(serial, rate != 0 ? rate : SERIAL_CLOCK_RATE, LINE_8_BITS);
    serial_write(serial, SERIAL_FIFO_CONTROL, FIFO_ENABLE);
    serial_write(serial, SERIAL_MODEM_CONTROL, MODEM_DTR | MODEM_RTS | MODEM_OUT2);
    log_sink_replace_early(&serial_log_sink);
    int error = interrupt_register(COM1_LINE, serial_interrupt, serial, serial_node.name);
    if (error != 0) {
        return error;
    }
    spin_lock(&serial->lock);
    serial_enable_locked(serial, ENABLE_RECEIVE);
    spin_unlock(&serial->lock);
    terminal_set_console(serial->terminal);
    return device_node_publish(&serial_node);
}

static const struct device_driver serial_driver = {
    .name = "serial",
    .bus = "isa",
    .probe = serial_probe,
    .start = serial_start,
};

// The ISA bus cannot be asked what is on it: the port is tried.
static struct device serial_device = {.name = "serial0", .bus = "isa", .bus_data = &com1};

void serial_init(void)
{
    device_driver_register(&serial_driver);
    device_add(&serial_device);
    if (serial_device.state != DEVICE_STARTED) {
        log_notice("serial: no working line at port %#x", COM1_PORT);
    }
}
