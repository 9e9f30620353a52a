// Device registers. Inline: uint8_t port_read8(uint16_t), port_write8(uint16_t, uint8_t), 16 and 32 alike; mmio_read8/16/32/64,
// mmio_write8/16/32/64(vaddr_t, value); port_delay() gives an old device about a microsecond.
#pragma once

#include "lib/types.h"

#include "arch/x86_64/port_io_inline.h"
