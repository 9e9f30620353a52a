/*
 * The CRC-32 of gzip, Ethernet and GPT (polynomial 0xEDB88320, reflected, inverted at both ends).
 */
#pragma once

#include "lib/types.h"

/* Continues `crc` (0 at the start) over the bytes; crc32_update(crc32_update(0, a), b) is the CRC
 * of a followed by b. */
uint32_t crc32_update(uint32_t crc, const void *data, size_t size);
