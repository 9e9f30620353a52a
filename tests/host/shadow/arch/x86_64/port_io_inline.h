/*
 * Device registers: ports go to two functions that a test may define, memory-mapped ones are
 * memory.
 */
#pragma once

#include "lib/types.h"

uint32_t host_port_read(uint16_t port, unsigned int bits);
void host_port_write(uint16_t port, unsigned int bits, uint32_t value);

#define PORT_OPERATIONS(bits)                                                                      \
    static inline uint##bits##_t port_read##bits(uint16_t port)                                    \
    {                                                                                              \
        return (uint##bits##_t)host_port_read(port, bits);                                         \
    }                                                                                              \
    static inline void port_write##bits(uint16_t port, uint##bits##_t value)                       \
    {                                                                                              \
        host_port_write(port, bits, value);                                                        \
    }

#define MMIO_OPERATIONS(bits)                                                                      \
    static inline uint##bits##_t mmio_read##bits(vaddr_t address)                                  \
    {                                                                                              \
        return *(volatile const uint##bits##_t *)address;                                          \
    }                                                                                              \
    static inline void mmio_write##bits(vaddr_t address, uint##bits##_t value)                     \
    {                                                                                              \
        *(volatile uint##bits##_t *)address = value;                                               \
    }

PORT_OPERATIONS(8)
PORT_OPERATIONS(16)
PORT_OPERATIONS(32)
MMIO_OPERATIONS(8)
MMIO_OPERATIONS(16)
MMIO_OPERATIONS(32)
MMIO_OPERATIONS(64)

static inline void port_delay(void)
{
}
