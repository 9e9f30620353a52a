// IN, OUT, and loads and stores that the compiler neither merges nor moves.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

#define PORT_OPERATIONS(bits, suffix)                                                              \
    static inline uint##bits##_t port_read##bits(uint16_t port)                                    \
    {                                                                                              \
        uint##bits##_t value;                                                                      \
        __asm__ volatile("in" suffix " %1, %0" : "=a"(value) : "Nd"(port) : "memory");             \
        return value;                                                                              \
    }                                                                                              \
    static inline void port_write##bits(uint16_t port, uint##bits##_t value)                       \
    {                                                                                              \
        __asm__ volatile("out" suffix " %0, %1" : : "a"(value), "Nd"(port) : "memory");            \
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

PORT_OPERATIONS(8, "b")
PORT_OPERATIONS(16, "w")
PORT_OPERATIONS(32, "l")
MMIO_OPERATIONS(8)
MMIO_OPERATIONS(16)
MMIO_OPERATIONS(32)
MMIO_OPERATIONS(64)

// A write to the port of the power-on self test: nobody listens, and the bus takes about a microsecond.
static inline void port_delay(void)
{
    port_write8(0x80, 0);
}
