/*
 * CRC-32 by table, four bytes a step. The tables are linear in their index, so each entry is the
 * exclusive or of the entries for the index's single bits: the compiler makes all 1,024 from the 32
 * that are written here. Table k holds what a byte does to the CRC when k more bytes follow it.
 */
#include "lib/crc32.h"

#include "lib/compiler.h"

#define PICK(i, bit, value) (((i) >> (bit)&1) ? (value) : 0u)
#define XOR_OF_BITS(i, a, b, c, d, e, f, g, h)                                                     \
    (PICK(i, 0, a) ^ PICK(i, 1, b) ^ PICK(i, 2, c) ^ PICK(i, 3, d) ^ PICK(i, 4, e) ^               \
     PICK(i, 5, f) ^ PICK(i, 6, g) ^ PICK(i, 7, h))

#define BASIS_0(i)                                                                                 \
    XOR_OF_BITS(i, 0x77073096, 0xEE0E612C, 0x076DC419, 0x0EDB8832, 0x1DB71064, 0x3B6E20C8,         \
                0x76DC4190, 0xEDB88320)
#define BASIS_1(i)                                                                                 \
    XOR_OF_BITS(i, 0x191B3141, 0x32366282, 0x646CC504, 0xC8D98A08, 0x4AC21251, 0x958424A2,         \
                0xF0794F05, 0x3B83984B)
#define BASIS_2(i)                                                                                 \
    XOR_OF_BITS(i, 0x01C26A37, 0x0384D46E, 0x0709A8DC, 0x0E1351B8, 0x1C26A370, 0x384D46E0,         \
                0x709A8DC0, 0xE1351B80)
#define BASIS_3(i)                                                                                 \
    XOR_OF_BITS(i, 0xB8BC6765, 0xAA09C88B, 0x8F629757, 0xC5B428EF, 0x5019579F, 0xA032AF3E,         \
                0x9B14583D, 0xED59B63B)

#define ROW4(t, i)  t(i), t((i) + 1), t((i) + 2), t((i) + 3)
#define ROW16(t, i) ROW4(t, i), ROW4(t, (i) + 4), ROW4(t, (i) + 8), ROW4(t, (i) + 12)
#define ROW64(t, i) ROW16(t, i), ROW16(t, (i) + 16), ROW16(t, (i) + 32), ROW16(t, (i) + 48)
#define TABLE(t)                                                                                   \
    {                                                                                              \
        ROW64(t, 0), ROW64(t, 64), ROW64(t, 128), ROW64(t, 192)                                    \
    }

static const uint32_t table[4][256] = {TABLE(BASIS_0), TABLE(BASIS_1), TABLE(BASIS_2),
                                       TABLE(BASIS_3)};

struct unaligned_word {
    uint32_t value;
} __attribute__((__packed__, __may_alias__));

uint32_t crc32_update(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    crc = ~crc;
    for (; size >= 4; bytes += 4, size -= 4) {
        crc ^= ((const struct unaligned_word *)bytes)->value;
        crc = table[3][crc & 0xFF] ^ table[2][crc >> 8 & 0xFF] ^ table[1][crc >> 16 & 0xFF] ^
              table[0][crc >> 24];
    }
    for (; size > 0; bytes++, size--) {
        crc = crc >> 8 ^ table[0][(crc ^ *bytes) & 0xFF];
    }
    return ~crc;
}
