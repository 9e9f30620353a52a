// The display of Bochs and QEMU (-vga std, bochs-display): its registers, in the third memory region, set a mode whose pixels are the
// first region. QEMU's docs/specs/standard-vga.
//
// A loader's framebuffer goes before it, and with nomodeset the mode stays what the firmware left.
#include "arch/boot_info.h"
#include "arch/port_io.h"
#include "device/device.h"
#include "device/pci.h"
#include "device/screen/display.h"
#include "device/screen/screen.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "log/boot_parameters.h"
#include "memory/kernel_map.h"

enum {
    BOCHS_VENDOR = 0x1234,
    BOCHS_PRODUCT = 0x1111,
    REGION_PIXELS = 0,
    REGION_REGISTERS = 2,
    REGISTERS_BYTES = 0x1000,
    REGISTERS_OFFSET = 0x500, // of 16-bit registers, two bytes apart
    ID_FIRST = 0xb0c0,
    ID_MASK = 0xfff0,
    MODE_WIDTH = 1024,
    MODE_HEIGHT = 768,
    MODE_BITS = 32,
    ENABLE_OFF = 0,
    ENABLE_ON = 0x01,
    ENABLE_LINEAR = 0x40,
};

enum bochs_register {
    BOCHS_ID = 0,
    BOCHS_WIDTH = 1,
    BOCHS_HEIGHT = 2,
    BOCHS_BITS = 3,
    BOCHS_ENABLE = 4,
    BOCHS_VIRTUAL_WIDTH = 6,
    BOCHS_VIRTUAL_HEIGHT = 7,
    BOCHS_X_OFFSET = 8,
    BOCHS_Y_OFFSET = 9,
};

static uint16_t bochs_read(vaddr_t registers, enum bochs_register index)
{
    return mmio_read16(registers + REGISTERS_OFFSET + 2 * (vaddr_t)index);
}

static void bochs_write(vaddr_t registers, enum bochs_register index, uint16_t value)
{
    mmio_write16(registers + REGISTERS_OFFSET + 2 * (vaddr_t)index, value);
}

// The mode takes effect, and is refused, when it is enabled.
static int mode_set(vaddr_t registers)
{
    static const struct {
        enum bochs_register index;
        uint16_t value;
    } steps[] = {
        {BOCHS_ENABLE, ENABLE_OFF},
        {BOCHS_WIDTH, MODE_WIDTH},
        {BOCHS_HEIGHT, MODE_HEIGHT},
        {BOCHS_BITS, MODE_BITS},
        {BOCHS_VIRTUAL_WIDTH, MODE_WIDTH},
        {BOCHS_VIRTUAL_HEIGHT, MODE_HEIGHT},
        {BOCHS_X_OFFSET, 0},
        {BOCHS_Y_OFFSET, 0},
        {BOCHS_ENABLE, ENABLE_ON | ENABLE_LINEAR},
    };
    if ((bochs_read(registers, BOCHS_ID) & ID_MASK) != ID_FIRST) {
        return -ENODEV;
    }
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        bochs_write(registers, steps[i].index, steps[i].value);
    }
    bool is_set = bochs_read(registers, BOCHS_WIDTH) == MODE_WIDTH &&
                  bochs_read(registers, BOCHS_HEIGHT) == MODE_HEIGHT &&
                  (bochs_read(registers, BOCHS_ENABLE) & ENABLE_ON) != 0;
    return is_set ? 0 : -EIO;
}

static int mode_show(paddr_t pixels)
{
    const struct boot_framebuffer information = {
        .base = pixels,
        .width = MODE_WIDTH,
        .height = MODE_HEIGHT,
        .pitch_bytes = MODE_WIDTH * MODE_BITS / 8,
        .bits_per_pixel = MODE_BITS,
        .red_shift = 16,
        .green_shift = 8,
        .blue_shift = 0,
    };
    struct display *display = framebuffer_display(&information);
    return display == NULL ? -ENOMEM : screen_start(display);
}

static int bochs_probe(struct device *device)
{
    if (screen_is_started() || boot_parameters.no_mode_setting) {
        return -EBUSY;
    }
    paddr_t pixels = pci_memory_region(device, REGION_PIXELS);
    paddr_t registers_base = pci_memory_region(device, REGION_REGISTERS);
    if (pixels == 0 || registers_base == 0) {
        return -ENODEV;
    }
    pci_enable_memory(device);
    vaddr_t registers = kernel_map_device(registers_base, REGISTERS_BYTES);
    if (registers == 0) {
        return -ENOMEM;
    }
    int error = mode_set(registers);
    kernel_unmap_device(registers, REGISTERS_BYTES);
    return error != 0 ? error : mode_show(pixels);
}

static const struct device_match bochs_matches[] = {
    {.vendor = BOCHS_VENDOR, .device = BOCHS_PRODUCT},
};

static const struct device_driver bochs_driver = {
    .name = "bochs-display",
    .bus = "pci",
    .matches = bochs_matches,
    .match_count = ARRAY_SIZE(bochs_matches),
    .probe = bochs_probe,
};

void bochs_display_init(void)
{
    device_driver_register(&bochs_driver);
}
