// COM1 by polling, 115200 8N1 (16550 data sheet). The first voice of the kernel and the last in a panic.
#include "arch/machine.h"
#include "arch/port_io.h"

enum {
    COM1 = 0x3f8,
    UART_DATA = 0,
    UART_INTERRUPT_ENABLE = 1,
    UART_FIFO_CONTROL = 2,
    UART_LINE_CONTROL = 3,
    UART_MODEM_CONTROL = 4,
    UART_LINE_STATUS = 5,
    UART_SCRATCH = 7,
    LINE_8N1 = 0x03,
    LINE_DIVISOR_LATCH = 0x80,
    STATUS_TRANSMIT_EMPTY = 0x20,
    TRANSMIT_TRIES =
        100000, // then the line is stuck: drop the character rather than hang, and only try for the next ones
};

static bool is_present; // [I] after early_console_init
static bool is_stuck;

static void uart_write(unsigned reg, uint8_t value)
{
    port_write8((uint16_t)(COM1 + reg), value);
}

void early_console_init(void)
{
    uart_write(UART_SCRATCH, 0xa5);
    if (port_read8(COM1 + UART_SCRATCH) != 0xa5) {
        return;
    }
    uart_write(UART_INTERRUPT_ENABLE, 0);
    uart_write(UART_LINE_CONTROL, LINE_DIVISOR_LATCH);
    uart_write(UART_DATA, 1); // 115200 baud
    uart_write(UART_INTERRUPT_ENABLE, 0);
    uart_write(UART_LINE_CONTROL, LINE_8N1);
    uart_write(UART_FIFO_CONTROL, 0x07);  // on, both emptied
    uart_write(UART_MODEM_CONTROL, 0x0b); // DTR, RTS, interrupts reach the PIC
    is_present = true;
}

static void character_write(char character)
{
    unsigned tries = is_stuck ? 1 : TRANSMIT_TRIES;
    for (is_stuck = true; tries > 0 && is_stuck; tries--) {
        is_stuck = (port_read8(COM1 + UART_LINE_STATUS) & STATUS_TRANSMIT_EMPTY) == 0;
    }
    if (!is_stuck) {
        uart_write(UART_DATA, (uint8_t)character);
    }
}

void early_console_write(const char *text, size_t length)
{
    for (size_t i = 0; is_present && i < length; i++) {
        if (text[i] == '\n') {
            character_write('\r');
        }
        character_write(text[i]);
    }
}
