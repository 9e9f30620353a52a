// Finding PCI functions. A bus costs two port accesses for each of its 32 places; a machine without PCI is seen at the first one.
#include "device/pci.h"

#include "arch/port_io.h"
#include "device/device_internal.h"
#include "lib/bitmap.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "log/log.h"
#include "memory/heap.h"
#include "sync/spinlock.h"

enum {
    PORT_ADDRESS = 0xcf8,
    PORT_DATA = 0xcfc,
    BUSES = 256,
    PLACES = 32,
    FUNCTIONS = 8,

    CONFIG_ID = 0x00,
    CONFIG_COMMAND = 0x04,
    CONFIG_CLASS = 0x08,
    CONFIG_HEADER = 0x0c,
    CONFIG_REGIONS = 0x10,
    CONFIG_BUSES = 0x18,

    COMMAND_MEMORY = 0x02,
    HEADER_MANY_FUNCTIONS = 0x80,
    HEADER_KIND = 0x7f,
    HEADER_BRIDGE = 1,
    REGION_COUNT = 6,
    REGION_IS_IO = 0x01,
    REGION_IS_64_BIT = 0x04,
    NOBODY = 0xffff,
};
static const uint32_t address_enable = 0x80000000u;

struct pci_function {
    struct device device;
    uint32_t address; // [I] of its configuration space, as the address port takes it
};

static struct spinlock config_lock = SPINLOCK_INIT(LOCK_RANK_DEVICE_STATE); // the two ports

// ---- configuration space -------------------------------------------------------------------------

static uint32_t config_address(unsigned bus, unsigned place, unsigned function)
{
    return address_enable | bus << 16 | place << 11 | function << 8;
}

static uint32_t config_read(uint32_t address, unsigned offset)
{
    spin_lock(&config_lock);
    port_write32(PORT_ADDRESS, address | offset);
    uint32_t value = port_read32(PORT_DATA);
    spin_unlock(&config_lock);
    return value;
}

static uint32_t address_of(const struct device *device)
{
    return ((const struct pci_function *)device->bus_data)->address;
}

uint32_t pci_read32(const struct device *device, unsigned offset)
{
    return config_read(address_of(device), offset);
}

void pci_write32(const struct device *device, unsigned offset, uint32_t value)
{
    spin_lock(&config_lock);
    port_write32(PORT_ADDRESS, address_of(device) | offset);
    port_write32(PORT_DATA, value);
    spin_unlock(&config_lock);
}

paddr_t pci_memory_region(const struct device *device, unsigned region)
{
    uint32_t low = pci_read32(device, CONFIG_REGIONS + 4 * region);
    if ((low & REGION_IS_IO) != 0) {
        return 0;
    }
    paddr_t base = low & ~0xfu;
    if ((low & REGION_IS_64_BIT) != 0 && region + 1 < REGION_COUNT) {
        base |= (paddr_t)pci_read32(device, CONFIG_REGIONS + 4 * (region + 1)) << 32;
    }
    return base;
}

// The upper half of the register is status, whose bits are cleared by writing ones.
void pci_enable_memory(const struct device *device)
{
    uint32_t command = pci_read32(device, CONFIG_COMMAND) & 0xffff;
    pci_write32(device, CONFIG_COMMAND, command | COMMAND_MEMORY);
}

// ---- finding -------------------------------------------------------------------------------------

static void function_add(uint32_t address, uint32_t id)
{
    struct pci_function *function = heap_alloc_zeroed(sizeof(*function));
    if (function == NULL) {
        log_error("pci: no memory for device %04x:%04x", id & 0xffff, id >> 16);
        return;
    }
    struct device *device = &function->device;
    function->address = address;
    device->bus = "pci";
    device->bus_data = function;
    device->vendor = id & 0xffff;
    device->product = id >> 16;
    device->class_code = config_read(address, CONFIG_CLASS) >> 8;
    (void)format_string(device->name, sizeof(device->name), "0000:%02x:%02x.%u",
                        address >> 16 & 0xff, address >> 11 & 0x1f, address >> 8 & 7);
    device_add(device);
}

// Looks at one function. Its header's type, with the bit for more functions; 0 where nobody is.
static unsigned function_probe(uint32_t address, uint64_t *buses)
{
    uint32_t id = config_read(address, CONFIG_ID);
    if ((id & 0xffff) == NOBODY) {
        return 0;
    }
    unsigned header = config_read(address, CONFIG_HEADER) >> 16 & 0xff;
    if ((header & HEADER_KIND) == HEADER_BRIDGE) {
        bitmap_set(buses, config_read(address, CONFIG_BUSES) >> 8 & 0xff);
    }
    function_add(address, id);
    return header;
}

static void place_probe(unsigned bus, unsigned place, uint64_t *buses)
{
    if ((function_probe(config_address(bus, place, 0), buses) & HEADER_MANY_FUNCTIONS) == 0) {
        return;
    }
    for (unsigned function = 1; function < FUNCTIONS; function++) {
        (void)function_probe(config_address(bus, place, function), buses);
    }
}

static bool has_mechanism(void)
{
    port_write32(PORT_ADDRESS, address_enable);
    return port_read32(PORT_ADDRESS) == address_enable;
}

// Bridges lead to buses of higher numbers: one pass in order meets them all.
void pci_scan(void)
{
    BITMAP_DECLARE(buses, BUSES) = {1};
    if (!has_mechanism()) {
        return;
    }
    for (unsigned bus = 0; bus < BUSES; bus++) {
        for (unsigned place = 0; bitmap_test(buses, bus) && place < PLACES; place++) {
            place_probe(bus, place, buses);
        }
    }
}
