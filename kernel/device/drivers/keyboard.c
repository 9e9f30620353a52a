// The keyboard of a PC behind its 8042 controller: ports 0x60 and 0x64, ISA line 1. The controller translates the keyboard's scan
// codes to set 1; what they mean is in keyboard_map.c. Only started where there is a screen to type at.
//
// IBM PS/2 Hardware Interface Technical Reference, keyboard and auxiliary device controller.
#include "arch/port_io.h"
#include "device/device.h"
#include "device/device_internal.h"
#include "device/drivers/keyboard_map.h"
#include "device/random.h"
#include "device/screen/screen.h"
#include "interrupt/irq.h"
#include "lib/errno.h"
#include "log/log.h"

enum {
    KEYBOARD_LINE = 1,
    PORT_DATA = 0x60,
    PORT_STATUS = 0x64, // written: commands to the controller
    STATUS_OUTPUT_FULL = 0x01,
    STATUS_INPUT_FULL = 0x02,
    STATUS_FROM_MOUSE = 0x20,
    STATUS_NOBODY = 0xff,
    COMMAND_READ_SETTINGS = 0x20,
    COMMAND_WRITE_SETTINGS = 0x60,
    COMMAND_ENABLE = 0xae,
    SETTING_INTERRUPT = 0x01,
    SETTING_DISABLED = 0x10,
    SETTING_TRANSLATE = 0x40,
    KEYBOARD_ENABLE_SCANNING = 0xf4,
    READY_SPINS = 10000,
    CODES_AT_ONCE = 64, // that the handler takes before it lets others in
};

static struct keyboard_state keyboard; // [o] the interrupt handler

static bool status_becomes(uint8_t bit, bool is_set)
{
    for (unsigned spins = 0; spins < READY_SPINS; spins++) {
        if (((port_read8(PORT_STATUS) & bit) != 0) == is_set) {
            return true;
        }
        port_delay();
    }
    return false;
}

static int keyboard_write(uint16_t port, uint8_t value)
{
    if (!status_becomes(STATUS_INPUT_FULL, false)) {
        return -EIO;
    }
    port_write8(port, value);
    return 0;
}

static int keyboard_read(uint8_t *value)
{
    if (!status_becomes(STATUS_OUTPUT_FULL, true)) {
        return -EIO;
    }
    *value = port_read8(PORT_DATA);
    return 0;
}

static void keyboard_drain(void)
{
    for (unsigned i = 0; i < CODES_AT_ONCE; i++) {
        if ((port_read8(PORT_STATUS) & STATUS_OUTPUT_FULL) == 0) {
            return;
        }
        (void)port_read8(PORT_DATA);
    }
}

static bool keyboard_interrupt(void *context)
{
    (void)context;
    for (unsigned i = 0; i < CODES_AT_ONCE; i++) {
        char bytes[KEYBOARD_BYTES_MAX];
        uint8_t status = port_read8(PORT_STATUS);
        if ((status & STATUS_OUTPUT_FULL) == 0) {
            break;
        }
        uint8_t code = port_read8(PORT_DATA);
        if ((status & STATUS_FROM_MOUSE) != 0) {
            continue;
        }
        size_t count = keyboard_take_code(&keyboard, code, screen_has_application_cursor(), bytes);
        if (count != 0) {
            screen_key_input(bytes, count);
        }
    }
    random_mix(NULL, 0); // the moment, not the key
    return true;
}

static int keyboard_probe(struct device *device)
{
    (void)device;
    return port_read8(PORT_STATUS) == STATUS_NOBODY ? -ENODEV : 0;
}

// Settings are read with the line masked, so that the answer is not taken for a key. What came while it was masked would hold up
// all that follows, since the controller raises the line once for each byte: it is drained at the end.
static int keyboard_start(struct device *device)
{
    uint8_t settings;
    (void)device;
    keyboard_drain();
    int error = keyboard_write(PORT_STATUS, COMMAND_READ_SETTINGS);
    error = error != 0 ? error : keyboard_read(&settings);
    if (error != 0) {
        return error;
    }
    settings = (uint8_t)((settings & ~SETTING_DISABLED) | SETTING_INTERRUPT | SETTING_TRANSLATE);
    error = keyboard_write(PORT_STATUS, COMMAND_WRITE_SETTINGS);
    error = error != 0 ? error : keyboard_write(PORT_DATA, settings);
    error = error != 0 ? error : keyboard_write(PORT_STATUS, COMMAND_ENABLE);
    error = error != 0 ? error : keyboard_write(PORT_DATA, KEYBOARD_ENABLE_SCANNING);
    if (error != 0) {
        return error;
    }
    error = interrupt_register(KEYBOARD_LINE, keyboard_interrupt, NULL, "keyboard");
    if (error == 0) {
        keyboard_drain();
    }
    return error;
}

static const struct device_driver keyboard_driver = {
    .name = "keyboard",
    .bus = "isa",
    .probe = keyboard_probe,
    .start = keyboard_start,
};

static struct device keyboard_device = {.name = "keyboard0", .bus = "isa"};

void keyboard_init(void)
{
    device_driver_register(&keyboard_driver);
    device_add(&keyboard_device);
}
