// The device manager: matches what the buses found with the drivers there are, in whichever order both come.
//
// States: Found -> Bound (a driver's probe took it) -> Started; Failed where start() did not work; Removed at the end. A
// device is claimed for one driver (driver != NULL) under the lock before that driver's probe runs outside of it, since probing
// may sleep, publish nodes and register interrupts.
#include "device/device.h"

#include "device/device_internal.h"
#include "device/node.h"
#include "device/random.h"
#include "device/screen/screen.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/log.h"
#include "sync/spinlock.h"

enum { DEVICE_DRIVERS_MAX = 64 };

static struct spinlock device_lock = SPINLOCK_INIT(LOCK_RANK_DEVICE_STATE);
static struct list_head device_list = LIST_INIT(device_list); // [l device_lock]
static const struct device_driver
    *device_drivers[DEVICE_DRIVERS_MAX]; // [l device_lock] appended only
static size_t device_driver_count;       // [l device_lock]

// ---- matching ------------------------------------------------------------------------------------

static bool field_matches(uint32_t wanted, uint32_t value)
{
    return wanted == DEVICE_ANY || wanted == value;
}

// On a bus without ids a device is called like its driver, with a number behind: "serial0".
static bool name_matches(const struct device_driver *driver, const struct device *device)
{
    size_t length = strlen(driver->name);
    if (strncmp(driver->name, device->name, length) != 0) {
        return false;
    }
    const char *rest = device->name + length;
    while (*rest >= '0' && *rest <= '9') {
        rest++;
    }
    return *rest == '\0';
}

static bool driver_matches(const struct device_driver *driver, const struct device *device)
{
    if (strcmp(driver->bus, device->bus) != 0) {
        return false;
    }
    if (driver->matches == NULL) {
        return name_matches(driver, device);
    }
    for (size_t i = 0; i < driver->match_count; i++) {
        const struct device_match *match = &driver->matches[i];
        if (field_matches(match->vendor, device->vendor) &&
            field_matches(match->device, device->product) &&
            (device->class_code & match->class_mask) == (match->class_code & match->class_mask)) {
            return true;
        }
    }
    return false;
}

// ---- binding -------------------------------------------------------------------------------------

static bool device_claim(struct device *device, const struct device_driver *driver)
{
    spin_lock(&device_lock);
    bool is_free = device->state == DEVICE_FOUND && device->driver == NULL;
    if (is_free) {
        device->driver = driver;
    }
    spin_unlock(&device_lock);
    return is_free;
}

static void device_set_state(struct device *device, enum device_state state)
{
    spin_lock(&device_lock);
    device->state = state;
    if (state == DEVICE_FOUND) {
        device->driver = NULL;
    }
    spin_unlock(&device_lock);
}

// A driver whose probe() refuses leaves the device to the next one; one that took it and then cannot start keeps it (Failed), since
// its probe may have changed the hardware.
static void device_try_driver(struct device *device, const struct device_driver *driver)
{
    if (!driver_matches(driver, device) || !device_claim(device, driver)) {
        return;
    }
    if (driver->probe(device) != 0) {
        device_set_state(device, DEVICE_FOUND);
        return;
    }
    device_set_state(device, DEVICE_BOUND);
    int error = driver->start != NULL ? driver->start(device) : 0;
    device_set_state(device, error == 0 ? DEVICE_STARTED : DEVICE_FAILED);
    if (error != 0) {
        log_error("device: %s: driver %s cannot start it: error %d", device->name, driver->name,
                  -error);
    }
}

void device_driver_register(const struct device_driver *driver)
{
    spin_lock(&device_lock);
    assert_always(device_driver_count < DEVICE_DRIVERS_MAX);
    device_drivers[device_driver_count++] = driver;
    spin_unlock(&device_lock);

    // Devices are added and removed by their bus only, and buses are scanned one after the other: the list stands still.
    struct device *device;
    list_for_each_entry(device, &device_list, link) {
        device_try_driver(device, driver);
    }
}

void device_add(struct device *device)
{
    device->state = DEVICE_FOUND;
    device->driver = NULL;
    spin_lock(&device_lock);
    list_add_tail(&device_list, &device->link);
    size_t count = device_driver_count;
    spin_unlock(&device_lock);
    for (size_t i = 0; i < count; i++) {
        device_try_driver(device, device_drivers[i]);
    }
}

void device_remove(struct device *device)
{
    spin_lock(&device_lock);
    bool has_driver = device->state == DEVICE_BOUND || device->state == DEVICE_STARTED ||
                      device->state == DEVICE_FAILED;
    device->state = DEVICE_REMOVED;
    list_remove(&device->link);
    spin_unlock(&device_lock);
    if (has_driver && device->driver->remove != NULL) {
        device->driver->remove(device);
    }
}

void device_visit(bool (*visit)(struct device *device, void *context), void *context)
{
    struct device *device;
    list_for_each_entry(device, &device_list, link) {
        if (!visit(device, context)) {
            return;
        }
    }
}

// ---- start ---------------------------------------------------------------------------------------

void device_init(void)
{
    random_init();
    memory_nodes_init();
    kmsg_node_init();
    terminal_nodes_init();
    serial_init();
    screen_init();
    pci_scan();
    if (screen_is_started()) {
        keyboard_init();
    }
}
