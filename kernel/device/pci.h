// PCI by configuration mechanism 1 (PCI Local Bus Specification 3.0, 3.2.2.3): finds the functions of all buses and gives each to
// the device manager as a device of the bus "pci", with vendor, product and class (class << 16 | subclass << 8 | interface).
#pragma once

#include "device/device.h"
#include "lib/types.h"

// Configuration space of a device of this bus; `offset` in bytes, aligned. Any context.
uint32_t pci_read32(const struct device *device, unsigned offset);
void pci_write32(const struct device *device, unsigned offset, uint32_t value);

// Physical address of memory region (base address register) 0 to 5, as the firmware placed it. 0: none, or I/O ports.
paddr_t pci_memory_region(const struct device *device, unsigned region);
// The function answers at its memory regions.
void pci_enable_memory(const struct device *device);
