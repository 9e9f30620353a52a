// The device manager: devices that a bus found, drivers that match them, and each device's life: match, probe, start, remove.
#pragma once

#include "lib/compiler.h"
#include "lib/list.h"
#include "lib/types.h"

struct device;

struct device_match {
    uint32_t vendor, device; // DEVICE_ANY matches all
    uint32_t class_code, class_mask;
};
#define DEVICE_ANY 0xffffffffu

// A driver is a const table; its state lives in device->driver_data.
struct device_driver {
    const char *name;
    const char *bus;                    // "pci", "isa", "platform"
    const struct device_match *matches; // NULL on buses that match by name
    size_t match_count;
    int (*probe)(struct device *device); // 0: it is mine
    int (*start)(struct device *device); // begins work; may be NULL
    void (*remove)(struct device *device);
};

enum device_state { DEVICE_FOUND, DEVICE_BOUND, DEVICE_STARTED, DEVICE_FAILED, DEVICE_REMOVED };

struct device {
    char name[32];                        // [I] "0000:00:03.0", "serial0"
    const char *bus;                      // [I]
    uint32_t vendor, product, class_code; // [I]
    enum device_state state;              // [l]
    const struct device_driver *driver;   // [l]
    void *driver_data;                    // [o] the driver's
    void *bus_data;                       // [I] the bus's
    struct list_head link;                // [l]
};

void device_driver_register(const struct device_driver *driver);
// A bus found a device (static or heap storage that stays): matched at once, and with drivers that come later.
void device_add(struct device *device);
void device_remove(struct device *device);
void device_visit(bool (*visit)(struct device *device, void *context), void *context);
